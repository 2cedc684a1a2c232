"""The flow of the non-verifiable lane: `flows.non_verifiable.non_verifiable`."""

from prefect import flow

from datapipe.config import RunConfig
from flows.lanes import RUNNER, run_lanes


@flow(
    name="non-verifiable",
    flow_run_name="{config.name}",
    task_runner=RUNNER,
    persist_result=False,
    retries=0,
)
def non_verifiable(config: RunConfig) -> str:
    """Take the non-verifiable lane of a run as far as `diversify`; returns the run's folder."""
    return run_lanes(config, ["non_verifiable"])
