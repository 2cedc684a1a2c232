"""Write the golden run of this schema version: a tiny complete store that later versions must read.

Run once for each schema version, as `python -m tests.golden.make`, and never again for the same one.
"""

import json
import tempfile
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from schemas.rows import LANES, SCHEMA_VERSION
from schemas.tables import TABLES
from tests.support import SUMS, WORDS, Ran, ran, settings, verifiable, writing

HERE = Path(__file__).parent


def make(folder: Path) -> Ran:
    """The run: both lanes, a row that cannot be taken, a duplicate, a conflict, rewrites."""
    rows = [*(verifiable(*each) for each in SUMS[:3]), *(writing(each) for each in WORDS[:2])]
    rows += [
        verifiable("what is 1 + 3?", "4"),
        verifiable("Add 2 and 2.", "4"),
        verifiable("Add 2 and 2.", "5"),
    ]
    bad = {"lane": "verifiable", "prompt": "?"}
    return ran(settings(folder, [*rows, bad], shard_size=8, diversify={"rewrites": 1.0}))


def summary(run: Ran) -> dict[str, int]:
    """Rows by table and lane; of samples, those of the version."""
    found = {f"{table}.{lane}": len(run.rows(table, lane)) for table in TABLES for lane in LANES}
    return {**{name: count for name, count in found.items() if count}, "samples": len(run.samples())}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="datapipe-golden-") as name:
        folder = Path(name)
        run = make(folder)
        # The owner names a machine, and nobody owns a golden run.
        (run.path / "_lease").unlink()
        (folder / "summary.json").write_text(json.dumps(summary(run), indent=1) + "\n", encoding="utf-8")
        with ZipFile(HERE / f"run-{SCHEMA_VERSION}.zip", "x", ZIP_DEFLATED, compresslevel=9) as packed:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    packed.write(path, path.relative_to(folder))


if __name__ == "__main__":
    main()
