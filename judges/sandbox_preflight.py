"""Proof of isolation on this machine, by really trying; the first way that proves itself is used."""

import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from judges.sandbox import Limits, Sandbox, SandboxLost, SandboxUnavailable
from judges.sandbox_runs import Died, candidate
from judges.sandbox_ways import WAYS, Way, missing

_PROBE = '''
import os, socket

def probe(secrets, places, parent):
    """Names of what should have failed and did not."""
    done = []
    def attempt(name, act):
        try:
            act()
        except OSError:
            return
        done.append(name)
    attempt("network", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    attempt("network", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    attempt("unix sockets", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    for path in secrets:
        attempt("reading secrets", lambda: open(path, "rb").read(1))
        attempt("changing files of others", lambda: os.chmod(path, 0o644))
        attempt("changing files of others", lambda: os.utime(path))
    for path in places:
        attempt("writing outside its folder", lambda: open(path, "w").close())
    for name in ("environ", "maps", "mem"):
        attempt("seeing its parent", lambda: open(f"/proc/{parent}/{name}", "rb").read(1))
    attempt("signals to others", lambda: os.kill(parent, 0))
    attempt("processes of its own", lambda: os.fork() or os._exit(0))
    with open("own", "w") as file:
        file.write("own")
    return done, sorted(os.environ), os.getuid()
'''
_HARMLESS = frozenset({"HOME", "LANG", "LC_CTYPE", "PATH", "PWD", "PYTHONHASHSEED"})
_PLACES = ("/var/tmp/datapipe-probe", "/datapipe-probe", "/dev/datapipe-probe")
_ENTERING = threading.Lock()
_proven: set[Way] = set()


def open_sandbox(way: Way | None = None) -> Sandbox:
    """A sandbox of a way that has proven itself. Raises SandboxUnavailable that names what is missing."""
    with _ENTERING:
        return Sandbox(way or proven())


def proven() -> Way:
    """The first way that isolates here. Raises SandboxUnavailable."""
    lacks = []
    for way in WAYS:
        if (lack := lacking(way)) is None:
            return way
        lacks.append(f"{way}: {lack}")
    raise SandboxUnavailable(f"no sandbox works on this machine, so no program is run ({'; '.join(lacks)})")


def lacking(way: Way) -> str | None:
    """Why this way does not isolate on this machine; None where it does, which is tried once per process.

    What fails is tried again, since the fault may have passed.
    """
    if way in _proven:
        return None
    if lack := missing(way):
        return lack
    try:
        with Sandbox(way) as sandbox:
            leaks = _leaks(sandbox)
    except (SandboxUnavailable, SandboxLost, OSError, Died) as error:
        return str(error) or type(error).__name__
    if leaks:
        return f"it does not contain {', '.join(leaks)}"
    _proven.add(way)
    return None


def _leaks(sandbox: Sandbox) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="datapipe-probe-") as made:
        folder = Path(made)
        folder.chmod(0o777)
        secret, place = folder / "secret", folder / "written"
        secret.write_text("secret")
        secret.chmod(0o644)
        secrets = [
            str(secret),
            str(Path(__file__).resolve()),
            "/etc/passwd",
            os.path.expanduser("~/.profile"),
        ]
        told = _probed(sandbox, [secrets, [str(place), *_PLACES], os.getpid()])
        found = _found(told)
        if place.exists():
            found.append("writing outside its folder")
    for each in _PLACES:
        with suppress(OSError):
            os.unlink(each)
    return list(dict.fromkeys(found))


def _probed(sandbox: Sandbox, args: list[Any]) -> Any:
    with candidate(sandbox, [_PROBE], "probe", Limits(wall_s=30)) as called:
        if failed := called.load():
            raise SandboxUnavailable(f"the probe does not load: {failed}")
        said = called.call(args)
    if said.error is not None:
        raise SandboxUnavailable(f"the probe fails: {said.error}")
    return said.value


def _found(told: Any) -> list[str]:
    done, environment, user = told
    leaks = list(done)
    if set(environment) - _HARMLESS:
        leaks.append("the environment")
    if user == 0:
        leaks.append("root")
    return leaks
