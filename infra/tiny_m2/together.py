"""Processes that train one model together: each takes a part of a batch and they average gradients."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import distributed, multiprocessing, nn


def launch(work: Callable[[int, int], None], processes: int) -> None:
    """Run `work(rank, processes)` in that many processes, one thread each, over the loopback device."""
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    with tempfile.TemporaryDirectory() as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        multiprocessing.spawn(_join, (processes, meeting, work), nprocs=processes)


def _join(rank: int, processes: int, meeting: str, work: Callable[[int, int], None]) -> None:
    # Two threads on two busy cores wait for each other at every product; two processes once a step.
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=processes)
    work(rank, processes)
    distributed.destroy_process_group()


def average_gradients(net: nn.Module) -> None:
    """Replace every gradient by its mean over the processes."""
    grads = [p.grad for p in net.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for g, part in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
        g.copy_(part.view_as(g))
