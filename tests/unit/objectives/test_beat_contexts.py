"""How far contexts point along their sentences, against the contexts themselves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ecg_text.objectives.beat_contexts import along_sentences


def drawn(num: int, num_beats: int, num_sentences: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Beats, sentences, and energies of no particular size."""
    chance = torch.Generator().manual_seed(0)
    beats = torch.randn(num, num_beats, width, generator=chance, dtype=torch.float64)
    sentences = torch.randn(num_sentences, width, generator=chance, dtype=torch.float64)
    return beats, sentences, torch.randn(num, num_beats, num_sentences, generator=chance, dtype=torch.float64)


def along(beats: Tensor, sentences: Tensor, energy: Tensor, sharpness: float = 1.5) -> Tensor:
    return along_sentences(beats @ sentences.T, energy, beats, sharpness)


def slow_along(beats: Tensor, sentences: Tensor, energy: Tensor, sharpness: float = 1.5) -> Tensor:
    rows = []
    for of_ecg, attention in zip(beats, (sharpness * energy).softmax(dim=1), strict=True):
        row = []
        for m, sentence in enumerate(sentences):
            context = sum(attention[k, m] * beat for k, beat in enumerate(of_ecg))
            row.append(context @ sentence / context.norm())
        rows.append(torch.stack(row))
    return torch.stack(rows)


@pytest.mark.parametrize("size", [(1, 1, 1, 2), (3, 4, 5, 6), (2, 7, 3, 4)])
@pytest.mark.parametrize("sharpness", [0.0, 1.5, 4.0])
def test_it_agrees_with_the_contexts(size: tuple[int, ...], sharpness: float) -> None:
    given = drawn(*size)
    torch.testing.assert_close(along(*given, sharpness), slow_along(*given, sharpness))


def test_gradients_agree_with_finite_differences_and_with_those_of_the_contexts() -> None:
    given = [x.requires_grad_() for x in drawn(2, 3, 4, 5)]
    assert torch.autograd.gradcheck(along, given)
    chance = torch.randn(2, 4, dtype=torch.float64)
    found, wanted = (torch.autograd.grad((form(*given) * chance).sum(), given) for form in (along, slow_along))
    for got, want in zip(found, wanted, strict=True):
        torch.testing.assert_close(got, want)


def test_a_context_that_is_zero_but_for_rounding_gives_zero_without_a_gradient() -> None:
    beats, sentences, energy = (x.float() for x in drawn(3, 2, 4, 50))
    beats[0, 1], energy[0] = -beats[0, 0], 0.3
    beats[1] = 0
    given = [x.requires_grad_() for x in (beats, sentences, energy)]
    found = along(*given)
    of_beats, of_sentences, of_energy = torch.autograd.grad(found.sum(), given)
    assert not found[:2].any()
    assert not of_beats[:2].any()
    assert not of_energy[:2].any()
    assert found[2].all()
    assert torch.isfinite(of_sentences).all()
