"""What a table holds: one small JSON file a table and lane, replaced as a whole after each part."""

import json
import threading
from pathlib import Path

from datapipe.errors import StoreError
from datapipe.pausing import patiently
from datapipe.shards import Entry, check_major, write_text
from schemas.rows import SCHEMA_VERSION


class Manifest:
    """The parts of one table and lane. Safe to share between threads; one process writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._parts = self._load()
        self._texts: dict[str, str] = {}

    def entries(self) -> dict[str, Entry]:
        """Entry by part name, in part order."""
        with self._lock:
            return dict(sorted(self._parts.items()))

    def get(self, part: str) -> Entry | None:
        with self._lock:
            return self._parts.get(part)

    def add(self, part: str, entry: Entry) -> None:
        """Promise a part that is in its place already."""
        with self._lock:
            self._parts[part] = entry
            self._texts.pop(part, None)
            self._save()

    def remove(self, *parts: str) -> None:
        """Take promises back, before their files change."""
        with self._lock:
            if [part for part in parts if self._parts.pop(part, None) is not None]:
                self._save()

    def _load(self) -> dict[str, Entry]:
        try:
            data = json.loads(patiently(self.path, lambda: self.path.read_text(encoding="utf-8")))
            check_major(data.get("schema_version", ""))
            return {name: Entry.model_validate(entry) for name, entry in data["parts"].items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise StoreError(
                f"{self.path}: not a manifest ({error}); restore it or start a new run"
            ) from error

    def _save(self) -> None:
        head = f'"schema_version": {json.dumps(SCHEMA_VERSION)},\n"rows": {self._rows()}'
        parts = ",\n".join(self._line(name) for name in sorted(self._parts))
        write_text(self.path, f'{{{head},\n"parts": {{\n{parts}\n}}}}\n')

    def _line(self, part: str) -> str:
        """The text of one entry, made once: the file is written anew for every part."""
        if part not in self._texts:
            entry = self._parts[part].model_dump(exclude_defaults=True, mode="json")
            self._texts[part] = f"{json.dumps(part)}: {json.dumps(entry, ensure_ascii=False)}"
        return self._texts[part]

    def _rows(self) -> int:
        return sum(entry.rows for entry in self._parts.values())
