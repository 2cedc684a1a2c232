"""A seccomp filter that leaves a program its own memory and files: no processes, sockets or signals."""

import ctypes
import errno
import platform
import struct
from collections.abc import Iterator
from functools import cache

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _JUMP, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x54, 0x06
_ANYBODY = 0xFFFFFFF7
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000
_CLONE_THREAD, _AF_UNIX, _SOCK_STREAM = 0x10000, 1, 1
_PR_SET_SECCOMP, _SECCOMP_FILTER = 22, 2

# Numbers on x86_64 and aarch64; None where the call is not there.
_DENIED: tuple[tuple[int | None, int | None], ...] = (
    # other processes: fork, vfork, execve, execveat, ptrace, process_vm_*, process_madvise, kcmp, pidfd_*
    *((57, None), (58, None), (59, 221), (322, 281), (101, 117), (310, 270), (311, 271), (440, 440)),
    *((312, 272), (434, 434), (438, 438), (424, 424)),
    # signals: tkill, rt_sigqueueinfo, rt_tgsigqueueinfo; timer_create, whose timers send any signal
    *((200, 130), (129, 138), (297, 240), (222, 107)),
    # files of others, which landlock does not guard: chmod, fchmod, fchmodat, fchmodat2, chown, fchown,
    # lchown, fchownat, utime, utimes, futimesat, utimensat, setxattr, lsetxattr, fsetxattr, removexattr,
    # lremovexattr, fremovexattr, setxattrat, removexattrat, file_setattr
    *((90, None), (91, 52), (268, 53), (452, 452), (92, None), (93, 55), (94, None), (260, 54)),
    *((132, None), (235, None), (261, None), (280, 88), (188, 5), (189, 6), (190, 7), (197, 14)),
    *((198, 15), (199, 16), (463, 463), (466, 466), (469, 469)),
    # what others do: inotify_init, _init1, _add_watch, fanotify_init, fanotify_mark; sync, syncfs
    *((253, None), (294, 26), (254, 27), (300, 262), (301, 263), (162, 81), (306, 267)),
    # sockets: socket, connect, accept, accept4, bind, listen
    *((41, 198), (42, 203), (43, 202), (288, 242), (49, 200), (50, 201)),
    # file systems and namespaces: mount, umount2, pivot_root, chroot, unshare, setns, fsopen … mount_setattr
    *((165, 40), (166, 39), (155, 41), (161, 51), (272, 97), (308, 268), (430, 430), (431, 431)),
    *((432, 432), (433, 433), (428, 428), (429, 429), (442, 442), (303, 264), (304, 265)),
    # what outlives a process or its limits: shmget, semget, msgget, mq_open, memfd_create, memfd_secret,
    # io_setup
    *((29, 194), (64, 190), (68, 186), (240, 180), (319, 279), (447, 447), (206, 0)),
    # and what others made of it: shmat, shmctl, semop, semtimedop, semctl, msgsnd, msgrcv, msgctl
    *((30, 196), (31, 195), (65, 193), (220, 192), (66, 191), (69, 189), (70, 188), (71, 187)),
    # wide and rarely needed: io_uring, bpf, perf, keyrings, userfaultfd, personality, kexec, modules, reboot
    *((425, 425), (426, 426), (427, 427), (321, 280), (298, 241), (248, 217), (249, 218), (250, 219)),
    *((323, 282), (135, 92), (246, 104), (320, 294), (175, 105), (313, 273), (176, 106), (169, 142)),
    # the machine: acct, swapon, swapoff, settimeofday, clock_settime, adjtimex, clock_adjtime, syslog
    *((163, 89), (167, 224), (168, 225), (164, 170), (227, 112), (159, 171), (305, 266), (103, 116)),
    (179, 60),  # quotactl
    # scheduling of others: setpriority, sched_setparam, _scheduler, _attr, _affinity, ioprio_set, move_pages
    *((141, 140), (142, 118), (144, 119), (314, 274), (203, 122), (251, 30), (256, 238), (279, 239)),
)
# Where nothing but a look at the folder bounds it: fallocate, which fills it between two looks.
_FALLOCATE = (285, 47)
_OPENS = (((2, None), 1), ((257, 56), 2))
"""open and openat, and which argument is the flags; those of openat2 cannot be read."""
_OPENAT2, _O_TMPFILE = (437, 437), 0o20000000
_UNLINKS = ((87, None), (263, 35), (84, None))
"""unlink, unlinkat, rmdir."""
_CLONE, _CLONE3, _SOCKETPAIR = (56, 220), (435, 435), (53, 199)
_KILL_CALLS = (((62, 129), 1), ((234, 131), 2))
"""kill and tgkill, and which argument is the signal."""
_SIGKILL, _SIGSTOP, _RLIMIT_CPU = 9, 19, 0
_PRLIMIT, _SETRLIMIT = (302, 261), (160, 164)
_PRCTL, _FCNTL, _IOCTL = (157, 167), (72, 25), (16, 29)
_PRCTL_DENIED = (1, 4)
"""PR_SET_PDEATHSIG, PR_SET_DUMPABLE."""
_FCNTL_DENIED = (8, 10, 15)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX: signals by way of a file."""
_IOCTL_DENIED = (0x8901, 0x8902, 0x5412)
"""FIOSETOWN, SIOCSPGRP, TIOCSTI."""

_Instruction = tuple[int, int, int, int]


class Refused(OSError):
    """The kernel does not take what isolation needs."""


def supported() -> bool:
    """Is this a machine whose system calls we know?"""
    return platform.machine() in _ARCHITECTURES


def install(pid: int, listed: bool = False) -> None:
    """Bind this thread, whose process is `pid`, for good. Needs no_new_privs. Raises Refused.

    With `listed` every file it makes has a name until it ends, so that a look at its folder sees all that it
    takes: what is deleted seems to be gone, and stays.
    """

    class Program(ctypes.Structure):
        _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    code, places = prepare(listed)
    held = ctypes.create_string_buffer(code, len(code))
    for place in places:
        struct.pack_into("I", held, place, pid)
    program = Program(len(code) // 8, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise Refused(ctypes.get_errno(), "seccomp")


@cache
def prepare(listed: bool) -> tuple[bytes, list[int]]:
    """The filter, and where in it the number of the process goes."""
    instructions = list(_filter(_ANYBODY, listed))
    code = b"".join(struct.pack("HBBI", *each) for each in instructions)
    return code, [8 * at + 4 for at, each in enumerate(instructions) if each[3] == _ANYBODY]


def _filter(pid: int, listed: bool) -> Iterator[_Instruction]:
    column, architecture = _ARCHITECTURES[platform.machine()]
    yield from ((_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL))
    yield from ((_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL))
    # One comparison each, since the kernel tries every call on a new filter.
    denied = [number for numbers in _DENIED if (number := numbers[column]) is not None]
    for at, number in enumerate(denied):
        yield _EQUAL, len(denied) - at, 0, number
    yield from ((_JUMP, 0, 0, 1), _error(errno.EPERM))
    # glibc makes threads with clone where clone3 is not there, and only the flags of clone can be read.
    yield from _on(_CLONE3[column], [_error(errno.ENOSYS)])
    yield from _on(_CLONE[column], [_argument(0), (_AND, 0, 0, _CLONE_THREAD), *_unless(_CLONE_THREAD)])
    kind = [_argument(1), (_AND, 0, 0, 0xF), *_unless(_SOCK_STREAM)]
    yield from _on(_SOCKETPAIR[column], [_argument(0), (_EQUAL, 1, 0, _AF_UNIX), _error(errno.EPERM), *kind])
    # SIGKILL comes from the machine or from us: a program that could send it would look like an outage.
    for call, signal in _KILL_CALLS:
        own: list[_Instruction] = [_argument(0), (_EQUAL, 1, 0, pid), _error(errno.EPERM), _argument(signal)]
        yield from _on(call[column], [*own, *_if(_SIGKILL, _SIGSTOP)])
    # So does one that lowers its own limit of CPU time; it may still be read.
    yield from _on(_SETRLIMIT[column], [_argument(0), *_if(_RLIMIT_CPU)])
    others = [_argument(0), (_EQUAL, 2, 0, 0), (_EQUAL, 1, 0, pid), _error(errno.EPERM)]
    reading = [_argument(2), (_EQUAL, 0, 2, 0), _high(2), (_EQUAL, 1, 0, 0), _error(errno.EPERM)]
    cpu = [_argument(1), (_EQUAL, 0, len(reading), _RLIMIT_CPU), *reading, (_RETURN, 0, 0, _ALLOW)]
    yield from _on(_PRLIMIT[column], [*others, *cpu])
    for call, refused in ((_PRCTL, _PRCTL_DENIED), (_IOCTL, _IOCTL_DENIED)):
        at = 0 if call == _PRCTL else 1
        yield from _on(call[column], [_argument(at), *_if(*refused)])
    yield from _on(_FCNTL[column], [_argument(1), *_if(*_FCNTL_DENIED)])
    if listed:
        yield from _keeping_names(column)
    yield _RETURN, 0, 0, _ALLOW


def _keeping_names(column: int) -> Iterator[_Instruction]:
    yield from _on(_FALLOCATE[column], [_error(errno.EPERM)])
    yield from _on(_OPENAT2[column], [_error(errno.ENOSYS)])
    for unlink in _UNLINKS:
        yield from _on(unlink[column], [_error(0)])
    for call, flags in _OPENS:
        nameless = [(_AND, 0, 0, _O_TMPFILE), (_EQUAL, 1, 0, 0), _error(errno.EOPNOTSUPP)]
        yield from _on(call[column], [_argument(flags), *nameless, (_RETURN, 0, 0, _ALLOW)])


def _on(number: int | None, then: list[_Instruction]) -> Iterator[_Instruction]:
    """Run `then`, which must end in a return, for this call; the number is loaded here."""
    if number is None:
        return
    yield _LOAD, 0, 0, 0
    yield _EQUAL, 0, len(then), number
    yield from then


def _argument(at: int) -> _Instruction:
    """Load the low half of an argument."""
    return _LOAD, 0, 0, 16 + 8 * at


def _high(at: int) -> _Instruction:
    """Load the high half of an argument."""
    return _LOAD, 0, 0, 20 + 8 * at


def _error(number: int) -> _Instruction:
    return _RETURN, 0, 0, _ERRNO | number


def _unless(*values: int) -> list[_Instruction]:
    """Allow these values of what is loaded, deny all others."""
    tests = [(_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [*tests, _error(errno.EPERM), (_RETURN, 0, 0, _ALLOW)]


def _if(*values: int) -> list[_Instruction]:
    """Deny these values of what is loaded, allow all others."""
    tests = [(_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [*tests, (_RETURN, 0, 0, _ALLOW), _error(errno.EPERM)]
