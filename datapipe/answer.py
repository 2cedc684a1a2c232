"""Ask every question of a shard as often as is owed, and lose nothing that came back."""

from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import closing

from datapipe.asking import to_answer, to_failure
from datapipe.backends.base import Completion, Outage, Request
from datapipe.blame import Watch
from datapipe.budget import Unsent
from datapipe.choices import missing, requests_of, told
from datapipe.context import Context, Shard
from datapipe.errors import ServersDown
from datapipe.journal import Journal, journal_row, read_journal, rewrite
from datapipe.loop import Outcome, stream
from datapipe.owed import Owed, due_of
from datapipe.policies import policy_of
from datapipe.probe import responds
from schemas.rows import Answer, Failure, Label, Question

_RAISE = "since spend.budget is spent; they stay owed: raise it and run again to have them answered"


def answer(ctx: Context, shard: Shard) -> None:
    """Fill `answers` with what is owed for a shard; what a kill left in the journal is taken first.

    Raises ServersDown where all servers were down for longer than is waited, or requests went out, not one
    came back, and the servers answer nothing else either. That is their fault and no request's, so no try
    is counted.
    """
    work = _Work(ctx, shard)
    owed = work.owed()
    if owed:
        ctx.go_on()
        ctx.progress.owe("answer", len(owed))
        with ctx.run.journal("answers", shard.lane, shard.number) as journal:
            work.ask(owed, journal)
    work.commit()
    if work.outage:
        raise ServersDown(f"{shard}: {work.outage}. Run again to go on")


