"""What the files of a tree hold before a command runs, kept so that its changes can be taken back.

git holds the content of a file that is as it was last committed or staged. Of all others a copy is made, the smallest
first, up to a limit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from punie_tools.changes.change_set import SIZE_LIMIT
from punie_tools.changes.tree_access import FileImage, TreeAccess
from punie_tools.commands.tree_snapshot import Snapshot
from punie_tools.errors import ToolError
from punie_tools.git.repository import Repository

MOST_COPIED_BYTES = 64 * 1024 * 1024
MOST_BYTES_FROM_GIT = 64 * 1024 * 1024

# With these attributes git stores something else than the file holds, and its size need not tell.
_STORED_OTHERWISE = re.compile(rb"filter|working-tree-encoding")


@dataclass(frozen=True)
class OldContents:
    """`copies` by path; `objects` names for each unchanged file of git what holds its content."""

    snapshot: Snapshot
    copies: Mapping[str, bytes]
    objects: Mapping[str, bytes]

    @classmethod
    def keep(cls, root: Path, repository: Repository | None, snapshot: Snapshot) -> OldContents:
        """Copy what is nowhere else."""
        objects = _objects(root, repository, snapshot) if repository else {}
        return cls(snapshot, dict(_copies(root, snapshot, snapshot.keys() - objects.keys())), objects)

    def of(self, repository: Repository | None, paths: Iterable[str]) -> dict[str, FileImage]:
        """The files as they were; one whose content was not kept, or is lost by now, is missing."""
        wanted = list(paths)
        data = {path: self.copies[path] for path in wanted if path in self.copies}
        if repository:
            data |= _from_git(repository, {path: self.objects[path] for path in wanted if path in self.objects})
        states = {path: self.snapshot[path] for path in data}
        # Where git stores another form of a file (line ends, `$Id$`), that form has another size.
        return {
            path: FileImage(data[path], state.permissions)
            for path, state in states.items()
            if len(data[path]) == state.size
        }


def _copies(root: Path, snapshot: Snapshot, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    tree = TreeAccess(root)
    room = MOST_COPIED_BYTES
    files = ((state.size, path) for path in paths if (state := snapshot[path]).is_file)
    for size, path in sorted(files):
        room -= size
        if room < 0 or size > SIZE_LIMIT:
            return
        try:
            image = tree.read(path, SIZE_LIMIT)
        except ToolError:
            continue
        if image is not None:
            yield path, image.data


def _objects(root: Path, repository: Repository, snapshot: Snapshot) -> dict[str, bytes]:
    """None if git cannot tell, or may store other bytes than the files hold."""
    try:
        staged = repository.read("ls-files", "--stage", "-z").stdout
        changed = repository.run("diff-files", "--name-only", "--relative", "-z", "--ignore-submodules=all").stdout
    except ToolError:
        return {}
    if _may_store_otherwise(root, repository, snapshot):
        return {}
    dirty = set(changed.split(b"\0"))
    objects: dict[str, bytes] = {}
    for entry in staged.split(b"\0"):
        about, _, name = entry.partition(b"\t")
        mode, _, rest = about.partition(b" ")
        path = os.fsdecode(name)
        if mode.startswith(b"100") and name not in dirty and path in snapshot and rest.endswith(b" 0"):
            objects[path] = rest[:-2]
    return objects


def _may_store_otherwise(root: Path, repository: Repository, snapshot: Snapshot) -> bool:
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    chosen = os.fsdecode(repository.output_of("config", "--type=path", "--get", "core.attributesFile"))
    files = [
        *(root / path for path in snapshot if path.endswith(".gitattributes")),
        *(folder / ".gitattributes" for folder in root.parents),
        root / os.fsdecode(repository.output_of("rev-parse", "--git-path", "info/attributes")),
        Path(chosen) if chosen else settings / "git" / "attributes",
        Path("/etc/gitattributes"),
    ]
    return any(_STORED_OTHERWISE.search(_content(file)) for file in files)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.is_file() else b""
    except OSError:
        return b""


def _from_git(repository: Repository, objects: Mapping[str, bytes]) -> dict[str, bytes]:
    if not objects:
        return {}
    names = b"\n".join(dict.fromkeys(objects.values())) + b"\n"
    try:
        told = repository.read("cat-file", "--batch", "--buffer", output_limit=MOST_BYTES_FROM_GIT, stdin=names)
    except ToolError:
        return {}
    contents = dict(_parsed(told.stdout))
    return {path: contents[name] for path, name in objects.items() if name in contents}


def _parsed(output: bytes) -> Iterator[tuple[bytes, bytes]]:
    """`NAME blob SIZE`, a line end, the content and another line end; what is cut off at the limit is not told."""
    at = 0
    while at < len(output):
        end = output.find(b"\n", at)
        words = output[at:end].split(b" ") if end >= 0 else []
        at = end + 1
        if len(words) == 3:
            size = int(words[2])
            if at + size > len(output):
                return
            yield words[0], output[at : at + size]
            at += size + 1
        elif not words:
            return
