"""The flow of both lanes: `flows.synthesize.synthesize`."""

from prefect import flow

from datapipe.config import RunConfig
from flows.lanes import RUNNER, run_and_publish


@flow(
    name="synthesize",
    flow_run_name="{config.name}",
    task_runner=RUNNER,
    persist_result=False,
    retries=0,
)
def synthesize(config: RunConfig) -> str:
    """Take every lane of a run to one published version; returns the version's folder."""
    return run_and_publish(config)
