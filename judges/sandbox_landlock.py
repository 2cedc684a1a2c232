"""Landlock: a process that may read listed folders, write one, and reach nothing else."""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from functools import cache

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_RIGHTS = (1 << 16) - 1
_TCP, _SCOPES = 3, 3
_REMOVE_FILE = 1 << 5
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
_MAKE_DEVICES = 1 << 6 | 1 << 11
"""Character and block devices, which nobody makes here."""


def abi() -> int:
    """The version the kernel speaks; 0 where it has none."""
    return max(0, int(_libc().syscall(_CREATE, None, 0, _VERSION_FLAG)))


def restrict(readable: Iterable[str], writable: str | None, listed: bool = False) -> None:
    """Bind this thread for good; missing paths are left out. Needs no_new_privs. Raises OSError.

    With `listed` no file of the folder loses its name.
    """
    version = abi()
    rights = _RIGHTS.get(version, _ALL_RIGHTS)
    attributes = struct.pack("QQQ", rights, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _call(_CREATE, attributes, size, 0)
    for path in readable:
        _allow(rules, path, rights & (_READ_FILE | _READ_DIR | _EXECUTE))
    _allow(rules, "/dev/null", rights & (_READ_FILE | _WRITE_FILE))
    if writable is not None:
        _allow(rules, writable, rights & ~(_MAKE_DEVICES | (_REMOVE_FILE if listed else 0)))
    _call(_RESTRICT, rules, 0)
    os.close(rules)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        allowed = rights if stat.S_ISDIR(os.fstat(fd).st_mode) else rights & _OF_FILES
        _call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", allowed, fd), 0)
    finally:
        os.close(fd)


def _call(number: int, *arguments: int | bytes) -> int:
    done = int(_libc().syscall(number, *arguments))
    if done < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return done
