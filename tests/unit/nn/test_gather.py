"""Two processes with half a batch each compute what one computes with all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from ecg_text.nn.gather import (
    gather_objects,
    gather_rows,
    gather_with_gradient,
    num_processes,
    process_rank,
)
from tests.support.processes import on_two

ROWS, WIDTH = 7, 5
SPLIT = (4, 3)  # rows of the two processes, unequal on purpose


class TwoTowers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.ecg, self.text = nn.Linear(WIDTH, 4), nn.Linear(WIDTH, 4)
        self.scale = nn.Parameter(torch.tensor(3.0))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        ecg = gather_with_gradient(F.normalize(self.ecg(x), dim=-1))
        text = gather_with_gradient(F.normalize(self.text(y), dim=-1))
        logits = self.scale * ecg @ text.T
        target = torch.arange(len(logits))
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def pairs() -> tuple[Tensor, Tensor]:
    x, y = torch.randn(2, ROWS, WIDTH, generator=torch.Generator().manual_seed(0))
    return x, y


def work(rank: int, out: Path) -> None:
    """What each of the two processes does."""
    x, y = (rows.split(SPLIT)[rank] for rows in pairs())
    model = TwoTowers()
    wrapped = DistributedDataParallel(model)  # named, for its hooks die with it
    loss = wrapped(x, y)
    loss.backward()
    result = {name: p.grad for name, p in model.named_parameters()} | {"loss": loss.detach()}
    assert (num_processes(), process_rank()) == (2, rank)
    assert gather_objects([f"text {rank}"] * (rank + 1)) == ["text 0", "text 1", "text 1"]
    assert gather_rows(torch.full((rank, 2), True)).tolist() == [[True, True]]
    torch.save(result, out / f"{rank}.pt")


def test_on_one_process_gathering_is_the_identity(monkeypatch):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    x = torch.ones(3, 2, requires_grad=True)
    assert gather_with_gradient(x) is x
    assert gather_objects(["a"]) == ["a"]
    assert torch.equal(gather_rows(x), x)
    assert (num_processes(), process_rank()) == (1, 0)


def test_before_the_processes_meet_the_launcher_says_how_many_they_are(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "2")
    assert (num_processes(), process_rank()) == (4, 2)


@pytest.mark.slow
def test_two_processes_give_the_loss_and_gradient_of_one(tmp_path):
    single = TwoTowers()
    loss = single(*pairs())
    loss.backward()
    on_two(work, tmp_path)
    for rank in range(2):
        result = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        torch.testing.assert_close(result["loss"], loss.detach(), rtol=0, atol=1e-5)
        for name, parameter in single.named_parameters():
            torch.testing.assert_close(result[name], parameter.grad, rtol=0, atol=1e-5)
