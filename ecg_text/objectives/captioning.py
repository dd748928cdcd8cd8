"""The token-level objective: a report is told word by word from the ECG and the words before (Yu et al., 2022, CoCa).

The formula is that of the masked-word objective, masked_word_loss(logits, targets, num), with the words that follow
as targets; what is left for this module is where a next word is told, and which. The decoder's states are selected
there before they meet the vocabulary, so that the V logits of padding are never made:

    chosen, targets = next_words(input_ids, mask)
    loss = masked_word_loss(vocabulary(states.flatten(0, 1)[chosen]), targets, num)
"""

from __future__ import annotations

from torch import Tensor


def next_words(input_ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Places whose next word piece is real, and that piece: (R, L), (R, L) -> (M,), (M,) int64.

    A place is a number among the R * L of the texts laid end to end, so nothing is told across the end of a text. mask
    is true (or 1) for the words of a report and for what begins it; it leaves out padding and a [CLS] that comes last
    to see everything, which are neither told nor told from.
    """
    real = mask.bool()
    row, place = (real[:, :-1] & real[:, 1:]).nonzero(as_tuple=True)
    chosen = row * mask.shape[1] + place
    return chosen, input_ids.flatten()[chosen + 1]
