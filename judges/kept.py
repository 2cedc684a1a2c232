"""What was read off source texts, kept beside Python's bytecode, so that no process reads them twice."""

import importlib.util
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

_MOST = 2_000
"""Entries beyond which only those that this process has added are kept."""


class Kept:
    """A file of JSON values, each under a hash of all that it follows from, so that none is ever out of date.

    A file that cannot be read is an empty one; where Python writes no bytecode, nothing is written.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._held: dict[str, Any] | None = None
        self._new: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """The value, or None."""
        if self._held is None:
            self._held = self._load()
        return self._held.get(key)

    def put(self, key: str, value: Any) -> None:
        """Kept from the next `save` on."""
        self._new[key] = value

    def save(self) -> None:
        """Write the file anew where something came to it."""
        file = self._file()
        if not self._new or file is None or sys.dont_write_bytecode:
            return
        held = {**self._load(), **self._new}
        self._held, self._new = held if len(held) <= _MOST else self._new, {}
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        with suppress(OSError):  # an installation that may not be written, or a full disk
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                draft.write_text(json.dumps(self._held), encoding="utf-8")
                draft.replace(file)
            finally:
                draft.unlink(missing_ok=True)

    def _load(self) -> dict[str, Any]:
        file = self._file()
        try:
            found = json.loads(file.read_bytes()) if file is not None else {}
        except (OSError, ValueError):
            found = {}
        return found if isinstance(found, dict) else {}

    def _file(self) -> Path | None:
        """Where Python keeps the bytecode of this module, be that beside it or elsewhere."""
        try:
            return Path(importlib.util.cache_from_source(__file__)).with_suffix(f".{self._name}.json")
        except NotImplementedError:
            return None
