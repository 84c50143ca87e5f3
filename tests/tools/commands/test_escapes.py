"""Attempts to get out of the sandbox. Each is really run, and what it would have done outside is looked for."""

from __future__ import annotations

import ctypes
import os
import platform
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from punie_tools.commands import landlock_launcher
from punie_tools.commands.backends import choose_confinement, confinement_here
from punie_tools.commands.confinement import Confinement
from punie_tools.commands.runner import CommandRun, run_shell_command
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

SECRET = "SECRET-a81f"
SHARED_MEMORY = 0x50000000 + os.getpid()
ADD_KEY, KEYCTL = (217, 219) if platform.machine() == "aarch64" else (248, 250)
PACKAGES = Path(pytest.__file__).parents[1]
UNCONFINED = Confinement(None, "to see that the attempt would work")


@dataclass(frozen=True)
class Outside:
    """All that an attempt may try to reach: a folder beside the tree, a home, servers, a process, git's own files."""

    folder: Path
    tree: Path
    servers: tuple[socket.socket, ...]
    victim: subprocess.Popen[bytes]

    def filled(self, text: str) -> str:
        tcp, udp, abstract, unix = self.servers
        values = {
            "OUT": self.folder,
            "HOME": self.folder / "home",
            "TCP": tcp.getsockname()[1],
            "UDP": udp.getsockname()[1],
            "ABSTRACT": abstract.getsockname()[1:].decode(),
            "UNIX": unix.getsockname(),
            "PID": self.victim.pid,
            "PARENT": os.getpid(),
            "PYTHON": sys.executable,
            "SHARED": SHARED_MEMORY,
            "PACKAGES": PACKAGES,
            "KEYCTL": KEYCTL,
        }
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        return text

    def state(self) -> dict[str, str]:
        """Everything outside, git's own files of the tree, and who was called."""
        files = {path for path in (*self.folder.rglob("*"), *self._own_files()) if path.is_file()}
        called, _, _ = select.select(self.servers, [], [], 0)
        state = {str(path): f"{path.stat().st_mode} {path.read_text(errors='replace')}" for path in files}
        return {**state, "called": str(len(called)), "victim": str(self.victim.poll())}

    def _own_files(self) -> Iterator[Path]:
        yield from self.tree.glob(".punie.toml")
        yield from self.tree.glob(".git/rebase-merge/git-rebase-todo")
        yield from self.tree.glob(".git/worktrees/wt/commondir")
        yield from Path("/dev/shm").glob(f"punie-escape-{os.getpid()}")
        yield from PACKAGES.glob(f"punie-escape-{os.getpid()}.pth")
        for directory in (".git", "nested/.git", ".git/modules/sub", "new/.git", "a/b/c/.git", ".git/objects/x/.git"):
            for name in ("config", "config.worktree", "commondir"):
                yield from self.tree.glob(f"{directory}/{name}")
            yield from (path for path in self.tree.glob(f"{directory}/hooks/*") if path.suffix != ".sample")


def _listening(family: int, kind: int, address: str | tuple[str, int]) -> socket.socket:
    server = socket.socket(family, kind)
    server.bind(address)
    if kind == socket.SOCK_STREAM:
        server.listen()
    return server


