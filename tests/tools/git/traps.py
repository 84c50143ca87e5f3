"""Every place where a repository names a program that git starts, each with the plain git command that falls for it."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import git, write_files

HOOKS = (
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-rewrite",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "reference-transaction",
)
_HTTPS = b"protocol=https\nhost=nowhere.invalid\n\n"

Plant = Callable[[Path, str], None]


@dataclass(frozen=True)
class Trap:
    """`plain` are the arguments of the plain git that starts the trap; some need a terminal or an input for it."""

    plant: Plant
    plain: tuple[str, ...]
    stdin: bytes = b""
    in_terminal: bool = False

    def spring(self, root: Path) -> None:
        """Run plain git into it."""
        command = ["git", *self.plain]
        if self.in_terminal:
            _in_terminal(command, root)
        else:
            subprocess.run(command, cwd=root, input=self.stdin, capture_output=True, check=False)


def _in_terminal(command: list[str], root: Path) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            command, cwd=root, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}
        )
        os.close(theirs)
        try:
            while terminal.read(4096):
                pass
        except OSError:
            pass  # How Linux tells that the other side of the terminal is closed.
        process.wait()


def make_traps_repository(root: Path) -> None:
    """A change to commit, and a branch `side` to switch to whose commit can be picked."""
    root.mkdir()
    write_files(root, {"tracked.txt": "before\n", "other.txt": "before\n"})
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Start")
    git(root, "switch", "-qc", "side")
    write_files(root, {"other.txt": "side\n", "more.txt": "side\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Side")
    git(root, "switch", "-q", "main")
    write_files(root, {"tracked.txt": "after!\n", "untracked.txt": ""})


def configured(*names: str, attributes: str = "") -> Plant:
    """Plant by git's configuration, and the attributes that lead to it."""

    def plant(root: Path, trap: str) -> None:
        if attributes:
            write_files(root, {".gitattributes": f"* {attributes}\n"})
        for name in names:
            git(root, "config", name, "true" if name.endswith((".required", ".gpgSign")) else trap)

    return plant


def plant_alias(root: Path, trap: str) -> None:
    for name in ("evil", "status", "diff", "log", "show", "blame", "branch", "rev-parse", "for-each-ref", "switch"):
        git(root, "config", f"alias.{name}", f"!{trap}")


def _stale_index(root: Path) -> None:
    """A hook runs when the index is refreshed: a file has a new time and its old content."""
    os.utime(root / "other.txt", (1, 1))


def plant_hooks(root: Path, trap: str) -> None:
    _stale_index(root)
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    for name in HOOKS:
        (root / ".git" / "hooks" / name).symlink_to(trap)


def plant_hooks_path(root: Path, trap: str) -> None:
    _stale_index(root)
    (root / "hooks").mkdir()
    for name in HOOKS:
        (root / "hooks" / name).symlink_to(trap)
    git(root, "config", "core.hooksPath", "hooks")


def plant_included(kind: str) -> Plant:
    def plant(root: Path, trap: str) -> None:
        write_files(root, {".gitattributes": "* filter=evil\n", "more.ini": f'[filter "evil"]\n\t{kind} = {trap}\n'})
        git(root, "config", "include.path", "../more.ini")

    return plant


def plant_conditionally_included(root: Path, trap: str) -> None:
    write_files(root, {".gitattributes": "* filter=evil\n", "more.ini": f'[filter "evil"]\n\tclean = {trap}\n'})
    git(root, "config", "includeIf.gitdir:**.path", "../more.ini")


def plant_in_worktree_config(kind: str) -> Plant:
    def plant(root: Path, trap: str) -> None:
        write_files(root, {".gitattributes": "* filter=evil\n"})
        git(root, "config", "extensions.worktreeConfig", "true")
        git(root, "config", "--worktree", f"filter.evil.{kind}", trap)

    return plant


def plant_attributes_aside(root: Path, trap: str) -> None:
    """Attributes where no file of the tree shows them."""
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    git(root, "config", "filter.evil.clean", trap)


