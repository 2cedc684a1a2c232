"""The file that names servers while a run goes on: a URL or a JSON object a line."""

import json
import os
import time
from pathlib import Path

from yarl import URL

from datapipe.errors import ConfigError

MOST_BYTES = 1 << 20
MOST_SERVERS = 4_096
SETTLED_NS = 2_000_000_000
"""The coarsest time stamps of file systems are of two seconds."""


class ServersFile:
    """Reads a file of servers again when it has changed, and keeps to the last good list."""

    def __init__(self, path: Path, role: str) -> None:
        self.path, self.role = path, role
        self.servers: tuple[str, ...] = ()
        """The last good list."""
        self.fault: str | None = None
        """Why the file of now is not believed."""
        self._stamp: tuple[int, int, int] | None = None

    def read(self) -> bool:
        """Look at the file; whether the list, or what is wrong with it, is another than before."""
        before = self.servers, self.fault
        try:
            stamp = _stamp(self.path)
            if stamp != self._stamp or self.fault is not None:
                self.servers = parse_servers(_text(self.path), self.role, str(self.path))
                # A file of this moment may change once more within its time stamp.
                settled = time.time_ns() - stamp[0] >= SETTLED_NS
                self._stamp, self.fault = stamp if settled else None, None
        except FileNotFoundError:
            self.fault = f"{self.path}: no such file"
        except (OSError, UnicodeDecodeError) as error:
            self.fault = f"{self.path}: {error}"
        except ConfigError as error:
            self.fault = str(error)
        return (self.servers, self.fault) != before


def parse_servers(text: str, role: str, where: str) -> tuple[str, ...]:
    """The servers of a role, in the file's order. Lines are `http://host:port/v1`, or a JSON object with
    `url` and perhaps `role`; # begins a comment. Raises ConfigError that names the line, never its text:
    it may hold a password.
    """
    found: dict[str, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        url, of = _entry(stripped, f"{where}, line {number}")
        if of in (None, role):
            found[checked_url(url, f"{where}, line {number}")] = None
    if len(found) > MOST_SERVERS:
        raise ConfigError(f"{where}: {len(found)} servers; at most {MOST_SERVERS} can be asked")
    return tuple(found)


def checked_url(text: str, where: str) -> str:
    """The base URL without a final slash. Raises ConfigError that repeats nothing of it."""
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host or not text.isascii() or not text.isprintable():
        raise ConfigError(f"{where}: a server is written http://host:port/v1")
    if url.user or url.password or url.query_string or url.fragment:
        raise ConfigError(f"{where}: a URL may hold no key; name its variable in api_key_env")
    return text.rstrip("/")


def _entry(line: str, where: str) -> tuple[str, str | None]:
    if not line.startswith("{"):
        return line.partition(" #")[0].strip(), None
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        raise ConfigError(f"{where}: neither a URL nor a JSON object") from None
    url, role = entry.get("url"), entry.get("role")
    if not isinstance(url, str) or not (role is None or isinstance(role, str)):
        raise ConfigError(f'{where}: expected {{"url": "http://host:port/v1", "role": "generator"}}')
    return url, role


def _stamp(path: Path) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{path}: longer than {MOST_BYTES} bytes; it should hold a URL a line")
    return data.decode("utf-8")
