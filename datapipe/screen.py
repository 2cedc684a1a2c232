"""Hold every answer of a shard against every check; only what no verdict answers yet is worked on."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter

from datapipe.context import Context, Shard
from datapipe.deciding import reference_type, rubrics_in_use, rules_in_use
from datapipe.format import as_sent
from datapipe.handover import Handover
from datapipe.judging import LOST, Judging, Owed
from datapipe.policies import policy_of
from datapipe.probe import responds
from datapipe.shards import Entry
from datapipe.verdict_rows import Key, VerdictRow, lost, stored_verdicts, tally, verdict_row
from datapipe.workers import Job
from judges.base import Attempt, Check, Ruling
from judges.rubric import Rubric
from schemas.ids import content_id
from schemas.rows import Answer, Failure, Message, Question

NO_VERIFIER = "none"
"""The version of a verdict that says that there is no verifier of the reference's type."""
_CHECK = itemgetter(2)
JOBS = 32
"""Answers handed to a verifier process at a time."""


def screen(ctx: Context, shard: Shard) -> None:
    """Fill `verdicts`, a part for each part of answers, from stored verdicts where they still hold."""
    questions = {q.question_id: q for q in ctx.run.read("questions", Question, shard.lane, shard.number)}
    parts = ctx.run.parts("answers", shard.lane, shard.number)
    for table in ("verdicts", "screen_failures"):
        batches = {part for part in ctx.run.parts(table, shard.lane, shard.number) if "-r" in part}
        ctx.run.retire(table, shard.lane, batches - set(parts))
    for part in parts:
        _screen_part(ctx, shard, part, questions)


def _screen_part(ctx: Context, shard: Shard, part: str, questions: dict[str, Question]) -> None:
    run, lane = ctx.run, shard.lane
    asked = Asked(ctx, shard, questions)
    made_from = run.manifest("answers", lane).entries()[part].sha256
    inputs = content_id("screen", made_from, asked.digest())
    before = run.manifest("verdicts", lane).get(part)
    if settled(ctx, before, inputs) or (before and inputs in ctx.tried):
        return
    answers = [a for a in run.read_part("answers", Answer, lane, part) if a.question_id in questions]
    known = stored_verdicts(run, "verdicts", lane, part)
    verdicts = asked.verdicts(answers, known, "replies")
    owed, tries = len(answers) * asked.per_answer(), tried(before, inputs) + asked.counts(verdicts, known)
    counts = tally(verdicts) | {"answers": len(answers), "owed": owed, "tries": tries}
    asked_of = {answer.answer_id: answer.question_id for answer in answers}
    give_up(ctx, shard, part, "screen", lost(verdicts, asked_of) if counts["infra"] else [], tries)
    run.commit("verdicts", lane, part, verdicts, inputs, counts=counts, covers=[part, *asked.covers()])
    ctx.tried.add(inputs)


def tried(before: Entry | None, inputs: str) -> int:
    """How many runs have worked on a part of verdicts as it is asked for now."""
    return before.counts.get("tries", 0) if before and before.inputs == inputs else 0


def settled(ctx: Context, before: Entry | None, inputs: str) -> bool:
    """Whether a part of verdicts is done: nothing is lost to an outage, or too often to be tried again."""
    most = ctx.settings.screen.give_up_after
    fresh = before is not None and before.inputs == inputs
    return fresh and (not (before and before.counts.get("infra")) or tried(before, inputs) >= most)


def give_up(
    ctx: Context, shard: Shard, part: str, stage: str, found: list[tuple[VerdictRow, str]], tries: int
) -> None:
    """Lost verdicts become failures in the run that may try them for the last time, and not before."""
    run, lane = ctx.run, shard.lane
    if found and tries >= ctx.settings.screen.give_up_after:
        run.commit("screen_failures", lane, part, [_failure(v, q, stage, tries) for v, q in found])
    elif run.manifest("screen_failures", lane).get(part):
        run.retire("screen_failures", lane, [part])