def _submodule(root: Path) -> Path:
    """`sub` with two commits; `side` has the older one, and the submodule's tree is changed."""
    sub = root / "sub"
    sub.mkdir()
    git(sub, "init", "-q")
    write_files(sub, {"inner.txt": "old\n", ".gitattributes": "* filter=evil diff=evil\n"})
    git(sub, "add", "-A")
    git(sub, "commit", "-qm", "Inner")
    old = git(sub, "rev-parse", "HEAD").strip()
    write_files(sub, {"inner.txt": "before\n"})
    git(sub, "commit", "-qam", "Inner change")
    new = git(sub, "rev-parse", "HEAD").strip()
    git(root, "stash", "-q")
    for branch, commit in (("side", old), ("main", new)):
        git(root, "switch", "-q", branch)
        git(root, "update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
        write_files(root, {".gitmodules": '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n\tignore = none\n'})
        git(root, "add", ".gitmodules")
        git(root, "commit", "-qm", "Add sub")
    git(root, "stash", "pop", "-q")
    git(root, "submodule", "init", "-q")
    git(root, "submodule", "absorbgitdirs")
    return sub


def plant_in_submodule(*names: str, changed: bool = True, recurse: bool = False) -> Plant:
    def plant(root: Path, trap: str) -> None:
        sub = _submodule(root)
        for name in names:
            git(sub, "config", name, trap)
        if changed:
            write_files(sub, {"inner.txt": "after!\n"})
        if recurse:
            git(root, "config", "submodule.recurse", "true")
            git(root, "config", "diff.submodule", "diff")
            git(root, "config", "status.submoduleSummary", "true")

    return plant


def plant_diff_inside_a_submodule(root: Path, trap: str) -> None:
    sub = _submodule(root)
    write_files(sub, {"inner.txt": "after!\n"})
    git(sub, "commit", "-qam", "Inner change")
    git(sub, "config", "diff.external", trap)
    git(root, "config", "diff.submodule", "diff")


def plant_hooks_in_a_submodule(root: Path, trap: str) -> None:
    sub = _submodule(root)
    hooks = Path(git(sub, "rev-parse", "--absolute-git-dir").strip()) / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        (hooks / name).symlink_to(trap)
    git(root, "config", "submodule.recurse", "true")


def plant_signature_checker(root: Path, trap: str) -> None:
    """A forged signature, which a log that shows signatures has checked by the program that is named."""
    head, _, message = git(root, "cat-file", "commit", "HEAD").partition("\n\n")
    signature = "-----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----"
    written = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=root,
        input=f"{head}\ngpgsig {signature}\n\n{message}",
        capture_output=True,
        text=True,
        check=True,
    )
    git(root, "update-ref", "HEAD", written.stdout.strip())
    git(root, "config", "gpg.program", trap)
    git(root, "config", "log.showSignature", "true")


def plant_ssh_signature_checker(root: Path, trap: str) -> None:
    plant_signature_checker(root, trap)
    head, _, message = git(root, "cat-file", "commit", "HEAD").partition("\ngpgsig ")
    signature = "-----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----"
    written = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=root,
        input=f"{head}\ngpgsig {signature}\n\n{message.partition(chr(10) * 2)[2]}",
        capture_output=True,
        text=True,
        check=True,
    )
    git(root, "update-ref", "HEAD", written.stdout.strip())
    git(root, "config", "gpg.ssh.program", trap)
    git(root, "config", "gpg.ssh.allowedSignersFile", "allowed")
    write_files(root, {"allowed": ""})


def plant_transport(root: Path, trap: str) -> None:
    """An object is missing, and the remote that has it is reached by a program."""
    blob = git(root, "rev-parse", "HEAD:tracked.txt").strip()
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    git(root, "config", "core.repositoryFormatVersion", "1")
    git(root, "config", "extensions.partialClone", "origin")
    git(root, "config", "remote.origin.promisor", "true")
    git(root, "config", "remote.origin.url", f"ext::{trap} %S")
    git(root, "config", "protocol.ext.allow", "always")


def plant_transport_over_ssh(root: Path, trap: str) -> None:
    plant_transport(root, trap)
    git(root, "config", "remote.origin.url", "ssh://nowhere.invalid/x")
    git(root, "config", "core.sshCommand", trap)


def plant_transport_helper(root: Path, trap: str) -> None:
    """`uploadpack` is the program that serves a repository on this machine."""
    plant_transport(root, trap)
    shutil.copytree(root / ".git", root / "served.git")
    git(root, "config", "remote.origin.url", str(root / "served.git"))
    git(root, "config", "remote.origin.uploadpack", trap)


_COMMIT = ("commit", "-qam", "Plain")
_SWITCH = ("switch", "-qf", "side")

