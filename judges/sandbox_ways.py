"""The ways into a sandbox on this machine: bubblewrap, or landlock with the namespaces that are allowed."""

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from judges import sandbox_landlock, sandbox_seccomp

Way = Literal["bubblewrap", "landlock"]
WAYS: tuple[Way, ...] = ("bubblewrap", "landlock")
_HERE = Path(__file__).parent
_INSIDE = (
    "values/plain_kinds",
    "values/plain_write",
    "values/plain_read",
    "values/plain_data",
    "sandbox_pipes",
    "sandbox_kernel",
    "sandbox_landlock",
    "sandbox_seccomp",
    "sandbox_folder",
    "sandbox_inside",
    "sandbox_spies",
    "sandbox_mirrors",
    "sandbox_tests",
    "sandbox_zygote",
    "sandbox_enter",
)
# The sources come in a file without a name, since the sandbox's user may not read where they lie.
_BOOT = """
import json, os, sys, types
settings = json.loads(sys.argv[1])
sys.dont_write_bytecode = True
fd = settings["fds"][1]
for name, text in json.loads(os.pread(fd, os.fstat(fd).st_size, 0)):
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = []
    owner, _, short = name.rpartition(".")
    if owner: setattr(sys.modules[owner], short, module)
    exec(compile(text, name, "exec"), module.__dict__)
sys.modules["judges.sandbox_enter"].main()
"""
_FLAGS = ["-s", "-P", "-S", "-B", "-c", _BOOT]
# Each thread's own heap would reserve 64 MiB of the address space that is limited.
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "MALLOC_ARENA_MAX": "1",
}
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache")
_READABLE = ("/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/lib", "/lib64", "/etc/ld.so.cache")
_DEVICES = ("/dev/null", "/dev/urandom")
_NOBODYS, _MOST_USERS, _APART = 1_000, 1 << 22, 7919
"""Workers, whose numbers lie close together, never come to the same user."""
_started = itertools.count()


class SandboxUnavailable(RuntimeError):
    """No isolation here; the message says what is missing and how to get it."""


@dataclass(frozen=True, slots=True)
class Started:
    """A zygote, the channel to it, and the folder to be removed after it, where there is one."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    folder: str | None


def missing(way: Way) -> str | None:
    """What this way lacks on this machine, as far as a look can tell; None where it may work."""
    if not sys.platform.startswith("linux") or not sandbox_seccomp.supported():
        return "Linux on x86_64 or aarch64 is needed"
    if way == "bubblewrap" and shutil.which("bwrap") is None:
        return "bwrap is not installed (install bubblewrap)"
    if way == "landlock" and not sandbox_landlock.abi():
        return "the kernel has no landlock (Linux 5.13 or newer, with landlock among its `lsm=`)"
    return None


def start(way: Way, *, folder_bytes: int, namespaces: bool = True) -> Started:
    """Start a zygote. Raises SandboxUnavailable where it cannot work, OSError where it fails."""
    if lack := missing(way):
        raise SandboxUnavailable(lack)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Messages say who sent them, which is how the zygote is found among the processes of this machine.
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    code = os.memfd_create("datapipe-sandbox")
    try:
        os.write(code, json.dumps(_sources()).encode())
        fds = [theirs.fileno(), code]
        user = _user()
        folder = None if way == "bubblewrap" else _folder(user)
        settings = _settings(way, fds, folder) | {
            "user": user,
            "folder_bytes": folder_bytes,
            "namespaces": namespaces,
        }
        process = subprocess.Popen(
            [_python(), *_FLAGS, json.dumps(settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            pass_fds=fds,
            cwd="/",
            start_new_session=True,
        )
    finally:
        theirs.close()
        os.close(code)
    return Started(process, ours, folder)


def _settings(way: Way, fds: list[int], folder: str | None) -> dict[str, Any]:
    prefix = os.path.realpath(sys.base_prefix)
    return {
        "stage": "enter",
        "way": way,
        "fds": fds,
        "prefix": prefix,
        "python": _FLAGS,
        "folder": folder,
        "readable": [*_READABLE, *(() if prefix == "/usr" else (prefix,)), "/dev/urandom"],
        "landlock": bool(sandbox_landlock.abi()),
        "bubblewrap": _bubblewrap(prefix) if way == "bubblewrap" else None,
    }


def _user() -> int | None:
    """Root becomes a user that nobody else is, one for each sandbox, since threads are counted by user."""
    if os.getuid() != 0:
        return None
    # A container may have few users; the last ones of a map are those that nobody has.
    with open("/proc/self/uid_map", encoding="ascii") as file:
        first, _, count = map(int, file.readlines()[-1].split())
    last = min(first + count, 1 << 31)  # bubblewrap knows no larger ones
    which = os.getpid() + _APART * next(_started)
    return last - _NOBODYS - which % max(1, min(_MOST_USERS, count // 2))


def _folder(user: int | None) -> str:
    made = tempfile.mkdtemp(prefix="datapipe-sandbox-", dir="/tmp")
    if user is not None:
        os.chown(made, user, user)
    return made


def _bubblewrap(prefix: str) -> list[str]:
    seen = [word for path in dict.fromkeys((*_SYSTEM, prefix)) for word in ("--ro-bind-try", path, path)]
    # With a whole /dev bubblewrap makes a second user namespace, in which the zygote could mount nothing.
    devices = [word for path in _DEVICES for word in ("--dev-bind", path, path)]
    given = [word for name, value in _ENVIRONMENT.items() for word in ("--setenv", name, value)]
    return [
        str(shutil.which("bwrap")),
        *("--unshare-all", "--unshare-user", "--as-pid-1", "--cap-add", "CAP_SYS_ADMIN", "--new-session"),
        *(*seen, *devices, "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/", "--clearenv", *given),
    ]


def _python() -> str:
    """The interpreter itself, not the link of an environment."""
    found = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    return found if os.path.exists(found) else sys.executable


def _sources() -> list[tuple[str, str]]:
    packages = [("judges", ""), ("judges.values", "")]
    return packages + [
        (f"judges.{name.replace('/', '.')}", (_HERE / f"{name}.py").read_text("utf-8")) for name in _INSIDE
    ]
