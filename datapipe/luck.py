"""What luck alone would pass: the guess floor of a question, and what is left of its pass rate above it."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from datapipe.golds import gold_texts, own_floor
from datapipe.normal import normal
from datapipe.posterior import mass_between
from datapipe.run import RunFolder
from datapipe.selftest_rates import false_pass_rates
from schemas.references import ChoiceReference, NoGoldReference, Reference, load_reference
from schemas.rows import LANES, Lane, Question

Group = tuple[str, str, str]
"""Source, domain and type of references that one guesser would be asked about."""


class Floors:
    """Guess floors of a run's questions; base rates are counted once. Threads may share it."""

    def __init__(self, run: RunFolder) -> None:
        self._run, self._lock = run, threading.Lock()
        self._known: dict[Lane, tuple[list[str], dict[Group, float]]] = {}
        self._false_passes: tuple[list[str], dict[str, float]] | None = None

    def base_rates(self, lane: Lane) -> dict[Group, float]:
        """By group, how often its commonest reference is right about another of its questions.

        One is taken off for the question itself, and two are added below, so that few references claim
        little: (m - 1) / (n + 1) where the commonest of n stands m times. Of choices what the options
        say and their letters are counted, and the easier guess is taken.
        """
        with self._lock:
            made_from = self._run.fingerprint("questions", lane)
            known = self._known.get(lane)
            if known is None or known[0] != made_from:
                self._known[lane] = made_from, self._count(lane)
            return self._known[lane][1]

    def false_passes(self, before: float) -> dict[str, float]:
        """Share of wrong answers that pass, by type of reference; see `false_pass_rates`."""
        with self._lock:
            made_from = [str(before), *self._run.fingerprint("quarantine", LANES[0])]
            if self._false_passes is None or self._false_passes[0] != made_from:
                self._false_passes = made_from, false_pass_rates(self._run, before)
            return self._false_passes[1]

    def floors(self, questions: Mapping[str, Question]) -> dict[str, float | None]:
        """By question the pass rate of who knows nothing of it; None where no reference says what passes."""
        rates = {lane: self.base_rates(lane) for lane in {each.lane for each in questions.values()}}
        return {key: _floor(each, rates[each.lane]) for key, each in questions.items()}

    def _count(self, lane: Lane) -> dict[Group, float]:
        found: dict[Group, dict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
        for source, domain, text in self._run.columns(
            "questions", lane, None, "source", "domain", "reference"
        ):
            reference = None if text is None else load_reference(text)
            if reference is not None:
                for way, guess in _guesses(reference):
                    found[source, domain, reference.type][way][hash(guess)] += 1
        return {key: max(map(_commonest, ways.values())) for key, ways in found.items()}


def _floor(question: Question, rates: Mapping[Group, float]) -> float | None:
    if question.reference is None:
        return None
    reference = load_reference(question.reference)
    if isinstance(reference, NoGoldReference):
        return None
    return max(own_floor(reference), rates.get((question.source, question.domain, reference.type), 0.0))


def _guesses(reference: Reference) -> Iterator[tuple[str, str]]:
    """What a guesser who knows other references would say here, by the way of guessing."""
    if golds := gold_texts(reference):
        yield "text", normal(golds[0]).casefold()
    if isinstance(reference, ChoiceReference):
        yield "letter", reference.answer


def _commonest(count: Counter[int]) -> float:
    return (max(count.values()) - 1) / (count.total() + 1)


def solved_mass(passes: int, fails: int, floor: float, false_pass: float, unsolved_prior: float) -> float:
    """P(pass rate > guess floor + false-pass rate)."""
    return mass_between(min(floor + false_pass, 1.0), 1.0, passes, fails, unsolved_prior)
