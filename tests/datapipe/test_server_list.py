"""Servers may be named by a file that changes while a run goes on."""

import os
import time
from pathlib import Path

import pytest

from datapipe.errors import ConfigError
from datapipe.server_list import MOST_BYTES, SETTLED_NS, ServersFile, parse_servers

A, B, C = "http://a:1/v1", "http://b:1/v1", "https://c/v1"


def test_lines_are_urls_or_objects_and_roles_are_told_apart() -> None:
    text = f"""# our fleet
{A}/
  {B}  # the slow one

{{"url": "{C}", "role": "judge", "pid": 7}}
{{"url": "{A}", "role": "generator"}}
"""
    assert parse_servers(text, "generator", "f") == (A, B)
    assert parse_servers(text, "judge", "f") == (A, B, C)
    assert parse_servers("# nobody yet\n", "judge", "f") == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a:1/v1", "http://host:port/v1"),
        ("ftp://a/v1", "http://host:port/v1"),
        ("http://user:hunter2@a/v1", "may hold no key"),
        ("http://a/v1?key=hunter2", "may hold no key"),
        ("http://a/\x1b[31mhunter2", "http://host:port/v1"),
        ('{"url": "http://a/v1"', "neither a URL nor a JSON object"),
        ('{"uri": "http://hunter2/v1"}', "expected"),
        ('{"url": "http://a/v1", "role": 3}', "expected"),
        ("[" * 100_000, "http://host:port/v1"),
        ('{"a":' * 100_000, "neither"),
    ],
)
def test_a_line_that_is_no_server_is_named_by_its_number_alone(line: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_servers(f"{A}\n{line}\n", "generator", "fleet.txt")
    assert str(raised.value).startswith("fleet.txt, line 2: ")
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    path.write_text(A)
    file = ServersFile(path, "generator")
    assert (file.read(), file.servers, file.fault) == (True, (A,), None)
    assert not file.read()
    path.write_text(f"{A}\n{B}")
    assert (file.read(), file.servers) == (True, (A, B))
    replaced = tmp_path / "draft"
    replaced.write_text(f"{B}\n{A}")
    stamp = path.stat()
    os.utime(replaced, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    replaced.replace(path)
    assert (file.read(), file.servers) == (True, (B, A))


def test_a_file_that_changes_within_its_time_stamp_is_read_again(tmp_path: Path) -> None:
    path, now = tmp_path / "fleet", time.time_ns()
    file = ServersFile(path, "generator")
    for name in ("http://a/v1", "http://b/v1", "http://c/v1"):
        path.write_text(name)
        os.utime(path, ns=(now, now))
        assert file.read()
        assert file.servers == (name,)
    assert not file.read()
    path.write_text("http://d/v1")
    os.utime(path, ns=(now - SETTLED_NS, now - SETTLED_NS))
    assert file.read()
    path.unlink()
    path.write_text("http://e/v1")
    assert file.read()


def test_a_file_that_is_broken_or_gone_changes_nothing_and_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "fleet"
    path.write_text(A)
    file = ServersFile(path, "generator")
    file.read()
    for spoil, said in (
        (lambda: path.write_text("nonsense"), "line 1"),
        (path.unlink, "no such file"),
        (lambda: path.write_bytes(b"\xff\xfe"), "utf-8"),
        (lambda: path.write_bytes(b"#" * (MOST_BYTES + 1)), "longer than"),
    ):
        spoil()
        assert file.read()
        assert (file.servers, said in str(file.fault)) == ((A,), True)
        assert not file.read()
    path.write_text(B)
    assert (file.read(), file.servers, file.fault) == (True, (B,), None)


def test_too_many_servers_are_refused() -> None:
    with pytest.raises(ConfigError, match="4097 servers; at most 4096"):
        parse_servers("\n".join(f"http://h{i}/v1" for i in range(4_097)), "generator", "f")
