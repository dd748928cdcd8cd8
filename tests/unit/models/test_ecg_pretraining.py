"""The encoder with its codebooks and projections: the published number of weights, and no target sees the mask."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ecg_text.errors import ConfigError
from ecg_text.leads import STANDARD_12
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.ecg_pretraining import EcgPretrainingModel, TargetPlan, hidden_tokens
from ecg_text.recipes.run import melp_tower
from ecg_text.recipes.towers import ecg_config

PLAN = TargetPlan(num_groups=2, num_entries=5, code_width=8, final_width=6, dropout=0.0)


def tiny(plan: TargetPlan = PLAN, **changes: Any) -> EcgPretrainingModel:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"widths": [8, 8], "kernel": 2, "trunk_width": 16, "position_kernel": 5}
    sizes |= {"position_groups": 2, "num_heads": 2, "dropout": 0.0, "leads": ["I", "II"]}
    return EcgPretrainingModel(EcgEncoderConfig(encoder="conv_transformer", **sizes | changes), plan)


def weights(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


def test_with_melps_base_sizes_it_has_the_published_number_of_weights() -> None:
    with torch.device("meta"):
        model = EcgPretrainingModel(ecg_config(melp_tower("melp_base"), STANDARD_12))
    assert weights(model.encoder) == 90_374_016
    assert weights(model) == 90_883_072


def test_hidden_tokens_stand_side_by_side_in_their_order() -> None:
    masked = torch.tensor([[0, 1, 1, 0, 1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0]], dtype=torch.bool)
    found = hidden_tokens(masked)
    assert found.is_there.tolist() == [[True] * 3, [True, False, False], [False] * 3]
    assert found.places[0].tolist() == [1, 2, 4]
    assert found.places[1, 0] == 4
    assert hidden_tokens(masked[2:]).is_there.tolist() == [[False]]


def inputs(model: EcgPretrainingModel) -> tuple[Tensor, Tensor, Tensor]:
    chance = torch.Generator().manual_seed(1)
    ecg = torch.randn(3, 2, 48, generator=chance)
    features, real = model.encoder.convolve(
        ecg, torch.ones(3, 2, dtype=torch.bool), torch.arange(48) < torch.tensor([[48], [48], [20]])
    )
    return features, real, (torch.rand(real.shape, generator=chance) < 0.5) & real


@pytest.mark.parametrize("training", [False, True])
def test_it_predicts_at_the_hidden_tokens_what_the_whole_sequences_give_there(training: bool) -> None:
    model = tiny().train(training)
    features, real, masked = inputs(model)
    hidden = hidden_tokens(masked)
    found = model(features, real, masked, hidden, 1.0)
    tokens = model.encoder.contextualise(model.encoder.feature_norm(features), real, masked)
    torch.testing.assert_close(found.tokens, tokens)
    whole = model.eval().quantiser(model.encoder.feature_norm(features), masked, 1.0)
    torch.testing.assert_close(found.quantised.prob_perplexity, whole.prob_perplexity)
    torch.testing.assert_close(found.quantised.code_perplexity, whole.code_perplexity)
    for row, place in hidden.is_there.nonzero().tolist():
        token = int(hidden.places[row, place])
        assert masked[row, token]
        torch.testing.assert_close(found.context[row, place], model.context_head(tokens[row, token]))
        if not training:
            torch.testing.assert_close(found.targets[row, place], model.code_head(whole.codes[row, token]))


def test_a_target_is_made_of_what_is_hidden_and_a_context_of_what_is_not() -> None:
    model = tiny(position_kernel=3, num_layers=1).eval()
    features, real, masked = inputs(model)
    masked[0] = False
    masked[0, 4] = True
    hidden = hidden_tokens(masked)
    changed = features.clone()
    changed[0, 4] += 1.0
    one, other = (model(x, real, masked, hidden, 1.0) for x in (features, changed))
    assert torch.equal(one.context, other.context)
    logits = [model.quantiser.to_logits(model.encoder.feature_norm(x)) for x in (features, changed)]
    assert not torch.equal(*logits)


def test_every_weight_learns() -> None:
    model = tiny().train()
    features, real, masked = inputs(model)
    found = model(features, real, masked, hidden_tokens(masked), 1.0)
    (found.context * found.targets).sum().backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None] == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"num_groups": 0}, "targets.num_groups is 0"),
        ({"final_width": -1}, "targets.final_width is -1"),
        ({"dropout": 1.0}, "targets.dropout is 1.0"),
        ({"num_groups": 3}, "cannot be made of 3 groups"),
    ],
)
def test_impossible_sizes_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        tiny(TargetPlan(**wrong))


def test_another_encoder_is_refused() -> None:
    with pytest.raises(ConfigError, match="trains the encoder conv_transformer, not 'resnet1d'"):
        EcgPretrainingModel(EcgEncoderConfig(encoder="resnet1d"))
