"""The flow of the verifiable lane: `flows.verifiable.verifiable`."""

from prefect import flow

from datapipe.config import RunConfig
from flows.lanes import RUNNER, run_lanes


@flow(
    name="verifiable",
    flow_run_name="{config.name}",
    task_runner=RUNNER,
    persist_result=False,
    retries=0,
)
def verifiable(config: RunConfig) -> str:
    """Take the verifiable lane of a run as far as `diversify`; returns the run's folder."""
    return run_lanes(config, ["verifiable"])
