"""Loaded into the project's own Python: ties debugpy's debugger to punie, and shows values within limits.

The debugger talks over what is stdin when the program starts, a socket, so that it needs no network and no second
process; the program itself finds its stdin empty. Standard library and debugpy's `pydevd` alone. As a plugin of pytest
(`-p punie_debug_agent`) it also stops where a test fails.
"""

import contextlib
import ctypes
import itertools
import os
import reprlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Generator, Mapping
from types import FrameType, TracebackType
from typing import Any

PYDEVD_VARIABLE = "PUNIE_PYDEVD"
BREAKPOINTS_VARIABLE = "PUNIE_HAS_BREAKPOINTS"
SEARCH_VARIABLE = "PUNIE_SEEKS_TEST"
SECONDS_FOR_A_VALUE = 0.5
SECONDS_FOR_ALL_VALUES = 3.0
SECONDS_FOR_A_LATE_VALUE = 0.05
SECONDS_FOR_AN_EXPRESSION = 5.0
LONGEST_VALUE = 300
LONGEST_ANSWER = 2000

# A signal that nobody uses and that does nothing where it is not handled.
_SIGNAL = signal.SIGURG
_SECONDS_BETWEEN_INTERRUPTS = 0.05
_MOST_INTERRUPTS = 40
_MOST_SIMPLE_INTERRUPTS = 2
_MOST_BITS = 4000

# Before the debugger replaces it by one that warns.
_set_trace = sys.settrace


class _TooSlowError(BaseException):
    """Not an Exception: what takes too long may catch those."""


class _State:
    """`is_limited` says that a signal ends what the main thread does, `is_to_stop` that it stops it for punie.

    `interrupts` is how often the signal did not help yet.

    `seconds` were spent on showing values. With `is_searching` the test may be in another file than one that fails to
    be imported.
    """

    debugger: Any = None
    channel: "socket.socket | None" = None
    is_limited = False
    interrupts = 0
    is_to_stop = False
    is_searching = False
    seconds = 0.0

    @classmethod
    def connection(cls, host: str, port: int) -> "socket.socket | None":
        return cls.channel


def attach() -> None:
    """Connect the debugger to punie, and return when punie has set its breakpoints."""
    sys.path.append(os.environ.pop(PYDEVD_VARIABLE))
    _State.channel = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    pydevd: Any = __import__("pydevd")
    extensions: Any = __import__("_pydevd_bundle.pydevd_extension_utils", fromlist=["extensions_of_type"])
    interface: Any = __import__("_pydevd_bundle.pydevd_extension_api", fromlist=["StrPresentationProvider"])
    extensions.extensions_of_type(interface.StrPresentationProvider).insert(0, _Presentation())
    # Where it would make a connection it takes the one that is there.
    pydevd.start_client = _State.connection
    with contextlib.suppress(ValueError):  # this is not the main thread
        signal.signal(_SIGNAL, _on_signal)
    pydevd.settrace(host="punie", port=0, suspend=False, protocol="dap", notify_stdin=False)
    _State.debugger = pydevd.get_global_debugger()
    _State.is_searching = bool(os.environ.pop(SEARCH_VARIABLE, ""))
    if not os.environ.pop(BREAKPOINTS_VARIABLE, ""):
        # Errors are found without tracing, which makes everything several times slower before Python 3.12.
        _stop_tracing()
    os.register_at_fork(after_in_child=lambda: _let_go(pydevd))


def post_mortem(error: BaseException, traceback: "TracebackType | None") -> None:
    """Stop where the error was raised, until punie lets the program go on."""
    _State.debugger.trigger_exception_handler((type(error), error, traceback), as_uncaught=False)


def pytest_load_initial_conftests(early_config: Any, parser: Any, args: Any) -> None:
    """Coverage is not measured: before Python 3.12 it and a debugger take each other's place."""
    if getattr(early_config.known_args_namespace, "cov_source", None):
        early_config.known_args_namespace.cov_source = []


def pytest_cmdline_main(config: Any) -> None:
    """The one test runs in this process, also where the project's settings ask xdist for others."""
    if getattr(config.option, "numprocesses", None):
        config.option.numprocesses, config.option.dist, config.option.tx = None, "no", []


