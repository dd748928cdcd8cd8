"""The wav2vec 2.0 family for ECGs, as in W2V + CMSC + RLM and MELP: a convolutional stem, then a transformer."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ecg_text.models.sizes import EcgEncoderSizes
from ecg_text.nn.conv_stem import ConvStem
from ecg_text.nn.gradient import scale_gradient
from ecg_text.nn.positions import ConvPositions
from ecg_text.nn.transformer import PostNormBlock
from ecg_text.signal.beats.tokens import TokenGrid

# Standard deviation of a lead of a band-passed ECG. The group norm of the stem removes gain and offset of a recording,
# so millivolts serve as well as the 0..1 that MELP scales each recording to, and no scale could be learned. The
# constant only keeps the norm's epsilon small: channels of slow differences have variances near it in mV squared.
TYPICAL_MV = 0.2


class ConvTransformer(nn.Module):
    """ECG -> tokens at rate / 2^len(widths), by a stem (nn/conv_stem.py), convolutional positions and a trunk.

    Oh et al., 2022 ("Lead-agnostic self-supervised learning"); Baevski et al., 2020, section 2. An absent lead is a
    zeroed one: random lead masking trains for that. The trunk sees how leads and waves compare in size; the gain of
    the recording as a whole it does not see.
    """

    def __init__(self, config: EcgEncoderSizes) -> None:
        super().__init__()
        width = config.trunk_width
        self.width = width
        self.feature_width = config.widths[-1]
        self.feature_gradient = config.feature_gradient
        self.stem = ConvStem(len(config.leads), tuple(config.widths), config.kernel)
        self.feature_norm = nn.LayerNorm(self.feature_width)
        self.projection = nn.Linear(self.feature_width, width)
        self.mask_vector = nn.Parameter(torch.empty(width).uniform_())
        self.positions = ConvPositions(width, config.position_kernel, config.position_groups)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(
            PostNormBlock(width, config.num_heads, config.dropout, config.expansion) for _ in range(config.num_layers)
        )
        self._is_checkpointed = False

    def forward(
        self, ecg: Tensor, lead_mask: Tensor, time_mask: Tensor, masked: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """ECGs in mV (B, C, T), (B, C), (B, T), tokens to hide (B, N) -> tokens (B, N, W), token mask (B, N).

        A token is real where all of its samples are. Raises SignalError for an ECG that is shorter than one token.
        """
        features, mask = self.features(ecg, lead_mask, time_mask)
        return self.contextualise(features, mask, masked), mask

    def convolve(self, ecg: Tensor, lead_mask: Tensor, time_mask: Tensor) -> tuple[Tensor, Tensor]:
        """The stem's bare outputs, which wav2vec penalises: (B, C, T), (B, C), (B, T) -> (B, N, F), (B, N)."""
        is_there = lead_mask.unsqueeze(2) & time_mask.unsqueeze(1)
        x, mask = self.stem(ecg.masked_fill(~is_there, 0) / TYPICAL_MV, time_mask)
        return (scale_gradient(x, self.feature_gradient) if self.training else x), mask

    def features(self, ecg: Tensor, lead_mask: Tensor, time_mask: Tensor) -> tuple[Tensor, Tensor]:
        """The stem's outputs normalised, which wav2vec quantises: (B, C, T), (B, C), (B, T) -> (B, N, F), (B, N)."""
        x, mask = self.convolve(ecg, lead_mask, time_mask)
        return self.feature_norm(x), mask

    def contextualise(self, features: Tensor, mask: Tensor, masked: Tensor | None = None) -> Tensor:
        """What the trunk makes of features: (B, N, F), (B, N), tokens to hide (B, N) -> (B, N, W).

        A hidden token is replaced by the mask vector before positions are told, and so is seen by nothing.
        """
        tokens = self.dropout(self.projection(features))
        # Without any to hide, too: a weight that takes no part would stall training on several processes.
        hidden = torch.zeros_like(mask) if masked is None else masked
        tokens = torch.where(hidden.unsqueeze(-1), self.mask_vector.to(tokens.dtype), tokens)
        tokens = self.dropout(self.norm(tokens + self.positions(tokens, mask)))
        for layer in self.layers:
            if self._is_checkpointed and torch.is_grad_enabled():
                tokens = cast(Tensor, checkpoint(layer, tokens, mask, use_reentrant=False))
            else:
                tokens = layer(tokens, mask)
        return tokens

    def checkpoint_activations(self, is_on: bool = True) -> None:
        """Keep only each layer's input for the backward pass, and compute the rest again (Chen et al., 2016)."""
        self._is_checkpointed = is_on

    def token_grid(self, num_samples: int) -> TokenGrid:
        """Where the tokens of num_samples stand: each in the middle of the samples it reads. Raises SignalError."""
        return TokenGrid(
            num_tokens=self.stem.num_tokens(num_samples),
            samples_per_token=Fraction(self.stem.samples_per_token),
            first_centre=Fraction(self.stem.reach - 1, 2),
        )
