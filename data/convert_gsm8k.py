"""Turn files in the form of GSM8K into question rows and recorded-answer rows.

    python data/convert_gsm8k.py questions.jsonl recorded_answers.jsonl FOLDER

reads `{"question", "answer"}`, where the right answer follows `####`, and
`{"question", "answers": [{"model", "text", "is_correct"}]}`, and writes FOLDER/questions.jsonl and
FOLDER/recorded.jsonl for `[input] questions = […]` and `recorded = […]`.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def question_row(row: dict[str, Any], line: int) -> dict[str, Any]:
    """One verifiable question; what stands before `####` is a worked solution and is left behind."""
    reference = {"type": "math", "answer": row["answer"].rpartition("####")[2].strip()}
    where = {"source": "gsm8k", "source_id": str(line), "license": "MIT"}
    return {
        "lane": "verifiable",
        "domain": "math",
        "prompt": row["question"],
        "reference": reference,
        **where,
    }


def recorded_row(row: dict[str, Any]) -> dict[str, Any]:
    """The recorded answers to one question; what somebody else holds of an answer becomes a label."""
    answers = [
        {"model": a["model"], "text": a["text"], "labels": {"is_correct": a["is_correct"]}}
        for a in row["answers"]
    ]
    return {"prompt": row["question"], "answers": answers}


def convert(questions: Path, recorded: Path, folder: Path) -> None:
    """Write both files, a row a line."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "questions.jsonl", (question_row(row, at) for at, row in enumerate(_read(questions), 1)))
    _write(folder / "recorded.jsonl", map(recorded_row, _read(recorded)))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        yield from map(json.loads, file)


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


if __name__ == "__main__":
    convert(*map(Path, sys.argv[1:4]))