@pytest.fixture
def outside(make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """The folder lies beside the interpreter: a place that the sandbox shows, unlike the temporary one."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="escape-", dir=sys.prefix))
    except OSError:
        pytest.skip("no folder outside the temporary one can be written")
    tree = make_repository({"a.txt": "a\n"})
    _lay_out(tree, folder)
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("MY_TOKEN", SECRET)
    libc = ctypes.CDLL(None)
    libc.syscall(ADD_KEY, b"user", b"punie-escape", SECRET.encode(), len(SECRET), -3)
    shared = libc.shmget(SHARED_MEMORY, 64, 0o1600)
    servers = (
        _listening(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        _listening(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        _listening(socket.AF_UNIX, socket.SOCK_STREAM, f"\0punie-escape-{os.getpid()}"),
        _listening(socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "home" / "docker.sock")),
    )
    with subprocess.Popen(["sleep", "1000"]) as victim:
        yield Outside(folder, tree, servers, victim)
        victim.kill()
    libc.shmctl(shared, 0, None)
    Path(f"/dev/shm/punie-escape-{os.getpid()}").unlink(missing_ok=True)
    (PACKAGES / f"punie-escape-{os.getpid()}.pth").unlink(missing_ok=True)
    for server in servers:
        server.close()
    shutil.rmtree(folder)


def _lay_out(tree: Path, folder: Path) -> None:
    for name in (".ssh/id_rsa", ".aws/credentials", ".netrc", ".config/gh/hosts.yml", ".local/share/punie/trust.json"):
        path = folder / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SECRET)
    (folder / "file").write_text("whole")
    (folder / "repo" / "git-rebase-todo").parent.mkdir()
    (folder / "repo" / "git-rebase-todo").write_text("exec make test\n")
    subprocess.run(["git", "init", "-q", folder / "repo"], check=True)
    for name in ("hooks/pre-commit", "config.worktree", "commondir"):
        (folder / "repo" / ".git" / name).write_text("")
    (tree / "inner").write_text("inner")
    (tree / ".git" / "rebase-merge").mkdir()
    (tree / ".git" / "rebase-merge" / "git-rebase-todo").write_text("exec make test\n")
    submodule = tree / ".git" / "modules" / "sub"
    for path in (tree / "nested", submodule):
        subprocess.run(["git", "init", "-q", "--bare" if path == submodule else "-q", path], check=True)
    shutil.rmtree(tree / "nested" / ".git" / "hooks")


def python(code: str) -> str:
    return f"@PYTHON@ -c {chr(39)}{code}{chr(39)}"


# keyctl's KEYCTL_SEARCH and KEYCTL_READ, by the numbers that calls have on this machine.
READ_A_KEY = (
    "import ctypes; c = ctypes.CDLL(None).syscall; n = @KEYCTL@; "
    'k = c(n, 10, -3, b"user", b"punie-escape", 0); b = ctypes.create_string_buffer(40); c(n, 11, k, b, 39); '
    "print(b.value)"
)
TOLD_IF_FOUND = 'print("SECRET" + "-a81f" if m >= 0 else m)'

# A name that is a folder and a link to the outside by turns, while files are written below it.
RACE = """@PYTHON@ - <<'END'
import contextlib, os, threading
def swap():
    for _ in range(300):
        os.symlink("@OUT@", "race")
        os.unlink("race")
        os.mkdir("race")
        os.rename("race", "gone")
        for name in os.listdir("gone"):
            os.unlink("gone/" + name)
        os.rmdir("gone")
swapping = threading.Thread(target=swap)
swapping.start()
while swapping.is_alive():
    with contextlib.suppress(OSError):
        os.close(os.open("race/new", os.O_CREAT | os.O_WRONLY))
END"""
# Name, command, and whether it works where nothing confines it (so that the check is seen to notice it).
ATTEMPTS = [
    ("absolute path", "echo x > @OUT@/new", True),
    ("change a file", "echo x >> @OUT@/file", True),
    ("delete a file", "rm -f @OUT@/file", True),
    ("mode of a file", "chmod 777 @OUT@/file", True),
    ("dots", f"cd / && echo x > .{'@OUT@'}/new; cd -; echo x > ../../../../../../../../@OUT@/new", True),
    ("symbolic link", "ln -s @OUT@ link && echo x > link/new", True),
    ("link as the tree", "cd .. && mv project p2; ln -s @OUT@ project && echo x > project/new", False),
    ("hard link", "ln @OUT@/file hard && echo x >> hard", False),
    ("move in and out", "mv @OUT@/file . ; mv inner @OUT@/inner", True),
    ("root of another process", "for p in /proc/[0-9]*; do echo x > $p/root@OUT@/new; done", True),
    ("working folder of the parent", "echo x > /proc/@PARENT@/cwd/new-escape; cat /proc/@PARENT@/environ", False),
    ("descriptors of others", "for f in /proc/*/fd/*; do echo x > $f; done; true", False),
    ("descriptors inherited", "for n in 3 4 5 6 7 8 9 10 11 12; do echo x >&$n; cat <&$n; done", False),
    ("memory of the parent", python('open("/proc/@PARENT@/mem", "r+b")'), False),
    ("trace the parent", python("import ctypes; print(ctypes.CDLL(None).ptrace(16, @PID@, 0, 0))"), False),
    ("kill a process", "kill -9 @PID@; kill -STOP @PID@", True),
    ("kill everything", "kill -9 -1", False),
    ("TCP", "exec 3<>/dev/tcp/127.0.0.1/@TCP@ && echo x >&3", True),
    ("TCP by Python", python('import socket; socket.create_connection(("127.0.0.1", @TCP@))'), True),
    ("UDP", "echo x > /dev/udp/127.0.0.1/@UDP@", True),
    ("names", python('import socket; socket.getaddrinfo("example.org", 80); print("@" * 3 + "resolved")'), False),
    ("abstract socket", python('import socket; socket.socket(socket.AF_UNIX).connect("\\0@ABSTRACT@")'), True),
    ("docker's socket", python('import socket; socket.socket(socket.AF_UNIX).connect("@UNIX@")'), True),
    ("dbus", "ls /run/dbus/system_bus_socket /run/user /var/run/docker.sock && echo SECRET-a81f", False),
    ("secret key", "cat ~/.ssh/id_rsa @HOME@/.ssh/id_rsa", True),
    ("cloud key", "cat @HOME@/.aws/credentials ~/.netrc", True),
    ("other settings", "cat ~/.config/gh/hosts.yml; cp -r ~/.config . ; cat .config/gh/*", True),
    ("punie's own files", "cat @HOME@/.local/share/punie/trust.json; echo x > ~/.local/share/punie/trust.json", True),
    ("environment", "env; cat /proc/*/environ", False),
    ("passwords", "grep -q : /etc/shadow && echo SECRET-a81f", False),
    (
        "setuid program",
        "cp /bin/sh s && chmod u+s s && ./s -p -c 'echo x > @OUT@/new'; su -c 'echo x > @OUT@/new'",
        True,
    ),
    ("sudo", "sudo -n sh -c 'echo x > @OUT@/new'", False),
    ("mount", "mount --bind @OUT@ . && echo x > new; mount -o remount,rw / && echo x > @OUT@/new", False),
    ("unmount", "umount -l @HOME@; umount -l ~; umount .git/hooks; cat ~/.ssh/id_rsa", True),
    (
        "user namespace",
        "unshare -Urm sh -c 'mount -o remount,rw / ; umount -l ~; echo x > @OUT@/new; cat ~/.netrc'",
        False,
    ),
    ("chroot", "mkdir r; chroot / sh -c 'echo x > @OUT@/new'; chroot r sh", False),
    ("device", "mknod d b 8 0; cat /dev/sda /dev/vda /dev/mem | head -c 1 | grep -q . && echo SECRET-a81f", False),
    ("terminal", python('import fcntl; fcntl.ioctl(0, 0x5412, b"x"); print("SECRET" + "-a81f")'), False),
    ("host name", "hostname punie-escaped && hostname > /dev/null", False),
    (
        "kernel settings",
        "echo x > /proc/sys/kernel/core_pattern; echo x > /proc/sysrq-trigger; rm -rf /sys/fs/*",
        False,
    ),
    ("hook", "printf '#!/bin/sh\\nid' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit", True),
    (
        "hooks folder",
        "rm -rf .git/hooks; mv .git/hooks .git/h2; mkdir -p .git/hooks; echo x > .git/hooks/pre-push",
        True,
    ),
    ("hook of a submodule", "echo x > .git/modules/sub/hooks/post-checkout; echo x > .git/modules/sub/config", True),
    ("hook where no folder is", "mkdir -p nested/.git/hooks; echo x > nested/.git/hooks/pre-commit", True),
    ("configuration", "echo '[core] fsmonitor = ./x' >> .git/config", True),
    ("configuration by git", "git config core.fsmonitor ./x; git config --worktree core.pager ./x", True),
    ("configuration replaced", "cp .git/config c; echo x >> c; mv -f c .git/config; rm -f .git/config", True),
    ("configuration of a worktree", "echo '[core] fsmonitor = ./x' > .git/config.worktree", True),
    ("configuration elsewhere", "cp -r .git evil; echo x >> evil/config; echo ../evil > .git/commondir", True),
    ("git renamed", "mv .git old && cp -r old .git && echo x >> .git/config", True),
    (
        "new repository",
        "git init -q new; git -C new config core.fsmonitor ./x; echo x > new/.git/hooks/pre-commit",
        True,
    ),
    (
        "deep new repository",
        "mkdir -p a/b/c/.git/hooks; echo x > a/b/c/.git/hooks/pre-push; echo x > a/b/c/.git/config",
        True,
    ),
    ("pointer to git", "cp -r .git a/evil || cp -r .git evil; mkdir new; echo 'gitdir: ../evil' > new/.git", False),
    ("keys of the session", python(READ_A_KEY), True),
    ("shared memory", python("import ctypes; m = ctypes.CDLL(None).shmget(@SHARED@, 64, 384); " + TOLD_IF_FOUND), True),
    ("memory folder", "echo x > /dev/shm/punie-escape-@PARENT@", True),
    ("root of init", "echo x > /proc/1/root@OUT@/new; cat /proc/1/root@HOME@/.netrc /proc/1/cwd/../home/.netrc", False),
    (
        "services",
        "systemd-run --user sh -c 'echo x > @OUT@/new'; echo 'echo x > @OUT@/new' | at now; crontab -l",
        False,
    ),
    (
        "preload for the next",
        "for f in .bashrc .profile .zshenv .bash_login; do echo x >> ~/$f; echo x >> @HOME@/$f; done",
        True,
    ),
    ("path by descriptor", "exec 7</; cd /proc/self/fd/7@OUT@ && echo x > new; echo x > /dev/fd/7@OUT@/new", True),
    (
        "core pattern",
        "ulimit -c unlimited; echo '|@OUT@/file' > /proc/sys/kernel/core_pattern; sh -c 'kill -SEGV $$'",
        False,
    ),
    (
        "binary formats",
        "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc; echo x > /proc/sys/fs/binfmt_misc/x",
        False,
    ),
    ("rename over the root", "mv -T a.txt @OUT@/file; ln -sfn @OUT@ ../project; mv -T ../project @OUT@/p", True),
    ("list of a rebase", "echo 'exec id' >> .git/rebase-merge/git-rebase-todo", True),
    (
        "directory of a worktree",
        "git worktree add -q wt; cp -r .git evil; echo '[core] fsmonitor = ./x' >> evil/config; "
        "for d in .git/worktrees/*; do echo ../../../evil > $d/commondir; done",
        True,
    ),
    ("repository among git's objects", "git init -q .git/objects/x; git -C .git/objects/x config alias.x '!id'", True),
    ("links in a race", RACE, False),
    ("root of its own", "echo x > /proc/self/root@OUT@/new; echo x > /proc/thread-self/root@OUT@/new", True),
    (
        "descriptor opened again",
        python('import os; f = os.open("@OUT@/file", 0); os.write(os.open(f"/proc/self/fd/{f}", 1), b"x")'),
        True,
    ),
    ("folder by descriptor", python('import os; os.open("new", 65, dir_fd=os.open("@OUT@", 0))'), True),
    ("start of punie's own Python", "echo x > @PACKAGES@/punie-escape-@PARENT@.pth", True),
    ("punie's settings", "echo 'policy = 1' > .punie.toml; ln -sf /etc/passwd .punie.toml", True),
]

# Links where punie looks afterwards for what it has to put back, or to take off again.
LINKS = {
    "repository as a link": "mv nested n2; ln -s @OUT@/repo nested",
    "repository gone, a link there": "rm -rf nested; ln -s @OUT@/repo nested",
    "git directory as a link": "mv .git g2; ln -s @OUT@/repo/.git .git",
    "modules as a link": "mv .git/modules m2; mkdir e; ln -s @OUT@/repo/.git e/sub; ln -s ../e .git/modules",
    "hooks as a link": "mv .git/hooks h2; ln -s @OUT@/repo/.git/hooks .git/hooks",
    "rebase as a link": "mv .git/rebase-merge r2; ln -s @OUT@/repo .git/rebase-merge",
}


def attempt(
    outside: Outside, command: str, confinement: Confinement | None = None, *, timeout: float = 60
) -> CommandRun:
    line = f"{outside.filled(command)}\necho tried"
    return run_shell_command(ToolContext(Workspace.at(outside.tree)), line, timeout, confinement)


def got_out(outside: Outside, before: dict[str, str], run: CommandRun) -> bool:
    told = (run.process.stdout + run.process.stderr).decode("utf-8", "replace")
    return outside.state() != before or SECRET in told or "@@@resolved" in told


def confinement_by(backend: str) -> Confinement:
    found = confinement_here() if backend == "bubblewrap" else choose_confinement("linux", lambda: "left out")
    if found.name != backend:
        pytest.skip(f"no {backend} here: {found.reason}")
    return found


def cannot_hold(name: str, backend: str) -> bool:
    """Landlock knows no right to change modes, and before its sixth version none to send signals."""
    has_signals = backend == "bubblewrap" or landlock_launcher.abi() >= 6
    return (backend == "landlock" and name == "mode of a file") or (name.startswith("kill") and not has_signals)


@pytest.mark.parametrize("backend", ["bubblewrap", "landlock"])
@pytest.mark.parametrize(("name", "command"), [row[:2] for row in ATTEMPTS], ids=[row[0] for row in ATTEMPTS])
def test_nothing_gets_out(outside: Outside, name: str, command: str, backend: str) -> None:
    confinement = confinement_by(backend)
    if cannot_hold(name, backend):
        pytest.skip("this kernel's Landlock has no right for it")
    before = outside.state()
    run = attempt(outside, command, confinement)
    assert run.process.stdout.endswith(b"tried\n") or "kill -9 -1" in command, run.process.stderr
    assert not run.process.timed_out
    after = outside.state()
    assert not got_out(outside, before, run), (run.process, set(after.items()) ^ set(before.items()))


@pytest.mark.parametrize("backend", ["bubblewrap", "landlock"])
@pytest.mark.parametrize("command", LINKS.values(), ids=LINKS)
def test_what_is_put_back_is_put_back_in_the_tree_alone(outside: Outside, command: str, backend: str) -> None:
    before = contents(outside.folder)
    attempt(outside, command, confinement_by(backend))
    assert contents(outside.folder) == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", [row[1] for row in ATTEMPTS if row[2]], ids=[row[0] for row in ATTEMPTS if row[2]])
def test_the_attempt_is_noticed_where_nothing_confines_it(outside: Outside, command: str) -> None:
    before = outside.state()
    assert got_out(outside, before, attempt(outside, command, UNCONFINED))


@pytest.fixture
def confinement() -> Confinement:
    """bubblewrap, or a skip with its reason."""
    return confinement_by("bubblewrap")


def test_a_git_directory_that_moves_with_its_parent_is_not_replaced(outside: Outside, confinement: Confinement) -> None:
    config = (outside.tree / "nested" / ".git" / "config").read_text()
    command = "mv nested n2; mkdir nested; cp -r n2/.git nested/; echo '[core] pager = ./x' >> nested/.git/config"
    assert attempt(outside, command, confinement).put_back == ("nested/.git",)
    assert not (outside.tree / "nested" / ".git").exists()
    assert (outside.tree / "n2" / ".git" / "config").read_text() == config


@pytest.mark.parametrize("backend", ["bubblewrap", "landlock"])
def test_a_folder_of_hooks_in_the_tree_is_one_of_git_s(outside: Outside, backend: str) -> None:
    subprocess.run(["git", "config", "core.hooksPath", ".githooks"], cwd=outside.tree, check=True)
    (outside.tree / ".githooks").mkdir()
    hook = outside.tree / ".githooks" / "pre-commit"
    hook.write_text("true\n")
    attempt(outside, "echo id >> .githooks/pre-commit; echo id > .githooks/pre-push", confinement_by(backend))
    assert [path.name for path in hook.parent.iterdir()] == ["pre-commit"]
    assert hook.read_text() == "true\n"


@pytest.mark.parametrize("backend", ["bubblewrap", "landlock"])
@pytest.mark.parametrize("folder", [".githooks", "tools/hooks"])
def test_a_folder_of_hooks_that_is_not_there_stays_empty(outside: Outside, backend: str, folder: str) -> None:
    subprocess.run(["git", "config", "core.hooksPath", folder], cwd=outside.tree, check=True)
    attempt(outside, f"mkdir -p {folder}; echo id > {folder}/pre-push", confinement_by(backend))
    assert not (outside.tree / folder / "pre-push").exists()


@pytest.mark.parametrize("backend", ["bubblewrap", "landlock"])
def test_a_rebase_that_a_command_began_runs_nothing_later(outside: Outside, backend: str) -> None:
    command = (
        "rm -rf .git/rebase-merge; mkdir .git/rebase-merge; printf 'pick abc\\n x id\\nEXEC id\\n' > .git/rebase-merge/"
    )
    run = attempt(outside, command + "git-rebase-todo", confinement_by(backend))
    assert run.put_back == (".git/rebase-merge/git-rebase-todo",)
    assert (outside.tree / ".git" / "rebase-merge" / "git-rebase-todo").read_text() == "pick abc\n"


def test_git_works_and_a_harmless_repository_stays(outside: Outside, confinement: Confinement) -> None:
    command = (
        "git -c user.name=a -c user.email=a@b commit -qam x --allow-empty && git checkout -qb b && git init -q new "
        "&& git -C new remote add origin https://example.org/x && git clone -q . copy && git worktree add -q tree2"
    )
    run = attempt(outside, command, confinement)
    assert (run.process.exit_code, run.put_back) == (0, ())
    assert (outside.tree / "new" / ".git" / "config").exists()
    assert (outside.tree / "tree2" / ".git").is_file()


def test_nothing_of_the_sandbox_is_left_in_the_tree(outside: Outside, confinement: Confinement) -> None:
    before = sorted(outside.tree.rglob("*"))
    attempt(outside, "true", confinement)
    assert sorted(outside.tree.rglob("*")) == before


def test_what_the_person_changes_meanwhile_stays(outside: Outside, confinement: Confinement) -> None:
    config = outside.tree / ".git" / "config"

    def change(_done: int, _total: int | None, _text: str) -> None:
        subprocess.run(["git", "config", "user.name", "Changed meanwhile"], cwd=outside.tree, check=True)
        (outside.tree / "go").touch()

    context = ToolContext(Workspace.at(outside.tree), report_progress=change)
    run_shell_command(context, "echo up; until [ -e go ]; do sleep 0.01; done", 30, confinement)
    assert "Changed meanwhile" in config.read_text()


def test_a_home_that_is_the_tree_keeps_its_secrets(outside: Outside, confinement: Confinement) -> None:
    home = outside.folder / "home"
    context = ToolContext(Workspace.at(home))
    run = run_shell_command(context, "cat .ssh/id_rsa .netrc .config/gh/hosts.yml; echo x > new", 30, confinement)
    assert SECRET.encode() not in run.process.stdout
    assert (home / "new").read_text() == "x\n"


def test_a_gigabyte_of_output_is_read_and_dropped(outside: Outside, confinement: Confinement) -> None:
    run = attempt(outside, "head -c 1000000000 /dev/zero | tr '\\0' x", confinement, timeout=300)
    assert run.process.truncated
    assert run.process.stdout.endswith(b"tried\n")
    assert len(run.process.stdout) < 100_000


def test_the_temporary_folder_is_bounded(outside: Outside, confinement: Confinement) -> None:
    run = attempt(outside, "df --output=size -B1 /tmp | tail -1; ulimit -f", confinement)
    size, largest_file, _ = run.process.stdout.split()
    assert 0 < int(size) <= 2 * 1024**3
    assert largest_file != b"unlimited"


def test_punie_s_own_files_are_hidden_even_in_the_tree(
    outside: Outside, confinement: Confinement, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = outside.tree / "punie-home"
    (own / "data").mkdir(parents=True)
    (own / "data" / "trust.json").write_text(SECRET)
    monkeypatch.setenv("PUNIE_HOME", str(own))
    run = attempt(outside, "cat punie-home/data/trust.json; echo x > punie-home/data/trust.json", confinement)
    assert SECRET.encode() not in run.process.stdout
    assert (own / "data" / "trust.json").read_text() == SECRET


@pytest.mark.skipif(os.geteuid() == 0, reason="the system holds root to no number of processes")
def test_a_fork_bomb_is_bounded(outside: Outside, confinement: Confinement) -> None:
    context = ToolContext(Workspace.at(outside.tree))
    run = run_shell_command(context, "f() { f | f & }; f; sleep 100", 3, confinement)
    assert run.process.seconds < 20
