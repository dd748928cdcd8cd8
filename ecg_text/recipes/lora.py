"""Low-rank adapters of an encoder, of texts or of ECGs, as a run asks for them."""

from __future__ import annotations

from dataclasses import dataclass

from ecg_text.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class LoraPlan:
    """Low-rank adapters in place of all weights, where rank is above 0; merged into the weights at saving."""

    rank: int = 0
    alpha: float = 32.0
    dropout: float = 0.05

    def __post_init__(self) -> None:
        if self.rank < 0 or self.alpha <= 0 or not 0 <= self.dropout < 1:
            raise ConfigError(
                f"lora.rank is {self.rank}, alpha {self.alpha} and dropout {self.dropout}; give at least 0 (off), "
                "above 0, and a fraction below 1"
            )
