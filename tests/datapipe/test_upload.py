"""A version copied elsewhere: parts first, verified, and the pointer last."""

import json

import pytest
from pydantic import ValidationError

from datapipe import upload as module
from datapipe.config import Publish
from datapipe.errors import StoreError
from datapipe.shards import digest
from datapipe.upload import upload


@pytest.fixture
def version(tmp_path):
    folder = tmp_path / "versions" / "v0001"
    part = folder / "samples" / "lane=verifiable" / "part-00000.parquet"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"some bytes")
    name = str(part.relative_to(folder))
    entry = {"rows": 1, "bytes": 10, "sha256": digest(part)}
    (folder / "manifest.json").write_text(json.dumps({"inputs": "", "parts": {name: entry}}))
    (folder / "README.md").write_text("a card")
    return folder


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_copies_the_version_and_points_at_it(version, tmp_path):
    upload(version, (tmp_path / "there").as_uri())
    copied = files(tmp_path / "there")
    assert json.loads(copied.pop("latest.json")) == {"version": "v0001"}
    assert copied == {f"v0001/{name}": data for name, data in files(version).items()}


def test_a_second_copy_writes_no_part_again(version, tmp_path, monkeypatch):
    target = (tmp_path / "there").as_uri()
    upload(version, target)
    written = []
    write = module._write
    monkeypatch.setattr(
        module, "_write", lambda store, at, chunks: written.append(at) or write(store, at, chunks)
    )
    upload(version, target)
    assert [at.rpartition("/")[2] for at in written] == ["latest.json"]


def test_what_is_read_back_otherwise_stops_before_the_manifest(version, tmp_path, monkeypatch):
    write = module._write
    monkeypatch.setattr(module, "_write", lambda store, at, chunks: write(store, at, [b"other"]))
    with pytest.raises(StoreError, match=r"read back, it is not what was written.*run again to copy it"):
        upload(version, (tmp_path / "there").as_uri())
    assert [name.rpartition("/")[2] for name in files(tmp_path / "there")] == ["part-00000.parquet"]


def test_a_place_that_cannot_be_opened_is_named(version):
    with pytest.raises(StoreError, match="nowhere://x"):
        upload(version, "nowhere://x")


def test_credentials_in_the_uri_are_refused():
    with pytest.raises(ValidationError, match="set them in the environment"):
        Publish(to="s3://key:secret@bucket/prefix")
