"""Which servers are fit to be asked: judged by their results, by looking at them, and by their progress."""

from collections.abc import Callable
from random import uniform

from datapipe.backends.base import Transient, Unfit
from datapipe.server_faults import fade, far_above
from datapipe.server_fleet import Fleet
from datapipe.server_poll import Look
from datapipe.server_settings import EndpointSettings
from datapipe.server_state import Server

LOOKS = 2
"""Bad looks in a row that are believed."""
LONGEST = 4
"""Doublings of the time that a server is set aside."""
AGAIN_S = 1.0
"""The first of these times, at least, where no other server is left."""
BANS = 6
"""More of them for one whose answers are broken time and again."""


UNAVAILABLE = 503
"""The status of a server that is not there, or of one that is full."""


class Health:
    """Sets servers aside and takes them back. On the loop's thread; `now` is the loop's time, `changed` is
    called after the state of a server has changed, `say` tells a person."""

    def __init__(
        self,
        settings: EndpointSettings,
        fleet: Fleet,
        now: Callable[[], float],
        changed: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.settings, self.fleet = settings, fleet
        self._now, self._changed, self._say = now, changed, say

    def answered(self, server: Server, tokens: int | None, choices: int = 1) -> None:
        """It answered a request. One set aside for its failures is back with that."""
        server.moved_at = self._now()
        server.streak = server.relapses = 0
        server.done += 1
        server.tokens += tokens or 0
        server.answered = True
        server.answers += choices
        server.faults.answers += choices
        server.speed.done(tokens)
        server.limit.answered()
        if server.aside and not server.unfit:
            self.reopen(server)

    def refused(self, server: Server) -> None:
        """It was right to refuse, and is there."""
        server.moved_at = self._now()
        server.streak = 0
        server.refused += 1
        server.answered = True

    def struck(self, server: Server, error: Transient, began: float, asides: int) -> None:
        """It failed a request that began when it had been set aside so many times."""
        now = self._now()
        server.failed += 1
        server.last_error = str(error)
        if error.retry_after is not None:
            self._full(server, error.retry_after, began, now)
            # A page that says when maintenance ends is no server that is full.
            if error.status != UNAVAILABLE:
                return
        # One death fails all that were in flight: they are one piece of news.
        if not server.aside and server.asides == asides:
            server.streak += 1
            server.faults.answers += 1
            server.faults.faults += 1
            if isinstance(error, Unfit) or server.relapses or server.streak >= self.settings.strikes:
                server.unfit = isinstance(error, Unfit)
                self.set_aside(server, str(error))
            else:
                self._compare(server, "fails far more often")

    def seen(self, server: Server, look: Look) -> None:
        """What a look from outside found."""
        now = self._now()
        bad = look.health == "gone" or (look.health == "sick" and server.honest)
        server.bad_looks = server.bad_looks + 1 if bad else 0
        if look.load is not None:
            server.waiting, server.kv = look.load.waiting, look.load.kv
            if look.load.tokens is not None and look.load.tokens != server.made:
                server.made, server.moved_at = look.load.tokens, now
        if look.health == "well" and (look.load is None or look.load.tokens is None):
            server.made = None  # nothing tells of its tokens any more
        if look.load is not None or look.health in ("well", "silent"):
            before = server.limit.value
            server.limit.told(look.load, server.outstanding)
            if server.limit.value > before:
                self._changed()
        if server.bad_looks >= LOOKS and not server.down:
            server.down = True
            self.set_aside(server, look.said, withdraw=True)
        elif server.attempts and server.made is not None and now - server.moved_at >= self.settings.stall_s:
            server.moved_at = now
            waited = f"{self.settings.stall_s:g} s"
            self.set_aside(server, f"{server.outstanding} requests and no token in {waited}", withdraw=True)

    def blame(self, name: str, reason: str) -> None:
        """Something is wrong with an answer of a server."""
        if (server := self.fleet.servers.get(name)) is not None:
            server.faults.faults += 1
            server.faults.told[reason] += 1
            self._compare(server, f"answers far worse ({server.faults.often()})")

    def set_aside(self, server: Server, why: str, *, withdraw: bool = False) -> None:
        """Give it nothing for a while, longer each time; with `withdraw`, take back what it has."""
        doublings = min(server.relapses, LONGEST)
        wait = self.settings.aside_s * 2.0 ** (doublings + min(server.bans, BANS))
        server.aside, server.busy, server.why = True, False, why
        if self.fleet.down():
            # Nobody else is there, so whoever is back first is found soon.
            wait = min(wait, max(self.settings.backoff_s, AGAIN_S) * 2.0**doublings)
            for other in self.fleet.servers.values():
                other.until = min(other.until, self._now() + wait)
        server.until = self._now() + wait
        server.asides += 1
        server.relapses += 1
        server.streak = 0
        server.made_aside = server.made
        if withdraw:
            self.withdraw(server)
        self._say(f"{server.name} is set aside for {wait:g} s: {why}")
        self._changed()

    def withdraw(self, server: Server) -> None:
        """Let every try on it time out now; who waits for one asks another server."""
        for attempt in server.attempts:
            if not attempt.expired():
                attempt.reschedule(self._now())

    def reopen(self, server: Server) -> None:
        """It is there again, and is given a little at first."""
        server.aside = server.busy = server.down = server.unfit = False
        server.bad_looks = 0
        server.answered = True
        server.moved_at = self._now()
        server.limit.back()
        server.speed.forget()
        self._say(f"{server.name} answers again")
        self._changed()

    def rested(self, server: Server) -> None:
        """The time that it asked for is over."""
        if server.busy:
            server.busy = False
            self._changed()

    def _full(self, server: Server, wait: float, began: float, now: float) -> None:
        """A server that says when to come back is full, not broken."""
        if began >= server.cut_at:
            server.limit.full(server.outstanding)
            server.cut_at = now
        if not server.aside:
            # Jittered, so that those who were turned away together do not return together.
            wait = min(max(wait, self.settings.backoff_s), self.settings.retry_after_max_s) * uniform(
                1.0, 1.1
            )
            server.until = max(server.until, now + wait) if server.busy else now + wait
            server.busy = True
            self._changed()

    def _compare(self, server: Server, what: str) -> None:
        """Set it aside where it is far worse than the others, if there are others."""
        others = [other for other in self.fleet.open if other is not server]
        if server.aside or not far_above(server.faults, [other.faults for other in others]):
            fade([each.faults for each in self.fleet.servers.values()])
            return
        share = server.faults.faults / max(server.faults.answers, 1.0)
        server.faults.forget(0.0)
        server.unfit, server.relapses = True, LONGEST
        why = f"it {what} than the others, {share:.0%} of the last times"
        self.set_aside(server, why, withdraw=True)
        server.bans += 1
