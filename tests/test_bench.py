"""What the gates of `make bench` are held by."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import Mock

import pytest


@pytest.fixture(scope="module")
def gates() -> ModuleType:
    path = Path(__file__).parents[1] / "infra/benchmarks/gates.py"
    spec = importlib.util.spec_from_file_location("bench_gates", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its own module up.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "bench_gates", module)
        spec.loader.exec_module(module)
        return module


@pytest.mark.slow
def test_every_part_can_be_imported() -> None:
    """They use the engine's own parts, which move."""
    bench = Path(__file__).parents[1] / "infra/bench.py"
    done = subprocess.run([sys.executable, bench, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("freedom", "quantile"), [(6, 1.943), (9, 1.833), (29, 1.699)])
def test_the_bound_is_that_of_student(gates: ModuleType, freedom: int, quantile: float) -> None:
    assert gates._student(0.95, freedom) == pytest.approx(quantile, abs=5e-4)


def test_a_gate_holds_by_its_bound_and_not_by_its_mean(gates: ModuleType) -> None:
    steady, wild = [1.0, 1.01] * 4, [0.4, 2.6] * 4
    assert gates.held("steady", steady, 0.9).holds
    assert not gates.held("wild", wild, 0.9).holds
    assert not gates.held("steady", steady, 1.1).holds


def test_pairs_are_taken_in_turns_and_never_fewer_than_seven(gates: ModuleType) -> None:
    calls = Mock()
    calls.one.return_value, calls.other.return_value = 6.0, 3.0
    assert gates.paired(calls.one, calls.other, 1) == [2.0] * 7
    order = [name for name, _, _ in calls.mock_calls]
    assert order[:4] == ["one", "other", "other", "one"]
    assert len(order) == 14
