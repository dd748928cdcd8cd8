"""Method clip: the loss falls, every parameter learns, and two half batches on two processes equal one whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.nn.parallel import DistributedDataParallel
from transformers import BertConfig

from ecg_text.data.batch import Batch, Texts
from ecg_text.errors import ConfigError, DataError
from ecg_text.methods.clip import Clip
from ecg_text.models.auto import register
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.training.gradient_cache import GradientCache
from tests.support.processes import on_two

ENCODERS = {
    "resnet1d": {"widths": [8, 16], "depths": [1, 1], "kernel": 3},
    "conv_transformer": {
        "widths": [8, 8],
        "kernel": 2,
        "trunk_width": 16,
        "position_kernel": 5,
        "position_groups": 2,
    },
}


def tiny_clip(encoder: str = "resnet1d") -> Clip:
    register()
    torch.manual_seed(0)
    ecg = EcgEncoderConfig(encoder=encoder, leads=["I", "II"], num_heads=2, dropout=0.0, **ENCODERS[encoder])
    text = BertConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return Clip(EcgTextModel(EcgTextConfig(ecg_config=ecg, text_config=text, embedding_width=12)))


def batch_of(num: int) -> Batch:
    """num records; records 0 and num - 1 share their report, and record 1's text is part of record 2's report."""
    chance = torch.Generator().manual_seed(1)
    ids = torch.randint(5, 30, (num - 1, 6), generator=chance)
    row = torch.arange(num)
    row[num - 1] = 0
    stated = torch.zeros(num, 4, dtype=torch.int64)
    stated[:, 0] = row + 1
    reported = stated.clone()
    reported[2, 1] = int(stated[1, 0])
    return Batch(
        ecg=torch.randn(num, 2, 64, generator=chance),
        lead_mask=torch.ones(num, 2, dtype=torch.bool),
        time_mask=torch.ones(num, 64, dtype=torch.bool),
        record_ids=tuple(map(str, range(num))),
        patient_ids=tuple(map(str, range(num))),
        texts=Texts(
            strings=tuple(map(str, range(num - 1))),
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            sentence=torch.zeros_like(ids),
            row=row,
            stated=stated,
            reported=reported,
        ),
    )


def part_of(batch: Batch, rows: slice) -> Batch:
    assert batch.texts is not None
    texts = batch.texts
    return replace(
        batch,
        ecg=batch.ecg[rows],
        lead_mask=batch.lead_mask[rows],
        time_mask=batch.time_mask[rows],
        record_ids=batch.record_ids[rows],
        patient_ids=batch.patient_ids[rows],
        texts=replace(texts, row=texts.row[rows], stated=texts.stated[rows], reported=texts.reported[rows]),
    )


def test_one_batch_is_learned() -> None:
    method, batch = tiny_clip(), batch_of(8)
    optimizer = torch.optim.Adam(method.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        loss = method(batch).total
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_a_step_in_bfloat16_with_padded_records_is_close_to_the_one_in_full_precision() -> None:
    batch = batch_of(8)
    batch = replace(batch, time_mask=torch.arange(64) < torch.tensor([64, 64, 40, 64, 32, 64, 50, 64])[:, None])
    losses, norms = [], []
    for enabled in (False, True):
        method = tiny_clip()
        optimizer = torch.optim.SGD(method.parameters(), lr=0.01)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            loss = method(batch).total
        loss.backward()
        norms.append(torch.nn.utils.get_total_norm([p.grad for p in method.parameters() if p.grad is not None]).item())
        optimizer.step()
        assert all(torch.isfinite(value).all() for value in method.state_dict().values())
        losses.append(loss.item())
    assert losses[1] == pytest.approx(losses[0], rel=0.03)
    assert norms[1] == pytest.approx(norms[0], rel=0.1)


def test_every_parameter_gets_a_gradient() -> None:
    method = tiny_clip()
    method(batch_of(6)).total.backward()
    assert [name for name, parameter in method.named_parameters() if parameter.grad is None] == []


def test_a_batch_without_texts_is_refused() -> None:
    with pytest.raises(DataError, match="needs texts"):
        tiny_clip()(replace(batch_of(4), texts=None))


@pytest.mark.parametrize("num", [2, 3, 8])
def test_chunks_have_the_loss_and_gradients_of_the_whole_batch(num: int) -> None:
    whole, cut, batch = tiny_clip("conv_transformer"), tiny_clip("conv_transformer"), batch_of(8)
    one, other = whole(batch), GradientCache(cut, num)(batch)
    one.total.backward()
    other.total.backward()
    torch.testing.assert_close(other.total, one.total, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(gradients(cut), gradients(whole), atol=1e-5, rtol=1e-5)


def test_an_encoder_that_normalises_over_the_batch_is_not_cut() -> None:
    with pytest.raises(ConfigError, match=r"cached_chunks is 8.*statistics of the whole batch"):
        GradientCache(tiny_clip("resnet1d"), 8)


def gradients(method: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.grad for name, p in method.named_parameters() if p.grad is not None}


def _half_on_each(rank: int, folder: str) -> None:
    for encoder, num in (("resnet1d", 1), ("conv_transformer", 1), ("conv_transformer", 2)):
        method, travels = tiny_clip(encoder), []

        def counted(group, bucket, travels=travels):  # type: ignore[no-untyped-def]
            travels.append(bucket.index())
            return allreduce_hook(group, bucket)

        wrapped = DistributedDataParallel(method if num == 1 else GradientCache(method, num))
        wrapped.register_comm_hook(None, counted)
        loss = wrapped(part_of(batch_of(8), slice(4 * rank, 4 * rank + 4))).total
        loss.backward()
        if rank == 0:
            seen = {"loss": loss.detach(), "gradients": gradients(method), "travels": travels}
            torch.save(seen, f"{folder}/{encoder}-{num}.pt")


@pytest.fixture(scope="module")
def of_two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the first of two processes saw, each with half of the batch."""
    folder = tmp_path_factory.mktemp("two")
    on_two(_half_on_each, str(folder))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("encoder", "num"), [("resnet1d", 1), ("conv_transformer", 1), ("conv_transformer", 2)])
def test_two_processes_with_half_the_batch_give_the_loss_and_gradients_of_one(
    of_two_processes: Path, encoder: str, num: int
) -> None:
    whole = tiny_clip(encoder)
    loss = whole(batch_of(8)).total
    loss.backward()
    seen = torch.load(of_two_processes / f"{encoder}-{num}.pt", weights_only=True)
    torch.testing.assert_close(seen["loss"], loss.detach(), atol=1e-5, rtol=1e-5)
    assert len(seen["gradients"]) > 20
    torch.testing.assert_close(seen["gradients"], gradients(whole), atol=1e-5, rtol=1e-5)
    assert len(seen["travels"]) == len(set(seen["travels"])) > 0  # chunks or not, a gradient travels once
