"""Where punie keeps its own files, and the log among them. Light: the app imports it before its first frame."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, cast

_HOME_VARIABLE = "PUNIE_HOME"
_MOST_LOG_BYTES = 1_000_000
_YES = ("1", "true", "yes", "on", "t", "y")


def home_directory(kind: Literal["config", "data", "cache", "state"]) -> Path:
    """Where punie's own files of a kind live: below `PUNIE_HOME` if set, else as the platform expects."""
    if home := os.environ.get(_HOME_VARIABLE):
        return Path(home).expanduser().absolute() / kind
    from platformdirs import PlatformDirs

    directories = PlatformDirs("punie", appauthor=False)
    return {
        "config": directories.user_config_path,
        "data": directories.user_data_path,
        "cache": directories.user_cache_path,
        "state": directories.user_state_path,
    }[kind]


def settings_file() -> Path:
    """The person's settings file; it need not exist."""
    return home_directory("config") / "settings.toml"


class SavedLook(NamedTuple):
    """What the first frame wants to know of the settings, as far as it is of the right type."""

    theme: str = ""
    keys: str = ""
    key_map: Mapping[str, object] = MappingProxyType({})
    reduced_motion: bool = False


def saved_look() -> SavedLook:
    """From the settings file and the environment, not validated; empty where they say nothing."""
    saved: dict[str, object] = {}
    try:
        text = settings_file().read_text(encoding="utf-8")
        # Imported where there is something to read: most people have no settings file, and everybody waits.
        import tomllib

        saved = tomllib.loads(text)
    except (OSError, ValueError, RecursionError):
        pass
    theme, keys = (os.environ.get(f"PUNIE_{name.upper()}") or saved.get(name) for name in ("theme", "keys"))
    key_map = saved.get("key_map")
    is_still = os.environ.get("PUNIE_REDUCED_MOTION") or saved.get("reduced_motion")
    return SavedLook(
        theme if isinstance(theme, str) else "",
        keys if isinstance(keys, str) else "",
        cast("dict[str, object]", key_map) if isinstance(key_map, dict) else MappingProxyType({}),
        is_still.lower() in _YES if isinstance(is_still, str) else is_still is True,
    )


def log_to_file() -> None:
    """Send the log to punie's own file, so that nothing of it reaches the screen; drop it if that cannot be written."""
    path = home_directory("state") / "log" / "punie.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and path.stat().st_size > _MOST_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
