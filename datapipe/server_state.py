"""What is known of one server, and what became of what it was asked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from datapipe.backends.base import Backend, BackendError, Completion
from datapipe.server_faults import Faults
from datapipe.server_limit import Limit
from datapipe.server_speed import Speed

TALLY = ("answers", "tokens", "refused", "failed", "withdrawn", "asides")
"""The counts of a server that are kept with a run: answers and their tokens, refusals, tries that failed,
tries taken back, times set aside."""
WHY = 160
"""Characters of a reason that a line of progress holds."""


@dataclass(slots=True)
class Besides:
    """Tokens that no answer tells of, as of probes, trials, and whether anybody is there."""

    requests: int = 0
    """Those that were answered, with tokens counted or not; of what was lost, those with a count alone."""
    prompt: int = 0
    generated: int = 0
    """Tokens read and generated."""

    def add(self, prompt: int | None, generated: int | None) -> None:
        """One more that was answered; a count that did not come is nothing."""
        self.requests += 1
        self.prompt += prompt or 0
        self.generated += generated or 0


@dataclass(slots=True)
class Counts:
    """What a role's servers have been asked so far; tokens are those of completions that came back."""

    waiting: int = 0
    """In our queue, or between two tries."""
    in_flight: int = 0
    done: int = 0
    failed: int = 0
    """Requests given up, refused ones among them."""
    retried: int = 0
    """Tries that were followed by another."""
    withdrawn: int = 0
    """Those of them that were taken back from a server set aside: whatever it had made of them is wasted."""
    tokens_out: int = 0
    besides: Besides = field(default_factory=Besides)
    lost: Besides = field(default_factory=Besides)
    """Of tries that failed, those of which the reply told its tokens."""
    spoiled: Besides = field(default_factory=Besides)
    """Of completions that came, choices that cannot be used."""

    def waste(self, of: BackendError | Completion) -> None:
        """Count what came of a try and is no answer, where a server told what it took."""
        if isinstance(of, Completion):
            if of.spoiled:
                self.spoiled.add(0, of.spoiled)
        elif of.generated is not None or of.prompt is not None:
            self.lost.add(of.prompt, of.generated)

    def copy(self) -> "Counts":
        """As it is now."""
        names = ("besides", "lost", "spoiled")
        return replace(self, **{name: replace(getattr(self, name)) for name in names})


@dataclass(frozen=True, slots=True)
class View:
    """One server as a person, a display or a manifest sees it; times in seconds."""

    name: str
    state: str
    """ready, busy (it asked to be left alone), aside or leaving."""
    why: str
    """Why it is aside, or the last error it gave."""
    back_in_s: float | None
    """Until it is tried again, where it is aside or busy."""
    in_flight: int
    limit: int
    """Requests it may be given at once."""
    done: int
    refused: int
    failed: int
    """Tries that failed on it."""
    withdrawn: int
    asides: int
    """Times it was set aside."""
    tokens: int
    tokens_per_s: float
    """Of completions, over the time that it had any request."""
    waiting: float | None
    """Requests in its own queue, where its metrics tell."""
    kv: float | None
    """Its KV-cache use, 0 to 1."""
    faults: dict[str, int]
    """What spoke against its answers, by reason."""


@dataclass(eq=False, slots=True)
class Server:
    """Everything about one server; the loop's thread alone changes it. Times are those of the loop."""

    name: str
    backend: Backend
    limit: Limit
    speed: Speed
    faults: Faults = field(default_factory=Faults)
    outstanding: int = 0
    attempts: set[asyncio.Timeout] = field(default_factory=set)
    """Each try in flight can be taken back by letting it time out."""
    aside: bool = False
    busy: bool = False
    """It said when to come back; `until` is when."""
    leaving: bool = False
    until: float = 0.0
    why: str = ""
    down: bool = False
    """Looks say that nobody is there, so that the first that says otherwise is worth a try."""
    streak: int = 0
    """Failures since it last answered or was last set aside."""
    relapses: int = 0
    """Times it was set aside since it last answered."""
    cut_at: float = 0.0
    """When its limit was last cut: what began before knows nothing of it."""
    answered: bool = False
    """It has answered at least once."""
    unfit: bool = False
    """Set aside for what it is, so that an answer from before speaks not for it."""
    bans: int = 0
    """Times that its answers were far worse than the others'."""
    bad_looks: int = 0
    honest: bool = True
    """It was never found to answer while its /health said that it was sick, as behind some proxies."""
    made: float | None = None
    """Tokens that its metrics told last."""
    made_aside: float | None = None
    """The same when it was last set aside."""
    moved_at: float = 0.0
    """When it last made a token, answered, or was given something while it had nothing."""
    since: float = 0.0
    active_s: float = 0.0
    done: int = 0
    answers: int = 0
    """Choices of the requests done."""
    refused: int = 0
    failed: int = 0
    withdrawn: int = 0
    asides: int = 0
    tokens: int = 0
    waiting: float | None = None
    kv: float | None = None
    last_error: str = ""
    timer: asyncio.TimerHandle | None = None
    """Ends `busy`."""
    tended: bool = False
    """A task looks after it."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def open(self) -> bool:
        """Whether it may be given a request, as far as its health goes."""
        return not (self.aside or self.busy or self.leaving)

    @property
    def room(self) -> bool:
        return self.outstanding < self.limit.value and not (self.aside or self.busy or self.leaving)

    def enter(self, now: float) -> None:
        """It is given a request."""
        if not self.outstanding:
            self.since = self.moved_at = now
        self.outstanding += 1
        self.speed.step(now, 1)

    def leave(self, now: float) -> None:
        """A request of it has ended, however."""
        self.outstanding -= 1
        self.speed.step(now, -1)
        if not self.outstanding:
            self.active_s += now - self.since

    def tally(self) -> dict[str, int]:
        """What came of its requests so far."""
        return {name: getattr(self, name) for name in TALLY}

    def view(self, now: float) -> View:
        """A picture of it; safe from any thread, torn at worst between two counts."""
        held = self.aside or self.busy
        active = self.active_s + (now - self.since if self.outstanding else 0.0)
        return View(
            name=self.name,
            state="leaving" if self.leaving else "aside" if self.aside else "busy" if self.busy else "ready",
            why=self.why if self.aside else self.last_error,
            back_in_s=max(0.0, self.until - now) if held else None,
            in_flight=self.outstanding,
            limit=self.limit.value,
            done=self.done,
            refused=self.refused,
            failed=self.failed,
            withdrawn=self.withdrawn,
            asides=self.asides,
            tokens=self.tokens,
            tokens_per_s=self.tokens / active if active > 0 else 0.0,
            waiting=self.waiting,
            kv=self.kv,
            faults=dict(self.faults.told),
        )


def summary(role: str, views: Sequence[View]) -> str:
    """How the servers of a role stand, on one line; nothing of a single one that is as it should be."""
    away = [view for view in views if view.state in ("aside", "leaving")]
    if len(views) == 1 and not away:
        return ""
    flying = sum(view.in_flight for view in views)
    words = f"{len(views) - len(away)} of {len(views)} {role} servers, {flying} in flight"
    why = next((f": {view.why}" for view in reversed(away) if view.state == "aside"), "")
    return f"{words}{why[:WHY]}"
