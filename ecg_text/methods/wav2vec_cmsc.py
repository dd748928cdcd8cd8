"""Method wav2vec_cmsc: an ECG encoder learns from ECGs alone, from hidden tokens and from halves of one patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import torch
from torch import Tensor, nn

from ecg_text.data.batch import Batch
from ecg_text.errors import ConfigError, DataError
from ecg_text.methods.method import Losses, Method
from ecg_text.models.ecg_pretraining import EcgPretrainingModel, hidden_tokens
from ecg_text.nn.gather import gather_rows, gather_with_gradient, mean_count, num_processes
from ecg_text.nn.pooling import masked_mean
from ecg_text.nn.quantiser import gumbel_temperature
from ecg_text.nn.span_masks import SpanMasking, effective_rate, span_mask
from ecg_text.objectives.masked_contrast import (
    codebook_diversity,
    contrast_accuracy,
    contrasted_steps,
    distractor_counts,
    feature_penalty,
    masked_contrast,
    wav2vec_loss,
)
from ecg_text.objectives.segment_pairs import segment_pair_loss


@dataclass(frozen=True, kw_only=True)
class Wav2vecPlan:
    """What is hidden, what it is told from, and the weights of the terms; the defaults are those of Oh et al., 2022.

    num_negatives distractors a step; temperature is that of the cosines with them, pair_temperature that of the cosines
    of halves. The quantiser's temperature falls from quantiser_start, times quantiser_decay at every update, to
    quantiser_end. Raises ConfigError for an impossible value.
    """

    spans: SpanMasking = field(default_factory=SpanMasking)
    num_negatives: int = 100
    temperature: float = 0.1
    diversity_weight: float = 0.1
    penalty_weight: float = 10.0
    pair_weight: float = 1.0
    pair_temperature: float = 0.1
    quantiser_start: float = 2.0
    quantiser_end: float = 0.5
    quantiser_decay: float = 0.999995

    def __post_init__(self) -> None:
        if self.num_negatives < 1:
            raise ConfigError(f"wav2vec.num_negatives is {self.num_negatives}; give a whole number from 1")
        for name in ("temperature", "pair_temperature", "quantiser_end"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"wav2vec.{name} is {getattr(self, name)}; give a number above 0")
        for name in ("diversity_weight", "penalty_weight", "pair_weight"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"wav2vec.{name} is {getattr(self, name)}; give a number from 0")
        if not (self.quantiser_start >= self.quantiser_end and 0 < self.quantiser_decay <= 1):
            raise ConfigError(
                f"wav2vec.quantiser_start is {self.quantiser_start}, quantiser_end {self.quantiser_end}, "
                f"quantiser_decay {self.quantiser_decay}; give a start that is not below the end, and a decay in (0, 1]"
            )


class Wav2vecCmsc(Method):
    """W2V + CMSC (Oh et al., 2022), over batches of halves (data/halves.py), whose random lead masking makes it RLM.

    One masked forward pass serves both terms: each hidden token finds its quantised target among those of its half,
    and the mean tokens of halves of one patient come together, those of others go apart. A record without a patient's
    id is a patient of its own. Loss, gradients and the mean of each part are, on several processes, those of one with
    all rows and the same chance; what is hidden is thinned out on each process to its own least share.
    """

    updates: Tensor

    def __init__(self, model: EcgPretrainingModel, plan: Wav2vecPlan | None = None) -> None:
        super().__init__()
        self.model = model
        self.plan = Wav2vecPlan() if plan is None else plan
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))  # part of a checkpoint

    @property
    def temperature(self) -> float:
        """The quantiser's temperature at this update."""
        plan = self.plan
        return gumbel_temperature(
            int(self.updates), start=plan.quantiser_start, end=plan.quantiser_end, decay=plan.quantiser_decay
        )

    def parts_to_compile(self) -> tuple[nn.Module, ...]:
        """The stem and each layer of the encoder; what is hidden is of another number in every batch."""
        return (self.model.encoder.stem, *self.model.encoder.layers)

    def after_step(self) -> None:
        """One update more, and the temperature falls."""
        self.updates += 1

    def forward(self, batch: Batch) -> Losses:
        """Losses of a batch of halves; what is hidden, and the distractors, are drawn from torch's generator.

        A half too short for a span hides nothing, and one without a token has no part in either term; where nothing is
        hidden at all the contrast is 0. Raises DataError for a batch that is not of halves.
        """
        patients = _patients(batch).to(batch.ecg.device)
        features, real = self.model.encoder.convolve(batch.ecg, batch.lead_mask, batch.time_mask)
        masked = span_mask(real, self.plan.spans)
        hidden = hidden_tokens(masked)
        counts = distractor_counts(hidden.is_there, self.plan.num_negatives)
        found = self.model(features, real, masked, hidden, self.temperature)
        steps = contrasted_steps(counts)
        choices = found.quantised.choices
        contrast = masked_contrast(
            found.context, found.targets, choices, counts, self.plan.temperature, mean_count(steps)
        )
        diversity = codebook_diversity(found.quantised.prob_perplexity, self.model.quantiser.num_codes)
        penalty = feature_penalty(features, real) * _share(real.sum())
        pairs = self._pairs(found.tokens, real, patients)
        total = self.plan.pair_weight * pairs + wav2vec_loss(
            contrast,
            diversity,
            penalty,
            diversity_weight=self.plan.diversity_weight,
            penalty_weight=self.plan.penalty_weight,
        )
        parts = {
            "contrast": contrast,
            "diversity": diversity,
            "penalty": penalty,
            "pairs": pairs,
            "temperature": features.new_tensor(self.temperature),
            "masked_rate": effective_rate(masked, real) * _share(real.sum()),
            "accuracy": contrast_accuracy(found.context, found.targets, choices, counts) * _share(steps),
            "code_perplexity": found.quantised.code_perplexity,
        }
        return Losses(total=total, parts={name: part.detach() for name, part in parts.items()})

    def _pairs(self, tokens: Tensor, real: Tensor, patients: Tensor) -> Tensor:
        """The loss of all pairs of halves of all processes: (2B, N, W), (2B, N), (B,) -> ()."""
        first, second = masked_mean(tokens, real).chunk(2)
        both = real.any(dim=1).chunk(2)
        is_pair = both[0] & both[1]
        return segment_pair_loss(
            gather_with_gradient(first[is_pair]),
            gather_with_gradient(second[is_pair]),
            gather_rows(patients[is_pair]),
            self.plan.pair_temperature,
        )


def patient_numbers(patient_ids: Sequence[str | None], record_ids: Sequence[str]) -> Tensor:
    """A number for each patient, the same on every process: (B,) int64, of a hash; a record without one is its own."""
    names = [
        f"patient {patient}" if patient else f"record {record}"
        for patient, record in zip(patient_ids, record_ids, strict=True)
    ]
    digests = [sha256(name.encode()).digest()[:8] for name in names]
    return torch.tensor([int.from_bytes(digest, "big", signed=True) for digest in digests], dtype=torch.int64)


def _patients(batch: Batch) -> Tensor:
    """The patient of each record. Raises DataError where rows B and on are not other halves of the records before."""
    half, rest = divmod(len(batch), 2)
    if rest or batch.record_ids[:half] != batch.record_ids[half:]:
        raise DataError("method wav2vec_cmsc compares halves of ECGs, this batch holds none; make it by HalvesCollate")
    return patient_numbers(batch.patient_ids[:half], batch.record_ids[:half])


def _share(num: Tensor) -> Tensor:
    """This process's count over the mean of all, by which a mean over what it counts is weighted: () -> ()."""
    return num / mean_count(num).clamp(min=1 / num_processes())
