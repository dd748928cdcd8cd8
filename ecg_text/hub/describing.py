"""A model put to writing: drafts of many ECGs at a time, and of each where the model looked, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch
from transformers import GenerationConfig

from ecg_text.errors import ConfigError
from ecg_text.hub.drafts import Draft, DraftSentence
from ecg_text.models.outputs import EcgFeatures
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.report_writer import ReportWriter, writing_settings
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.models.written_report import WrittenReport, read_written
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import window_peaks
from ecg_text.signal.beats.tokens import beat_token_spans
from ecg_text.signal.gate.passage import require_ecg
from ecg_text.signal.preprocess import Prepared

WRITTEN_AT_ONCE = 32


def asked_settings(
    *, num_beams: int | None = None, top_p: float | None = None, max_words: int | None = None
) -> GenerationConfig:
    """How to write: greedily, with num_beams beams, or by chance among the likeliest words that together make top_p.

    max_words are word pieces: punctuation counts, and so do the parts of rare words. Raises ConfigError for beams and
    chance at once, and for numbers that mean nothing.
    """
    if num_beams is not None and top_p is not None:
        raise ConfigError("beams look for the likeliest draft, top_p leaves it to chance; give one of the two")
    if (num_beams is not None and num_beams < 1) or (max_words is not None and max_words < 1):
        raise ConfigError(f"{num_beams} beams and {max_words} words at most; give whole numbers from 1 on")
    if top_p is not None and not 0 < top_p <= 1:
        raise ConfigError(f"top_p is {top_p}; give a share above 0 and up to 1")
    settings = GenerationConfig(max_length=None if max_words is None else max_words + 1)  # [CLS] is no word
    if top_p is not None:
        # Left out, top_k of transformers would leave only the likeliest 50 to chance.
        settings.update(do_sample=True, top_p=top_p, top_k=0)
    elif num_beams is not None:
        settings.update(num_beams=num_beams)
    return settings


class Drafter:
    """Writes drafts, by settings as asked_settings makes them; chance is torch's own (torch.manual_seed).

    Raises ConfigError where the model has no decoder, or where more than one draft is asked of an ECG.
    """

    def __init__(
        self, model: EcgTextModel, processor: EcgTextProcessor, settings: GenerationConfig | None = None
    ) -> None:
        self.model, self.processor, self.preprocess = model, processor, processor.preprocess
        self._pool, decoder = model.report_parts()
        usual = writing_settings(processor.tokenizer, model.text_encoder.config)
        # The encoder may have more places than the reports that were learned from had pieces.
        usual.max_length = min(usual.max_length, processor.max_word_pieces)
        self.settings = _within(usual.max_length, settings)
        self.writer = ReportWriter(model.text_encoder, decoder, usual)

    @torch.inference_mode()
    def write(self, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray) -> list[WrittenReport]:
        """What the model writes of prepared ECGs, in batches: (B, C, T), (B, C), (B, T) -> B reports."""
        written = []
        for start in range(0, len(ecg), WRITTEN_AT_ONCE):
            rows = slice(start, start + WRITTEN_AT_ONCE)
            features = self._encode(ecg[rows], lead_mask[rows], time_mask[rows])
            pieces = self.writer.write(self.model.read_memory(features), self.settings)
            written += [read_written(row, self.processor.tokenizer) for row in pieces.tolist()]
        return written

    def draft(self, windows: Sequence[Prepared]) -> list[Draft]:
        """A draft of each prepared window, told sentence by sentence."""
        if not windows:
            return []
        names = ("signal", "lead_mask", "time_mask")
        written = self.write(*(np.stack([getattr(window, name) for window in windows]) for name in names))
        return [self._told(window, report) for window, report in zip(windows, written, strict=True)]

    def draft_records(self, records: Sequence[Record]) -> list[Draft]:
        """A draft of each record's first window. Raises SignalError for a record that the gate refuses."""
        for record in records:
            require_ecg(record, self.preprocess)
        drafts = self.draft([self.preprocess(record) for record in records])
        return [self.of_first_window(draft, each.duration_s) for draft, each in zip(drafts, records, strict=True)]

    def of_first_window(self, draft: Draft, duration_s: float) -> Draft:
        """The draft, with a note where the recording is longer than the window that was read."""
        window_s = self.preprocess.num_samples / self.preprocess.rate_hz
        if round(duration_s - window_s, 1) <= 0:
            return draft
        note = f"one window was read, {window_s:g} s of the recording's {duration_s:g} s"
        return replace(draft, notes=(*draft.notes, note))

    @torch.inference_mode()
    def _told(self, window: Prepared, written: WrittenReport) -> Draft:
        """A report with its explanation: the ECG is encoded once more as it is, and once without each of its leads."""
        leads = [lead for lead, there in zip(self.preprocess.leads, window.lead_mask, strict=True) if there]
        masks = np.tile(window.lead_mask, (1 + len(leads), 1))
        masks[np.arange(1, len(masks)), np.flatnonzero(window.lead_mask)] = False
        ecg, times = (np.broadcast_to(each, (len(masks), *each.shape)) for each in (window.signal, window.time_mask))
        peaks = window_peaks(ecg[:1], masks[:1], times[:1], self.preprocess.leads, self.preprocess.rate_hz)
        features = self._encode(ecg, masks, times, np.repeat(peaks, len(masks), axis=0))
        memory = self.model.read_memory(features)
        pieces = torch.from_numpy(written.pieces).to(memory.device)
        likely = self.writer.log_probabilities(pieces, memory).double().cpu().numpy()
        beats = peaks[0][peaks[0] >= 0]
        looks = self._looks_at_beats(pieces, features, memory[0], beats, window.signal.shape[1])
        number = written.sentence_numbers(self.processor.tokenizer)[1:]
        sentences = []
        for place, text in enumerate(written.sentences):
            with_all, *without = likely[:, number == place].mean(axis=1).tolist()
            shares = looks[number == place].mean(axis=0).tolist()
            sentences.append(
                DraftSentence(
                    text=text,
                    log_probability=with_all,
                    beats=tuple(shares),
                    elsewhere=1.0 - sum(shares),
                    leads={lead: with_all - value for lead, value in zip(leads, without, strict=True)},
                )
            )
        broken = f"the draft was broken off after {len(written.pieces) - 1} word pieces"
        return Draft(
            text=written.text,
            sentences=tuple(sentences),
            beats_s=tuple((beats / self.preprocess.rate_hz).tolist()),
            notes=() if written.is_whole else (broken,),
        )

    def _looks_at_beats(
        self, pieces: torch.Tensor, features: EcgFeatures, memory: torch.Tensor, beats: np.ndarray, num_samples: int
    ) -> np.ndarray:
        """How much of each beat goes into each piece after the first, through the memory: (L - 1, K).

        The first ECG of the features, R-peaks in samples (K,). Means over layers and heads of the decoder and over
        heads of the pool that makes the memory.
        """
        of_memory = self._pool.attention(features.tokens[:1], features.token_mask[:1])[0].mean(dim=0)
        by_token = (self.writer.attention(pieces, memory) @ of_memory).double().cpu().numpy()
        spans = beat_token_spans(beats, self.preprocess.rate_hz, self.model.token_grid(num_samples))
        until = np.pad(by_token.cumsum(axis=1), ((0, 0), (1, 0)))
        return np.asarray(until[:, spans[:, 1]] - until[:, spans[:, 0]])

    def _encode(
        self, ecg: np.ndarray, lead_mask: np.ndarray, time_mask: np.ndarray, peaks: np.ndarray | None = None
    ) -> EcgFeatures:
        device = self.model.log_scale.device
        inputs = (
            None if each is None else torch.from_numpy(np.ascontiguousarray(each)).to(device)
            for each in (ecg, lead_mask, time_mask, peaks)
        )
        return self.model.encode_ecg(*inputs)  # type: ignore[arg-type]


def _within(longest: int, settings: GenerationConfig | None) -> GenerationConfig:
    """Settings that write no report longer than a number of pieces, [CLS] and [SEP] included."""
    allowed = GenerationConfig() if settings is None else deepcopy(settings)
    if (allowed.num_return_sequences or 1) != 1:
        raise ConfigError(f"{allowed.num_return_sequences} drafts of an ECG are asked for; ask for one at a time")
    new = longest if allowed.max_new_tokens is None else allowed.max_new_tokens + 1
    allowed.max_length, allowed.max_new_tokens = min(longest, new, allowed.max_length or longest), None
    return allowed
