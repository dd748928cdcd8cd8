"""Evaluation of wav2vec_cmsc on held-out ECGs, always with the same tokens hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from ecg_text.data.loader import Loader
from ecg_text.methods.method import Method
from ecg_text.nn.gather import gather_rows, process_rank

SEED = 20220321  # any number, as long as every evaluation of a run hides the same tokens


@dataclass(frozen=True, eq=False, kw_only=True)
class HeldOutEcgs:
    """The loss, its two terms and the accuracy on the batches of a loader, weighted by their size.

    Processes share the batches out among them, so all must ask.
    """

    loader: Loader

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics it gives."""
        return "val_loss", "val_contrast", "val_pairs", "val_accuracy"

    def __call__(self, method: Method, _step: int) -> Mapping[str, float]:
        """Metrics by name."""
        device = next(method.parameters()).device
        total, num = torch.zeros(len(self.names)), 0
        with torch.random.fork_rng():
            torch.manual_seed(SEED + process_rank())
            for batch in self.loader.epoch(0):
                losses = method(batch.to(device))
                parts = (losses.parts[name] for name in ("contrast", "pairs", "accuracy"))
                total += len(batch) * torch.stack([losses.total.detach(), *parts]).float().cpu()
                num += len(batch)
        means = gather_rows((total / num).to(device)[None]).mean(dim=0)
        return dict(zip(self.names, means.tolist(), strict=True))
