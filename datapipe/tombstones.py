"""What was purged and may not come back: a file in the store that every import reads."""

import json
from pathlib import Path
from typing import Any

from datapipe.errors import StoreError
from datapipe.shards import write_text
from schemas.ids import content_id
from schemas.rows import Question


class Tombstones:
    """Purged sources and question ids of a store."""

    def __init__(self, store: Path) -> None:
        self.path = store / "tombstones.json"
        try:
            self.stones: list[dict[str, Any]] = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.stones = []
        except (ValueError, OSError) as error:
            raise StoreError(
                f"{self.path}: {error}; purged data would come back, so nothing is read"
            ) from error
        self._sources = {stone["source"] for stone in self.stones if "source" in stone}
        self._questions = {stone["question_id"] for stone in self.stones if "question_id" in stone}

    def cover(self, question: Question) -> bool:
        """Whether a question was purged, by its source or by itself."""
        return question.source in self._sources or question.question_id in self._questions

    def add(self, stone: dict[str, Any]) -> None:
        """Record a purge: `source` or `question_id`, and when."""
        self.stones.append(stone)
        write_text(self.path, json.dumps(self.stones, indent=1, ensure_ascii=False) + "\n")

    def digest(self) -> str:
        return content_id("tombstones", sorted(self._sources), sorted(self._questions))