@dataclass(frozen=True)
class Asked:
    """Which checks a shard's answers are held against, and how that is done."""

    ctx: Context
    shard: Shard
    questions: dict[str, Question]

    @cached_property
    def rules(self) -> list[Check]:
        return rules_in_use(self.ctx.settings, self.ctx.checks)

    @cached_property
    def rubrics(self) -> list[Rubric]:
        return rubrics_in_use(self.ctx.settings, self.ctx.checks, self.shard.lane)

    def covers(self) -> list[str]:
        """`check@version` of everything that looks at this shard."""
        verifiers = {name: version for q in self.questions.values() for name, version in self._verifier(q)}
        checks: list[Check | Rubric] = [*self.rules, *self.rubrics]
        others = {check.name: check.version for check in checks}
        return [f"{name}@{version}" for name, version in sorted((verifiers | others).items())]

    def per_answer(self) -> int:
        """Verdicts that every answer owes."""
        return len(self.rules) + len(self.rubrics) + (self.shard.lane == "verifiable")

    def digest(self) -> str:
        references = sorted((q.question_id, q.reference_id) for q in self.questions.values())
        return content_id("asked", self.covers(), references, self._judge)

    def verdicts(self, answers: list[Answer], known: dict[Key, VerdictRow], replies: str) -> list[VerdictRow]:
        """A verdict of every check on every answer, sorted by (answer_id, check)."""
        progress = self.ctx.progress
        progress.owe("screen", len(answers))
        found: dict[str, list[VerdictRow]] = {answer.answer_id: [] for answer in answers}
        fails: Counter[str] = Counter()
        for row in chain(self._pure(answers, known), self._judged(answers, known, replies)):
            found[row.answer_id].append(row)
            if row.outcome == "fail" and row.key not in known:
                fails[row.check] += 1
        for check, count in fails.items():
            progress.drop(check, count)
        progress.step("screen", len(answers))
        return [row for answer in sorted(found) for row in sorted(found[answer], key=_CHECK)]

    def counts(self, verdicts: Iterable[VerdictRow], known: Container[Key]) -> bool:
        """Whether this was a try: not where a judge that answers nothing at all took every verdict."""
        names = {rubric.name for rubric in self.rubrics}
        fresh = [v for v in verdicts if v.check in names and v.key not in known] if names else []
        lost = [v for v in fresh if v.unscored == "infra"]
        if not lost or any(v.unscored is None for v in fresh) or any(v.reason != LOST for v in lost):
            return True
        return responds(self.ctx.judge, self.ctx.settings.judge.model, "judge")

    @cached_property
    def _judge(self) -> str | None:
        return policy_of(self.shard.lane, self.ctx.settings.judge).policy_id if self.rubrics else None

    def _attempt(self, answer: Answer) -> Attempt:
        return Attempt.from_rows(self.questions[answer.question_id], answer, self._sent(answer))

    def _sent(self, answer: Answer) -> tuple[Message, ...]:
        """The messages of its request: the same object for all answers to a question, one after the other."""
        key = answer.question_id, answer.format
        if key not in self._messages:
            self._messages[key] = as_sent(self.questions[answer.question_id], answer.format)
        return self._messages[key]

    @cached_property
    def _messages(self) -> dict[tuple[str, str], tuple[Message, ...]]:
        return {}

    @cached_property
    def _handover(self) -> Handover:
        return Handover(self.questions)

    def _verifier(self, question: Question) -> list[tuple[str, str]]:
        kind = reference_type(question)
        if kind is None:
            return []
        check = self.ctx.checks.get(kind)
        return [
            (kind, check.version if isinstance(check, Check) and check.kind == "verifier" else NO_VERIFIER)
        ]

    def _owing(self, question: str) -> list["_Owing"]:
        """What every answer to a question owes of pure checks; only a verifier's depends on the reference."""
        if question not in self._by_question:
            of = self.questions[question]
            verifiers = [(*each, of.reference_id) for each in self._verifier(of)]
            self._by_question[question] = [*_owing(verifiers, True), *self._of_rules]
        return self._by_question[question]

    @cached_property
    def _of_rules(self) -> list["_Owing"]:
        return _owing([(rule.name, rule.version, None) for rule in self.rules], False)

    @cached_property
    def _by_question(self) -> dict[str, list["_Owing"]]:
        return {}

    def _pure(self, answers: list[Answer], known: dict[Key, VerdictRow]) -> Iterator[VerdictRow]:
        lane, jobs = self.shard.lane, list[tuple[str, _Owing, Job]]()
        for answer in answers:
            name, owing = answer.answer_id, self._owing(answer.question_id)
            if known:
                keys = [(name, *check) for each in owing for check in each.checks]
                yield from (known[key] for key in keys if key in known)
                owing = [left for each in owing for left in each.without(name, known)]
            for each in owing:
                if each.checks[0][1] == NO_VERIFIER:
                    yield self._no_verifier((name, *each.checks[0]))
                else:
                    body = self._handover.bare(answer) if each.bare else self._handover.whole(answer)
                    jobs.append((name, each, Job(each.names, body)))
        batches = [jobs[start : start + JOBS] for start in range(0, len(jobs), JOBS)]
        futures = [self.ctx.pool.submit([job for *_, job in batch]) for batch in batches]
        for batch, future in zip(batches, futures, strict=True):
            for (name, each, _), rulings in zip(batch, future.result(), strict=True):
                for check, said in zip(each.checks, rulings, strict=True):
                    yield verdict_row(lane, (name, *check), said)

    def _judged(
        self, answers: list[Answer], known: dict[Key, VerdictRow], table: str
    ) -> Iterator[VerdictRow]:
        keys = [
            (a, r, (a.answer_id, r.name, version, None))
            for r, version in [(r, self._rubric_version(r)) for r in self.rubrics]
            for a in answers
        ]
        yield from (known[key] for _, _, key in keys if key in known)
        owed = [(key, Owed(r, a.answer_id, self._attempt(a))) for a, r, key in keys if key not in known]
        if owed:
            judging = Judging(self.ctx, self.shard, table)
            rulings = judging.rule([each for _, each in owed])
            judging.commit()
            yield from (
                verdict_row(self.shard.lane, key, r) for (key, _), r in zip(owed, rulings, strict=True)
            )

    def _rubric_version(self, rubric: Rubric) -> str:
        """Verdicts of another judge are other verdicts."""
        return f"{rubric.version}-{content_id('judge', self._judge)[:6]}"

    def _no_verifier(self, key: Key) -> VerdictRow:
        said = Ruling.undecided(f"there is no verifier for references of type {key[1]!r}")
        return verdict_row(self.shard.lane, key, said)


@dataclass(frozen=True, slots=True)
class _Owing:
    """Checks that are run together on an answer: the verifier, or the rules."""

    checks: Sequence[tuple[str, str, str | None]]
    """Check, version and reference_id of each."""
    names: tuple[str, ...]
    bare: bool
    """They are shown the response alone, as verifiers are: equal jobs are ruled on once."""

    def without(self, answer: str, known: Container[Key]) -> list["_Owing"]:
        """Those whose verdict on an answer is not known, if there are any."""
        return _owing([check for check in self.checks if (answer, *check) not in known], self.bare)


def _owing(checks: Sequence[tuple[str, str, str | None]], bare: bool) -> list[_Owing]:
    """Nothing, where there are no checks."""
    return [_Owing(checks, tuple(check for check, *_ in checks), bare)] if checks else []


def _failure(verdict: VerdictRow, question: str, stage: str, tries: int) -> Failure:
    return Failure(
        lane=verdict.lane,
        stage=stage,
        unit="verdict",
        unit_id=content_id("verdict", *verdict.key),
        question_id=question,
        answer_id=verdict.answer_id,
        check=verdict.check,
        reason=verdict.reason or "lost",
        attempts=tries,
    )
