"""Which questions are asked where a share of them is: by hash, so that a larger share holds a smaller one."""

from schemas.ids import draw


def in_share(share: float, seed: int, question_id: str) -> bool:
    """Whether a question is among the `share` (0 to 1) that a run of this seed asks."""
    return share >= 1 or draw("share", seed, question_id) < share
