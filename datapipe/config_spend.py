"""How many answers a question gets, and what they may cost."""

from typing import Self

from pydantic import Field, model_validator

from datapipe.config_models import Section
from schemas.base import TIERS, Tier


class Spend(Section):
    """How many answers a question gets. Without `rounds`, `generate.n` of each."""

    share: float = Field(1.0, gt=0, le=1)
    """Ask only this share of the questions, by hash: a pilot, which a run of a larger share goes on from."""
    rounds: bool = False
    """Ask in rounds, and no more of a question once a tier holds `mass`."""
    first: int = Field(8, ge=1)
    """Draws of every question, whatever comes: pass@k is over these alone."""
    step: int = Field(4, ge=1)
    """Draws of each round after the first."""
    most: int = Field(16, ge=1)
    """Draws at which a question is left as it is; if below 8, also one with none or all right."""
    hard: int = Field(32, ge=1)
    """The same of a question that was never right, while the hard tier is short."""
    mass: float = Field(0.9, gt=0.5, lt=1)
    """Posterior mass of one tier from which no more is asked."""
    harvest: int = Field(0, ge=0)
    """Most draws a question beyond its rate, for right answers where `target` still lacks them."""
    target: dict[Tier, int] = Field(default_factory=dict)
    """Samples wanted by tier; a tier that has them is asked no more, one not named never has. They are those
    of all questions: of a share of these a harvest draws for the same share of them."""
    budget: int | None = Field(None, ge=1)
    """Tokens that may be generated; what is in flight when they are spent still comes."""
    price_in: float | None = Field(None, ge=0)
    price_out: float | None = Field(None, ge=0)
    """Money per million tokens read and generated."""
    currency: str = Field("USD", pattern=r"^[A-Za-z]{1,8}$")
    gpus: float | None = Field(None, gt=0)
    """GPUs behind each server of `[generate]`: with it, GPU-hours are told beside tokens."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.first <= self.most <= self.hard:
            raise ValueError(f"first, most and hard must rise: {self.first}, {self.most}, {self.hard}")
        for tier, wanted in self.target.items():
            if tier not in TIERS or wanted < 0:
                raise ValueError(f"target.{tier} = {wanted}: a number from 0 for one of {', '.join(TIERS)}")
        return self
