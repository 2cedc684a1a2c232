"""Final answers of each question by what they say: clusters of what its verifier holds to be the same one."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from datapipe.same import Comparisons, Pair, has_same, manner
from judges.base import REASON_CHARS
from judges.pairs import same_check
from schemas.references import NoGoldReference, Reference
from schemas.rows import Cluster, Lane, Outcome

MOST_TEXTS = 12
"""The commonest distinct texts of a question that are compared with each other, so at most 66 pairs."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer to a question as its verifier read it."""

    question: str
    policy: str
    outcome: Outcome
    text: str | None
    """The final answer; None where the verifier found, or tells, none."""


@dataclass(frozen=True, slots=True)
class Group:
    """One cluster of a question: its texts by count, all policies together, and its answers by policy."""

    gold: bool
    texts: Counter[str]
    """Without the answers that passed and of which no text is told."""
    policies: Counter[str]

    @property
    def answer(self) -> str:
        """The commonest text; empty where none is told, as of programs."""
        return self.texts.most_common(1)[0][0] if self.texts else ""

    def whole_texts(self, most: int) -> list[str]:
        """So many of the commonest texts, without those that were cut."""
        return [text for text, _ in self.texts.most_common() if _whole(text)][:most]


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of one question, the largest first, and what stands beside them."""

    groups: Sequence[Group]
    totals: Counter[str]
    """What shares are of, by policy: scored answers; where there is no gold, those with a final answer."""
    unscored: Mapping[str, Counter[str]]
    """By policy, final answers that neither pass nor fail: they speak of the verifier and are in no count."""

    def majority(self, policy: str) -> float | None:
        """Share of a policy's largest cluster; None where answers without a text may be a larger one."""
        counts = [each.policies[policy] for each in self.groups]
        most, total = max(counts, default=0), self.totals[policy]
        return most / total if most and total - sum(counts) <= most else None


Groups = Mapping[str, Clusters]
"""The clusters of each question."""


def group(compare: Comparisons, references: Mapping[str, Reference], said: Iterable[Said]) -> Groups:
    """Cluster the answers to each question that has a reference.

    Answers that passed are one cluster, whatever they read. Those that failed are clustered by text, then the
    commonest texts by the verifier's `same` under the reference's own comparison, each joining the first
    larger cluster that it equals. Where there is no gold, all that say something are clustered so.
    """
    asked: dict[str, list[Said]] = defaultdict(list)
    for each in said:
        asked[each.question].append(each)
    counted = {question: list(_counted(references[question], mine)) for question, mine in asked.items()}
    equal = _equal(compare, references, counted)
    return {
        question: Clusters(
            _grouped(counted[question], equal.get(question, set())),
            Counter(each.policy for each in counted[question]),
            _unscored(references[question], mine),
        )
        for question, mine in asked.items()
    }


def rows(lane: Lane, groups: Groups) -> list[Cluster]:
    """The clusters as rows, one a policy that has answers in it."""
    return [
        _row(lane, question, number, each, policy, found.totals[policy])
        for question, found in sorted(groups.items())
        for number, each in enumerate(found.groups)
        for policy in sorted(each.policies)
    ]


def _row(lane: Lane, question: str, number: int, of: Group, policy: str, total: int) -> Cluster:
    count = of.policies[policy]
    assert 0 < count <= total, "a cluster is made of what its share is of"
    return Cluster(
        lane=lane,
        question_id=question,
        policy_id=policy,
        cluster=number,
        answer=of.answer,
        gold=of.gold,
        count=count,
        share=count / total,
    )


def _counted(reference: Reference, mine: Iterable[Said]) -> Iterator[Said]:
    no_gold = isinstance(reference, NoGoldReference)
    return (each for each in mine if (each.text if no_gold else each.outcome != "unscored"))


def _unscored(reference: Reference, mine: Iterable[Said]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for each in mine:
        if each.text and each.outcome == "unscored" and not isinstance(reference, NoGoldReference):
            found[each.policy][each.text] += 1
    return dict(found)


def _whole(text: str) -> bool:
    return len(text) < REASON_CHARS


def _one(text: str | None) -> str | None:
    """A text that stands for one answer: versions before 2 cut long ones without a hash of the whole."""
    return None if not text or (not _whole(text) and text.endswith("…")) else text


def _other_texts(mine: Iterable[Said]) -> list[str]:
    """Distinct texts of answers that did not pass, the commonest first."""
    count = Counter(text for each in mine if each.outcome != "pass" and (text := _one(each.text)))
    return [text for text, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))]


def _equal(
    compare: Comparisons, references: Mapping[str, Reference], counted: Mapping[str, list[Said]]
) -> dict[str, set[tuple[str, str]]]:
    """By question the pairs of texts that are the same one: one batch a verifier."""
    owed: dict[str, dict[str, list[Pair]]] = defaultdict(dict)
    for question, mine in counted.items():
        reference = references[question]
        if has_same(compare.ctx, reference.type):
            texts = [text for text in _other_texts(mine) if _whole(text)][:MOST_TEXTS]
            how = manner(reference)
            owed[reference.type][question] = [Pair(*each, how) for each in combinations(texts, 2)]
    found: dict[str, set[tuple[str, str]]] = {}
    for kind, asked in sorted(owed.items()):
        same = compare.same(same_check(kind), (pair for pairs in asked.values() for pair in pairs))
        for question, pairs in asked.items():
            found[question] = {(pair.one, pair.other) for pair in pairs if pair in same}
    return found


def _grouped(mine: Sequence[Said], equal: set[tuple[str, str]]) -> list[Group]:
    gold = Group(True, Counter(), Counter())
    groups: list[Group] = []
    place: dict[str, Group] = {}
    for text in _other_texts(mine):
        known = next((each for each in groups if (next(iter(each.texts)), text) in equal), None)
        if known is None:
            groups.append(known := Group(False, Counter(), Counter()))
        place[text] = known
        known.texts[text] = 0
    for each in mine:
        into = gold if each.outcome == "pass" else place.get(_one(each.text) or "")
        if into is not None:
            into.policies[each.policy] += 1
            into.texts.update([each.text] if each.text else [])
    found = [each for each in (gold, *groups) if each.policies]
    return sorted(found, key=lambda each: (-each.policies.total(), not each.gold, each.answer))
