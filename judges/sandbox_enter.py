"""From the machine into the sandbox: drop the user, leave the namespaces, become the zygote."""

import _sitebuiltins
import builtins
import io
import json
import os
import signal
import socket
import stat
import sys
from typing import Any, NoReturn

from judges import sandbox_kernel as kernel
from judges import sandbox_zygote as zygote

_ALL = (
    kernel.NEW_USER | kernel.NEW_PID | kernel.NEW_NET | kernel.NEW_MOUNTS | kernel.NEW_IPC | kernel.NEW_NAMES
)
_WARM = (
    "bisect",
    "collections",
    "functools",
    "heapq",
    "itertools",
    "math",
    "random",
    "re",
    "string",
    "typing",
)
"""What programs import most."""


def enter(settings: dict[str, Any], restart: list[str]) -> NoReturn:
    """`settings` come from judges.sandbox_ways; `restart` is the command line of this process."""
    if settings["stage"] == "zygote":
        _be_zygote(settings, namespaces=True)
    _drop(settings)
    if settings["way"] == "bubblewrap":
        os.execve(settings["bubblewrap"][0], [*settings["bubblewrap"], *restart], {})
    namespaces = settings["namespaces"] and _leave()
    if namespaces:
        os.rmdir(settings["folder"])
        pid = os.fork()
        if pid:
            for fd in settings["fds"]:
                os.close(fd)
            os.waitpid(pid, 0)
            os._exit(0)
        kernel.die_with_parent(signal.SIGKILL)
        kernel.mount("none", "/", None, kernel.RECURSIVE | kernel.PRIVATE)
    else:
        kernel.adopt_orphans()
    _be_zygote(settings, namespaces)


def _be_zygote(settings: dict[str, Any], namespaces: bool) -> NoReturn:
    place = zygote.Place(
        folder="/tmp" if namespaces else settings["folder"],
        readable=settings["readable"],
        mounts=namespaces,
        landlock=settings["landlock"],
        count_threads=namespaces or settings["user"] is not None,
        folder_bytes=settings["folder_bytes"],
    )
    if namespaces:
        zygote.mount_folder(place)
    for name in _WARM:
        __import__(name)
    _look_usual()
    _open_streams()
    os.close(settings["fds"][1])
    with socket.socket(fileno=settings["fds"][0]) as channel:
        zygote.serve(channel, place)


def _open_streams() -> None:
    """Standard streams for programs, over pipes as theirs will be: a stream never forgets its first file."""
    for end, fd in zip(os.pipe(), (0, 1), strict=True):
        os.dup2(end, fd)
        os.close(end)
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        old: Any = getattr(sys, name)
        buffer: Any = open(fd, f"{mode}b", closefd=False)  # noqa: SIM115 - it stays open
        buffer.raw.name = f"<{name}>"
        stream: Any = io.TextIOWrapper(buffer, old.encoding, old.errors, "\n", line_buffering=fd == 2)
        stream.mode = mode
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _look_usual() -> None:
    """What programs expect of an interpreter, and nothing of how this one was started."""
    sys.argv[:] = sys.orig_argv[:] = ["program.py"]
    os.environ.pop("MALLOC_ARENA_MAX", None)
    # The interpreter runs without `site`, which brings these.
    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    setattr(builtins, "help", _sitebuiltins._Helper())  # noqa: B010


def _drop(settings: dict[str, Any]) -> None:
    """From root to a user of our own, to whom the interpreter is laid open where it lies hidden."""
    if settings["user"] is None:
        return
    if hidden := _hidden(settings["prefix"]):
        kernel.unshare(kernel.NEW_MOUNTS)
        kernel.mount("none", "/", None, kernel.RECURSIVE | kernel.PRIVATE)
        prefix = os.open(settings["prefix"], os.O_PATH)
        kernel.mount("tmpfs", hidden, "tmpfs", kernel.NO_SUID | kernel.NO_DEVICES, "size=64k,mode=0755")
        os.makedirs(settings["prefix"], 0o755)
        kernel.mount(f"/proc/self/fd/{prefix}", settings["prefix"], None, kernel.BIND | kernel.RECURSIVE)
        os.close(prefix)
    kernel.be(settings["user"])
    kernel.dumpable(True)


def _hidden(path: str) -> str | None:
    """The first folder on the way that others may not pass."""
    parts = path.strip("/").split("/")
    for count in range(1, len(parts) + 1):
        folder = "/" + "/".join(parts[:count])
        if not os.stat(folder).st_mode & stat.S_IXOTH:
            return folder
    return None


def _leave() -> bool:
    user, group = os.getuid(), os.getgid()
    try:
        kernel.unshare(_ALL)
    except OSError:
        return False
    kernel.map_user(user, group)
    return True


def main() -> NoReturn:
    """The command line is `-c BOOT SETTINGS`."""
    settings = json.loads(sys.argv[1])
    inner = json.dumps(settings | {"stage": "zygote"})
    enter(settings, [sys.executable, *settings["python"], inner])
