"""Two towers that meet in one space of unit vectors: what they are made of and do, whoever loads and saves them.

EcgTextModel (models/two_tower.py) is these as a model of transformers, which learns and is saved; AskedTowers are these
alone, for a process that asks one question and cannot wait until transformers is imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ecg_text.errors import ConfigError
from ecg_text.models.causal_text import read_both_ways, read_text, word_states
from ecg_text.models.ecg_encoders import build_ecg_encoder
from ecg_text.models.ecg_heads import ProjectionHead, RPeakHead, build_ecg_head, token_spans
from ecg_text.models.outputs import EcgFeatures, TextFeatures
from ecg_text.models.report_decoder import ReportDecoder
from ecg_text.models.sizes import EcgTextSizes
from ecg_text.nn.bert import Bert
from ecg_text.nn.joining import join_rows, of_like_length
from ecg_text.nn.pooling import QueryPool, masked_mean, segment_means
from ecg_text.signal.beats.rpeaks import window_peaks
from ecg_text.signal.beats.tokens import TokenGrid


class Towers(nn.Module):
    """An ECG encoder, a text encoder and their heads. The ECG input is (B, C, T) with a lead and a time mask."""

    config: Any  # EcgTextSizes; mypy holds it against the configuration of transformers' models

    def _put_up(self, config: EcgTextSizes, make_text_encoder: Callable[[], Any]) -> None:
        """Make the parts in this order, which says what weights a seed gives each."""
        ecg_config = config.ecg_config
        self.ecg_encoder = build_ecg_encoder(ecg_config)
        width = self.ecg_encoder.width
        self.ecg_head = build_ecg_head(config, width, ecg_config.num_heads)
        text_encoder = make_text_encoder()
        if getattr(text_encoder, "pooler", None) is not None:
            text_encoder.pooler = None  # texts are pooled by their mean; weights that never learn are not carried along
        self.text_encoder = text_encoder
        text_width = text_encoder.config.hidden_size
        self.text_head = ProjectionHead(text_width, config.embedding_width)
        # Levels are made last: with and without them, the parts above begin with the same weights.
        self.sentence_head = nn.Linear(text_width, config.embedding_width) if config.has_sentences else None
        self.caption_pool, self.decoder = None, None
        if config.decoder_config is not None:
            plan = config.decoder_config
            self.caption_pool = QueryPool(width, text_width, plan.num_heads, plan.num_queries)
            self.decoder = ReportDecoder(plan, text_width, text_encoder.config.vocab_size)
        self.log_scale = nn.Parameter(torch.tensor(math.log(config.initial_scale)))

    @property
    def scale(self) -> Tensor:
        """The learned multiplier of similarities, at most max_scale: ()."""
        return self.log_scale.clamp(max=math.log(self.config.max_scale)).exp()

    @property
    def is_causal(self) -> bool:
        """Whether texts are compared as they are read causally, by the summary behind them; else by the mean word."""
        return bool(self.config.text_reading == "causal")

    def encode_ecg(
        self,
        ecg: Tensor,
        lead_mask: Tensor | None = None,
        time_mask: Tensor | None = None,
        peaks: Tensor | None = None,
    ) -> EcgFeatures:
        """Encode ECGs: (B, C, T), (B, C), (B, T) -> EcgFeatures; a mask left out means that all is there.

        peaks (B, P) are the R-peaks in samples, -1 for none, for a model whose beats are the heart's; left out, they
        are found here, which takes the CPU some 5 ms an ECG. Other models do not look at them.
        """
        batch, leads, samples = ecg.shape
        lead_mask = ecg.new_ones(batch, leads, dtype=torch.bool) if lead_mask is None else lead_mask
        time_mask = ecg.new_ones(batch, samples, dtype=torch.bool) if time_mask is None else time_mask
        tokens, mask = self.ecg_encoder(ecg, lead_mask, time_mask)
        spans = None
        if isinstance(self.ecg_head, RPeakHead):
            found = self._peaks(ecg, lead_mask, time_mask) if peaks is None else peaks.cpu().numpy()
            spans = token_spans(found, cast(float, self.config.rate_hz), self.token_grid(samples)).to(ecg.device)
        pooled = self.ecg_head(tokens, mask, spans)
        return EcgFeatures(
            pooled=pooled.pooled, tokens=tokens, token_mask=mask, beats=pooled.beats, beat_mask=pooled.beat_mask
        )

    def _peaks(self, ecg: Tensor, lead_mask: Tensor, time_mask: Tensor) -> np.ndarray:
        there = [x.detach().cpu().numpy() for x in (ecg, lead_mask, time_mask)]
        leads = self.config.ecg_config.leads
        return window_peaks(there[0], there[1], there[2], leads, cast(float, self.config.rate_hz))

    def token_grid(self, num_samples: int) -> TokenGrid:
        """Where the tokens of a window of num_samples stand, for the spans of its beats (beat_token_spans)."""
        return self.ecg_encoder.token_grid(num_samples)

    def report_parts(self) -> tuple[QueryPool, ReportDecoder]:
        """What makes the memory of an ECG, and what writes from it. Raises ConfigError where there is no decoder."""
        if self.caption_pool is None or self.decoder is None:
            raise ConfigError(
                "this model writes no reports; use one that was trained with the token level (a melp recipe)"
            )
        return self.caption_pool, self.decoder

    def read_memory(self, features: EcgFeatures) -> Tensor:
        """What the report decoder reads of encoded ECGs: (B, K, W). Raises ConfigError where there is no decoder."""
        pool, _ = self.report_parts()
        memory: Tensor = pool(features.tokens, features.token_mask)
        return memory

    def told_words(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """States of words that see none to come, for the report decoder: (R, L), (R, L), padded behind -> (R, L, W).

        L is then the longest text's. They are read some of like length at a time (nn/joining.py).
        """
        parts, order = [], []
        for rows, longest in of_like_length(attention_mask.sum(dim=1)):
            parts.append(word_states(self.text_encoder, input_ids[rows, :longest], attention_mask[rows, :longest]))
            order.append(rows)
        return join_rows(parts)[torch.cat(order).argsort()]

    def encode_text(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, sentence: Tensor | None = None
    ) -> TextFeatures:
        """Encode texts: word pieces (R, L), mask (R, L), sentence numbers (R, L) -> TextFeatures.

        sentence holds -1 for a word piece of no sentence; left out, no features of sentences are computed. Raises
        ConfigError where they are asked of a model without a beat level.
        """
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        if self.is_causal:
            states = read_text(self.text_encoder, input_ids, mask)
            words, summary = states.words, states.summary
        else:
            words = read_both_ways(self.text_encoder, input_ids, mask)
            summary = masked_mean(words, mask)
        pooled = self.text_head(summary)
        if sentence is None:
            return TextFeatures(pooled=pooled, words=words)
        if self.sentence_head is None:
            raise ConfigError("this model has no vectors of sentences; use one that was trained with the beat level")
        means, exists = segment_means(words, sentence, max(1, int(sentence.max()) + 1))
        sentences = self.sentence_head(means) * exists.unsqueeze(-1)
        return TextFeatures(pooled=pooled, words=words, sentences=sentences, sentence_mask=exists)

    def encode_texts(self, input_ids: Tensor, attention_mask: Tensor, sentence: Tensor | None = None) -> TextFeatures:
        """The same of many texts, padded at the end: (R, L), (R, L), (R, L) -> TextFeatures.

        They are encoded some of like length at a time (nn/joining.py).
        """
        parts, order = [], []
        for rows, longest in of_like_length(attention_mask.sum(dim=1)):
            numbers = None if sentence is None else sentence[rows, :longest]
            parts.append(self.encode_text(input_ids[rows, :longest], attention_mask[rows, :longest], numbers))
            order.append(rows)
        return _joined(parts, torch.cat(order).argsort())

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


class AskedTowers(Towers):
    """The towers on a BERT of our own, their weights to be loaded by the names that EcgTextModel saves."""

    def __init__(self, config: EcgTextSizes) -> None:
        super().__init__()
        self.config = config
        self._put_up(config, lambda: Bert(config.text_config))


def _joined(parts: Sequence[TextFeatures], order: Tensor) -> TextFeatures:
    """Texts that were encoded in parts, in the order wanted."""
    columns = {
        name: [getattr(part, name) for part in parts] for name in ("pooled", "words", "sentences", "sentence_mask")
    }
    return TextFeatures(**{name: join_rows(pieces)[order] for name, pieces in columns.items() if pieces[0] is not None})
