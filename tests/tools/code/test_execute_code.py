"""execute_code: programs that call tools, read results, and reach nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from punie_tools.code.monty_adapter import run_code
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.files.grep import GrepMatch, GrepResult
from punie_tools.registry import TOOLS, find_tool
from punie_tools.tool import Risk, ToolContext, ToolResult
from punie_tools.workspace import Workspace
from tests.conftest import write_files

RunTool = Callable[..., Any]


@pytest.fixture(autouse=True)
def files(root: Path) -> None:
    write_files(root, {"a.py": "TODO one\n", "b.py": "x\nTODO two\nTODO three\n", "c.txt": ""})


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("list_files().file_count", 3),
        ("list_files('*.py').files", ["a.py", "b.py"]),
        ("list_files('*.py', path='.').files[-1]", "b.py"),
        ("[m.line for m in grep('TODO').matches if m.file == 'b.py']", [2, 3]),
        ("grep(pattern='TODO', literal=True).matches[0].text", "TODO one"),
        ("r = list_files()\n(r.summary, r.success, r.truncated)", ["3 files: a.py, b.py, c.txt.", True, False]),
        ("read_file(path='a.py', end_line=1)", None),
        ("{m.file for m in grep('TODO').matches}", ["a.py", "b.py"]),
        ("{1: None, 'a': [1.5, True]}", {"1": None, "a": [1.5, True]}),
        ("x = 1", None),
        ("b'bytes'", None),
        ("1e400", None),
    ],
)
def test_the_value_is_the_last_expression(run_tool: RunTool, code: str, value: object) -> None:
    result = run_tool("execute_code", code=code)
    if code.startswith("read_file"):
        assert result.value["content"] == "TODO one\n"
    else:
        assert result.value == value
    assert result.model_dump_json()


def test_output_and_calls(run_tool: RunTool) -> None:
    code = (
        "for file in list_files('*.py').files:\n"
        "    print(file, read_file(file).line_count)\n"
        "try:\n"
        "    read_file('bb.py')\n"
        "except RuntimeError as error:\n"
        "    print(error)\n"
    )
    result = run_tool("execute_code", code=code)
    assert result.output == "a.py 1\nb.py 3\nThere is no file or folder 'bb.py'; did you mean 'b.py'?\n"
    assert [(call.tool, call.arguments, call.success) for call in result.calls] == [
        ("list_files", {"pattern": "*.py"}, True),
        ("read_file", {"path": "a.py"}, True),
        ("read_file", {"path": "b.py"}, True),
        ("read_file", {"path": "bb.py"}, False),
    ]
    assert result.summary == (
        "The program printed 3 lines: a.py 1, b.py 3, There is no file or folder 'bb.py'; did you mean 'b.py'? "
        "(4 calls)."
    )
    assert 0 < result.duration < 30


def test_a_printed_sentence_is_told_as_one(run_tool: RunTool) -> None:
    assert run_tool("execute_code", code="print('Nothing differs.')").summary == (
        "The program printed: Nothing differs (0 calls)."
    )


def test_what_counts_a_part_says_so(root: Path, run_tool: RunTool) -> None:
    write_files(root, {"long.txt": "TODO\n" * 2_000})
    code = "print(len(grep('TODO', 'long.txt').matches))\nprint(len(grep('TODO', 'a.py').matches))"
    result = run_tool("execute_code", code=code)
    assert [call.truncated for call in result.calls] == [True, False]
    assert result.summary.endswith("(2 calls; grep gave only a part of what there is).")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\ny = x / 0", "line 2: ZeroDivisionError: division by zero"),
        ("import requests", "line 1: ModuleNotFoundError: No module named 'requests'"),
        ("def g(:", "line 1: SyntaxError: Expected a parameter"),
        ("def g():\n    yield 1", "line 2: a program cannot use yield expressions; append to a list and return it."),
        ("open('/etc/passwd').read()", "a program reaches files only through the tools: list_files"),
        ("import os\nos.environ['HOME']", "line 2: "),
        ("\nlist_file()", "line 2: there is no `list_file`; did you mean `list_files`?"),
        ("grep('x').match", "line 1: `GrepResult` has no `match`; did you mean `matches`?"),
        ("grep('x').model_dump()", "line 1: `GrepResult` has no `model_dump`; it has"),
        ("1\n2\ngrep('(')", "line 3: The search failed: regex parse error: unclosed group."),
        ("grep()", "line 1: grep needs `pattern`."),
        ("grep('x', pattern='y')", "line 1: grep: argument 'pattern' is given twice."),
        ("git_status(1)", "line 1: git_status takes at most 0 arguments, not 1"),
        ("read_file('a.py', start_line='one')", "line 1: read_file: argument `start_line` must be `int`"),
        ("execute_code('1')", "line 1: there is no `execute_code`"),
        ("'a' * 10**10", "the program needed more than 256 MB of memory."),
        ("def f(): return f()\nf()", "line 1: RecursionError"),
        ("raise ValueError('two\\nlines')", "line 1: ValueError: two lines"),
        ("exec('import os')\nopen('x', 'w')", "line 2: "),
    ],
)
def test_what_goes_wrong_is_one_line_with_its_place(run_tool: RunTool, code: str, message: str) -> None:
    with pytest.raises(ToolError) as caught:
        run_tool("execute_code", code=code)
    assert message in str(caught.value)
    assert str(caught.value).startswith(("The program failed: line ", "The program was not run: line "))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("result.match_count = 0", "`match_count` of `GrepResult`"),
        ("result.match_count += 1", "`match_count` of `GrepResult`"),
        ("first, result.success = 1, False", "`success` of `GrepResult`"),
        ("for result.summary in ('x',): pass", "`summary` of `GrepResult`"),
        ("setattr(result, 'own', 1)", "`own` of `GrepResult`"),
        ("result.matches[0].line = 9", "`line` of `GrepMatch`"),
        ("kept['é'].truncated = (\n    True\n)", "`truncated` of `GrepResult`"),
        ("change(result)", "`pattern` of `GrepResult`"),
    ],
)
def test_a_result_is_frozen_and_the_program_may_go_on(run_tool: RunTool, change: str, field: str) -> None:
    code = (
        "def change(it): it.pattern = 'y'\n"
        f"result = grep('TODO')\nbefore = str(result)\nkept = {{'é': result}}\n{change}"
    )
    line = 1 if change == "change(result)" else 5
    message = f"{field} cannot be set, for results are frozen; keep what you need in a variable."
    with pytest.raises(ToolError) as caught:
        run_tool("execute_code", code=code)
    assert str(caught.value) == f"The program failed: line {line}: AttributeError: {message}"

    caught_in_program = code.replace(change, f"try:\n    {change}\nexcept AttributeError as error:\n    print(error)")
    result = run_tool("execute_code", code=f"{caught_in_program}\nstr(result) == before")
    assert (result.output, result.value) == (f"{message}\n", True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("result.matches.append(1)", "`matches` of `GrepResult`"),
        ("result.matches.sort(key=lambda match: match.line)", "`matches` of `GrepResult`"),
        ("result.matches[0] = None", "`matches` of `GrepResult`"),
        ("kept['é'].matches[:] = []", "`matches` of `GrepResult`"),
        ("kept[result.matches.pop().text].summary = ''", "`matches` of `GrepResult`"),
        ("kept['é'].matches.pop().text.strip().splitlines()", "`matches` of `GrepResult`"),
    ],
)
def test_a_list_of_a_result_is_frozen_too(run_tool: RunTool, change: str, field: str) -> None:
    code = f"result = grep('TODO')\nkept = {{'é': result}}\n{change}"
    with pytest.raises(ToolError) as caught:
        run_tool("execute_code", code=code)
    assert str(caught.value) == (
        f"The program failed: line 3: AttributeError: {field} cannot be changed, for results are frozen; "
        "change a copy of it."
    )


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("files = result.files\nfiles.sort(reverse=True)\nfiles", ["c.txt", "b.py", "a.py"]),
        ("files = kept['é'].files\nfiles += ['d']\nfiles[0] = 'x'\nfiles", ["x", "b.py", "c.txt", "d"]),
        ("last = (files := result.files).pop()\nfiles.clear()\nlast", "c.txt"),
        ("files = list_files().files\nfiles.append('d')\nlen(files)", 4),
        ("files, n = result.files, 1\nfiles.clear()\nlen(files)", 0),
        ("files = result.files or []\nfiles.append('d')\nlen(files)", 4),
        ("files = result.files if n else []\nfiles.append('d')\nlen(files)", 4),
        ("count = result.file_count\ncount += 1\ncount", 4),
        ("list_files().files.pop()", "c.txt"),
        ("result.files + ['d'] == ['a.py', 'b.py', 'c.txt', 'd']", True),
        ("sorted(result.files, reverse=True)[:1] + result.files[-1:]", ["c.txt", "c.txt"]),
        ("f\"{result.files[0]} {'a'.upper()} {len(result.files)}\"", "a.py A 3"),
        ("import json\njson.dumps(result.files)", '["a.py", "b.py", "c.txt"]'),
    ],
)
def test_a_list_that_a_program_names_is_its_own(run_tool: RunTool, code: str, value: object) -> None:
    before = "result = list_files()\nkept = {'é': result}\nn = 1\n"
    assert run_tool("execute_code", code=before + code).value == value
    assert run_tool("execute_code", code=f"{before}{code}\nlen(result.files)").value == 3


def test_what_is_the_programs_own_may_change(run_tool: RunTool) -> None:
    code = (
        "from __future__ import annotations\n"
        "class Count:\n"
        "    found = 0\n"
        "    def __init__(self, name): self.name = name\n"
        "    def add(this, result): this.found += result.match_count\n"
        "count = Count('x')\n"
        "count.add(grep('TODO'))\n"
        "count.rows = []\n"
        "rows = count.rows\n"
        "rows.append(1)\n"
        "count.rows.append(2)\n"
        "count.rows[0] += len(count.rows)\n"
        "Count.found, count.name = 7, 'y'\n"
        "setattr(count, 'more', grep('TODO'))\n"
        "count.more = list_files()\n"
        "(count.found, count.name, count.more.file_count, Count('z').found, count.rows)"
    )
    assert run_tool("execute_code", code=code).value == [3, "y", 3, 7, [3, 2]]


def test_a_program_that_computes_for_ever_ends_by_itself() -> None:
    for code in ("while True: pass", "10 ** 10**8"):
        finished = run_code(code, {}, seconds=0.5)
        assert finished.error.endswith("the program computed for more than 0.5 seconds.")


def test_a_program_that_never_ends_is_stopped_by_the_person(root: Path) -> None:
    cancelled = threading.Event()
    context = ToolContext(Workspace.at(root), cancelled=cancelled, report_progress=lambda *_: None)
    set_at: list[float] = []

    def stop() -> None:
        set_at.append(time.monotonic())
        cancelled.set()

    timer = threading.Timer(0.5, stop)
    timer.start()
    with pytest.raises(ToolCancelledError):
        find_tool("execute_code").run(context, {"code": "while True: pass"})
    assert time.monotonic() - set_at[0] < 60
    timer.join()


def test_much_output_is_cut(run_tool: RunTool) -> None:
    result = run_tool("execute_code", code="for i in range(100000): print('0123456789')\n'x' * 300000")
    assert result.truncated
    assert len(result.output) == 256 * 1024
    assert result.value is None


def test_the_cost_of_a_loop_over_results_grows_with_their_number(root: Path) -> None:
    match = GrepMatch(file="a", line=3, column=1, text="x")
    result = GrepResult(pattern="x", matches=(match,), match_count=1, file_count=1)
    context = ToolContext(Workspace.at(root), call_tool=lambda _name, _arguments: result)

    def processor_seconds(count: int) -> float:
        started = time.process_time()
        code = f"sum(grep('x').matches[0].line for _ in range({count}))"
        assert find_tool("execute_code").run(context, {"code": code}).model_dump()["value"] == 3 * count
        return time.process_time() - started

    processor_seconds(1)  # what is loaded once
    # Ten times the results may take ten times as long, not a hundred times: time of this process, whatever else runs.
    assert processor_seconds(2000) < 40 * processor_seconds(200)


def test_one_line_of_thirty_megabytes_is_cut(run_tool: RunTool) -> None:
    result = run_tool("execute_code", code="print('x' * 30_000_000)")
    assert (len(result.output), result.truncated) == (256 * 1024, True)


def test_thousands_of_items_are_read(root: Path, run_tool: RunTool) -> None:
    write_files(root, {"many.txt": "needle\n" * 1000})
    code = "sum(len(m.text) + m.line for r in [grep('needle')] * 20 for m in r.matches)"
    assert run_tool("execute_code", code=code).value == 20 * (6000 + 500500)


def test_inner_calls_go_through_whoever_runs_the_program(root: Path) -> None:
    asked: list[tuple[str, dict[str, object]]] = []

    def call_tool(name: str, arguments: Mapping[str, object]) -> ToolResult:
        asked.append((name, dict(arguments)))
        if name == "edit_file":
            raise ToolError("the person said no")
        return find_tool(name).run(ToolContext(Workspace.at(root)), arguments)

    context = ToolContext(Workspace.at(root), call_tool=call_tool)
    code = "print(list_files('*.txt').file_count)\nedit_file('a.py', 'TODO', 'DONE')"
    with pytest.raises(ToolError, match=r"^The program failed: line 2: the person said no$"):
        find_tool("execute_code").run(context, {"code": code})
    assert asked == [
        ("list_files", {"pattern": "*.txt"}),
        ("edit_file", {"path": "a.py", "old": "TODO", "new": "DONE"}),
    ]
    assert (root / "a.py").read_text() == "TODO one\n"


def test_a_program_may_edit_when_the_person_runs_it(root: Path, run_tool: RunTool) -> None:
    run_tool("execute_code", code="for f in list_files('*.py').files: edit_file(f, 'TODO', 'DONE', replace_all=True)")
    assert (root / "b.py").read_text() == "x\nDONE two\nDONE three\n"


def test_every_other_tool_is_a_function(run_tool: RunTool) -> None:
    names = [tool.name for tool in TOOLS if tool.name != "execute_code"]
    assert run_tool("execute_code", code=f"len([{', '.join(names)}])").value == len(names)


def test_the_program_itself_only_reads_and_is_shown_whole() -> None:
    tool = find_tool("execute_code")
    assert tool.risk_for({"code": "edit_file()"}) is Risk.READS
    assert tool.preview(ToolContext(Workspace.at(Path("/"))), {"code": "1\n2"}) == "1\n2"