def pytest_exception_interact(node: Any, call: Any, report: Any) -> None:
    """A test, one of its fixtures or the import of its file failed; not called for skips and expected failures."""
    error: BaseException = call.excinfo.value
    if hasattr(node, "runtest"):
        post_mortem(error, call.excinfo.tb)
    elif not _State.is_searching:
        # What made the import fail says more than pytest's report of it.
        cause = error.__cause__ or error
        post_mortem(cause, cause.__traceback__)


def pytest_keyboard_interrupt(excinfo: Any) -> None:
    """What ends the whole run is no failure of a test to pytest: an interrupt that a test raised, and `pytest.exit`."""
    post_mortem(excinfo.value, excinfo.tb)


def evaluate(text: str) -> object:
    """The value of an expression, in the names of the frame from which this is called."""
    frame: FrameType = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - nothing else gives it
    code = compile(text.strip(), "<expression>", "eval")
    try:
        with _limited(SECONDS_FOR_AN_EXPRESSION):
            return eval(code, frame.f_globals, frame.f_locals)
    except _TooSlowError:
        raise TimeoutError(f"it took longer than {SECONDS_FOR_AN_EXPRESSION:g} s") from None
    except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
        raise RuntimeError(f"it raised {type(error).__name__}") from None


def stop_main_thread() -> None:
    """Stop it where it is, also in a system call: the signal interrupts that, which goes on after the stop."""
    _State.is_to_stop = True
    signal.pthread_kill(threading.main_thread().ident or 0, _SIGNAL)


def shown(value: object, longest: int = LONGEST_VALUE) -> str:
    """The value as text, whatever its class does when it is asked: raises, never ends, or gives a megabyte."""
    # Slow values leave little time for those after them, but enough for one that is quick.
    seconds = SECONDS_FOR_A_VALUE if _State.seconds < SECONDS_FOR_ALL_VALUES else SECONDS_FOR_A_LATE_VALUE
    started = time.monotonic()
    try:
        with _limited(seconds):
            return _Values(longest).repr(value)
    except _TooSlowError:
        return f"<{type(value).__name__} whose repr() takes longer than {seconds:g} s>"
    except BaseException as error:
        return f"<{type(value).__name__} whose repr() raises {type(error).__name__}>"
    finally:
        _State.seconds += time.monotonic() - started


class _Values(reprlib.Repr):
    """The start of long containers, and the two ends of long texts."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.longest = self.maxstring = self.maxother = self.maxlong = longest
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = 20

    def repr(self, x: Any) -> str:
        return _cut(super().repr(x), self.longest)

    def repr_dict(self, x: "Mapping[Any, Any]", level: int) -> str:
        """In the dictionary's own order; the base class sorts."""
        if level <= 0:
            return "{...}"
        pieces: list[str] = []
        for key in x:
            if len(pieces) == self.maxdict:
                pieces.append("...")
                break
            pieces.append(f"{self.repr1(key, level - 1)}: {self.repr1(x[key], level - 1)}")
        return f"{{{', '.join(pieces)}}}"

    def repr_int(self, x: int, level: int) -> str:
        """Without the digits of one for which Python would take long, or refuse to."""
        bits = int.bit_length(x)
        return repr(x) if bits <= _MOST_BITS else f"<int of {bits} bits>"

    def repr_bytes(self, x: "bytes | bytearray", level: int) -> str:
        """What is left out is never made into text; nothing interrupts that."""
        kept = self.longest
        return repr(x) if len(x) <= kept else f"{_cut(repr(x[:kept]), kept)}... ({len(x)} bytes)"

    repr_bytearray = repr_bytes

    def repr_instance(self, x: Any, level: int) -> str:
        shorter = _shorter(x, self.longest)
        if shorter is not None:
            return f"{type(x).__name__}({self.repr1(shorter, level)})"
        try:
            return _cut(repr(x), self.maxother)
        except Exception as error:
            return f"<{type(x).__name__} whose repr() raises {type(error).__name__}>"


def _shorter(value: object, longest: int) -> object:
    """The start of a container or text of a class of its own, if it is long; its own repr would go through it all.

    Nothing of its class is called. None for what is short or something else.
    """
    for base in (dict, list, tuple, set, frozenset, str, bytes, bytearray):
        if issubclass(type(value), base):
            general: Any = base
            if general.__len__(value) <= longest:
                return None
            if base is dict:
                return dict(itertools.islice(general.items(value), longest))
            if base in (set, frozenset):
                items: Any = itertools.islice(general.__iter__(value), longest)
                return set(items)
            return general.__getitem__(value, slice(longest))
    return None


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest * 2 // 3]}...{text[-(longest // 3) :]}"


