"""Loaded into the project's own pytest (`-p punie_pytest_plugin`): tells punie what happens, one JSON object a line.

It runs under whatever Python and pytest the project has: syntax of Python 3.6, standard library and pytest alone, and
no other module of punie. The lines go to what was stdout when pytest started; whatever else is printed goes to
stderr, so no test can get between them. Under xdist the workers only describe failures, the controller writes.
"""

import difflib
import json
import linecache
import os
import pprint
import reprlib
import sys
import time
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

# JSON: {"names": "TestLedger::test_add", "file": "…" or null, "is_one_test": false}. With a file, names are those of
# its node ids, from the first on; without, any part of "module.Class.test". No names mean all. With `is_one_test`
# nothing runs if several tests are meant, and whatever the one prints is told.
SELECTION_VARIABLE = "PUNIE_PYTEST_SELECTION"
# Set where somebody will look at each failure: then its local values and the difference of what it compared are told.
DETAILS_VARIABLE = "PUNIE_PYTEST_DETAILS"
LONGEST_MESSAGE = 2000
MOST_LINES = 20
LONGEST_OUTPUT = 4000
MOST_MATCHES = 100
MOST_LOCALS = 40
MOST_FRAMES = 30
MOST_DIFF_LINES = 200
MOST_COMPARED = 5000
LONGEST_SINGLE = 20


class _Channel:
    """Writes records for punie; only in the process that pytest was started in, not in its forks."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._descriptor: int | None = None
        self.root = ""
        self.config: pytest.Config | None = None
        self.started = time.time()

    def open(self) -> None:
        if sys.stdout is not None:
            sys.stdout.flush()
        self._descriptor = os.dup(1)
        os.dup2(2, 1)

    def write(self, kind: str, **fields: object) -> None:
        if self._descriptor is None or os.getpid() != self._process:
            return
        data = json.dumps(dict(fields, kind=kind)).encode("ascii") + b"\n"
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            # Nobody listens any more; the tests go on as they would without punie.
            self._descriptor = None


_channel = _Channel()
_wants_details = DETAILS_VARIABLE in os.environ
# The sides of the last comparison that an assertion of the running test found wrong.
_compared: "list[Any]" = []
if "PYTEST_XDIST_WORKER" not in os.environ:
    _channel.open()


def pytest_configure(config: "pytest.Config") -> None:
    _channel.config = config
    _channel.root = str(config.rootpath)
    _channel.write("configured", pytest=pytest.__version__, root=_channel.root)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: "pytest.Session", config: "pytest.Config", items: "list[pytest.Item]"
) -> None:
    """Keep what the person named. pytest's own `-k` would take every test whose name merely contains it."""
    wanted = _selection()
    if not wanted:
        return
    selected = [item for item in items if _is_selected(item.nodeid, wanted)]
    deselected = [item for item in items if not _is_selected(item.nodeid, wanted)]
    # A file that failed to import is told as that, whatever was to be run in it.
    is_import_failure = wanted["file"] and session.testsfailed
    if not selected and wanted["names"] and not is_import_failure:
        _report_unknown(config, _nearest(wanted["names"], [item.nodeid for item in items]))
    if wanted["is_one_test"]:
        functions = sorted({item.nodeid.partition("[")[0] for item in selected})
        # `test_post` is a function before it is all of `test_post.py`.
        named = [function for function in functions if function.endswith("::" + wanted["names"])]
        if len(functions) > 1 and len(named) == 1:
            selected = [item for item in selected if item.nodeid.partition("[")[0] == named[0]]
            deselected = [item for item in items if item not in selected]
        elif len(functions) > 1:
            _channel.write("ambiguous", matches=functions[:MOST_MATCHES], total=len(functions))
            deselected, selected = list(items), []
    items[:] = selected
    if deselected:
        config.hook.pytest_deselected(items=deselected)


def _selection() -> "dict[str, Any] | None":
    text = os.environ.get(SELECTION_VARIABLE)
    return json.loads(text) if text else None


