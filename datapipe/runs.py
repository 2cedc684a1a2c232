"""Find the run that a word on the command line means."""

import difflib
import os
from pathlib import Path

from datapipe.errors import StoreError

STORE_ENV = "DATAPIPE_STORE"


def find_run(word: str | None = None) -> Path:
    """A run's folder, from its path, `store/name` or a name; the run last worked on where none is given.

    The store is $DATAPIPE_STORE, or ./data/runs. Raises StoreError that suggests the near name.
    """
    store = default_store()
    if word is None:
        return _newest(store)
    path = Path(word).expanduser()
    candidates = [path, path.parent / f"run={path.name}", store / f"run={word}"]
    for each in candidates:
        if any((each / "configs").glob("*.json")):
            return each.resolve()
    folder = path.parent if "/" in word else store
    names = [run.name.removeprefix("run=") for run in runs_in(folder)]
    near = difflib.get_close_matches(path.name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"runs there: {', '.join(names) or 'none'}"
    raise StoreError(f"{word}: there is no such run in {folder}; {hint}")


def default_store() -> Path:
    """Where runs are looked for that are given by name alone."""
    return Path(os.environ.get(STORE_ENV) or "data/runs").expanduser().resolve()


def runs_in(store: Path) -> list[Path]:
    """The folders of a store's runs, the one last worked on first."""
    found = {path.parent.parent for path in store.glob("run=*/configs/*.json")}
    return sorted(found, key=lambda run: (-_worked_on(run), run.name))


def _newest(store: Path) -> Path:
    runs = runs_in(store)
    if not runs:
        raise StoreError(f"{store}: there is no run here; name one, or its store in ${STORE_ENV}")
    return runs[0]


def _worked_on(run: Path) -> float:
    """The heartbeat of its last owner."""
    lease = run / "_lease"
    return lease.stat().st_mtime if lease.exists() else 0.0
