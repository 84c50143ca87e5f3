"""Settings: one frozen model.

Later sources win: defaults, the person's TOML, the project's TOML, `PUNIE_*` variables, flags. A repository is not
trusted to choose a model, a policy or a theme for the person, so a project's file may set `PROJECT_FIELDS` only.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from punie_tui.own_files import settings_file


class SettingsError(Exception):
    """A settings source is wrong; the text names it, the field, and what is allowed."""


class Settings(BaseModel):
    """What a person can choose. Each field can be set in `settings.toml` or as `PUNIE_<NAME>`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    model: str = "nano"
    """The model that answers: `nano`, a directory, a hub id, or `http://HOST:PORT/v1` (`#NAME` for one of several)."""

    theme: str = "punie-dark"
    """Colours of the app: `punie-dark`, `punie-light`, `punie-contrast`, or any theme of Textual's."""

    reduced_motion: bool = False
    """Whether nothing on the screen blinks or glides by itself."""

    notices: Literal["none", "bell", "desktop"] = "bell"
    """How you are told of the end of a long turn, or of a question, while the terminal is not in front: not at all,
    by its bell, or by a notice on the desktop (OSC 9)."""

    notices_after_seconds: float = Field(default=10.0, ge=0.0)
    """A turn that took as long as this is a long one."""

    notices_without_focus: bool = False
    """Whether you are told also where the terminal never says if it is in front."""

    terminal_title: bool = True
    """Whether the title of the terminal's window or tab tells the project, and whether punie works or asks."""

    keys: Literal["default", "vim", "emacs"] = "default"
    """The preset of the key map: which keys move and act."""

    key_map: dict[str, Any] = Field(default_factory=dict)
    """Keys of your own, on top of the preset: `"main.tests" = "Alt+T F11"`, an action and its keys."""

    policy: Literal["plan", "ask", "accept edits", "all in sandbox", "allow all"] = "ask"
    """What tools may do unasked: only read, ever; read; edit too; also run what a sandbox holds; or everything."""

    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    """How freely tokens are drawn; 0 always takes the likeliest."""

    ask_below: float = Field(default=0.5, ge=0.0, le=1.0)
    """Where punie-nano is less sure than this of what was meant, it asks; 0 never asks."""

    route_first: bool = True
    """Whether punie-nano reads each request before a bigger model, and calls the tools itself where it is sure."""

    route_above: float = Field(default=0.9, ge=0.0, le=1.0)
    """How sure it has to be for that; what it is less sure of, or has only words for, is the bigger model's."""

    max_calls_per_turn: int = Field(default=16, ge=1)
    """A turn that wants more tool calls than this stops."""

    max_tokens_per_turn: int = Field(default=8192, ge=64)
    """A turn that generates more tokens than this stops."""

    python: str = ""
    """The project's interpreter, or the folder of its environment; empty finds it (`.venv`, the active one, PATH …)."""

    confine_tests: bool = True
    """Whether tests run in the sandbox, where there is one: they then write in the project only and have no network."""

    check_reviews: bool = True
    """Whether types, lint and tests are tried with a proposal while you review it, on a copy of the tree."""

    keep_warm_minutes: float = Field(default=10.0, ge=0.0)
    """How long `punie tool` leaves a language server running for the next call in the same tree; 0 leaves none."""


class SettingOrigin(StrEnum):
    """Where a value comes from; the later ones win."""

    DEFAULT = "default"
    PERSON = "your file"
    PROJECT = "project's file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


PROJECT_FIELDS = frozenset({"temperature", "max_calls_per_turn", "max_tokens_per_turn"})
PROJECT_FILE = ".punie.toml"
AT_ONCE_FIELDS = frozenset(
    {"theme", "keys", "notices", "notices_after_seconds", "notices_without_focus", "terminal_title"}
)
"""Those that the running app follows; all others count from the next start."""
_TABLES = frozenset({"key_map"})
"""What no variable can hold."""
_RENAMED_VALUES = {("policy", "read only"): "plan"}


def load_settings(workspace: Path, flags: Mapping[str, Any] | None = None) -> Settings:
    """Read and merge all sources; flags that are None count as not given. Raises SettingsError."""
    return settings_and_origins(workspace, flags)[0]


def settings_and_origins(
    workspace: Path, flags: Mapping[str, Any] | None = None
) -> tuple[Settings, dict[str, SettingOrigin]]:
    """The same, with the source that each field's value comes from. Raises SettingsError."""
    person = _read_toml(settings_file())
    project = _read_toml(workspace / PROJECT_FILE)
    for name in project:
        if name not in PROJECT_FIELDS:
            allowed = ", ".join(sorted(PROJECT_FIELDS))
            raise SettingsError(f"{workspace / PROJECT_FILE}: a project may not set {name!r} (it may set: {allowed}).")
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    sources = (
        (SettingOrigin.PERSON, str(settings_file()), person),
        (SettingOrigin.PROJECT, str(workspace / PROJECT_FILE), project),
        (SettingOrigin.ENVIRONMENT, "environment", _environment()),
        (SettingOrigin.COMMAND_LINE, "command line", given),
    )
    merged: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, SettingOrigin.DEFAULT)
    for origin, place, values in sources:
        merged |= values
        _check(place, merged)
        origins |= dict.fromkeys(values, origin)
    return Settings.model_validate(merged), origins


def choices_of(name: str) -> tuple[str, ...]:
    """The values that a setting can have, if they can be listed: its own words, or `true` and `false`."""
    annotation = Settings.model_fields[name].annotation
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    return ("true", "false") if annotation is bool else ()


def is_table(name: str) -> bool:
    """Whether a setting holds more than a line can say."""
    return name in _TABLES


def parsed_setting(name: str, text: str) -> bool | int | float | str:
    """The value that a text means for a setting, as its type wants it. Raises SettingsError."""
    if name not in Settings.model_fields:
        raise SettingsError(f"there is no setting {name!r}.")
    if is_table(name):
        raise SettingsError(f"{name} is a table, which is written in {settings_file()}.")
    _check("", {name: text})
    return getattr(Settings.model_validate({name: text}), name)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: is not valid TOML ({error}); mend or remove it.") from None


def _environment() -> dict[str, Any]:
    variables = {name: os.environ.get(f"PUNIE_{name.upper()}") for name in Settings.model_fields if name not in _TABLES}
    return {name: value for name, value in variables.items() if value}


def _check(place: str, values: Mapping[str, Any]) -> None:
    origin = f"{place}: " if place else ""
    try:
        Settings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"{origin}there is no setting {name!r}.") from None
        if new := _RENAMED_VALUES.get((name, str(first["input"]))):
            raise SettingsError(f"{origin}{name}: {first['input']!r} is now called {new!r}.") from None
        raise SettingsError(f"{origin}{name}: {first['msg'].lower()}, not {first['input']!r}.") from None
