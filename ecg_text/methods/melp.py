"""Method melp: an ECG and its report meet at three levels: as a whole, sentences among beats, and word by word.

"From Token to Rhythm" (MELP, 2025), section 3. total = rhythm + 2 x token + 0.2 x beat, each weight a setting.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from ecg_text.data.batch import Batch, Texts
from ecg_text.errors import ConfigError, DataError
from ecg_text.methods.levels import Levels
from ecg_text.methods.method import ContrastiveMethod, Losses
from ecg_text.models.outputs import EcgFeatures, TextFeatures
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.nn.gather import gather_rows, gather_with_gradient, mean_count
from ecg_text.nn.joining import of_like_length
from ecg_text.objectives.beat_alignment import (
    Variant,
    beat_alignment_loss,
    beat_alignment_scores,
    gather_sentences,
)
from ecg_text.objectives.captioning import next_words
from ecg_text.objectives.contrastive import holds_of, info_nce, sigmoid_pairs
from ecg_text.objectives.masked_words import masked_word_loss

# As SigLIP begins (Zhai et al., 2023, section 3.2): nearly all pairs are no matches, and the bias says so.
FIRST_BIAS = -10.0


class MelpFeatures(NamedTuple):
    """Unit vectors ecg (B, D) and text (B, D), and the finding numbers stated (B, S) and reported (B, F) of Texts.

    For the beat level beats (B, K, D) and sentences of the whole report (B, S, D) with their masks; for the token level
    the summed cross-entropy of the words of all reports (1,), and how many they are (1,).
    """

    ecg: Tensor
    text: Tensor
    stated: Tensor
    reported: Tensor
    beats: Tensor | None = None
    beat_mask: Tensor | None = None
    sentences: Tensor | None = None
    sentence_mask: Tensor | None = None
    word_loss: Tensor | None = None
    num_words: Tensor | None = None


class Melp(ContrastiveMethod):
    """The weighted sum of three losses over the batches of all processes; a level of weight 0 is not computed.

    Reports that hold of an ECG are never its negatives, at the rhythm and at the beat level. Raises ConfigError for a
    model that was built without a level that is asked for, or with one that is not.
    """

    def __init__(self, model: EcgTextModel, levels: Levels) -> None:
        super().__init__()
        _check_levels(model, levels)
        self.model = model
        self.levels = levels
        wants_bias = levels.rhythm > 0 and levels.rhythm_loss == "sigmoid"
        self.bias = nn.Parameter(torch.tensor(FIRST_BIAS)) if wants_bias else None
        if levels.rhythm == 0:
            # Nothing asks them: a weight that waits for a gradient would stall training on several processes.
            model.text_head.requires_grad_(False)
            model.log_scale.requires_grad_(False)

    def parts_to_compile(self) -> tuple[nn.Module, ...]:
        """The ECG encoder; texts come in as many shapes as they have lengths."""
        return (self.model.ecg_encoder,)

    def encode(self, batch: Batch) -> MelpFeatures:
        """What each row is at every level. Raises DataError for a batch without texts, or without its reports."""
        texts = batch.texts
        if texts is None:
            raise DataError("method melp needs texts, this batch has none; use a store whose records have reports")
        ecg = self.model.encode_ecg(batch.ecg, batch.lead_mask, batch.time_mask, batch.peaks)
        # Each distinct text is encoded once: of PTB-XL's reports more than half are repetitions.
        sentence = texts.sentence if self.levels.beat else None
        text = self.model.encode_texts(texts.input_ids, texts.attention_mask, sentence)
        features = MelpFeatures(
            ecg=ecg.pooled, text=text.pooled[texts.row], stated=texts.stated, reported=texts.reported
        )
        if not self.levels.reads_reports:
            return features
        if texts.report is None:
            raise DataError("method melp needs whole reports beside the views; make batches with with_reports=True")
        if self.levels.beat:
            features = _with_beats(features, ecg, text, texts.report)
        if self.levels.token:
            loss, num = self._word_loss(ecg, text, texts)
            features = features._replace(word_loss=loss, num_words=num)
        return features

    def contrast(self, features: MelpFeatures) -> Losses:
        """The loss of all rows of all processes."""
        levels, parts, total = self.levels, {}, torch.zeros((), device=features.ecg.device)
        reported = gather_rows(features.reported)
        if levels.rhythm:
            loss = self._rhythm(features, reported)
            total, parts["rhythm"], parts["scale"] = total + levels.rhythm * loss, loss, self.model.scale
        if levels.token:
            num = mean_count(cast(Tensor, features.num_words).sum())
            loss = cast(Tensor, features.word_loss).sum() / num.clamp(min=1)
            total, parts["token"] = total + levels.token * loss, loss
        if levels.beat:
            loss = self._beat(features, reported)
            total, parts["beat"] = total + levels.beat * loss, loss
        return Losses(total=total, parts={name: value.detach() for name, value in parts.items()})

    def _rhythm(self, features: MelpFeatures, reported: Tensor) -> Tensor:
        ecg, text = gather_with_gradient(features.ecg), gather_with_gradient(features.text)
        also_true = holds_of(gather_rows(features.stated), reported)
        if self.bias is not None:
            return sigmoid_pairs(ecg, text, self.model.scale, self.bias, also_true)
        return info_nce(ecg, text, self.model.scale, also_true)

    def _beat(self, features: MelpFeatures, reported: Tensor) -> Tensor:
        levels = self.levels
        sentences, mask = gather_sentences(cast(Tensor, features.sentences), cast(Tensor, features.sentence_mask))
        scores = beat_alignment_scores(
            cast(Tensor, features.beats),
            sentences,
            mask,
            beat_mask=features.beat_mask,
            variant=cast(Variant, levels.beat_variant),
            attention_sharpness=levels.attention_sharpness,
            sentence_sharpness=levels.sentence_sharpness,
        )
        return beat_alignment_loss(gather_with_gradient(scores), holds_of(reported, reported), levels.beat_scale)

    def _word_loss(self, ecg: EcgFeatures, text: TextFeatures, texts: Texts) -> tuple[Tensor, Tensor]:
        """The summed cross-entropy of the words of the reports, told from their ECGs, and their number: (1,), (1,)."""
        decoder, report = self.model.decoder, cast(Tensor, texts.report)
        if decoder is None:
            raise ConfigError("this model has no report decoder; build it with the token level")
        memory = decoder.read_memory(self.model.read_memory(ecg))
        words, of_ecg = self._told_words(text, texts, report)
        losses, num = [], 0
        for rows, longest in of_like_length(texts.attention_mask[report].sum(dim=1)):
            ids, mask = texts.input_ids[report[rows], :longest], texts.attention_mask[report[rows], :longest]
            states = decoder.states(words[of_ecg[rows], :longest], memory[rows])
            chosen, targets = next_words(ids, mask)
            logits = decoder.vocabulary(states.flatten(0, 1)[chosen])
            losses.append(masked_word_loss(logits, targets, targets.new_ones(())))
            num += len(targets)
        return torch.stack(losses).sum()[None], report.new_tensor([num])

    def _told_words(self, text: TextFeatures, texts: Texts, report: Tensor) -> tuple[Tensor, Tensor]:
        """States of words that see none to come, and which row of them is each ECG's report: (U, L, W), (B,)."""
        if self.model.is_causal:
            return text.words, report  # they are at hand
        distinct, of_ecg = report.unique(return_inverse=True)
        return self.model.told_words(texts.input_ids[distinct], texts.attention_mask[distinct]), of_ecg


def _with_beats(features: MelpFeatures, ecg: EcgFeatures, text: TextFeatures, report: Tensor) -> MelpFeatures:
    return features._replace(
        beats=ecg.beats,
        beat_mask=ecg.beat_mask,
        sentences=cast(Tensor, text.sentences)[report],
        sentence_mask=cast(Tensor, text.sentence_mask)[report],
    )


def _check_levels(model: EcgTextModel, levels: Levels) -> None:
    for name, weight, is_there in (
        ("token", levels.token, model.decoder is not None),
        ("beat", levels.beat, model.sentence_head is not None),
    ):
        if (weight > 0) != is_there:
            raise ConfigError(
                f"levels.{name} is {weight}, but the model was built {'with' if is_there else 'without'} its parts; "
                "a model has the parts of the levels that are asked of it, and no others"
            )
