"""Each attack on the machine is contained, whichever way into the sandbox there is."""

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from judges.base import Outage
from judges.sandbox import Limits, Sandbox
from judges.sandbox_cases import told
from judges.sandbox_preflight import lacking
from judges.sandbox_runs import Ran, run_program
from judges.sandbox_ways import Way
from tests.leaving import ended

pytestmark = pytest.mark.slow
# A machine with much to do may take long to give a second of its time.
LIMITS = Limits(cpu_s=1, wall_s=60, memory_mb=300, file_mb=8, output_mb=1)
WAYS: dict[str, tuple[Way, bool]] = {
    "bubblewrap": ("bubblewrap", True),
    "landlock": ("landlock", True),
    "landlock without namespaces": ("landlock", False),
}


@pytest.fixture(scope="module", params=WAYS)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    way, namespaces = WAYS[request.param]
    if lack := lacking(way):
        pytest.skip(lack)
    with Sandbox(way, folder_mb=16, namespaces=namespaces) as made:
        yield made


def run(sandbox: Sandbox, program: str, limits: Limits = LIMITS) -> Ran:
    """Run it; the sandbox must serve the next program, in an empty folder, as if nothing had been."""
    ran = run_program(sandbox, [program], "", limits)
    after = run_program(sandbox, ["import os; print(os.listdir('.'))"], "", limits)
    assert (after.stdout, after.exit.status) == ("[]\n", 0), after
    return ran


REFUSED = """
import ctypes, errno, os, socket, sys
def act():
    BODY
try:
    act()
except OSError as error:
    print(errno.errorcode[error.errno])
else:
    print("done")
"""
DENIED = {
    "tcp": "socket.socket().connect(('127.0.0.1', PORT))",
    "udp": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
    "unix": "socket.socket(socket.AF_UNIX).connect(SOCKET)",
    "abstract": "socket.socket(socket.AF_UNIX).connect('\\0datapipe-test')",
    "pair of datagrams": "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "secret": "open(SECRET).read()",
    "home": "os.listdir(os.path.expanduser('~root'))",
    "source of the judge": "open(JUDGE).read()",
    "passwords": "open('/etc/passwd').read()",
    "environment of the parent": "open('/proc/PARENT/environ', 'rb').read()",
    "memory of the parent": "open('/proc/PARENT/mem', 'rb').read(1)",
    "environment of process 1": "open('/proc/1/environ', 'rb').read()",
    "write beside": "open(PLACE, 'w')",
    "write to shared memory": "open('/dev/shm/x', 'w')",
    "write over the interpreter": "open(os.__file__, 'a')",
    "symlink": "os.symlink(SECRET, 'link'); open('link').read()",
    "hard link": "os.link(SECRET, 'link'); open('link').read()",
    "rename out": "open('x', 'w').close(); os.rename('x', PLACE)",
    "way up": "open('../' * 20 + SECRET).read()",
    "fork": "os._exit(7) if os.fork() == 0 else None",
    "program": "os.execv('/bin/sh', ['sh', '-c', 'echo out'])",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "signal to the parent": "os.kill(PARENT, 9)",
    "signal to process 1": "os.kill(1, 9)",
    "signal to its parent": "os.kill(os.getppid(), 9)",
    "signal to all": "os.kill(-1, 9)",
    "limits of others": "__import__('resource').prlimit(os.getppid() or 1, 7, (0, 0))",
    "signals by file": "__import__('fcntl').fcntl(os.open('f', 66), 8, 1)",
    "theft of descriptors": "raise_if(ctypes.CDLL(None, use_errno=True).syscall(438, 1, 0, 0))",
    "trace": "raise_if(ctypes.CDLL(None, use_errno=True).ptrace(16, 1, 0, 0))",
    "namespaces": "raise_if(ctypes.CDLL(None, use_errno=True).unshare(0x10000000))",
    "mount": "raise_if(ctypes.CDLL(None, use_errno=True).mount(b't', b'.', b'tmpfs', 0, b''))",
    "memory without limit": "os.memfd_create('x')",
    "mode of others": "os.chmod(SECRET, 0)",
    "mode of the folder": "os.chmod('.', 0)",
    "times of others": "os.utime(SECRET)",
    "owner of others": "os.chown(SECRET, os.getuid(), -1)",
    "attributes of others": "os.setxattr(SECRET, 'user.x', b'x')",
    "watching others": "raise_if(ctypes.CDLL(None, use_errno=True).inotify_init1(0))",
    "kill of itself": "os.kill(os.getpid(), 9)",
    "stop of itself": "os.kill(os.getpid(), 19)",
    "timer that kills": "raise_if(ctypes.CDLL(None, use_errno=True).syscall(NUMBER(222, 107), 0, 0, 0))",
    "shared memory of others": "raise_if(ctypes.CDLL(None, use_errno=True).syscall(NUMBER(30, 196), 0, 0, 0))",  # noqa: E501
    "semaphores of others": "raise_if(ctypes.CDLL(None, use_errno=True).syscall(NUMBER(66, 191), 0, 0, 12, 0))",  # noqa: E501
    "messages of others": "raise_if(ctypes.CDLL(None, use_errno=True).syscall(NUMBER(69, 189), 0, 0, 0, 0))",
    "requests in the kernel": "raise_if(ctypes.CDLL(None, use_errno=True).syscall(NUMBER(206, 0), 1, 0))",
    "the root": "open('/x', 'w')",
    "devices": "open('/dev/x', 'w')",
}
RAISE_IF = "def NUMBER(*both): return both[os.uname().machine != 'x86_64']\ndef raise_if(r):\n    if r < 0: raise OSError(ctypes.get_errno(), '')\n"  # noqa: E501


