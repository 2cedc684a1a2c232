"""Who answers: the policy of a model in the configuration, and the table of those seen."""

from collections.abc import Iterable

from datapipe.config_models import Model
from datapipe.run import Run, RunFolder, part_name, shard_of
from schemas.ids import canonical, content_id
from schemas.rows import Lane, Policy


def policy_of(lane: Lane, model: Model) -> Policy:
    """The policy that a configured model samples from. max_tokens and servers are no part of it."""
    return make_policy(
        lane, model.model, canonical(model.sampling.model_dump()), model.revision, model.chat_template
    )


def make_policy(
    lane: Lane, model: str, sampling: str, revision: str | None = None, chat_template: str | None = None
) -> Policy:
    """A policy and its id, which is the same in both lanes."""
    identity = content_id("policy", model, revision, chat_template, sampling, None)
    return Policy(
        policy_id=identity,
        lane=lane,
        model=model,
        revision=revision,
        chat_template=chat_template,
        sampling=sampling,
    )


def add_policies(run: Run, lane: Lane, policies: Iterable[Policy]) -> None:
    """Store those that are new, in a part of their own: no policy that an answer names is ever rewritten."""
    known = {policy.policy_id for policy in run.read("policies", Policy, lane)}
    new = sorted({p.policy_id: p for p in policies if p.policy_id not in known}.items())
    if new:
        last = max(map(shard_of, run.parts("policies", lane)), default=-1)
        run.commit("policies", lane, part_name(last + 1), [p for _, p in new])


def models_by_policy(run: RunFolder, lane: Lane) -> dict[str, str]:
    """Model name by policy_id."""
    return {policy.policy_id: policy.model for policy in run.read("policies", Policy, lane)}
