"""A method is a paper: the parts that learn and what is asked of them; the training loop knows no more than this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Losses:
    """What one batch costs: total () is differentiated, the named parts () are only written down."""

    total: Tensor
    parts: dict[str, Tensor] = field(default_factory=dict)


class Method(nn.Module):
    """Base of every method: a module that turns a batch into Losses.

    On several processes each one calls forward with its own rows. Gradients are averaged over the processes, so a
    loss must be either the same number everywhere, computed from rows gathered by ecg_text.nn.gather (a contrastive
    loss), or a mean over equally many local rows (a reconstruction). Both then equal the one-process computation.
    """

    def forward(self, batch: Any) -> Losses:
        """Losses of one batch; the parts have the same names for every batch."""
        raise NotImplementedError(f"{type(self).__name__} must define forward(batch) -> Losses")

    def after_step(self) -> None:
        """Called without gradient after each optimizer step: clamp a scale, move a teacher. Does nothing here."""
