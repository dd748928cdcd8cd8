"""An ECG encoder that tells labels: its tokens are pooled, and a linear layer gives a logit for each label."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.ecg_encoders import build_ecg_encoder
from ecg_text.nn.pooling import masked_max, masked_mean


class EcgClassifier(nn.Module):
    """Mean and largest value of the tokens beside each other, dropout, and a linear layer.

    Both, because a finding may be in every beat or in one (Strodthoff et al., 2020, pool their networks so).
    """

    def __init__(self, config: EcgEncoderConfig, num_labels: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.encoder: nn.Module = build_ecg_encoder(config)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * int(self.encoder.width), num_labels)

    def forward(self, ecg: Tensor, lead_mask: Tensor, time_mask: Tensor) -> Tensor:
        """(B, C, T), (B, C), (B, T) -> logits (B, K)."""
        tokens, mask = self.encoder(ecg, lead_mask, time_mask)
        pooled = torch.cat([masked_mean(tokens, mask), masked_max(tokens, mask)], dim=-1)
        logits: Tensor = self.head(self.dropout(pooled))
        return logits