@pytest.mark.parametrize("attack", DENIED)
def test_denied(sandbox: Sandbox, attack: str) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as made, socket.socket() as server:
        folder = Path(made)
        folder.chmod(0o777)
        (folder / "secret").write_text("secret")
        (folder / "secret").chmod(0o666)
        server.bind(("127.0.0.1", 0))
        server.listen()
        names = {
            "PORT": str(server.getsockname()[1]),
            "SOCKET": repr(str(folder / "socket")),
            "SECRET": repr(str(folder / "secret")),
            "PLACE": repr(str(folder / "written")),
            "JUDGE": repr(__file__),
            "PARENT": str(os.getpid()),
        }
        body = DENIED[attack]
        for name, text in names.items():
            body = body.replace(name, text)
        ran = run(sandbox, RAISE_IF + REFUSED.replace("BODY", body))
        assert ran.stdout.strip() in ("EACCES", "EPERM", "ENOENT", "ENOSYS", "EXDEV", "EROFS", "ESRCH"), ran
        assert [path.name for path in folder.iterdir()] == ["secret"]


def test_the_environment_is_empty(sandbox: Sandbox) -> None:
    ran = run(sandbox, "import os; print(sorted(os.environ))")
    assert set(eval(ran.stdout)) <= {"HOME", "LANG", "LC_CTYPE", "PATH", "PWD", "PYTHONHASHSEED"}


def test_no_descriptor_but_its_own(sandbox: Sandbox) -> None:
    ran = run(
        sandbox,
        "import os\nfor fd in range(3, 2000):\n    try: os.fstat(fd)\n    except OSError: continue\n"
        "    print(fd)",
    )
    assert (ran.stdout, ran.exit.status) == ("", 0)


def test_memory_bomb(sandbox: Sandbox) -> None:
    bomb = "held = []\nwhile True: held.append(bytearray(1 << 20))"
    ran = run(sandbox, bomb, replace(LIMITS, cpu_s=10))
    assert "MemoryError" in ran.stderr, ran


def test_thread_bomb(sandbox: Sandbox) -> None:
    ran = run(
        sandbox,
        "import threading, time\nthreading.stack_size(32768)\nn = 0\ntry:\n    while True:\n"
        "        threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); n += 1\n"
        "except RuntimeError: print(n)",
        Limits(cpu_s=2, wall_s=20, memory_mb=300),
    )
    # Where the user is another's too, memory alone bounds them.
    assert int(ran.stdout) < 1000, ran


def test_one_large_file(sandbox: Sandbox) -> None:
    ran = run(
        sandbox, "import signal; signal.signal(25, lambda *_: None)\nopen('x', 'wb').write(bytes(9 << 20))"
    )
    assert "File too large" in ran.stderr


def test_many_files(sandbox: Sandbox) -> None:
    ran = run(
        sandbox,
        "n = 0\nwhile True:\n    with open(str(n), 'wb') as file: file.write(bytes(4 << 20))\n    n += 1",
        Limits(cpu_s=10, wall_s=20),
    )
    assert "No space left" in ran.stderr or ran.exit.status == -9, ran


HIDDEN = {
    "deleted": "f = os.open(str(n), 66); os.unlink(str(n))",
    "renamed over": "f = os.open(str(n), 66); os.rename(str(n), 'x')",
    "without a name": "f = os.open('.', os.O_TMPFILE | os.O_RDWR)",
    "in a closed folder": "os.path.exists('h') or os.mkdir('h', 0o300); f = os.open(f'h/{n}', 66)",
}


