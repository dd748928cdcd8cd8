"""The token-level objective: a report is told word by word from the ECG and the words before (Yu et al., 2022, CoCa).

captioning_loss takes the logits of all places. Half of a batch's places may be padding, and a vocabulary is wide: a
decoder that selects its states first never makes the logits that nobody asks for, and has the same loss by

    chosen, targets = next_words(input_ids, mask)
    loss = masked_word_loss(vocabulary(states.flatten(0, 1)[chosen]), targets, num)
"""

from __future__ import annotations

from torch import Tensor

from ecg_text.errors import DataError
from ecg_text.objectives.masked_words import masked_word_loss


def captioning_loss(logits: Tensor, input_ids: Tensor, mask: Tensor, num: Tensor | None = None) -> Tensor:
    """Cross-entropy of next words, teacher-forced: (R, L, V), (R, L), (R, L) -> ().

    logits [r, l] are for the word piece at l + 1, told from those up to l. The sum over real next words (next_words) is
    divided by num (), or by how many they are where it is left out; 0, with a gradient of 0, where there are none. On
    several processes num is the mean number of all, so that the mean of their gradients is that of one process with all
    words. Computed in float32 at least, under autocast too. Raises DataError for shapes that do not fit.
    """
    if logits.dim() != 3 or logits.shape[:2] != input_ids.shape:
        got = f"logits {tuple(logits.shape)} for word pieces {tuple(input_ids.shape)}"
        raise DataError(f"{got}; give (R, L, V) and (R, L), the logits of every place, the last too")
    chosen, targets = next_words(input_ids, mask)
    return masked_word_loss(logits.flatten(0, 1)[chosen], targets, num)


def next_words(input_ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Places whose next word piece is real, and that piece: (R, L), (R, L) -> (M,), (M,) int64.

    A place is a number among the R * L of the texts laid end to end, so nothing is told across the end of a text. mask
    is true (or 1) for the words of a report and for what begins it; it leaves out padding and a [CLS] that comes last
    to see everything, which are neither told nor told from. Raises DataError where it is not of their shape.
    """
    if mask.dim() != 2 or mask.shape != input_ids.shape:
        raise DataError(f"word pieces {tuple(input_ids.shape)} and mask {tuple(mask.shape)}; give (R, L) of each")
    real = mask.bool()
    row, place = (real[:, :-1] & real[:, 1:]).nonzero(as_tuple=True)
    chosen = row * mask.shape[1] + place
    return chosen, input_ids.flatten()[chosen + 1].long()
