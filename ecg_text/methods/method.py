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

    def parts_to_compile(self) -> tuple[nn.Module, ...]:
        """Modules whose forward is worth compiling: they take most of the time, in few shapes. None by default."""
        return ()

    def after_step(self) -> None:
        """Called without gradient after each optimizer step: clamp a scale, move a teacher. Does nothing here."""


class ContrastiveMethod(Method):
    """Base of methods that compare rows: encode looks at each row by itself, contrast at all of them together.

    Between the two a batch can be cut, so that memory is needed for a chunk of its rows only (GradientCache of
    ecg_text.training).
    """

    def encode(self, batch: Any) -> Any:
        """Features of one batch: a NamedTuple of tensors, whose rows are joined where a batch was encoded in chunks.

        Everything that contrast needs to know of the batch is among them. A sum over rows, such as that of a loss that
        compares nothing, and the number of its terms, have shape (1,), one for each chunk: contrast adds them up.

        A chunk is encoded twice, and both must give the same: chance comes with the batch or from the global random
        generators, and nothing is counted or remembered from one call to the next.
        """
        raise NotImplementedError(f"{type(self).__name__} must define encode(batch) -> a NamedTuple of tensors")

    def contrast(self, features: Any) -> Losses:
        """Losses of the features of all rows of this process, in whichever order they come."""
        raise NotImplementedError(f"{type(self).__name__} must define contrast(features) -> Losses")

    def forward(self, batch: Any) -> Losses:
        """Losses of one batch, encoded at once."""
        return self.contrast(self.encode(batch))
