"""How long processes waited for a processor: what tells a busy machine from a sleeping program."""

import os


def longest_wait_s(parent: int) -> float | None:
    """Of all threads of a process's children, the longest wait so far; None where the kernel does not say."""
    if not parent:
        return None
    longest: float | None = None
    for child in _words(f"/proc/{parent}/task/{parent}/children"):
        for thread in _listed(f"/proc/{child}/task"):
            ran, waited, *_ = [*_words(f"/proc/{child}/task/{thread}/schedstat"), "0", "0"]
            if ran != "0":  # all are where the kernel does not count
                longest = max(longest or 0.0, int(waited) / 1e9)
    return longest


def _words(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []
