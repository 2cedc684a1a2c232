"""The rows that say what the verdicts of a question come to: ratings, clusters of answers, suspicions."""

from schemas.base import Lane, Row, Suspicion, Tier


class Rating(Row):
    """How one policy does on one question, over its `rate` draws."""

    lane: Lane
    question_id: str
    policy_id: str
    reference_id: str | None = None
    n: int
    passes: int
    fails: int
    informative: int
    infra: int
    coverage: float
    """Scored over n."""
    rate: float | None = None
    """Passes over scored; None where nothing is scored."""
    low: float
    """Passes over n: informative and infra taken as fails."""
    high: float
    """Informative and infra taken as passes."""
    interval_low: float
    interval_high: float
    """Equal-tailed 95 % Beta interval of the rate, Jeffreys prior."""
    pass_at_1: float | None = None
    pass_at_2: float | None = None
    pass_at_4: float | None = None
    pass_at_8: float | None = None
    """Unbiased estimate over scored answers; None where fewer than k are scored."""
    tier: Tier
    mass_unsolved: float
    mass_hard: float
    mass_medium: float
    mass_easy: float
    mass_trivial: float
    """Posterior mass per tier; the five sum to 1."""
    complexity: float | None = None
    majority_share: float | None = None
    """Largest cluster over scored answers, where there is no gold over those with a final answer; None where
    answers of which no text is known may be a larger one."""
    guess_floor: float | None = None
    """The pass rate of who knows nothing of the question."""
    false_pass: float | None = None
    """The share of wrong answers that the verifier was taken to pass."""
    solved_mass: float | None = None
    """P(pass rate > guess_floor + false_pass)."""
    estimate: float | None = None
    """Unbiased for the pass rate though the number of draws depended on what came (Girshick, Mosteller and
    Savage 1946); the same as `rate` where it did not. None where nothing is scored."""
    first_n: int | None = None
    """Draws that were asked whatever came: pass@k is over these alone."""
    rounds: int | None = None
    stopped: str | None = None
    """Why no more was asked."""
    duplicates: int | None = None
    """Draws that are not counted, since they repeat the thinking of another."""


class Cluster(Row):
    """Final answers of one policy that its verifier holds to be the same one."""

    lane: Lane
    question_id: str
    policy_id: str
    cluster: int
    """Number within the question, the same for every policy; 0 has the most answers of all."""
    answer: str
    """The commonest text of the cluster; empty where none is known, as of programs."""
    gold: bool
    """These are the answers that passed."""
    count: int
    share: float
    """Of the scored answers; where there is no gold, of those with a final answer."""


class Suspect(Row):
    """A question whose answers speak against its reference, and what became of the suspicion."""

    lane: Lane
    question_id: str
    policy_id: str
    reference_id: str | None = None
    label: Suspicion
    reason: str
    gold: str
    majority: str
    """The largest other cluster's commonest text, or what answers without a verdict say."""
    scored: int
    gold_count: int
    majority_count: int
    probability: float
    """P(the majority is likelier than the gold), of this policy."""
    second: str | None = None
    """The model of another family with the clearest word on it."""
    second_gold: int | None = None
    second_majority: int | None = None
    second_probability: float | None = None
