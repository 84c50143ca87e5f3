"""`punie settings`: what is set, where that comes from, and changing it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from punie_tools.safe_text import safe_text
from punie_tui.agent.change_settings import change_setting
from punie_tui.commands.terminal import print_error
from punie_tui.settings import Settings, SettingsError, settings_and_origins


def run(argv: list[str]) -> int:
    """List all settings, show one, or change one."""
    parser = _parser()
    options = parser.parse_args(argv)
    name: str = options.name or ""
    if options.default and not name:
        parser.error("--default wants a NAME")
    if name and name not in Settings.model_fields:
        print_error(f"there is no setting {name!r}; `punie settings` lists them.")
        return 2
    try:
        if options.default or options.value is not None:
            change_setting(name, None if options.default else options.value)
        settings, origins = settings_and_origins(options.cwd.expanduser().resolve())
    except SettingsError as error:
        print_error(safe_text(str(error), single_line=True))
        return 1
    names = [name] if name else list(Settings.model_fields)
    if options.json:
        print(
            json.dumps({name: {"value": getattr(settings, name), "origin": origins[name]} for name in names}, indent=2)
        )
        return 0
    for each in names:
        about = " ".join((Settings.model_fields[each].description or "").split())
        print(safe_text(f"{each} = {json.dumps(getattr(settings, each))}  ({origins[each]})", single_line=True))
        print(f"    {about}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie settings",
        description="Your settings. With NAME one of them; VALUE is written to your own file, whose comments stay.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="a setting")
    parser.add_argument("value", nargs="?", metavar="VALUE", help="what it shall be")
    parser.add_argument("--default", action="store_true", help="take it out of your file")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="as the project in DIR sees them")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--yes", action="store_true", help=argparse.SUPPRESS)
    return parser
