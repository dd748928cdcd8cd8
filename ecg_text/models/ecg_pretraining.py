"""What wav2vec 2.0 adds to an ECG encoder while it learns without labels: codebooks, and two projections to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ecg_text.errors import ConfigError
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.conv_transformer import ConvTransformer
from ecg_text.nn.quantiser import GumbelQuantiser, Quantised


@dataclass(frozen=True, kw_only=True)
class TargetPlan:
    """The codebooks (num_groups of num_entries), the width of a code, and the width in which predictions are compared.

    dropout is that of the features before they are quantised. Raises ConfigError for an impossible size.
    """

    num_groups: int = 2
    num_entries: int = 320
    code_width: int = 256
    final_width: int = 256
    dropout: float = 0.1

    def __post_init__(self) -> None:
        for name in ("num_groups", "num_entries", "code_width", "final_width"):
            if getattr(self, name) < 1:
                raise ConfigError(f"targets.{name} is {getattr(self, name)}; give a whole number from 1")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"targets.dropout is {self.dropout}; give a number from 0 to below 1")


class Predictions(NamedTuple):
    """tokens (B, N, W) of the trunk; context (B, M, D), which shall find its own among the targets (B, M, D).

    M is the most hidden tokens that a row has; quantised is of these too.
    """

    tokens: Tensor
    context: Tensor
    targets: Tensor
    quantised: Quantised


class Hidden(NamedTuple):
    """The hidden tokens of each row side by side: their places (B, M) among its tokens, and is_there (B, M)."""

    places: Tensor
    is_there: Tensor


def hidden_tokens(masked: Tensor) -> Hidden:
    """(B, N) bool -> Hidden, with M of 1 at least. Three tokens in five are not hidden, and need no target."""
    num = masked.sum(dim=1)
    most = max(1, int(num.max()))
    places = masked.byte().argsort(dim=1, descending=True, stable=True)[:, :most]
    return Hidden(places, torch.arange(most, device=masked.device) < num[:, None])


class EcgPretrainingModel(nn.Module):
    """A conv_transformer with a quantiser and projections (Baevski et al., 2020, section 2; Oh et al., 2022).

    Of the published sizes it has 90,883,072 parameters, 90,374,016 of them in the encoder, which alone is kept. Raises
    ConfigError for another encoder, and for a width that the groups cannot share.
    """

    def __init__(self, config: EcgEncoderConfig, plan: TargetPlan | None = None) -> None:
        super().__init__()
        if config.encoder != "conv_transformer":
            raise ConfigError(f"wav2vec_cmsc trains the encoder conv_transformer, not {config.encoder!r}; choose that")
        plan = TargetPlan() if plan is None else plan
        self.config = config
        self.encoder = ConvTransformer(config)
        self.dropout = nn.Dropout(plan.dropout)
        self.quantiser = GumbelQuantiser(
            self.encoder.feature_width,
            num_groups=plan.num_groups,
            num_entries=plan.num_entries,
            code_width=plan.code_width,
        )
        self.context_head = nn.Linear(self.encoder.width, plan.final_width)
        self.code_head = nn.Linear(plan.code_width, plan.final_width)

    def forward(
        self, features: Tensor, real: Tensor, masked: Tensor, hidden: Hidden, temperature: float
    ) -> Predictions:
        """The encoder's bare features (B, N, F), real tokens (B, N), tokens to hide (B, N), and these as Hidden.

        Targets are made of what is hidden, as it is without; the quantiser's temperature is for its choices. The
        perplexities describe the hidden tokens.
        """
        normed = self.encoder.feature_norm(features)
        unseen = self.dropout(_at(normed, hidden.places))
        quantised = self.quantiser(unseen, hidden.is_there, temperature)
        tokens = self.encoder.contextualise(normed, real, masked)
        context = self.context_head(_at(tokens, hidden.places))
        return Predictions(tokens, context, self.code_head(quantised.codes), quantised)


def _at(x: Tensor, places: Tensor) -> Tensor:
    """(B, N, D), (B, M) -> (B, M, D)."""
    return x.gather(1, places.unsqueeze(-1).expand(-1, -1, x.shape[2]))
