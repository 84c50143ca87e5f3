"""A stop of a debugged test in the trace: the values, the stack with its places, and what was not reached."""

from __future__ import annotations

from punie_tools.commands.change_watch import ChangedFile
from punie_tools.debug.debug_result import DebugBreakpoint, DebugExpression, DebugFrame, DebugVariable
from punie_tools.debug.debug_test import DebugTestResult
from punie_tui.app.widgets.trace.results import rows_of
from punie_tui.app.widgets.trace.rows import Row

STOP = DebugTestResult(
    stopped="exception",
    reason="AssertionError: assert 6 == 7",
    exception_type="AssertionError",
    file="test_shop.py",
    line=9,
    function="test_price",
    frames=(
        DebugFrame(function="wait", file="/usr/lib/threading.py", line=3, source="lock.acquire()", is_project=False),
        DebugFrame(function="test_price", file="test_shop.py", line=9, source="assert price == 7", is_project=True),
    ),
    locals=(DebugVariable(name="price", type="int", value="6\x1b[31m"),),
    expressions=(DebugExpression(expression="rate", type="", value="", error="NameError: name 'rate'"),),
    breakpoints=(DebugBreakpoint(asked="shop.py:3", file="shop.py", line=3, note="", is_hit=False),),
    output="printed\n",
    changed_files=(ChangedFile(path="notes.txt", status="added"),),
    target="test_price",
    test="test_shop.py::test_price",
    outcome="failed",
)


def told(row: Row) -> list[tuple[str, str, int | None]]:
    own = ("".join(text for text, _ in row.parts), row.path, row.line)
    return [own, *(line for child in row.children for line in told(child))]


def test_a_stop_is_drawn_with_its_places() -> None:
    rows = rows_of("debug_test", STOP.model_dump(mode="json"), 200)
    assert [line for row in rows for line in told(row)] == [
        (
            "test_shop.py::test_price failed in test_price (test_shop.py:9): AssertionError: assert 6 == 7.",
            "test_shop.py",
            9,
        ),
        ("expressions", "", None),
        ("rate raises NameError: name 'rate'", "", None),
        ("locals", "", None),
        ("price: int = 6␛[31m", "", None),
        ("stack", "", None),
        ("/usr/lib/threading.py:3  wait  lock.acquire()", "/usr/lib/threading.py", 3),
        ("test_shop.py:9  test_price  assert price == 7", "test_shop.py", 9),
        ("breakpoint shop.py:3: not reached", "shop.py", 3),
        ("output", "", None),
        ("printed", "", None),
        ("added      notes.txt", "notes.txt", None),
    ]
