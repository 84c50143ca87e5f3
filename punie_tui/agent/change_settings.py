"""Change one setting in the person's own file; all else in it stays as it was written."""

from __future__ import annotations

from punie_tools.errors import reason_of
from punie_tools.files.atomic import replace_file
from punie_tui.own_files import settings_file
from punie_tui.settings import SettingsError, parsed_setting


def change_setting(name: str, text: str | None) -> None:
    """Write a setting, or with None leave it to its default. Raises SettingsError, and then nothing has changed."""
    # Imported where something is written: it is no part of a start.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    value = None if text is None else parsed_setting(name, text)
    file = settings_file()
    try:
        written = file.read_bytes().decode("utf-8") if file.exists() else ""
        document = tomlkit.parse(written)
        if value is None:
            if name in document:
                del document[name]
        else:
            document[name] = value
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(file, tomlkit.dumps(document).encode("utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written ({reason_of(error)}).") from None
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: is not valid TOML ({error}); mend it first.") from None