class _Presentation:
    """How pydevd asks for the text of a value of any type."""

    def can_provide(self, type_object: type, type_name: str) -> bool:
        return True

    def get_str(self, val: object) -> str:
        return shown(val)

    def get_str_in_context(self, val: object, context: "str | None") -> str:
        """What was asked for by its name may be longer."""
        return shown(val, LONGEST_ANSWER if context == "watch" else LONGEST_VALUE)


@contextlib.contextmanager
def _limited(seconds: float) -> "Generator[None]":
    """Raises _TooSlowError in what runs inside it for longer; a system call in another than the main thread ends first.

    It is raised again and again, since what runs may catch everything.
    """
    thread = threading.get_ident()
    is_main = threading.current_thread() is threading.main_thread()
    is_over, lock = threading.Event(), threading.Lock()

    def interrupt() -> None:
        for _ in range(_MOST_INTERRUPTS):
            with lock:
                if is_over.is_set():
                    return
                if is_main:
                    signal.pthread_kill(thread, _SIGNAL)
                else:
                    error = ctypes.py_object(_TooSlowError)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)
            is_over.wait(_SECONDS_BETWEEN_INTERRUPTS)

    timer: Any = threading.Timer(seconds, interrupt)
    timer.daemon = timer.pydev_do_not_trace = timer.is_pydev_daemon_thread = True
    timer.start()
    traced_by = sys.gettrace()
    _State.is_limited, _State.interrupts = is_main, 0
    try:
        yield
    finally:
        _State.is_limited = False
        if sys.gettrace() is not traced_by:
            _set_trace(traced_by)
        with lock:
            # What was raised before in another thread comes at once, still in here. Taking it back instead makes
            # Python 3.11 hang.
            is_over.set()
        timer.cancel()


def _on_signal(number: int, frame: "FrameType | None") -> None:
    if _State.is_limited:
        _State.interrupts += 1
        if _State.interrupts > _MOST_SIMPLE_INTERRUPTS:
            _interrupt_at_line(frame, _State.interrupts - _MOST_SIMPLE_INTERRUPTS)
        raise _TooSlowError
    if _State.is_to_stop:
        _State.is_to_stop = False
        constants: Any = __import__("_pydevd_bundle.pydevd_comm_constants", fromlist=["CMD_THREAD_SUSPEND"])
        debugger, thread = _State.debugger, threading.current_thread()
        info = debugger.set_additional_thread_info(thread)
        info.is_tracing += 1
        try:
            debugger.set_suspend(thread, constants.CMD_THREAD_SUSPEND)
            debugger.do_wait_suspend(thread, frame, "line", None)
        finally:
            info.is_tracing -= 1


def _interrupt_at_line(frame: "FrameType | None", lines: int) -> None:
    """Raise once more so many lines later: what catches all that is raised in it is left in what it does then."""

    def trace(frame: "FrameType", event: str, argument: object) -> Any:
        nonlocal lines
        lines -= event == "line"
        if lines <= 0 and _State.is_limited:
            raise _TooSlowError
        return trace

    while frame is not None and frame.f_globals is not globals():
        frame.f_trace = trace
        frame = frame.f_back
    _set_trace(trace)


def _stop_tracing() -> None:
    constants: Any = __import__("_pydevd_bundle.pydevd_constants", fromlist=["PYDEVD_USE_SYS_MONITORING"])
    if constants.PYDEVD_USE_SYS_MONITORING:
        monitoring: Any = __import__("_pydevd_sys_monitoring.pydevd_sys_monitoring", fromlist=["stop_monitoring"])
        monitoring.stop_monitoring(all_threads=True)
    else:
        tracing: Any = __import__("pydevd_tracing")
        tracing.SetTrace(None)
        threading.settrace(None)


def _let_go(pydevd: Any) -> None:
    """A fork has none of the debugger's threads: it would wait for ever at a breakpoint."""
    pydevd.settrace_forked(setup_tracing=False)
    _stop_tracing()
    if _State.channel is not None:
        _State.channel.close()


# What pytest's `hookimpl(tryfirst=True)` sets, which a script without pytest cannot import.
for _hook in (pytest_load_initial_conftests, pytest_cmdline_main):
    vars(_hook)["pytest_impl"] = {"tryfirst": True}

if os.environ.get(PYDEVD_VARIABLE):
    attach()
