"""Sigmoid top-k routing, MiniMax-M2's, on vLLM's CPU backend."""

from functools import wraps
from typing import Any

from vllm.model_executor.layers.fused_moe.router.cpu_router import CPURouter
from vllm.platforms import current_platform


def register() -> None:
    """Teach the CPU router ungrouped sigmoid scores; vLLM calls this once or more in each of its processes.

    The router knows sigmoid scores with an expert bias only for grouped routing, and asserts softmax for the
    rest, at the first request. One group of all experts, always chosen, is ungrouped routing.
    """
    if current_platform.is_cpu() and not hasattr(CPURouter.__init__, "__wrapped__"):
        CPURouter.__init__ = one_group_for_sigmoid(CPURouter.__init__)


def one_group_for_sigmoid(initialise: Any) -> Any:
    """The router's `__init__`, which puts all experts in one group where scores are an ungrouped sigmoid."""

    @wraps(initialise)
    def wrapped(router: Any, *args: Any, **kwargs: Any) -> None:
        initialise(router, *args, **kwargs)
        grouped = router.use_grouped_topk or router.custom_routing_function is not None
        if router.scoring_func == "sigmoid" and not grouped:
            router.use_grouped_topk, router.num_expert_group, router.topk_group = True, 1, 1

    return wrapped
