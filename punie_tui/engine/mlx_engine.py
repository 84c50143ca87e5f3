"""MlxEngine: the Engine protocol over a model directory, run by MLX on the model thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from punie_tui.engine.model_directory import ModelConfig, inspect_directory, read_config
from punie_tui.engine.model_thread import MODEL_THREAD, ModelThread
from punie_tui.engine.protocol import Delta, EngineError, Request, Usage

if TYPE_CHECKING:
    from punie_tui.engine.decoding.reply import LoadedModel

_UNKNOWN_CONTEXT = 8192
_POLL_SECONDS = 0.05
_NOTHING_BUT_CANCELLED = Usage(0, 0, 0, 0.0, 0.0, stop_reason="cancelled")


class _End:
    """Closes a reply's queue; carries what went wrong, if anything did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class MlxEngine:
    """Runs one model directory. Nothing of MLX is imported before `start` or the first reply."""

    def __init__(self, directory: Path, model_name: str | None = None, thread: ModelThread = MODEL_THREAD) -> None:
        """Models that share a thread wait for each other, also while one of them loads."""
        self._thread = thread
        self._directory = directory
        self._model_name = model_name or directory.name
        self._loaded: LoadedModel | None = None  # of the model thread
        self._known_config: ModelConfig | None = None
        self._is_started = False
        self._closed = threading.Event()

    @property
    def model_name(self) -> str:
        """The name shown to the person."""
        return self._model_name

    @property
    def writes_answers(self) -> bool:
        """Whether it can turn tool results into prose; punie's own small models cannot."""
        config = self._config
        return config is None or not config.is_nano

    @property
    def context_length(self) -> int:
        """The longest prompt and reply together, in tokens; a usual length while the model cannot be read."""
        config = self._config
        return config.context_length if config else _UNKNOWN_CONTEXT

    @property
    def _config(self) -> ModelConfig | None:
        if self._known_config is None:
            with suppress(EngineError):
                self._known_config = read_config(self._directory)
        return self._known_config

    def start(self) -> None:
        """Begin to load in the background; idempotent. An error is raised by the next `generate`."""
        if not self._is_started:
            self._is_started = True
            self._thread.submit(self._load_quietly)

    def check(self) -> None:
        """Wait until the model is loaded. Raises EngineError."""
        outcomes: SimpleQueue[_End] = SimpleQueue()
        self._thread.submit(lambda: outcomes.put(self._load_outcome()))
        if error := outcomes.get().error:
            raise error

    def generate(self, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Delta]:
        """Yield the deltas of one reply, a Usage last. Closing the iterator cancels. Raises EngineError."""
        deltas: SimpleQueue[Delta | _End] = SimpleQueue()
        abandoned = threading.Event()

        def must_stop() -> bool:
            return abandoned.is_set() or self._closed.is_set() or self._thread.is_ending.is_set() or is_cancelled()

        self._thread.submit(lambda: self._reply(request, must_stop, deltas))
        try:
            first = _wait_for(deltas, is_cancelled)
            if first is None:
                yield _NOTHING_BUT_CANCELLED
                return
            delta = first
            while not isinstance(delta, _End):
                yield delta
                delta = deltas.get()
            if delta.error is not None:
                raise delta.error
        finally:
            abandoned.set()

    def close(self) -> None:
        """Stop a running reply, free the model, and wait until both is done; idempotent."""
        if self._closed.is_set():
            return
        self._closed.set()
        freed = threading.Event()
        self._thread.submit(lambda: self._free(freed))
        freed.wait()

    def _reply(self, request: Request, must_stop: Callable[[], bool], deltas: SimpleQueue[Delta | _End]) -> None:
        try:
            if self._closed.is_set():
                raise EngineError("The engine is closed.")
            loaded = self._load()
            from punie_tui.engine.decoding.reply import reply

            for delta in reply(loaded, request, must_stop):
                deltas.put(delta)
            deltas.put(_End())
        except BaseException as error:
            # Whatever happens on this thread is raised in the caller's, and a half-fed cache is of no use.
            if self._loaded is not None:
                self._loaded.cache.clear()
            deltas.put(_End(_as_engine_error(error)))

    def _load(self) -> LoadedModel:
        """The loaded model; a failed load is tried again, so a mended directory works without a restart."""
        if self._loaded is None:
            directory = inspect_directory(self._directory)
            from punie_tui.engine.loading import load
            from punie_tui.engine.mlx_adapter import leave_device

            self._thread.call_at_end(leave_device)
            self._loaded = load(directory)
        return self._loaded

    def _load_quietly(self) -> None:
        # What went wrong is raised by the next reply, which loads again, to somebody who can show it.
        self._load_outcome()

    def _load_outcome(self) -> _End:
        try:
            if not self._closed.is_set():
                self._load()
        except Exception as error:
            return _End(_as_engine_error(error))
        return _End()

    def _free(self, freed: threading.Event) -> None:
        if self._loaded is not None:
            self._loaded = None
            from punie_tui.engine.mlx_adapter import free_memory

            free_memory()
        freed.set()


def _wait_for(deltas: SimpleQueue[Delta | _End], is_cancelled: Callable[[], bool]) -> Delta | _End | None:
    """The first delta; None when cancelled before it. Loading cannot be stopped, but nobody has to wait for it."""
    while True:
        try:
            return deltas.get(timeout=_POLL_SECONDS)
        except Empty:
            if is_cancelled():
                return None


def _as_engine_error(error: BaseException) -> BaseException:
    """MLX tells of exhausted memory by a RuntimeError; to a person that is no bug but a model too large."""
    if isinstance(error, RuntimeError) and "alloc" in str(error).lower():
        return EngineError("The model ran out of memory; choose a smaller model or start a new session.")
    return error
