"""Loaded into the project's own Python: ties debugpy's debugger to punie, and shows values within limits.

The debugger talks over what is stdin when the program starts, a socket, so that it needs no network and no second
process; the program itself finds its stdin empty. Standard library and debugpy's `pydevd` alone. As a plugin of pytest
(`-p punie_debug_agent`) it also stops where a test fails.
"""

import contextlib
import ctypes
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
SECONDS_FOR_A_VALUE = 0.5
SECONDS_FOR_ALL_VALUES = 3.0
SECONDS_FOR_AN_EXPRESSION = 5.0
LONGEST_VALUE = 300
LONGEST_ANSWER = 2000

# A signal that nobody uses and that does nothing where it is not handled.
_SIGNAL = signal.SIGURG
_SECONDS_BETWEEN_INTERRUPTS = 0.05
_MOST_INTERRUPTS = 20


class _TooSlowError(BaseException):
    """Not an Exception: what takes too long may catch those."""


class _State:
    """`is_limited` says that a signal ends what the main thread does, `is_to_stop` that it stops it for punie.

    `seconds` were spent on showing values.
    """

    debugger: Any = None
    channel: "socket.socket | None" = None
    is_limited = False
    is_to_stop = False
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
    post_mortem(call.excinfo.value, call.excinfo.tb)


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
    if _State.seconds > SECONDS_FOR_ALL_VALUES:
        return "<not shown: the other values took too long>"
    started = time.monotonic()
    try:
        with _limited(SECONDS_FOR_A_VALUE):
            return _Values(longest).repr(value)
    except _TooSlowError:
        return f"<{type(value).__name__} whose repr() takes longer than {SECONDS_FOR_A_VALUE:g} s>"
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

    def repr_instance(self, x: Any, level: int) -> str:
        try:
            return _cut(repr(x), self.maxother)
        except Exception as error:
            return f"<{type(x).__name__} whose repr() raises {type(error).__name__}>"


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
    _State.is_limited = is_main
    try:
        yield
    finally:
        _State.is_limited = False
        with lock:
            # What was raised before in another thread comes at once, still in here. Taking it back instead makes
            # Python 3.11 hang.
            is_over.set()
        timer.cancel()


def _on_signal(number: int, frame: "FrameType | None") -> None:
    if _State.is_limited:
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
