"""Gives up the right to write outside a tree, to use the network and to see other processes, then becomes a program.

Run as a file, with nothing but the standard library: `landlock_launcher.py SETTINGS PROGRAM ARGUMENT …`, where SETTINGS
is JSON: `readable` and `writable` (paths), `devices` (files to read and write), `environment` (variables to set).
It ends with 125 if the kernel refuses anything, and the program is not started.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import struct
import sys

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_FIRST_RIGHTS = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_MAKE_DEVICES = (1 << 6) | (1 << 11)
_BELOW_A_FOLDER_ONLY = _FIRST_RIGHTS & ~(_EXECUTE | _WRITE_FILE | _READ_FILE) | _REFER
_ALL_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3
_NO_NEW_PRIVILEGES, _SECCOMP, _DROP_FROM_BOUNDING_SET = 38, 22, 24
_LAST_CAPABILITY = 63

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# add_key, request_key, keyctl: no namespace holds the keys of the person's session.
_CALLS_FOR_KEYS = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}
# socket, io_uring_setup, ptrace, bpf; then memory, semaphores and messages that all processes of a person share.
_OTHER_REFUSED_CALLS = {
    "x86_64": (41, 425, 101, 321, 29, 30, 31, 64, 65, 66, 220, 68, 69, 70, 71, 240, 241),
    "aarch64": (198, 425, 117, 280, 194, 195, 196, 190, 191, 192, 193, 186, 187, 188, 189, 180, 181),
}
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _ERROR_ACCESS = 0x7FFF0000, 0x80000000, 0x00050000 | 13
_FIRST_FOREIGN_CALL = 0x40000000

_LIBC = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of Landlock that the kernel speaks; 0 if none."""
    return max(0, _LIBC.syscall(_CREATE_RULESET, None, 0, 1))


def is_supported() -> bool:
    """Whether both Landlock (version 3: truncating is an own right) and the filter for calls are there."""
    return abi() >= 3 and platform.machine() in _ARCHITECTURES


def _main() -> None:
    settings = json.loads(sys.argv[1])
    try:
        _prctl(_NO_NEW_PRIVILEGES, 1)
        _restrict_files(settings)
        _drop_capabilities()
        _refuse_calls()
        os.environ.update(settings["environment"])
        os.execv(sys.argv[2], sys.argv[2:])
    except OSError as error:
        sys.stderr.write(f"The command was not started: {error}.\n")
        os._exit(125)


def _restrict_files(settings: dict[str, list[str]]) -> None:
    version = abi()
    rights = _FIRST_RIGHTS | _REFER | _TRUNCATE | (_IOCTL_DEVICE if version >= 5 else 0)
    attributes = struct.pack("QQQ", rights, _ALL_TCP, _ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _checked(_LIBC.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))
    for path in settings["readable"]:
        _allow(ruleset, path, _EXECUTE | _READ_FILE | _READ_DIR)
    for path in settings["writable"]:
        _allow(ruleset, path, rights & ~_MAKE_DEVICES & ~_IOCTL_DEVICE)
    for path in settings["devices"]:
        _allow(ruleset, path, rights & (_READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEVICE))
    _checked(_LIBC.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):  # noqa: PTH112 - started without the time that pathlib takes
        rights &= ~_BELOW_A_FOLDER_ONLY
    rule = struct.pack("=Qi", rights, descriptor)
    _checked(_LIBC.syscall(_ADD_RULE, ruleset, 1, rule, 0))
    os.close(descriptor)


def _drop_capabilities() -> None:
    """Root without capabilities is a user like others; for others this changes nothing."""
    for capability in range(_LAST_CAPABILITY + 1):
        _LIBC.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
    header = struct.pack("Ii", 0x20080522, 0)
    _checked(_LIBC.capset(header, bytes(24)))


def filter_for_keys() -> bytes:
    """A filter that refuses all calls about keys, as a program for the kernel; empty for an unknown machine."""
    machine = platform.machine()
    return _filter(machine, _CALLS_FOR_KEYS[machine]) if machine in _ARCHITECTURES else b""


def _refuse_calls() -> None:
    """No sockets but pairs, nothing shared, and no calls that would make some or reach into other processes."""
    machine = platform.machine()
    filters = ctypes.create_string_buffer(_filter(machine, (*_CALLS_FOR_KEYS[machine], *_OTHER_REFUSED_CALLS[machine])))
    description = struct.pack("HxxxxxxP", (len(filters) - 1) // 8, ctypes.addressof(filters))
    _checked(_LIBC.prctl(_SECCOMP, 2, description, 0, 0))


def _filter(machine: str, refused: tuple[int, ...]) -> bytes:
    checks = len(refused)
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, _ARCHITECTURES[machine]), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    program += [(_AT_LEAST, checks + 1, 0, _FIRST_FOREIGN_CALL)]
    program += [(_EQUAL, checks - index, 0, number) for index, number in enumerate(refused)]
    program += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERROR_ACCESS)]
    return b"".join(struct.pack("HBBI", *step) for step in program)


def _prctl(option: int, value: int) -> None:
    _checked(_LIBC.prctl(option, value, 0, 0, 0))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    _main()