def _is_selected(node_id: str, wanted: "dict[str, Any]") -> bool:
    path, _, inside = node_id.partition("::")
    names: str = wanted["names"]
    if not names:
        return True
    if wanted["file"]:
        return inside == names or inside.startswith((names + "::", names + "["))
    base, bracket, parameters = inside.partition("[")
    wanted_base, wanted_bracket, wanted_parameters = names.partition("[")
    if wanted_bracket and bracket + parameters != wanted_bracket + wanted_parameters:
        return False
    parts = [Path(path).stem, *base.split("::")]
    wanted_parts = wanted_base.replace("::", ".").split(".")
    starts = range(len(parts) - len(wanted_parts) + 1)
    return any(parts[start : start + len(wanted_parts)] == wanted_parts for start in starts)


def _nearest(names: str, node_ids: "list[str]") -> str:
    """The node id whose end resembles the names most, or an empty text."""
    by_end: dict[str, str] = {}
    for node_id in node_ids:
        inside = node_id.partition("::")[2]
        for end in (inside, inside.partition("[")[0], inside.partition("[")[0].split("::")[-1]):
            by_end.setdefault(end, node_id)
    found = difflib.get_close_matches(names, list(by_end), n=1)
    return by_end[found[0]] if found else ""


def _report_unknown(config: "pytest.Config", nearest: str) -> None:
    output: Any = getattr(config, "workeroutput", None)
    if output is None:
        _channel.write("unknown", nearest=nearest)
    else:
        output["punie_nearest"] = nearest


def pytest_collection_finish(session: "pytest.Session") -> None:
    _channel.write("collected", total=len(session.items))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: object, ids: "list[str]") -> None:
    _channel.write("collected", total=len(ids))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    output: Any = getattr(node, "workeroutput", None) or {}
    if "punie_nearest" in output:
        _channel.write("unknown", nearest=output["punie_nearest"])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: "pytest.Item", call: "pytest.CallInfo[None]") -> "Generator[None, Any, None]":
    """Describe a failure while its traceback is at hand; the description travels with the report, to xdist's too."""
    outcome = yield
    report: Any = outcome.get_result()
    if report.failed and call.excinfo is not None:
        files = [_absolute(report.nodeid.partition("::")[0]), _absolute(report.location[0])]
        report.punie_failure = _failure(call.excinfo, files)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: "pytest.Collector") -> "Generator[None, Any, None]":
    outcome = yield
    report: Any = outcome.get_result()
    call: Any = getattr(report, "call", None)
    if report.failed and call is not None and call.excinfo is not None:
        report.punie_failure = _collection_failure(call.excinfo, _absolute(report.nodeid.partition("::")[0]))


