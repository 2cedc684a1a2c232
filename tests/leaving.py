"""Processes that leave: whether one is still there, told at any moment of its going."""

import psutil


def ended(process: psutil.Process) -> bool:
    """Whether it is gone, or all that is left of it is its status, which its parent has not asked for yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
