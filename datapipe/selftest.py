"""The gate before a run: does each verifier take the run's own golds, and refuse what is close to them?

Every gold is tried, right and wrong answers and attacks on a bounded sample, all of it in the workers.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from datapipe.context import Context
from datapipe.errors import ConfigError
from datapipe.posterior import interval
from datapipe.selfchecks import counts_of
from datapipe.selftest_rates import PREFIX
from datapipe.workers import Job
from judges.base import Attempt, Check, Ruling
from schemas.ids import content_id
from schemas.references import load_reference
from schemas.rows import Question

JOBS = 64
"""References handed to a verifier process at a time."""
_SHOWN = 3


class SelfTest:
    """What the verifiers of a run say of its references; tallies go into the manifest of the quarantine."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.settings = ctx, ctx.settings.selftest
        found = ctx.checks.items()
        self.verifiers = {name: c for name, c in found if isinstance(c, Check) and c.kind == "verifier"}
        versions = sorted((name, check.version) for name, check in self.verifiers.items())
        self.digest = content_id("selftest", versions, self.settings.model_dump())
        self.counts: Counter[str] = Counter()
        self._golds: dict[str, str | None] = {}
        self._tried: Counter[str] = Counter()
        self._asked: tuple[list[tuple[str, Question]], list[Future[list[list[Ruling]]]]] = [], []
        self._shown: dict[str, list[str]] = {}

    def golds(self, questions: Sequence[Question]) -> list[tuple[str, ...]]:
        """The check that each question's own gold is to be held against; one question a reference."""
        asked, owed = set(self._golds), list[tuple[str, ...]]()
        for question in questions:
            kind = None if question.reference in asked else self._kind(question)
            owed.append(() if kind is None else (f"{kind}/gold",))
            asked.add(question.reference or "")
        return owed

    def refusals(self, questions: Sequence[Question], told: Mapping[str, Ruling]) -> list[str | None]:
        """Why each question is not to be asked: its verifier does not take its own gold.

        `told` are the rulings of `golds` by reference. Raises ConfigError where a verifier cannot work here,
        or passes more wrong answers than it may; or else `settle` does.
        """
        self.settle()
        asked = {q.reference: q for q in questions if q.reference is not None}
        kinds = {text: kind for text, question in asked.items() if (kind := self._kind(question))}
        for kind in sorted(set(kinds.values())):
            if lacks := self.verifiers[kind].lacks():
                raise ConfigError(f"questions need what is not here: {lacks}")
        fresh = [text for text in kinds if text not in self._golds]
        for text in fresh:
            self._golds[text] = refused = _refusal(kinds[text], told[text])
            told_of = {"golds": 1, "golds_refused": 1} if refused else counts_of(told[text])
            self._add(kinds[text], told_of or {"golds_untried": int(told[text].unscored == "infra")})
        self._sample({text: kinds[text] for text in fresh if self._golds[text] is None}, asked)
        return [None if q.reference is None else self._golds.get(q.reference) for q in questions]

    def settle(self) -> None:
        """Wait for what the sample is still asked. Raises ConfigError, as `refusals`."""
        chosen, futures = self._asked
        self._asked = [], []
        told = [rulings for future in futures for rulings in future.result()]
        outages: dict[str, list[Ruling]] = {}
        for (name, question), (ruling,) in zip(chosen, told, strict=True):
            kind = name.partition("/")[0]
            self._count(kind, question, ruling)
            outages.setdefault(kind, []).append(ruling)
        for kind, rulings in sorted(outages.items()):
            if all(ruling.unscored == "infra" for ruling in rulings):
                raise ConfigError(f"verifier {kind!r} cannot work here: {rulings[0].reason}")
            self._stop_if_fooled(kind)

    def tally(self) -> dict[str, int]:
        """The counts, by `TYPE.WHAT`, of what is settled."""
        return {f"{PREFIX}{name}": count for name, count in sorted(self.counts.items())}

    def _kind(self, question: Question) -> str | None:
        """The verifier that a question needs, where there is one."""
        if question.reference is None:
            return None
        kind = load_reference(question.reference).type
        return kind if kind in self.verifiers else None

    def _sample(self, kinds: dict[str, str], asked: dict[str, Question]) -> None:
        """Try right and wrong answers, and attacks, on the first references by hash, up to the sample.

        Attacks come first, as one list: they load libraries that most answers never need.
        """
        tried, attacked = list[tuple[str, Question]](), list[tuple[str, Question]]()
        for text in sorted(kinds, key=lambda text: content_id("selftest", text)):
            if self._tried[kinds[text]] < self.settings.sample:
                tried.append((f"{kinds[text]}/selftest", asked[text]))
            if self._tried[kinds[text]] < self.settings.attacked:
                attacked.append((f"{kinds[text]}/attack", asked[text]))
            self._tried[kinds[text]] += 1
        chosen = [*attacked, *tried]
        jobs = [
            Job((name,), Attempt.asking(_prompt(q), load_reference(q.reference or ""))) for name, q in chosen
        ]
        batches = [jobs[start : start + JOBS] for start in range(0, len(jobs), JOBS)]
        self._asked = chosen, [self.ctx.pool.submit(batch) for batch in batches]

    def _count(self, kind: str, question: Question, ruling: Ruling) -> None:
        counts = counts_of(ruling)
        self._add(kind, {**counts, "asked": 1, "untold": int(ruling.outcome != "pass")})
        if counts.get("wrongs_passed"):
            self._shown.setdefault(kind, []).append(f"{ruling.extracted!r} for {question.reference}")

    def _add(self, kind: str, counts: Mapping[str, int]) -> None:
        self.counts.update({f"{kind}.{name}": count for name, count in counts.items() if count})

    def _stop_if_fooled(self, kind: str) -> None:
        passed, of = self.counts[f"{kind}.wrongs_passed"], self.counts[f"{kind}.wrongs"]
        low, high = interval(passed, of - passed)
        if passed and low > self.settings.false_passes:
            shown = "; ".join(self._shown[kind][:_SHOWN])
            raise ConfigError(
                f"verifier {kind!r} passed {passed} of {of} wrong answers in its self-test (95 % interval "
                f"{low:.2%} to {high:.2%}), more than selftest.false_passes = "
                f"{self.settings.false_passes:g}: {shown}. Mend the verifier or the references, or allow it; "
                f"nothing was asked"
            )


def _refusal(kind: str, ruling: Ruling) -> str | None:
    """All but a pass would befall the answers too, unless the machine may be at fault."""
    if ruling.outcome == "pass" or ruling.unscored == "infra":
        return None
    why = (ruling.reason or "")[:240]
    return (
        f"reference: its verifier {kind!r} does not take it as an answer to itself ({why}); "
        f"rewrite the reference, or use the type that fits it"
    )


def _prompt(question: Question) -> str:
    """The question's own words, which an attack quotes."""
    return question.messages[-1].content if question.messages else "?"
