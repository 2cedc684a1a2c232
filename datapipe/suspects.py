"""References under suspicion: where another answer is likelier than the one held to be right, and why."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from datapipe.clusters import Clusters, Group, Groups
from datapipe.config import Rate
from datapipe.families import Family, family, strangers
from datapipe.golds import gold_texts, spoken
from datapipe.posterior import beta_cdf
from datapipe.same import Comparisons, Pair
from judges.pairs import LOOSE
from schemas.base import Suspicion
from schemas.references import Reference, load_reference
from schemas.rows import Question, Suspect

LEAST_SCORED = 8
"""With fewer scored answers of a policy nothing is said."""
LEAST_SHARE = 0.3
"""A majority with no more than this share of the scored answers is none."""
_TEXTS = 3
"""Texts of each side that are looked at for the same answer in another dress."""
_NOBODY = Group(False, Counter(), Counter())


@dataclass(frozen=True, slots=True)
class Count:
    """What one policy gives the gold and the majority."""

    policy: str
    gold: int
    majority: int
    most: int
    """Its largest cluster but the gold's, whichever that is."""

    @property
    def probability(self) -> float:
        return doubt(self.gold, self.majority)

    def agrees(self, level: float) -> bool:
        """Whether the majority is this policy's own, too, and likelier than the gold."""
        return self.majority == self.most > 0 and self.probability >= level


@dataclass(frozen=True, slots=True)
class Case:
    """A question that one policy's answers speak against."""

    question: Question
    count: Count
    scored: int
    majority: Group
    golds: tuple[str, ...]
    others: tuple[Count, ...]
    """Policies of other families that answered."""
    unscored: int = 0
    """Answers without a verdict that are the majority: they put the verifier in dispute, or say nothing."""

    @property
    def reference(self) -> Reference | None:
        return None if self.question.reference is None else load_reference(self.question.reference)

    def dresses(self) -> list[Pair]:
        """Pairs of texts, one held to be right and one of the majority, that may be the same answer."""
        said = [spoken(self.reference, text) for text in self.majority.whole_texts(_TEXTS)]
        return [Pair(*each) for each in product(self.golds, said)]


def doubt(gold: int, other: int) -> float:
    """P(the other answer is likelier than the gold) given their counts.

    Under a Dirichlet prior of 1/2 a cluster the gold's part of the two is Beta(gold + 1/2, other + 1/2),
    however many other clusters there are.
    """
    return beta_cdf(0.5, gold, other)


def both(one: float, other: float) -> float:
    """P(the other answer is likelier than the gold to both families), if it is to both or to neither."""
    against = (1 - one) * (1 - other)
    return one * other / (one * other + against)


def suspects(
    compare: Comparisons,
    questions: Mapping[str, Question],
    models: Mapping[str, str],
    groups: Groups,
    scored: Mapping[tuple[str, str], int],
) -> list[Suspect]:
    """A row for each question and policy whose reference is suspect, with its label and its evidence.

    `models` are model names by policy, `scored` the passes and fails by question and policy.
    """
    config = compare.ctx.settings.rate
    families = {policy: family(model, config.families) for policy, model in models.items()}
    cases = [
        case
        for (question, policy), n in sorted(scored.items())
        if (found := groups.get(question))
        for case in _cases(config, questions[question], policy, n, found, families)
    ]
    alike = compare.same(LOOSE, (pair for case in cases for pair in case.dresses()))
    return list(_graver(row for case in cases if (row := _suspect(case, alike, models, config))))


def _graver(rows: Iterable[Suspect]) -> Iterable[Suspect]:
    """One row a question and policy; a verifier in dispute goes before what follows from its word."""
    found: dict[tuple[str, str], Suspect] = {}
    for row in rows:
        key = row.question_id, row.policy_id
        if key not in found or row.label == "verifier_dispute":
            found[key] = row
    return found.values()