TRAPS: dict[str, Trap] = {
    "file system monitor": Trap(configured("core.fsmonitor"), ("status",)),
    "hooks, in status": Trap(plant_hooks, ("status",)),
    "hooks, in commit": Trap(plant_hooks, _COMMIT),
    "hooks path, in status": Trap(plant_hooks_path, ("status",)),
    "hooks path, in commit": Trap(plant_hooks_path, _COMMIT),
    "hooks path, in switch": Trap(plant_hooks_path, _SWITCH),
    "external diff": Trap(configured("diff.external"), ("diff",)),
    "external diff, in show": Trap(configured("diff.external"), ("show", "--ext-diff")),
    "diff driver": Trap(configured("diff.evil.command", attributes="diff=evil"), ("diff",)),
    "text conversion": Trap(configured("diff.evil.textconv", attributes="diff=evil"), ("diff",)),
    "text conversion, in blame": Trap(configured("diff.evil.textconv", attributes="diff=evil"), ("blame", "other.txt")),
    "clean filter": Trap(
        configured("filter.evil.clean", "filter.evil.required", attributes="filter=evil"), ("status",)
    ),
    "clean filter, in blame": Trap(configured("filter.evil.clean", attributes="filter=evil"), ("blame", "tracked.txt")),
    "clean filter, in add": Trap(configured("filter.evil.clean", attributes="filter=evil"), ("add", ".")),
    "smudge filter": Trap(configured("filter.evil.smudge", attributes="filter=evil"), ("restore", "tracked.txt")),
    "smudge filter, in switch": Trap(configured("filter.evil.smudge", attributes="filter=evil"), _SWITCH),
    "smudge filter, in stash": Trap(configured("filter.evil.smudge", attributes="filter=evil"), ("stash",)),
    "process filter": Trap(configured("filter.Evil.Two.process", attributes="filter=Evil.Two"), ("status",)),
    "clean filter, included": Trap(plant_included("clean"), ("status",)),
    "smudge filter, included": Trap(plant_included("smudge"), _SWITCH),
    "process filter, included": Trap(plant_included("process"), ("status",)),
    "clean filter, included on a condition": Trap(plant_conditionally_included, ("status",)),
    "clean filter of the work tree": Trap(plant_in_worktree_config("clean"), ("status",)),
    "smudge filter of the work tree": Trap(plant_in_worktree_config("smudge"), _SWITCH),
    "process filter of the work tree": Trap(plant_in_worktree_config("process"), ("status",)),
    "filter by attributes aside": Trap(plant_attributes_aside, ("status",)),
    "clean filter in a submodule": Trap(plant_in_submodule("filter.evil.clean"), ("status",)),
    "clean filter in a submodule, in commit": Trap(plant_in_submodule("filter.evil.clean"), _COMMIT),
    "clean filter in a submodule, in add": Trap(plant_in_submodule("filter.evil.clean"), ("add", "--all", ".")),
    "clean filter in a submodule, in stash": Trap(plant_in_submodule("filter.evil.clean"), ("stash",)),
    "process filter in a submodule": Trap(plant_in_submodule("filter.evil.process"), ("status",)),
    "smudge filter in a submodule": Trap(
        plant_in_submodule("filter.evil.smudge", changed=False, recurse=True), _SWITCH
    ),
    "file system monitor in a submodule": Trap(plant_in_submodule("core.fsmonitor"), ("status",)),
    "external diff in a submodule": Trap(plant_diff_inside_a_submodule, ("diff",)),
    "hooks in a submodule": Trap(plant_hooks_in_a_submodule, _SWITCH),
    "signature checker": Trap(plant_signature_checker, ("log", "-1")),
    "signature checker, in show": Trap(plant_signature_checker, ("show",)),
    "signature checker of ssh": Trap(plant_ssh_signature_checker, ("log", "-1")),
    "signer": Trap(configured("gpg.program", "commit.gpgSign"), _COMMIT),
    "transport": Trap(plant_transport, ("diff",)),
    "transport over ssh": Trap(plant_transport_over_ssh, ("diff",)),
    "transport by a server's program": Trap(plant_transport_helper, ("diff",)),
    "pager": Trap(configured("core.pager"), ("log",), in_terminal=True),
    "pager of one command": Trap(
        configured(*(f"pager.{name}" for name in ("log", "status", "diff", "show", "blame", "branch", "stash"))),
        ("status",),
        in_terminal=True,
    ),
    "editor": Trap(configured("core.editor"), ("commit", "-a")),
    "asking for a password": Trap(configured("core.askPass"), ("credential", "fill"), _HTTPS),
    "credential helper": Trap(configured("credential.helper"), ("credential", "fill"), _HTTPS),
    "alias": Trap(plant_alias, ("evil",)),
}
