"""Masked batch normalisation against PyTorch's own on the real positions alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ecg_text.nn.normalisation import MaskedBatchNorm
from tests.support.processes import on_two


def inputs() -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(0)
    x = torch.randn(6, 3, 10, generator=chance) * 2 + 1
    return x, torch.arange(10) < torch.tensor([10, 7, 3, 10, 5, 9])[:, None]


def test_without_a_mask_it_is_pytorchs_own_in_training_and_out_of_it() -> None:
    x, _ = inputs()
    ours, theirs = MaskedBatchNorm(3), torch.nn.BatchNorm1d(3)
    torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_with_a_mask_it_is_pytorchs_own_on_the_real_positions() -> None:
    x, mask = inputs()
    ours, theirs = MaskedBatchNorm(3), torch.nn.BatchNorm1d(3)
    ours_x, theirs_x = x.clone().requires_grad_(), x.clone().requires_grad_()
    real = theirs(theirs_x.transpose(1, 2)[mask])
    out = ours(ours_x, mask).transpose(1, 2)[mask]
    torch.testing.assert_close(out, real)
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    weight = torch.linspace(-1, 2, real.numel()).reshape(real.shape)
    (out * weight).sum().backward()
    (real * weight).sum().backward()
    torch.testing.assert_close(ours_x.grad, theirs_x.grad)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


def test_of_bfloat16_the_statistics_are_taken_in_full_precision() -> None:
    chance = torch.Generator().manual_seed(1)
    x = (torch.randn(8, 3, 300, generator=chance) + 5).bfloat16()
    mask = (torch.arange(300) < torch.arange(20, 300, 35)[:, None]).clone()
    half, full = MaskedBatchNorm(3), MaskedBatchNorm(3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = half(x, mask)
    expected = full(x.float(), mask)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out, expected.bfloat16())
    torch.testing.assert_close(half.state_dict(), full.state_dict())


def _half_on_each(rank: int, folder: str) -> None:
    x, mask = inputs()
    norm = MaskedBatchNorm(3)
    out = norm(x[3 * rank : 3 * rank + 3], mask[3 * rank : 3 * rank + 3])
    torch.save({"out": out.detach(), "state": norm.state_dict()}, f"{folder}/{rank}.pt")


@pytest.mark.slow
def test_two_processes_with_half_the_batch_see_the_statistics_of_the_whole(tmp_path: Path) -> None:
    x, mask = inputs()
    whole = MaskedBatchNorm(3)
    out = whole(x, mask)
    on_two(_half_on_each, str(tmp_path))
    seen = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    torch.testing.assert_close(torch.cat([part["out"] for part in seen]), out.detach())
    for part in seen:
        torch.testing.assert_close(part["state"], dict(whole.state_dict()))
