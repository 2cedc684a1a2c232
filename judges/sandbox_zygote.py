"""The warm process inside the sandbox: forks one confined child per program, kills it, wipes its folder.

It never reads a program or a test: those travel over pipes of which it only hands on the ends.
"""

import fcntl
import gc
import math
import os
import resource
import select
import signal
import socket
import struct
import time
from dataclasses import dataclass
from typing import NoReturn

from judges import sandbox_folder, sandbox_inside, sandbox_kernel, sandbox_landlock, sandbox_seccomp
from judges import sandbox_tests as tests

JOB = struct.Struct("=cIddQQ")
"""Kind, number, CPU seconds, wall seconds, bytes of memory, bytes of a file."""
EXIT = struct.Struct("=Iid??")
"""Number, status as os.waitstatus_to_exitcode gives it, CPU seconds, killed for time, for its files."""
CALLS, PROGRAM, TESTS, KILL, CLEAN = b"C", b"P", b"T", b"K", b"W"
_FILES, _THREADS, _MOST_FDS = 64, 64, 8
_TICK_MS, _LOOK_MS, _AFTER_S = 100, 20, 2.0
"""Whoever asked kills at the deadline and says why; this process only where that did not happen. It
looks more often where nothing but its look bounds a folder."""
_OWN_FDS = 1024
"""Pipes of a child are moved above this, and all that lies below is closed."""


@dataclass
class _Child:
    number: int
    pid: int
    pidfd: int
    deadline: float
    late: bool = False
    full: bool = False


@dataclass(frozen=True)
class Place:
    """Where children run."""

    folder: str
    """The one folder that they may write."""
    readable: list[str]
    mounts: bool
    """The folder is a tmpfs of ours, to be mounted anew for each program."""
    landlock: bool
    count_threads: bool
    """The user is nobody else's, so that RLIMIT_NPROC counts ours alone."""
    folder_bytes: int


def serve(channel: socket.socket, place: Place) -> NoReturn:
    """Until the channel ends, or this process is killed."""
    sandbox_kernel.dumpable(False)
    children: dict[int, _Child] = {}
    sandbox_seccomp.prepare(not place.mounts)
    gc.freeze()
    clean(place)
    channel.send(b"ready")
    tick_ms = _TICK_MS if place.mounts else _LOOK_MS
    while True:
        poll = select.poll()
        poll.register(channel, select.POLLIN)
        for child in children.values():
            poll.register(child.pidfd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(tick_ms if children else None)}
        for child in list(children.values()):
            _watch(child, place)
            if child.pidfd in ready:
                del children[child.number]
                channel.send(_reap(child))
        if channel.fileno() in ready:
            _obey(channel, place, children)


def _obey(channel: socket.socket, place: Place, children: dict[int, _Child]) -> None:
    body, fds, _, _ = socket.recv_fds(channel, JOB.size, _MOST_FDS)
    if not body:
        _leave(place, children)
    kind, number, cpu_s, wall_s, memory, file_bytes = JOB.unpack(body)
    if kind == CLEAN:
        clean(place)
        channel.send(CLEAN)
    elif kind == KILL:
        if number in children:
            signal.pidfd_send_signal(children[number].pidfd, signal.SIGKILL)
    else:
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            channel.close()
            for other in children.values():
                os.close(other.pidfd)
            _live(kind, fds, place, cpu_s, memory, file_bytes, parent)
        children[number] = _Child(number, pid, os.pidfd_open(pid), time.monotonic() + wall_s + _AFTER_S)
        for fd in fds:
            os.close(fd)


def _leave(place: Place, children: dict[int, _Child]) -> NoReturn:
    """Whoever asked is gone, so nothing may stay."""
    for child in children.values():
        signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
        os.wait4(child.pid, 0)
    if not place.mounts:
        clean(place)
        os.chdir("/")
        os.rmdir(place.folder)
    os._exit(0)


def _watch(child: _Child, place: Place) -> None:
    late = time.monotonic() > child.deadline
    used = 0 if place.mounts else sandbox_folder.used(place.folder)
    full = used is None or used > place.folder_bytes
    if late or full:
        child.late, child.full = late, full
        signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)


def _reap(child: _Child) -> bytes:
    _, status, used = os.wait4(child.pid, 0)
    os.close(child.pidfd)
    code = os.waitstatus_to_exitcode(status)
    return EXIT.pack(child.number, code, used.ru_utime + used.ru_stime, child.late, child.full)


def clean(place: Place) -> None:
    """An empty folder, whatever the last program left."""
    if place.mounts:
        os.chdir("/")
        sandbox_kernel.unmount(place.folder)
        mount_folder(place)
        return
    sandbox_folder.empty(place.folder)


def mount_folder(place: Place) -> None:
    """A tmpfs that holds so many bytes and no more files than could fill memory."""
    data = f"size={place.folder_bytes},nr_inodes=4096,mode=0700"
    flags = sandbox_kernel.NO_SUID | sandbox_kernel.NO_DEVICES
    sandbox_kernel.mount("tmpfs", place.folder, "tmpfs", flags, data)


def _live(
    kind: bytes, fds: list[int], place: Place, cpu_s: float, memory: int, file_bytes: int, parent: int
) -> NoReturn:
    """The child's life. Anything that goes wrong before it is confined ends it, as the machine's fault."""
    try:
        own = _place_fds(kind, fds)
        _limit(place, cpu_s, memory, file_bytes)
        _confine(kind, place, parent)
    except BaseException:  # noqa: BLE001 - not confined for whatever reason, it may do nothing more
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == CALLS:
        sandbox_inside.finish(lambda: sandbox_inside.answer_calls(*own))
    if kind == TESTS:
        sandbox_inside.finish(lambda: tests.run_tests(*own))
    sandbox_inside.finish(lambda: sandbox_inside.be_program(*own), sandbox_inside.end_program)


def _place_fds(kind: bytes, fds: list[int]) -> list[int]:
    """A program's pipes become its standard streams; other children have none."""
    null = os.open("/dev/null", os.O_RDWR)
    streams, own = (fds[1:4], fds[:1]) if kind == PROGRAM else ([null] * 3, fds)
    own = [fcntl.fcntl(fd, fcntl.F_DUPFD, _OWN_FDS) for fd in own]
    for at, fd in enumerate(streams):
        os.dup2(fd, at)
    os.closerange(3, _OWN_FDS)
    os.closerange(max(own) + 1, 1 << 16)
    return own


def _limit(place: Place, cpu_s: float, memory: int, file_bytes: int) -> None:
    seconds = max(1, math.ceil(cpu_s))
    limits = {
        resource.RLIMIT_CPU: (seconds, seconds + 1),
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_FSIZE: (file_bytes, file_bytes),
        resource.RLIMIT_NOFILE: (_FILES, _FILES),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_MEMLOCK: (0, 0),
    }
    if place.count_threads:
        limits[resource.RLIMIT_NPROC] = (_THREADS, _THREADS)
    for which, pair in limits.items():
        resource.setrlimit(which, pair)


def _confine(kind: bytes, place: Place, parent: int) -> None:
    os.setsid()
    # The candidate owns the folder and could have closed it for the tests.
    os.chdir("/" if kind == TESTS else place.folder)
    sandbox_kernel.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        raise ChildProcessError("the zygote ended meanwhile")
    sandbox_kernel.no_new_privileges()
    sandbox_kernel.drop_capabilities()
    if place.landlock:
        folder = None if kind == TESTS else place.folder
        sandbox_landlock.restrict(place.readable, folder, listed=not place.mounts)
    sandbox_seccomp.install(os.getpid(), listed=not place.mounts)
