"""The beat alignment loss across processes, and the memory it takes."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ecg_text.nn.gather import gather_rows, gather_with_gradient
from ecg_text.objectives.beat_alignment import beat_alignment_loss, beat_alignment_scores, gather_sentences
from tests.support.processes import on_two

VARIANTS = ("exact", "single")
NUM, BEATS, SENTENCES, WIDTH = 7, 4, 3, 6
SPLIT = (4, 3)  # records of the two processes, unequal on purpose


def records() -> tuple[Tensor, ...]:
    """Beats, sentences, both masks and which reports are equal; the last records have one sentence or none."""
    chance = torch.Generator().manual_seed(0)
    beats = torch.randn(NUM, BEATS, WIDTH, generator=chance, dtype=torch.float64)
    sentences = torch.randn(NUM, SENTENCES, WIDTH, generator=chance, dtype=torch.float64)
    sentence_mask = torch.rand(NUM, SENTENCES, generator=chance) < 0.7
    sentence_mask[:2], sentence_mask[4:, 1:], sentence_mask[3] = True, False, False
    beat_mask = torch.arange(BEATS) < torch.randint(1, BEATS + 1, (NUM, 1), generator=chance)
    same = torch.tensor([0, 1, 2, 3, 1, 5, 6])
    return beats, sentences, sentence_mask, beat_mask, same


def of_the_whole(variant: str) -> tuple[Tensor, ...]:
    """Loss and gradients of one process that holds all records."""
    beats, sentences, sentence_mask, beat_mask, same = records()
    beats, sentences = beats.requires_grad_(), sentences.requires_grad_()
    scores = beat_alignment_scores(beats, sentences, sentence_mask, beat_mask=beat_mask, variant=variant)
    loss = beat_alignment_loss(scores, same[:, None] == same)
    return (loss.detach(), *torch.autograd.grad(loss, (beats, sentences)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_of_scores_side_by_side_give_the_loss_and_gradient_of_the_whole(variant: str) -> None:
    beats, sentences, sentence_mask, beat_mask, same = records()
    beats, sentences = beats.requires_grad_(), sentences.requires_grad_()
    rows = [
        beat_alignment_scores(part, sentences, sentence_mask, beat_mask=real, variant=variant)
        for part, real in zip(beats.split(SPLIT), beat_mask.split(SPLIT), strict=True)
    ]
    loss = beat_alignment_loss(torch.cat(rows), same[:, None] == same)
    found = (loss, *torch.autograd.grad(loss, (beats, sentences)))
    for got, want in zip(found, of_the_whole(variant), strict=True):
        torch.testing.assert_close(got, want)


def work(rank: int, out: Path) -> None:
    """What each of the two processes does: it has its own records, and as many places for sentences as they need."""
    beats, sentences, sentence_mask, beat_mask, same = (x.split(SPLIT)[rank] for x in records())
    longest = int(sentence_mask.sum(dim=1).max())
    same = gather_rows(same)
    result = {}
    for variant in VARIANTS:
        mine, told = beats.clone().requires_grad_(), sentences[:, :longest].clone().requires_grad_()
        theirs, their_mask = gather_sentences(told, sentence_mask[:, :longest])
        rows = beat_alignment_scores(mine, theirs, their_mask, beat_mask=beat_mask, variant=variant)
        loss = beat_alignment_loss(gather_with_gradient(rows), same[:, None] == same)
        loss.backward()
        # Data-parallel training takes the mean over the two processes.
        result[variant] = (loss.detach(), mine.grad / 2, told.grad / 2)
    torch.save(result, out / f"{rank}.pt")


@pytest.mark.slow
def test_two_processes_give_the_loss_and_gradient_of_one(tmp_path: Path) -> None:
    on_two(work, tmp_path)
    for variant in VARIANTS:
        loss, of_beats, of_sentences = of_the_whole(variant)
        for rank in range(2):
            result = torch.load(tmp_path / f"{rank}.pt", weights_only=True)[variant]
            torch.testing.assert_close(result[0], loss)
            torch.testing.assert_close(result[1], of_beats.split(SPLIT)[rank])
            wanted = of_sentences.split(SPLIT)[rank]
            torch.testing.assert_close(result[2], wanted[:, : result[2].shape[1]])
            assert not wanted[:, result[2].shape[1] :].any()


class Alive(TorchDispatchMode):
    """Counts the bytes of the tensors that were made and are still held, and remembers the height."""

    now = height = 0

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for made in tree_leaves(result):
            if isinstance(made, Tensor):
                self.count(made.untyped_storage())
        return result

    def count(self, storage: torch.UntypedStorage) -> None:
        place, size = storage._cdata, storage.nbytes()
        if place not in self.known:
            self.known[place] = weakref.finalize(storage, self.release, place, size)
            self.now += size
            self.height = max(self.height, self.now)

    def release(self, place: int, size: int) -> None:
        del self.known[place]
        self.now -= size


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("max_bytes", [2**20, 2**22, 2**25])
def test_the_memory_of_triples_is_what_was_asked_forward_and_backward(variant: str, max_bytes: int) -> None:
    num, num_beats, num_sentences, width = 64, 13, 6, 32
    chance = torch.Generator().manual_seed(0)
    beats = torch.randn(num, num_beats, width, generator=chance).requires_grad_()
    sentences = torch.randn(num, num_sentences, width, generator=chance).requires_grad_()
    mask = torch.arange(num_sentences) < torch.randint(num_sentences + 1, (num, 1), generator=chance)
    with Alive() as alive:
        scores = beat_alignment_scores(beats, sentences, mask, variant=variant, max_bytes=max_bytes)
        beat_alignment_loss(scores).backward()
    arguments = 4 * (beats.numel() + sentences.numel())
    assert alive.height < max_bytes + 3 * arguments


def test_a_batch_of_128_takes_less_than_150_mb() -> None:
    chance = torch.Generator().manual_seed(0)
    beats = torch.randn(128, 13, 256, generator=chance).requires_grad_()
    sentences = torch.randn(128, 8, 256, generator=chance).requires_grad_()
    with Alive() as alive:
        beat_alignment_loss(beat_alignment_scores(beats, sentences, torch.ones(128, 8))).backward()
    triples = 4 * 128 * 13 * 128 * 8
    assert 4 * triples < alive.height < 150e6  # less than four would not have been counted rightly
