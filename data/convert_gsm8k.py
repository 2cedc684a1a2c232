"""Turn files in the form of GSM8K into question rows and recorded-answer rows.

    python data/convert_gsm8k.py questions.jsonl recorded_answers.jsonl FOLDER

reads `{"question", "answer"}`, where the right answer follows `####`, and
`{"question", "answers": [{"model", "text", "is_correct"}]}`, and writes FOLDER/questions.jsonl and
FOLDER/recorded.jsonl for `[input] questions = […]` and `recorded = […]`.
"""

import json
import sys
from pathlib import Path
from typing import Any


def question_row(row: dict[str, Any], line: int) -> dict[str, Any]:
    """One verifiable question; what stands before `####` is a worked solution and is left behind."""
    reference = {"type": "math", "answer": row["answer"].rpartition("####")[2].strip()}
    where = {"source": "gsm8k", "source_id": str(line), "license": "MIT"}
    return {"lane": "verifiable", "domain": "math", "prompt": row["question"], "reference": reference, **where}


def recorded_row(row: dict[str, Any]) -> dict[str, Any]:
    """The recorded answers to one question; what somebody else holds of an answer becomes a label."""
    answers = [
        {"model": a["model"], "text": a["text"], "labels": {"is_correct": a["is_correct"]}}
        for a in row["answers"]
    ]
    return {"prompt": row["question"], "answers": answers}


def convert(questions: Path, recorded: Path, folder: Path) -> None:
    """Write both files, a row a line."""
    asked, told = ([json.loads(line) for line in path.open(encoding="utf-8")] for path in (questions, recorded))
    folder.mkdir(parents=True, exist_ok=True)
    rows = {
        "questions.jsonl": [question_row(row, line) for line, row in enumerate(asked, 1)],
        "recorded.jsonl": [recorded_row(row) for row in told],
    }
    for name, made in rows.items():
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in made)
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    convert(*map(Path, sys.argv[1:4]))
