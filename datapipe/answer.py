"""Ask every question of a shard as often as is owed, and lose nothing that came back."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from functools import partial

import pyarrow.compute as pc

from datapipe.asking import to_answer, to_failure
from datapipe.backends.base import Completion, Outage, Request
from datapipe.blame import Watch
from datapipe.budget import Unsent
from datapipe.choices import missing, requests_of, told
from datapipe.config import RunConfig
from datapipe.context import Context, Shard
from datapipe.continuing import Unfinished, continuations, joined, unfinished
from datapipe.errors import ServersDown
from datapipe.journal import Journal, journal_row, read_journal, rewrite
from datapipe.loop import Outcome, batches
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
    owed, cut = work.owed(), work.cut()
    if owed or cut:
        ctx.go_on()
        with ctx.run.journal("answers", shard.lane, shard.number) as journal:
            work.ask(owed, journal)
            work.continue_cut(journal)
    work.commit()
    if work.outage:
        raise ServersDown(f"{shard}: {work.outage}. Run again to go on")


Make = Callable[[Request, Completion], Answer]


def _drawn(config: RunConfig, policy: str, owed: Owed, request: Request, said: Completion) -> Answer:
    return to_answer(config, policy, *owed[request.id], request, said)


def _continued(config: RunConfig, cut: Unfinished, request: Request, said: Completion) -> Answer:
    return joined(config, *cut[request.id], request, said)


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
        self.tried = set[str]()
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

    def cut(self) -> Unfinished:
        """Answers cut short that are to be gone on from, and were not in this run of the stage."""
        config, policy = self.ctx.settings, self.policy.policy_id
        if not config.generate.continue_truncated:
            return {}
        run, lane, number = self.ctx.run, self.shard.lane, self.shard.number
        ended_early = (pc.field("finish_reason") == "length") & (pc.field("policy_id") == policy)
        every = [*run.read("answers", Answer, lane, number, ended_early), *self.fresh.values()]
        continued = {made for (made,) in run.columns("answers", lane, number, "continues")}
        continued.update(made.continues for made in self.fresh.values())
        known = {*self.given_up, *self._final(), *self.tried, *self.ctx.tried}
        mine = (each for each in every if each.policy_id == policy and each.answer_id not in continued)
        return unfinished(config, self.questions, mine, known)

    def continue_cut(self, journal: Journal) -> None:
        """Go on from what was cut short, and from what is cut short again, as far as max_tokens goes."""
        config = self.ctx.settings
        while not self.outage and (cut := self.cut()):
            self.tried.update(cut)
            made = partial(_continued, config, cut)
            self._ask(continuations(config, cut), len(cut), made, journal)

    def ask(self, owed: Owed, journal: Journal) -> None:
        """Send what is owed."""
        config, policy = self.ctx.settings, self.policy.policy_id
        made = partial(_drawn, config, policy, owed)
        self._ask(requests_of(config, owed), len(owed), made, journal)

    def _ask(self, requests: Iterable[Request], count: int, make: Make, journal: Journal) -> None:
        """Send requests; each answer is in the journal before it counts."""
        progress = self.ctx.progress
        progress.owe("answer", count)
        before, failures = len(self.fresh), list[Failure]()
        watch, unsent = self._watch(), 0
        with closing(self._outcomes(requests, watch)) as outcomes:
            for batch in outcomes:
                said = [(request, each) for request, each in batch if isinstance(each, Completion)]
                self._take([make(*each) for each in said], watch, journal)
                for request, outcome in batch if len(said) < len(batch) else ():
                    if isinstance(outcome, Outage):
                        self.outage = str(outcome)
                    elif isinstance(outcome, Unsent):
                        unsent += 1
                    elif not isinstance(outcome, Completion):
                        failure = to_failure(self.shard.lane, self.policy.policy_id, request, outcome)
                        progress.drop(f"request: {failure.reason}")
                        progress.step("answer")
                        failures.append(failure)
                if self.outage:
                    break
        if unsent:
            progress.note(f"{self.shard}: {unsent} requests were not sent, {_RAISE}")
        if self.outage:
            failures = [failure for failure in failures if failure.reason == "refused"]
        elif failures and len(self.fresh) == before:
            failures = self._all_failed(failures)
        for failure in failures:
            self._lose(failure, journal)

    def _take(self, made: list[Answer], watch: Watch, journal: Journal) -> None:
        """Journal what came at once, and count it then."""
        if not made:
            return
        journal.append(*(b'{"answer":%b}' % each.to_json() for each in made))
        for each in made:
            self.fresh[each.answer_id] = each
            watch.look(each)
        self.ctx.progress.answered(len(made), sum(each.completion_tokens or 0 for each in made))
        self.ctx.progress.step("answer", len(made))

    def _outcomes(
        self, requests: Iterable[Request], watch: Watch
    ) -> Generator[list[tuple[Request, Outcome]], None, None]:
        """What becomes of every draw; choices that a reply leaves out are asked for again, one by one."""
        window, again = self.ctx.settings.generate.concurrency, list[Request]()
        backend = self.ctx.budget.over(self.ctx.generator)
        with closing(batches(backend, requests, window, ended=self.ctx.abort.is_set)) as finished:
            for batch in finished:
                self.ctx.go_on()
                for request, outcome in batch:
                    if isinstance(outcome, Completion) and outcome.flaws:
                        for flaw in watch.odd(outcome):
                            self.ctx.progress.note_once(flaw)
                    again += missing(request, outcome)
                yield [each for asked in batch for each in told(*asked)]
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