def pytest_collectreport(report: "pytest.CollectReport") -> None:
    if report.passed:
        return
    selection = _selection()
    if selection and selection["names"] and not selection["file"]:
        # What a test is sought in is not what the person asked about.
        if report.failed:
            _channel.write("not imported", id=report.nodeid)
        return
    failure: Any = getattr(report, "punie_failure", None) or _failure_from_text(report)
    _channel.write(
        "report",
        id=report.nodeid,
        outcome="error" if report.failed else "skipped",
        seconds=0.0,
        file=failure["file"] or _absolute(report.nodeid.partition("::")[0]),
        line=failure["line"],
        message=failure["message"],
        stack=failure.get("stack", []),
        is_of_collection=True,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_assertrepr_compare(op: str, left: object, right: object) -> None:
    """Keep the two sides; what is said of them is left to others."""
    if _wants_details and op == "==":
        _compared[:] = [left, right]


def pytest_runtest_setup(item: "pytest.Item") -> None:
    _compared.clear()


def pytest_runtest_logstart(nodeid: str, location: object) -> None:
    _channel.write("started", id=nodeid)


def pytest_runtest_logfinish(nodeid: str, location: object) -> None:
    _channel.write("finished", id=nodeid)


def pytest_runtest_logreport(report: "pytest.TestReport") -> None:
    config = _channel.config
    category = config.hook.pytest_report_teststatus(report=report, config=config)[0] if config else report.outcome
    described: Any = getattr(report, "punie_failure", None) if report.failed else None
    failure = described or _failure_from_text(report)
    selection = _selection()
    is_output_wanted = report.failed or (selection is not None and selection["is_one_test"])
    file, line = report.location[0], report.location[1]
    _channel.write(
        "report",
        id=report.nodeid,
        outcome=category,
        seconds=report.duration,
        file=failure["file"] or _absolute(file),
        line=failure["line"] or (None if line is None else line + 1),
        message=_subtest(report) + failure["message"],
        output=_captured(report) if is_output_wanted else "",
        diff=failure.get("diff", ""),
        locals=failure.get("locals", []),
        stack=failure.get("stack", []),
    )


def pytest_keyboard_interrupt(excinfo: "pytest.ExceptionInfo[BaseException]") -> None:
    """Also called for `pytest.exit()`."""
    reason = getattr(excinfo.value, "msg", None)
    _channel.write("interrupted", message=_shortened(str(reason)) if reason else _text(excinfo))


def pytest_internalerror(excrepr: object) -> None:
    lines = [line for line in str(excrepr).splitlines() if line.strip()]
    _channel.write("interrupted", message=_shortened(lines[-1] if lines else "internal error"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: "pytest.Session", exitstatus: int) -> None:
    stopped: Any = getattr(session, "shouldfail", False) or getattr(session, "shouldstop", False)
    _channel.write(
        "ended",
        exit_code=int(exitstatus),
        seconds=time.time() - _channel.started,
        message=_shortened(str(stopped)) if stopped else "",
    )


def _failure(excinfo: "pytest.ExceptionInfo[BaseException]", files: "list[str]") -> "dict[str, Any]":
    """The last line of the test file that the error came through, and what the error says."""
    error: Any = excinfo.value
    if type(error).__name__ == "MultipleDoctestFailures":
        error = error.failures[0]
    # By name: importing doctest for a project that has none would load half the standard library.
    if type(error).__name__ in ("DocTestFailure", "UnexpectedException") and hasattr(error, "example"):
        return _doctest_failure(error)
    file, line = _last_place(excinfo.value.__traceback__, files)
    failure: dict[str, Any] = {"file": file, "line": line, "message": _text(excinfo)}
    if _wants_details:
        failure["diff"] = _difference() if isinstance(error, AssertionError) else ""
        failure["locals"] = _locals(excinfo.value.__traceback__, files)
        failure["stack"] = _stack(excinfo.value.__traceback__, files)
    _compared.clear()
    return failure


def _difference() -> str:
    """The lines in which the two sides of the comparison differ: `-` the right one, `+` the left one."""
    if not _compared:
        return ""
    try:
        left, right = (_lines_of(side) for side in _compared)
    except Exception:
        # The project's classes may fail in saying what they are.
        return ""
    if max(map(len, (left, right))) == 1 and max(map(len, left + right)) <= LONGEST_SINGLE:
        return ""
    lines = list(difflib.unified_diff(right, left, n=2, lineterm=""))[3:]
    lines = ["…" if line.startswith("@@") else line for line in lines]
    more = ["…"] if len(lines) > MOST_DIFF_LINES else []
    return _encodable("\n".join(lines[:MOST_DIFF_LINES] + more))


def _lines_of(value: Any) -> "list[str]":
    if isinstance(value, str) and "\n" in value:
        return [repr(line)[1:-1] for line in value[: MOST_COMPARED * 20].splitlines()]
    if hasattr(value, "__len__") and len(value) > MOST_COMPARED:
        return [reprlib.repr(value)]
    return pprint.pformat(value, width=60).splitlines()


def _locals(traceback: "TracebackType | None", files: "list[str]") -> "list[tuple[str, str]]":
    """The names where the error came through the test, and what they stand for, shortened."""
    found: dict[str, Any] = {}
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if name in files or os.path.realpath(name) in files:
            found = dict(traceback.tb_frame.f_locals)
        traceback = traceback.tb_next
    names = [name for name in found if not name.startswith("@")]
    return [(name, _short_repr(found[name])) for name in names[:MOST_LOCALS]]


def _stack(traceback: "TracebackType | None", files: "list[str]") -> "list[tuple[str, int, str, str]]":
    """The way of the error from where it began to the test: file, line, function and source of each."""
    found: list[tuple[str, int, str, str]] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        name = code.co_filename
        # How Python imports is no step of it.
        if not name.startswith("<frozen ") and (found or name in files or os.path.realpath(name) in files):
            source = linecache.getline(name, traceback.tb_lineno).strip()
            found.append((name, traceback.tb_lineno, code.co_name, _encodable(source)))
        traceback = traceback.tb_next
    return found[::-1][:MOST_FRAMES]


def _short_repr(value: object) -> str:
    short = reprlib.Repr()
    short.maxstring = short.maxother = 300
    short.maxlist = short.maxtuple = short.maxdict = short.maxset = 20
    try:
        return _encodable(short.repr(value))
    except Exception as error:
        return f"<its repr raises {type(error).__name__}>"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _doctest_failure(failure: Any) -> "dict[str, Any]":
    """The line of the example that failed, what it should have printed, and what it did."""
    example, test = failure.example, failure.test
    line = None if test.lineno is None else test.lineno + example.lineno + 1
    if hasattr(failure, "got"):
        message = f"expected {example.want.strip()!r}, got {failure.got.strip()!r}"
    else:
        message = f"{failure.exc_info[0].__name__}: {failure.exc_info[1]}"
    return {"file": test.filename, "line": line, "message": _shortened(message)}


def _last_place(traceback: "TracebackType | None", files: "list[str]") -> "tuple[str | None, int | None]":
    place: tuple[str | None, int | None] = (None, None)
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if name in files or os.path.realpath(name) in files:
            place = name, traceback.tb_lineno
        traceback = traceback.tb_next
    return place


def _collection_failure(excinfo: "pytest.ExceptionInfo[BaseException]", file: str) -> "dict[str, Any]":
    """What went wrong while a module was imported: pytest's own error hides it in its cause."""
    error = excinfo.value
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, SyntaxError) and error.filename == file:
        return {"file": file, "line": error.lineno, "message": _shortened(f"SyntaxError: {error.msg}")}
    message = _text(excinfo) if error is excinfo.value else f"{type(error).__name__}: {error}"
    failure: dict[str, Any] = {"file": file, "line": _last_place(error.__traceback__, [file])[1]}
    failure["message"] = _shortened(message)
    if _wants_details:
        failure["stack"] = _stack(error.__traceback__, [file])
        if isinstance(error, SyntaxError) and error.filename and error.lineno:
            # Where it stands is no step of the way.
            failure["stack"].insert(0, (error.filename, error.lineno, "", _encodable(error.text or "").strip()))
    return failure


def _failure_from_text(report: "pytest.TestReport | pytest.CollectReport") -> "dict[str, Any]":
    """The reason of a skip or an expected failure, or what is left of an error that came without a traceback."""
    message: str = getattr(report, "wasxfail", "")
    if message.startswith("reason: "):
        message = message[len("reason: ") :]
    if isinstance(report.longrepr, tuple):
        message = message or report.longrepr[2]
        if message.startswith("Skipped: "):
            message = message[len("Skipped: ") :]
    elif report.failed:
        crash: Any = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash is not None else str(report.longrepr)
    return {"file": None, "line": None, "message": _shortened(message)}


def _captured(report: "pytest.TestReport") -> str:
    """What the test printed and logged, each stream under its heading; its head and its tail if it is long."""
    sections = [f"{name}:\n{text.strip()}" for name, text in report.sections if text.strip()]
    output = "\n".join(sections)
    if len(output) > LONGEST_OUTPUT:
        half = LONGEST_OUTPUT // 2
        output = f"{output[:half]}\n… {len(output) - LONGEST_OUTPUT:,} characters …\n{output[-half:]}"
    return output.encode("utf-8", "replace").decode("utf-8")


def _subtest(report: "pytest.TestReport") -> str:
    context: Any = getattr(report, "context", None)
    if context is None:
        return ""
    described = [f"[{context.msg}]"] if context.msg else []
    described += [f"{name}={value}" for name, value in dict(context.kwargs).items()]
    return " ".join(map(_shortened, described)) + ": " if described else ""


def _text(excinfo: "pytest.ExceptionInfo[BaseException]") -> str:
    fixture = getattr(excinfo.value, "argname", None) if type(excinfo.value).__name__ == "FixtureLookupError" else None
    if fixture:
        return f"fixture {fixture!r} not found"
    try:
        return _shortened(excinfo.exconly(tryshort=True))
    except Exception:
        # The project's exceptions may fail even in saying what they are.
        return type(excinfo.value).__name__


def _shortened(text: str) -> str:
    lines = text.strip().splitlines()
    kept = "\n".join(lines[:MOST_LINES])
    if len(kept) > LONGEST_MESSAGE or len(lines) > MOST_LINES:
        kept = kept[:LONGEST_MESSAGE] + " …"
    return kept.encode("utf-8", "replace").decode("utf-8")


def _absolute(path: str) -> str:
    return os.path.normpath(Path(_channel.root) / path)
