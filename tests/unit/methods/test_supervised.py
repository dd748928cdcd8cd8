"""Method supervised: the loss by hand, what learns of the encoder, and what stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from peft import PeftModel
from torch import nn

from ecg_text.data.batch import Batch
from ecg_text.errors import ConfigError, DataError
from ecg_text.methods.supervised import Supervised
from ecg_text.models.attention_lora import with_attention_lora
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.ecg_classifier import EcgClassifier
from ecg_text.models.text_encoder import merged
from ecg_text.nn.pooling import masked_mean

NARROW = EcgEncoderConfig(leads=["I", "II"], widths=[8, 16], depths=[1, 1], kernel=3, num_heads=2, dropout=0.2)
TRUNK = EcgEncoderConfig(
    encoder="conv_transformer",
    leads=["I", "II"],
    widths=[8, 8],
    kernel=2,
    trunk_width=16,
    position_kernel=5,
    position_groups=2,
    num_heads=2,
    dropout=0.2,
)


def batch(num: int = 6) -> Batch:
    chance = torch.Generator().manual_seed(1)
    time_mask = torch.ones(num, 64, dtype=torch.bool)
    time_mask[1, 40:] = False
    return Batch(
        ecg=torch.randn(num, 2, 64, generator=chance),
        lead_mask=torch.ones(num, 2, dtype=torch.bool),
        time_mask=time_mask,
        record_ids=tuple(map(str, range(num))),
        patient_ids=(None,) * num,
        labels=(torch.rand(num, 3, generator=chance) < 0.4).float(),
    )


def method(config: EcgEncoderConfig = NARROW, dropout: float = 0.1) -> Supervised:
    torch.manual_seed(0)
    return Supervised(EcgClassifier(config, 3, dropout))


@pytest.mark.parametrize("config", [NARROW, TRUNK])
def test_the_loss_is_the_mean_over_records_and_labels(config: EcgEncoderConfig) -> None:
    asked, one = method(config).eval(), batch()
    assert one.labels is not None
    logits = asked.model(one.ecg, one.lead_mask, one.time_mask).double()
    share = torch.sigmoid(logits.detach())
    slow = 0.0
    for n in range(6):
        for k in range(3):
            slow -= np.log(float(share[n, k] if one.labels[n, k] else 1 - share[n, k])) / 18
    assert float(asked(one).total.detach()) == pytest.approx(slow, rel=1e-5)
    with pytest.raises(DataError, match="needs labels"):
        asked(replace(one, labels=None))


def test_tokens_are_pooled_by_mean_and_largest_and_padding_is_not_seen() -> None:
    model, one = method().eval().model, batch()
    tokens, mask = model.encoder(one.ecg, one.lead_mask, one.time_mask)
    largest = torch.stack([row[real].amax(dim=0) for row, real in zip(tokens, mask, strict=True)])
    pooled = torch.cat([masked_mean(tokens, mask), largest], dim=1)
    logits = model(one.ecg, one.lead_mask, one.time_mask)
    torch.testing.assert_close(logits, model.head(pooled))
    padded = torch.where(one.time_mask[:, None], one.ecg, torch.full_like(one.ecg, 9.0))
    torch.testing.assert_close(model(padded, one.lead_mask, one.time_mask), logits, rtol=1e-4, atol=1e-5)


def trained(asked: Supervised, steps: int = 3) -> dict[str, torch.Tensor]:
    """What changed of the weights and running values in some steps, and by how much."""
    before = {name: value.clone() for name, value in asked.state_dict().items()}
    learning = [parameter for parameter in asked.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=0.1)
    asked.train()
    for _ in range(steps):
        optimizer.zero_grad()
        asked(batch()).total.backward()
        optimizer.step()
    return {name: value for name, value in asked.state_dict().items() if not torch.equal(value, before[name])}


def test_all_learns_by_default() -> None:
    asked = method()
    changed = trained(asked)
    assert {name for name, _ in asked.named_parameters()} - changed.keys() <= {
        "model.encoder.absent",  # no lead is absent
        # A bias before a softmax over tokens changes nothing but its value's part.
    }


@pytest.mark.parametrize("config", [NARROW, TRUNK])
def test_a_frozen_encoder_changes_in_nothing_and_drops_nothing(config: EcgEncoderConfig) -> None:
    asked = method(config, dropout=0.0)
    asked.model.encoder.requires_grad_(False)
    assert set(trained(asked)) == {"model.head.weight", "model.head.bias"}
    asked.train()
    assert float(asked(batch()).total.detach()) == float(asked(batch()).total.detach())  # no dropout in the encoder
    asked.eval()
    assert not asked.model.encoder.training
    assert method().train().model.encoder.training


@pytest.mark.parametrize("config", [NARROW, TRUNK])
def test_adapters_begin_as_nothing_learn_alone_and_are_merged(config: EcgEncoderConfig) -> None:
    plain, asked, one = method(config).eval(), method(config), batch()
    asked.model.encoder = with_attention_lora(asked.model.encoder, rank=2, alpha=4.0, dropout=0.0)
    asked.eval()
    torch.testing.assert_close(asked(one).total, plain(one).total)
    changed = trained(asked)
    assert all("lora_" in name or name.startswith("model.head") for name in changed)
    assert any("query_key_value" in name for name in changed)
    asked.eval()
    merging = merged(asked.model.encoder)
    assert not isinstance(merging, PeftModel)
    assert merging.state_dict().keys() == plain.model.encoder.state_dict().keys()
    for found, expected in zip(
        merging(one.ecg, one.lead_mask, one.time_mask),
        asked.model.encoder(one.ecg, one.lead_mask, one.time_mask),
        strict=True,
    ):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert isinstance(asked.model.encoder, PeftModel)  # the one given is left as it is


def test_adapters_need_attention() -> None:
    bare = EcgEncoderConfig(leads=["I"], widths=[8], depths=[1], kernel=3, num_heads=2, num_layers=0)
    with pytest.raises(ConfigError, match="no attention layer"):
        with_attention_lora(EcgClassifier(bare, 2).encoder, rank=2, alpha=4.0, dropout=0.0)


def test_the_encoder_is_what_is_worth_compiling() -> None:
    [part] = method().parts_to_compile()
    assert isinstance(part, nn.Module)
