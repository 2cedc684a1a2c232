"""What the sandbox asks of Linux through ctypes: namespaces, mounts, capabilities, process flags."""

import ctypes
import os
import platform
from functools import cache

NEW_USER, NEW_PID, NEW_NET, NEW_MOUNTS, NEW_IPC, NEW_NAMES = (
    0x10000000,
    0x20000000,
    0x40000000,
    0x20000,
    0x08000000,
    0x04000000,
)
NO_SUID, NO_DEVICES, BIND, RECURSIVE, PRIVATE = 2, 4, 4096, 16384, 1 << 18
_DETACH = 2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _CLEAR_ALL = 38, 47, 4
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522


def unshare(flags: int) -> None:
    """Leave namespaces for new ones. Raises OSError."""
    _done(_libc().unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int = 0, data: str = "") -> None:
    """mount(2). Raises OSError."""
    called = _libc().mount(source.encode(), target.encode(), kind and kind.encode(), flags, data.encode())
    _done(called, f"mount {target}")


def unmount(target: str) -> None:
    """Detach a mount at once, also while files in it are open. Raises OSError."""
    _done(_libc().umount2(target.encode(), _DETACH), f"unmount {target}")


def no_new_privileges() -> None:
    """Nothing this process starts can gain rights. Raises OSError."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def dumpable(yes: bool) -> None:
    """May processes of the same user look into this one, and it write its own /proc? Raises OSError."""
    _prctl(_PR_SET_DUMPABLE, int(yes))


def die_with_parent(number: int) -> None:
    """Get this signal when the thread that started this process ends. Raises OSError."""
    _prctl(_PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own ends. Raises OSError."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def drop_capabilities() -> None:
    """Keep none, now or over an exec. Raises OSError."""
    _prctl(_PR_CAP_AMBIENT, _CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _done(_libc().syscall(_CAPSET[platform.machine()], header, (ctypes.c_uint32 * 6)()), "capset")


def map_user(user: int, group: int) -> None:
    """In a new user namespace, be who one was. Raises OSError."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def be(user: int) -> None:
    """Become this user and its group for good, no other group left. Raises OSError."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _prctl(option: int, value: int) -> None:
    _done(_libc().prctl(option, value, 0, 0, 0), f"prctl {option}")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _done(returned: int, what: str) -> None:
    if returned != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
