"""EcgTextModel: an ECG encoder and a text encoder that meet in one space of unit vectors."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, PreTrainedModel

from ecg_text.errors import CheckpointError
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.ecg_encoders import build_ecg_encoder
from ecg_text.models.outputs import EcgFeatures, TextFeatures
from ecg_text.nn.pooling import AttentionPool, masked_mean, segment_means

_TEXTS_AT_ONCE = 16


class ProjectionHead(nn.Module):
    """Two layers with a GELU between them, onto the unit sphere."""

    def __init__(self, in_width: int, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(in_width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., W) -> (..., D) of unit length."""
        return F.normalize(self.out(F.gelu(self.hidden(x))), dim=-1)


class EcgTextModel(PreTrainedModel):
    """The two towers. Its ECG input is what EcgTextProcessor makes: (B, C, T) with a lead and a time mask."""

    config: EcgTextConfig
    config_class = EcgTextConfig
    base_model_prefix = "ecg_text"
    main_input_name = "ecg"
    input_modalities = ["ecg", "text"]  # noqa: RUF012 - transformers wants a list
    _supports_sdpa = True

    def __init__(self, config: EcgTextConfig, text_encoder: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        ecg_config = cast(EcgEncoderConfig, config.ecg_config)
        self.ecg_encoder = build_ecg_encoder(ecg_config)
        width = self.ecg_encoder.width
        self.ecg_pool = AttentionPool(width, ecg_config.num_heads)
        self.ecg_head = ProjectionHead(2 * width, config.embedding_width)
        text_encoder = AutoModel.from_config(config.text_config) if text_encoder is None else text_encoder
        if getattr(text_encoder, "pooler", None) is not None:
            text_encoder.pooler = None  # texts are pooled by their mean; weights that never learn are not carried along
        self.text_encoder = text_encoder
        self.text_head = ProjectionHead(text_encoder.config.hidden_size, config.embedding_width)
        self.log_scale = nn.Parameter(torch.tensor(math.log(config.initial_scale)))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Every part of ours initialises itself where it is made; the text encoder has its own rule."""

    @property
    def scale(self) -> Tensor:
        """The learned multiplier of similarities, at most max_scale: ()."""
        return self.log_scale.clamp(max=math.log(self.config.max_scale)).exp()

    def encode_ecg(self, ecg: Tensor, lead_mask: Tensor | None = None, time_mask: Tensor | None = None) -> EcgFeatures:
        """Encode ECGs: (B, C, T), (B, C), (B, T) -> EcgFeatures; a mask left out means that all is there."""
        batch, leads, samples = ecg.shape
        lead_mask = ecg.new_ones(batch, leads, dtype=torch.bool) if lead_mask is None else lead_mask
        time_mask = ecg.new_ones(batch, samples, dtype=torch.bool) if time_mask is None else time_mask
        tokens, mask = self.ecg_encoder(ecg, lead_mask, time_mask)
        summary = torch.cat([self.ecg_pool(tokens, mask)[:, 0], masked_mean(tokens, mask)], dim=-1)
        return EcgFeatures(pooled=self.ecg_head(summary), tokens=tokens, token_mask=mask)

    def encode_text(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, sentence: Tensor | None = None
    ) -> TextFeatures:
        """Encode texts: word pieces (R, L), mask (R, L), sentence numbers (R, L) -> TextFeatures.

        sentence holds -1 for a word piece of no sentence; left out, no features of sentences are computed.
        """
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        words = self.text_encoder(input_ids=input_ids, attention_mask=mask).last_hidden_state
        pooled = self.text_head(masked_mean(words, mask))
        if sentence is None:
            return TextFeatures(pooled=pooled, words=words)
        means, exists = segment_means(words, sentence, max(1, int(sentence.max()) + 1))
        sentences = self.text_head(means) * exists.unsqueeze(-1)
        return TextFeatures(pooled=pooled, words=words, sentences=sentences, sentence_mask=exists)

    def pool_texts(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The pooled vectors of many texts, no more: word pieces (R, L), mask (R, L), padded at the end -> (R, D).

        On a CPU they are encoded a few of like length at a time: in a batch of reports and single findings, more than
        half of the word pieces are padding.
        """
        lengths = attention_mask.sum(dim=1)
        order = torch.argsort(lengths, stable=True)
        parts = order.split(_TEXTS_AT_ONCE if input_ids.device.type == "cpu" else len(order))
        pooled = []
        for rows in parts:
            longest = max(1, int(lengths[rows[-1]]))
            pooled.append(self.encode_text(input_ids[rows, :longest], attention_mask[rows, :longest]).pooled)
        return torch.cat(pooled)[torch.argsort(order)]

    def forward(
        self,
        ecg: Tensor,
        input_ids: Tensor,
        lead_mask: Tensor | None = None,
        time_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """Similarity (cosine) of every ECG with every text: (B, C, T), (R, L) -> (B, R)."""
        pooled = self.encode_ecg(ecg, lead_mask, time_mask).pooled
        return pooled @ self.encode_text(input_ids, attention_mask).pooled.T

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, pretrained_model_name_or_path: str | Path, *args: Any, **kwargs: Any
    ) -> Any:
        """Load a model folder or hub name; safetensors only, and every weight must be there and fit.

        Raises CheckpointError for a missing, unexpected or misshapen weight. The arguments are those of transformers.
        """
        wants_info = kwargs.pop("output_loading_info", False)
        # Misshapen weights are let through only to be listed by name with the missing ones, and refused.
        kwargs.update(use_safetensors=True, ignore_mismatched_sizes=True)
        try:
            loaded: Any = super().from_pretrained(
                pretrained_model_name_or_path, *args, output_loading_info=True, **kwargs
            )
        except (OSError, RuntimeError, ValueError, SafetensorError) as error:
            raise CheckpointError(f"{pretrained_model_name_or_path}: {_first_line(error)}") from error
        model, info = loaded
        wrong = {
            name: sorted(info[name]) for name in ("missing_keys", "unexpected_keys", "mismatched_keys") if info[name]
        }
        if wrong:
            told = "; ".join(
                f"{name.replace('_keys', '')}: {', '.join(map(str, keys[:3]))}" for name, keys in wrong.items()
            )
            raise CheckpointError(
                f"{pretrained_model_name_or_path} does not fit its own config ({told}); get a complete copy"
            )
        return (model, info) if wants_info else model


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
