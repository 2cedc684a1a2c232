"""Copy a version to an object store: parts, verified, then the manifest, then the pointer to the newest.

Nothing is renamed, appended or linked there, since object stores cannot. A reader that starts from
`latest.json` never sees a version that is not whole.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from pyarrow import fs

from datapipe.errors import StoreError
from datapipe.versions import parts_of

_CHUNK = 8 * 2**20


def upload(version: Path, uri: str) -> None:
    """Copy a version folder below `uri`; what is there already, byte for byte, is left as it is.

    Raises StoreError that names the object, where the store refuses or what it holds is not what was sent.
    """
    try:
        store, prefix = fs.FileSystem.from_uri(uri.rstrip("/"))
        base = f"{prefix}/{version.name}"
        for name, entry in parts_of(version).items():
            _put(store, version / name, f"{base}/{name}", entry.sha256)
        for name in ("README.md", "manifest.json"):
            _put(store, version / name, f"{base}/{name}", _sha256_of((version / name).read_bytes()))
        pointer = json.dumps({"version": version.name}).encode() + b"\n"
        _write(store, f"{prefix}/latest.json", [pointer])
    except (OSError, pa.ArrowException, ValueError) as error:
        raise StoreError(
            f"{uri}: {error}; the version is whole in {version}, run again to copy it"
        ) from error


def _put(store: fs.FileSystem, source: Path, target: str, sha256: str) -> None:
    if _digest(store, target) == sha256:
        return
    with source.open("rb") as file:
        _write(store, target, iter(lambda: file.read(_CHUNK), b""))
    if _digest(store, target) != sha256:
        raise ValueError(f"{target}: read back, it is not what was written")


def _write(store: fs.FileSystem, target: str, chunks: Iterable[bytes]) -> None:
    if isinstance(store, fs.LocalFileSystem):  # object stores have no folders
        store.create_dir(target.rpartition("/")[0], recursive=True)
    with store.open_output_stream(target) as stream:
        for chunk in chunks:
            stream.write(chunk)


def _digest(store: fs.FileSystem, target: str) -> str | None:
    """SHA-256 of an object as it is read back; None where there is none."""
    if store.get_file_info(target).type != fs.FileType.File:
        return None
    found = hashlib.sha256()
    with store.open_input_stream(target) as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