class _Work:
    """One shard: what is known of it, what is owed, and what came back."""

    def __init__(self, ctx: Context, shard: Shard) -> None:
        self.ctx, self.shard = ctx, shard
        run, lane, number = ctx.run, shard.lane, shard.number
        self.journal = run.journal_path("answers", lane, number)
        self.policy = policy_of(lane, ctx.settings.generate)
        self.questions = {q.question_id: q for q in run.read("questions", Question, lane, number)}
        self.stored = dict(run.columns("answers", lane, number, "answer_id", "request_id"))
        self.answered = {*self.stored, *self.stored.values()}
        self.given_up = {f.unit_id for f in run.read("failures", Failure, lane, number)}
        self.labelled = {(row.answer_id, row.name) for row in run.read("labels", Label, lane, number)}
        self.fresh: dict[str, Answer] = {}
        self.labels: dict[tuple[str, str], Label] = {}
        self.tries: Counter[str] = Counter()
        self.last: dict[str, Failure] = {}
        self.outage = ""
        for entry in read_journal(self.journal):
            self._replay(entry)

    def owed(self) -> Owed:
        """Requests with neither answer nor failure: a set difference, on keys."""
        known = {*self.stored.values(), *self.given_up, *self._final()}
        known |= self.ctx.tried
        known.update(made.request_id for made in self.fresh.values())
        ctx, shard, policy = self.ctx, self.shard, self.policy.policy_id
        every = due_of(ctx.run, ctx.settings, policy, shard.lane, shard.number).all(self.questions.values())
        return {key: asked for key, asked in every.items() if key not in known}

    def ask(self, owed: Owed, journal: Journal) -> None:
        """Send what is owed; each answer is in the journal before it counts."""
        config, progress = self.ctx.settings, self.ctx.progress
        before, failures = len(self.fresh), list[Failure]()
        watch, unsent = self._watch(), 0
        with closing(self._outcomes(requests_of(config, owed), watch)) as outcomes:
            for request, outcome in outcomes:
                if isinstance(outcome, Completion):
                    made = to_answer(config, self.policy.policy_id, *owed[request.id], request, outcome)
                    journal.append(f'{{"answer":{made.model_dump_json()}}}')
                    self.fresh[made.answer_id] = made
                    watch.look(made)
                    progress.answered(outcome.completion_tokens)
                elif isinstance(outcome, Outage):
                    self.outage = str(outcome)
                    break
                elif isinstance(outcome, Unsent):
                    unsent += 1
                    continue
                else:
                    failure = to_failure(self.shard.lane, self.policy.policy_id, request, outcome)
                    progress.drop(f"request: {failure.reason}")
                    failures.append(failure)
                progress.step("answer")
        if unsent:
            progress.note(f"{self.shard}: {unsent} requests were not sent, {_RAISE}")
        if self.outage:
            failures = [failure for failure in failures if failure.reason == "refused"]
        elif failures and len(self.fresh) == before:
            failures = self._all_failed(failures)
        for failure in failures:
            self._lose(failure, journal)

    def _outcomes(
        self, requests: Iterable[Request], watch: Watch
    ) -> Generator[tuple[Request, Outcome], None, None]:
        """What becomes of every draw; choices that a reply leaves out are asked for again, one by one."""
        window, again = self.ctx.settings.generate.concurrency, list[Request]()
        backend = self.ctx.budget.over(self.ctx.generator)
        with closing(stream(backend, requests, window)) as outcomes:
            for request, outcome in outcomes:
                self.ctx.go_on()
                if isinstance(outcome, Completion) and outcome.flaws:
                    for flaw in watch.odd(outcome):
                        self.ctx.progress.note(flaw)
                again += missing(request, outcome)
                yield from told(request, outcome)
        if again:
            yield from self._outcomes(again, watch)

    def _watch(self) -> Watch:
        """What the servers sent so far is known to it."""
        run, lane, number = self.ctx.run, self.shard.lane, self.shard.number
        known = [(made.question_id, made.thinking_id) for made in self.fresh.values()]
        known += run.columns("answers", lane, number, "question_id", "thinking_id")
        greedy = self.ctx.settings.generate.sampling.temperature == 0
        return Watch(self.ctx.generator, known, greedy)

    def _all_failed(self, failures: list[Failure]) -> list[Failure]:
        """What is counted where no request brought an answer: nothing, if the servers bring none at all."""
        last = failures[-1].detail or "nothing"
        outage = any(failure.reason == "outage" for failure in failures)
        if outage and not responds(self.ctx.generator, self.ctx.settings.generate.model):
            self.outage = f"no server answered; the last said: {last}"
            return []
        if self.fresh or self.stored:
            return failures
        # Refusals without exception speak against what is asked with, such as max_tokens, which a person
        # mends: each is a try, and none is final yet.
        self.ctx.progress.note(f"{self.shard}: no request was answered; the last said: {last}")
        return [failure.model_copy(update={"reason": "outage"}) for failure in failures]

    def _lose(self, failure: Failure, journal: Journal) -> None:
        journal.append(f'{{"failure":{failure.model_dump_json()}}}')
        self.ctx.tried.add(failure.unit_id)
        self._count(failure)

    def commit(self) -> None:
        """Write the parts, answers last, then empty the journal but for tries still to be counted."""
        run, lane, number = self.ctx.run, self.shard.lane, self.shard.number
        if final := sorted(self._final().values(), key=lambda row: row.unit_id):
            run.commit("failures", lane, run.next_part("failures", lane, number), final)
        if self.labels:
            labels = [row for _, row in sorted(self.labels.items())]
            run.commit("labels", lane, run.next_part("labels", lane, number), labels)
        if fresh := sorted(self.fresh.values(), key=lambda a: (a.question_id, a.policy_id, a.index)):
            run.commit("answers", lane, run.next_part("answers", lane, number), fresh)
        self._empty_journal()

    def _replay(self, entry: dict[str, object]) -> None:
        if "answer" in entry:
            made = journal_row(self.journal, Answer, entry["answer"])
            # A request has one answer: another may have come to a process that had lost the run.
            asked = made.answer_id if self.ctx.settings.input.recorded else made.request_id
            if asked not in self.answered:
                self.answered.add(asked)
                self.fresh[made.answer_id] = made
        elif "label" in entry:
            label = journal_row(self.journal, Label, entry["label"])
            if (label.answer_id, label.name) not in self.labelled:
                self.labels[label.answer_id, label.name] = label
        elif "failure" in entry:
            self._count(journal_row(self.journal, Failure, entry["failure"]))

    def _count(self, failure: Failure) -> None:
        if failure.unit_id not in self.given_up:
            self.tries[failure.unit_id] += 1
            self.last[failure.unit_id] = failure

    def _final(self) -> dict[str, Failure]:
        """Requests given up: refused, or lost to an outage in too many runs."""
        most = self.ctx.settings.generate.give_up_after
        return {
            key: failure.model_copy(update={"attempts": self.tries[key]})
            for key, failure in self.last.items()
            if failure.reason == "refused" or self.tries[key] >= most
        }

    def _empty_journal(self) -> None:
        final, answered = self._final(), {made.request_id for made in self.fresh.values()}
        open_tries = [
            f'{{"failure":{self.last[key].model_dump_json()}}}'
            for key, tries in self.tries.items()
            if key not in final and key not in answered
            for _ in range(tries)
        ]
        rewrite(self.journal, self.ctx.run.lease.token, open_tries)