@pytest.mark.parametrize("way", HIDDEN)
@pytest.mark.parametrize("write", ["os.posix_fallocate(f, 0, 4 << 20)", "os.write(f, bytes(4 << 20))"])
def test_files_that_no_list_shows(sandbox: Sandbox, way: str, write: str) -> None:
    ran = run(
        sandbox,
        f"import mmap, os, time\nheld = []\nfor n in range(16):\n    {HIDDEN[way]}\n    {write}\n"
        "    held.append(mmap.mmap(f, 4096)); os.close(f); time.sleep(0.005)\ntime.sleep(15); print('wrote')",
    )
    assert (ran.stdout, ran.exit.late) == ("", False), ran


def test_what_is_deleted_seems_gone(sandbox: Sandbox) -> None:
    ran = run(
        sandbox,
        "import tempfile\nwith tempfile.TemporaryFile() as a, tempfile.NamedTemporaryFile() as b: a.write(b'x')\n"  # noqa: E501
        "with tempfile.TemporaryDirectory() as made: open(made + '/x', 'w').close()\nprint('done')",
    )
    assert ran.stdout == "done\n", ran


def test_deep_folders_and_closed_folders(sandbox: Sandbox) -> None:
    run(sandbox, "import os\nfor n in range(800): os.mkdir('d'); os.chdir('d')")
    run(sandbox, "import os\nfor n in range(3000): os.mkdir('d'); os.chdir('d')")
    run(sandbox, "import os\nos.makedirs('a/b/c'); open('a/b/x', 'w').close(); os.mkdir('a/b/d', 0)")


def test_a_program_has_no_sight_of_how_it_was_started(sandbox: Sandbox) -> None:
    ran = run(sandbox, "import sys, os; print(sys.argv, sys.orig_argv, 'MALLOC_ARENA_MAX' in os.environ)")
    assert ran.stdout == "['program.py'] ['program.py'] False\n"


def test_sleep_is_told_from_waiting_for_a_processor(sandbox: Sandbox) -> None:
    limits = Limits(wall_s=2)  # ten times what it works: a machine that is somewhat busy is no matter
    ran = run(sandbox, "import time\nwhile time.process_time() < 0.2: pass\ntime.sleep(99)", limits)
    assert told(ran.exit, limits) == "did not end within 2 s, asleep or waiting"
    busy = replace(ran.exit, waited_s=1.6)
    with pytest.raises(Outage, match="busy machine"):
        told(busy, limits)


def test_infinite_output(sandbox: Sandbox) -> None:
    ran = run(sandbox, "while True: print('x' * 9999)")
    assert ran.too_much
    assert len(ran.stdout) < 2 << 20


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import signal\nfor n in range(1, 32):\n    if n not in (9, 19): signal.signal(n, signal.SIG_IGN)\n"
        "while True: pass",
        "import resource\ntry: resource.setrlimit(0, (99, 99))\nexcept ValueError: pass\nwhile True: pass",
    ],
)
def test_loops_end_on_cpu_time(sandbox: Sandbox, program: str) -> None:
    ran = run(sandbox, program)
    assert ran.exit.status in (-9, -24)
    assert 0.5 < ran.exit.cpu_s < 3  # the kernel counts ticks here, and what ran there


@pytest.mark.parametrize("last", ["time.sleep(99)", "os.close(1); os.close(2); time.sleep(99)"])
def test_sleep_ends_by_the_clock(sandbox: Sandbox, last: str) -> None:
    ran = run(sandbox, f"import os, time; {last}", Limits(wall_s=0.5))
    assert ran.exit.late
    assert ran.exit.cpu_s < 0.4


def test_threads_and_asyncio_work(sandbox: Sandbox) -> None:
    ran = run(
        sandbox,
        "import asyncio, threading\nt = threading.Thread(target=print, args=('a',)); t.start(); t.join()\n"
        "async def f(): await asyncio.sleep(0); print('b')\nasyncio.run(f())",
    )
    assert ran.stdout == "a\nb\n", ran


def test_attacks_are_real() -> None:
    """What is denied inside works outside."""
    with tempfile.TemporaryDirectory() as made, socket.socket() as server:
        secret = Path(made) / "secret"
        secret.write_text("secret")
        assert secret.read_text() == "secret"
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.socket() as client:
            client.connect(server.getsockname())
        assert Path(f"/proc/{os.getpid()}/environ").read_bytes()
        os.kill(os.getpid(), 0)


def test_nothing_is_left_after_closing() -> None:
    for way, namespaces in WAYS.values():
        if lacking(way) is None:
            made = Sandbox(way, namespaces=namespaces)
            below = [psutil.Process(made.pid), *psutil.Process(made.pid).children(recursive=True)]
            made.close()
            made.close()
            # What it kills last may need a moment to be gone.
            until = time.monotonic() + 60
            while not all(map(ended, below)):
                assert time.monotonic() < until, below
                time.sleep(0.01)
            assert made._started.folder is None or not Path(made._started.folder).exists()