def _cases(
    config: Rate,
    question: Question,
    policy: str,
    scored: int,
    found: Clusters,
    families: Mapping[str, Family],
) -> Iterator[Case]:
    """The largest other cluster, where it has twice the gold's count and is likelier by the posterior: that
    of this policy alone, or with another family that agrees. Beside it what unscored answers say, where they
    would be such a cluster."""
    others = [each for each in found.groups if not each.gold and each.policies[policy]]
    majority = max(others, key=lambda each: (each.policies[policy], each.policies.total()), default=_NOBODY)
    counts = {each: _count(found, majority, each) for each in families}
    mine = counts.pop(policy)
    others_said = [
        count
        for each, count in sorted(counts.items())
        if strangers(families[each], families[policy]) and (count.gold or count.most)
    ]
    agreeing = [each for each in others_said if mine.agrees(config.agree) and each.agrees(config.agree)]
    sure = max((both(mine.probability, each.probability) for each in agreeing), default=0.0)
    if scored >= LEAST_SCORED and _outnumbers(mine.gold, mine.majority, sure, config):
        yield Case(question, mine, scored, majority, _golds(question, found), tuple(others_said))
    unscored = found.unscored.get(policy, Counter())
    for text, many in unscored.most_common(1):
        if scored + unscored.total() >= LEAST_SCORED and _outnumbers(mine.gold, many, 0.0, config):
            said = Group(False, Counter({text: many}), Counter())
            count = _count(found, said, policy)
            yield Case(question, count, scored, said, _golds(question, found), tuple(others_said), many)


def _outnumbers(gold: int, other: int, sure: float, config: Rate) -> bool:
    return other > 0 and other >= 2 * gold and max(doubt(gold, other), sure) >= config.suspicion


def _count(found: Clusters, majority: Group, policy: str) -> Count:
    return Count(
        policy=policy,
        gold=sum(each.policies[policy] for each in found.groups if each.gold),
        majority=majority.policies[policy],
        most=max((each.policies[policy] for each in found.groups if not each.gold), default=0),
    )


def _golds(question: Question, found: Clusters) -> tuple[str, ...]:
    """What is held to be right: by the reference, and by the verifier."""
    reference = None if question.reference is None else load_reference(question.reference)
    passed = [text for each in found.groups if each.gold for text in each.whole_texts(_TEXTS)]
    return (*gold_texts(reference)[:_TEXTS], *(spoken(reference, text) for text in passed))


def _suspect(case: Case, alike: Container[Pair], models: Mapping[str, str], config: Rate) -> Suspect | None:
    """None where unscored answers do not look like the gold: then they say nothing."""
    label, reason, second = _triage(case, alike, config)
    if case.unscored and label != "verifier_dispute":
        return None
    return Suspect(
        lane=case.question.lane,
        question_id=case.question.question_id,
        policy_id=case.count.policy,
        reference_id=case.question.reference_id,
        label=label,
        reason=reason,
        gold=case.golds[0] if case.golds else "",
        majority=spoken(case.reference, case.majority.answer),
        scored=case.scored,
        gold_count=case.count.gold,
        majority_count=case.count.majority,
        probability=case.count.probability,
        second=models[second.policy] if second else None,
        second_gold=second.gold if second else None,
        second_majority=second.majority if second else None,
        second_probability=second.probability if second else None,
    )


def _triage(case: Case, alike: Container[Pair], config: Rate) -> tuple[Suspicion, str, Count | None]:
    """The label, its reason, and the other policy with the clearest word."""
    second = max(case.others, key=lambda each: abs(each.probability - 0.5), default=None)
    if same := next((each for each in case.dresses() if each in alike), None):
        whose = f", as {case.unscored} answers without a verdict say," if case.unscored else ""
        reason = f"{same.one!r} and {same.other!r}{whose} look the same, but not to the verifier"
        return "verifier_dispute", reason, second
    if case.count.majority <= LEAST_SHARE * case.scored:
        return "ambiguous", f"no answer has more than {LEAST_SHARE:.0%} of {case.scored}", second
    if second is None:
        return "trap_or_hard", "no other model family has answered", None
    # Who speaks against a suspicion must be as sure as who raises it: an answer or two are chance.
    clearest = min(case.others, key=lambda each: each.probability)
    if clearest.probability <= 1 - config.suspicion:
        return "trap_or_hard", "another model family rather gives the reference's answer", clearest
    agreeing = [each for each in case.others if each.agrees(config.agree)]
    if agreeing:
        return "gold_wrong_likely", "another model family prefers the same other answer", agreeing[0]
    if clearest.probability < 0.5:
        return "trap_or_hard", "another model family rather gives the reference's answer", clearest
    return "trap_or_hard", "no other model family clearly prefers the same other answer", second
