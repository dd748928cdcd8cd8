"""A batch in chunks has the loss and the gradients of the whole one; what cannot be cut is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from ecg_text.errors import ConfigError, TrainingError
from ecg_text.methods.masked_language import MaskedLanguage
from ecg_text.methods.method import ContrastiveMethod, Losses
from ecg_text.training.gradient_cache import GradientCache, joined
from ecg_text.training.loop import train

WIDTH = 5
WHOLE = {"atol": 1e-5, "rtol": 1e-5}


class Rows(NamedTuple):
    """Rows x (B, D), the first of whose numbers are words, as many as length (B,) says."""

    x: torch.Tensor
    length: torch.Tensor

    def to(self, device):
        return Rows(self.x.to(device), self.length.to(device))

    def rows(self, rows):
        return Rows(self.x[rows], self.length[rows])

    def row_chunks(self, num):
        return torch.arange(len(self.x)).tensor_split(min(num, len(self.x)))


class Features(NamedTuple):
    left: torch.Tensor
    right: torch.Tensor
    words: torch.Tensor
    is_word: torch.Tensor
    error: torch.Tensor
    num: torch.Tensor


class Contrast(ContrastiveMethod):
    """Rows against rows, their words against all words, and an error of each row by itself, a mean over numbers.

    `poison` is the contrast whose loss is not a number.
    """

    def __init__(self, dropout=0.0, poison=None, is_checkpointed=False):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(7)
            self.net = nn.Sequential(nn.Linear(WIDTH, 8), nn.LayerNorm(8), nn.Dropout(dropout), nn.Linear(8, WIDTH))
            self.other = nn.Linear(WIDTH, WIDTH, bias=False)  # it would move all logits of a row alike
            self.word = nn.Parameter(torch.randn(3))
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.poison, self.is_checkpointed, self.contrasts, self.sizes = poison, is_checkpointed, 0, []

    def encode(self, batch):
        self.sizes.append(len(batch.x))
        left = checkpoint(self.net, batch.x, use_reentrant=False) if self.is_checkpointed else self.net(batch.x)
        longest = int(batch.length.max())  # of this chunk
        return Features(
            left=left,
            right=self.other(batch.x),
            words=batch.x[:, :longest, None] * self.word,
            is_word=torch.arange(longest) < batch.length[:, None],
            error=(left - batch.x).square().sum().reshape(1),
            num=torch.tensor([left.numel()]),
        )

    def contrast(self, features):
        self.contrasts += 1
        logits = self.scale * features.left @ features.right.T
        among = nn.functional.cross_entropy(logits, torch.arange(len(logits)))
        words = features.words[features.is_word]
        error = features.error.sum() / features.num.sum()
        total = among + (words @ words.T).logsumexp(dim=1).mean() + 0.5 * error
        return Losses(total * (float("nan") if self.contrasts == self.poison else 1), {"among": among.detach()})


def batch_of(num, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return Rows(torch.randn(num, WIDTH, generator=chance), torch.randint(1, WIDTH + 1, (num,), generator=chance))


def gradients(method):
    return {name: p.grad for name, p in method.named_parameters()}


def by_the_book(method, batch, num):
    """The two passes of the paper, one after the other, with the state of chance before each chunk."""
    chunks, states, cached = batch.row_chunks(num), [], []
    for rows in chunks:
        states.append(torch.get_rng_state())
        with torch.no_grad():
            cached.append(method.encode(batch.rows(rows)))
    leaves = [Features(*(x.requires_grad_(x.is_floating_point()) for x in part)) for part in cached]
    losses = method.contrast(joined(leaves))
    losses.total.backward()
    for rows, state, part in zip(chunks, states, leaves, strict=True):
        torch.set_rng_state(state)
        again = method.encode(batch.rows(rows))
        sum((x * leaf.grad).sum() for x, leaf in zip(again, part, strict=True) if leaf.requires_grad).backward()
    return losses


@pytest.mark.parametrize("num", [1, 2, 3, 11])
@pytest.mark.parametrize("is_checkpointed", [False, True])
def test_chunks_have_the_loss_and_the_gradients_of_the_whole(num, is_checkpointed):
    whole, cut, batch = Contrast(), Contrast(is_checkpointed=is_checkpointed), batch_of(11)
    one, other = whole(batch), GradientCache(cut, num)(batch)
    one.total.backward()
    other.total.backward()
    torch.testing.assert_close(other.total, one.total, **WHOLE)
    torch.testing.assert_close(other.parts, one.parts, **WHOLE)
    torch.testing.assert_close(gradients(cut), gradients(whole), **WHOLE)
    assert max(cut.sizes) == -(-11 // num)


@pytest.mark.parametrize("num", [1, 3])
def test_with_dropout_both_passes_draw_the_same(num):
    book, cached, batch = Contrast(dropout=0.3), Contrast(dropout=0.3), batch_of(7)
    torch.manual_seed(5)
    one = by_the_book(book, batch, num)
    torch.manual_seed(5)
    other = GradientCache(cached, num)(batch)
    after = torch.get_rng_state()
    other.total.backward()
    assert torch.equal(torch.get_rng_state(), after)
    torch.testing.assert_close(other.total, one.total, **WHOLE)
    torch.testing.assert_close(gradients(cached), gradients(book), **WHOLE)


def test_one_chunk_draws_what_the_whole_batch_draws():
    whole, cut, batch = Contrast(dropout=0.3), Contrast(dropout=0.3), batch_of(7)
    for module in (whole, GradientCache(cut, 1)):
        torch.manual_seed(5)
        module(batch).total.backward()
    torch.testing.assert_close(gradients(cut), gradients(whole), rtol=0, atol=0)


def test_a_rounded_weight_does_not_gather_the_gradients_of_all_chunks():
    exact, whole, cut, batch = Contrast(), Contrast(), Contrast(), batch_of(256)
    exact(batch).total.backward()
    for module in (whole, GradientCache(cut, 128)):
        with torch.autocast("cpu", torch.bfloat16):
            losses = module(batch)
        losses.total.backward()

    def distance(method):
        pairs = zip(gradients(method).values(), gradients(exact).values(), strict=True)
        return sum((one - other).square().sum().item() for one, other in pairs) ** 0.5

    assert distance(cut) < 1.5 * distance(whole)


def test_shorter_rows_are_filled_up_with_nothing():
    class Two(NamedTuple):
        x: torch.Tensor
        mask: torch.Tensor

    parts = [Two(torch.ones(n, s, 2), torch.ones(n, s, dtype=torch.bool)) for n, s in ((2, 1), (1, 3))]
    both = joined(parts)
    assert both.mask.tolist() == [[True, False, False], [True, False, False], [True, True, True]]
    assert torch.equal(both.x[..., 0], both.mask.float())
    assert both.x.shape == (3, 3, 2)


@pytest.fixture
def chunk_loader(toy_loader):
    """Batches that can be cut."""

    class ChunkLoader(toy_loader):
        def epoch(self, epoch, start=0):
            for number in range(start, self.batches_per_epoch):
                yield batch_of(self.batch_size, seed=1000 * epoch + number)

    return ChunkLoader


def test_a_run_in_chunks_learns_what_the_run_without_learns(tmp_path, chunk_loader, quick):
    config, ends = replace(quick, accumulation=2), []
    for num in (1, 3):
        method = Contrast()
        train(method, chunk_loader(4, 6), replace(config, cached_chunks=num), tmp_path / str(num))
        ends.append(dict(method.named_parameters()))
        assert max(method.sizes) == 6 // num
    torch.testing.assert_close(ends[1], ends[0], rtol=1e-3, atol=1e-4)


def test_a_run_in_chunks_goes_on_bit_for_bit(tmp_path, chunk_loader, quick):
    config = replace(quick, cached_chunks=2)
    train(Contrast(dropout=0.3), chunk_loader(), config, tmp_path / "straight")
    with pytest.raises(TrainingError, match="step 5"):
        train(Contrast(dropout=0.3, poison=5), chunk_loader(), config, tmp_path / "halted")
    torch.manual_seed(99)
    train(Contrast(dropout=0.3), chunk_loader(), config, tmp_path / "halted", resume=True)
    for name in ("method", "optimizer", "random", "average"):
        path = f"checkpoints/step-00000006/{name}.safetensors"
        assert (tmp_path / "straight" / path).read_bytes() == (tmp_path / "halted" / path).read_bytes()


def test_more_chunks_than_rows_are_refused(tmp_path, chunk_loader, quick):
    with pytest.raises(ConfigError, match="cached_chunks is 4, but a batch has 3 rows"):
        train(Contrast(), chunk_loader(), replace(quick, cached_chunks=4), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_method_without_the_two_parts_is_refused(tmp_path, toy_method, toy_loader, quick):
    with pytest.raises(ConfigError, match="method ToyMethod has no encode and contrast"):
        train(toy_method(), toy_loader(), replace(quick, cached_chunks=2), tmp_path)
    with pytest.raises(ConfigError, match="method MaskedLanguage has no encode and contrast"):
        GradientCache(MaskedLanguage(nn.Linear(2, 2)), 2)


def test_statistics_of_the_batch_are_refused_unless_they_are_frozen():
    method = Contrast()
    method.net.append(nn.BatchNorm1d(WIDTH))
    with pytest.raises(ConfigError, match="cached_chunks is 2, but an encoder of method Contrast normalises"):
        GradientCache(method, 2)
    GradientCache(method.eval(), 2)
