"""A DuckDB connection with a view per table of a run, over exactly the parts that its manifests name."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from datapipe.errors import DamagedPart, QueryError, StoreError
from datapipe.journalled import JOURNALLED, Journalled, journalled
from datapipe.run import RunFolder
from datapipe.shards import Entry, check_part
from datapipe.versions import latest_version, parts_of
from datapipe.views import DERIVED
from schemas.arrow import arrow_schema
from schemas.rows import LANES, SCHEMA_VERSION
from schemas.tables import TABLES

_READS = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?(\([^)]*\)\s*)?", re.IGNORECASE)
_BATCH_ROWS = 16_384
Part = tuple[Path, Entry]


def connect(
    runs: Sequence[Path], *, verify: bool = False, journals: bool = True
) -> duckdb.DuckDBPyConnection:
    """Views over the folders of runs: `stored.TABLE` as written, and those of `datapipe.views` on top.

    Answers and replies that stand only in journals are among them, as they were at this moment, unless
    `journals` is false.
    A table without parts is an empty view with its columns. Over several runs every view has a column
    `run`. Sizes are held against the manifests, checksums too where `verify` is set. Raises StoreError
    where there is no run, DamagedPart that names a part.
    """
    folders = _labelled(runs)
    # Journals before manifests: what is moved from one into the other meanwhile is seen twice, and told once.
    told = JOURNALLED if journals else ()
    unfinished = {label: {t: journalled(run.path, t) for t in told} for label, run in folders.items()}
    db = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    # Drawn on stdout after two seconds, in the middle of what is written there.
    db.execute("SET enable_progress_bar = false")
    db.execute("CREATE SCHEMA stored")
    db.execute("CREATE SCHEMA blank")
    db.execute("CREATE SCHEMA waiting")
    for table, model in TABLES.items():
        # A table of a schema of its own, since SHOW TABLES lists whatever is registered.
        db.register("columns", arrow_schema(model).empty_table())
        db.execute(f"CREATE TABLE blank.{table} AS FROM columns")
        db.unregister("columns")
        sources = {label: _parts(run, table, verify) for label, run in folders.items()}
        waiting = [
            label for label, run in folders.items() if _waits(db, unfinished[label], label, run, table)
        ]
        db.execute(f"CREATE VIEW stored.{table} AS {_union(table, sources, waiting, len(folders) > 1)}")
        if table not in DERIVED:
            db.execute(f"CREATE VIEW {table} AS FROM stored.{table}")
    for name, sql in DERIVED.items():
        db.execute(f"CREATE VIEW {name} AS {sql.replace('{run}', 'run, ' if len(folders) > 1 else '')}")
    return db


def ask(db: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """Run one statement that only reads. Raises QueryError with the reason on one line."""
    try:
        _check_reads(sql)
        return db.execute(sql)
    except duckdb.Error as error:
        raise QueryError(_one_line(error)) from error


def stream(db: duckdb.DuckDBPyConnection, sql: str) -> pa.RecordBatchReader:
    """As `ask`, in Arrow batches that are made as they are read."""
    try:
        _check_reads(sql)
        reader: pa.RecordBatchReader = db.sql(sql).to_arrow_reader(_BATCH_ROWS)
        return reader
    except duckdb.Error as error:
        raise QueryError(_one_line(error)) from error


def _check_reads(sql: str) -> None:
    statements = duckdb.extract_statements(sql)
    explained = _EXPLAIN.match(sql)
    inner = duckdb.extract_statements(sql[explained.end() :]) if explained else statements
    if len(statements) != 1 or not {each.type for each in (*statements, *inner)} <= _READS:
        raise QueryError("only one statement, and one that reads, such as SELECT or DESCRIBE, is run")


def _labelled(runs: Sequence[Path]) -> dict[str, RunFolder]:
    """Folders by what their `run` column says: the name, or the path where two have one name."""
    found: dict[str, RunFolder] = {}
    names = [path.name.removeprefix("run=") for path in runs]
    for path, name in zip(runs, names, strict=True):
        if not any((path / "configs").glob("*.json")):
            raise StoreError(f"{path}: there is no run here")
        found[name if names.count(name) == 1 else str(path)] = RunFolder(path)
    return found


def _parts(run: RunFolder, table: str, verify: bool) -> list[Part]:
    if table == "samples":
        version = latest_version(run.path)
        parts = [(version / name, entry) for name, entry in parts_of(version).items()] if version else []
    else:
        parts = [
            (run.part_path(table, lane, name), entry)
            for lane in LANES
            for name, entry in run.manifest(table, lane).entries().items()
        ]
    for path, entry in parts:
        _check(path, entry, verify)
    return parts


def _check(path: Path, entry: Entry, verify: bool) -> None:
    size = path.stat().st_size if path.is_file() else None
    if verify or size != entry.bytes:
        check_part(path, entry)
    if entry.schema_version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise DamagedPart(
            f"{path}: schema version {entry.schema_version}, this program reads {SCHEMA_VERSION}"
        )


def _waits(
    db: duckdb.DuckDBPyConnection,
    unfinished: Mapping[str, Journalled],
    label: str,
    run: RunFolder,
    table: str,
) -> bool:
    """Whether a run has rows of a table in journals alone; they are then a table of their own."""
    rows = unfinished[table].beside(run) if table in unfinished else None
    if rows is None or not len(rows):
        return False
    db.register("rows", rows)
    db.execute(f"CREATE TABLE waiting.{_name(table, label)} AS FROM rows")
    db.unregister("rows")
    return True


def _name(table: str, label: str) -> str:
    return '"' + f"{table} {label}".replace('"', '""') + '"'


def _union(table: str, sources: dict[str, list[Part]], waiting: Sequence[str], several: bool) -> str:
    """SQL for the parts of every run, after an empty table that fixes the columns and their types."""
    run = "''::VARCHAR AS run, " if several else ""
    pieces = [f"SELECT {run}* FROM blank.{table}"]
    for label, parts in sources.items():
        if parts:
            files = ", ".join(_literal(_no_glob(str(path))) for path, _ in parts)
            mixed = any(entry.schema_version != SCHEMA_VERSION for _, entry in parts)
            run = f"{_literal(label)} AS run, " if several else ""
            pieces.append(
                f"SELECT {run}* FROM read_parquet([{files}], hive_partitioning=false, "
                f"union_by_name={str(mixed).lower()})"
            )
    for label in waiting:
        run = f"{_literal(label)} AS run, " if several else ""
        pieces.append(f"SELECT {run}* FROM waiting.{_name(table, label)}")
    return " UNION ALL BY NAME ".join(pieces)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _no_glob(path: str) -> str:
    """A path that DuckDB takes to the letter."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _one_line(error: Exception) -> str:
    """What DuckDB says, without the drawing of the query below it."""
    text = re.split(r"\n\s*\n?LINE \d+:", str(error))[0]
    return " ".join(text.split())
