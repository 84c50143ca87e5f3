"""The names of all files of the working tree, for whoever looks through them many times."""

from __future__ import annotations

from punie_tools.files.ripgrep import run_ripgrep, search_command
from punie_tools.spelling import spelled
from punie_tools.tool import ToolContext

MOST_FILES = 300_000


def every_file(context: ToolContext) -> list[str]:
    """Relative to the root, as the search finds them; what ignore files name is left out. Raises ToolError."""
    names = bytearray()
    run_ripgrep(
        context,
        ["--files", "--null"],
        ["./"],
        output_limit=1 << 16,
        command=search_command(context.workspace.root),
        on_stdout=names.extend,
    )
    found = spelled(bytes(names)).split("\0")[: MOST_FILES + 1]
    return [name.removeprefix("./") for name in found if name]
