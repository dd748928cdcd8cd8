"""A configuration that no network can have is refused where it is made, in one line."""

from __future__ import annotations

from typing import Any

import pytest
from huggingface_hub.errors import StrictDataclassFieldValidationError
from transformers import BertConfig, BertModel

from ecg_text.errors import ConfigError, LeadError
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"widths": [16, 32], "depths": [1]}, "resnet1d has 2 widths and 1 depths"),
        ({"widths": [], "depths": []}, "at least one number"),
        ({"widths": [16, 0], "depths": [1, 1]}, "above 0"),
        ({"num_heads": 3}, "a width of 256 cannot be split among 3 heads"),
        ({"kernel": 4}, "kernel is 4; give an odd number"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"num_layers": -1}, "num_layers is -1"),
        ({"leads": []}, "leads is empty"),
        ({"stride": 2}, "EcgEncoderConfig has no setting 'stride'"),
    ],
)
def test_an_impossible_ecg_tower_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        EcgEncoderConfig(**wrong)


@pytest.mark.parametrize("leads", [["I", "II", "Q"], ["I", "I"]])
def test_leads_are_known_and_distinct(leads: list[str]) -> None:
    with pytest.raises(LeadError):
        EcgEncoderConfig(leads=leads)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"embedding_width": 0}, "embedding_width is 0"),
        ({"initial_scale": 0.0}, "0 < initial_scale"),
        ({"initial_scale": 200.0}, "initial_scale is 200.0, max_scale 100.0"),
        ({"embeding_width": 12}, "EcgTextConfig has no setting 'embeding_width'"),
        ({"ecg_config": {"num_heads": 3}}, "cannot be split among 3 heads"),
    ],
)
def test_an_impossible_model_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        EcgTextConfig(**wrong)


def test_values_are_checked_against_their_types() -> None:
    with pytest.raises(StrictDataclassFieldValidationError):
        EcgEncoderConfig(kernel="5")


def test_a_conv_transformer_may_have_fewer_depths_than_widths_and_an_even_kernel() -> None:
    EcgEncoderConfig(encoder="conv_transformer", widths=[16, 32, 64], depths=[8], kernel=2)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kernel": 1}, "kernel is 1; a stem of stride 2 reads every sample with 2 or more"),
        ({"num_heads": 3}, "a width of 256 cannot be split among 3 heads"),
        ({"trunk_width": 100, "position_groups": 16}, "100 cannot be split into 16 groups; give position_groups"),
        ({"position_kernel": 0}, "position_kernel and position_groups must be above 0"),
        ({"expansion": 0}, "expansion, position_kernel"),
        ({"feature_gradient": 0.0}, "feature_gradient is 0.0; give 0 < feature_gradient <= 1"),
        ({"feature_gradient": 2}, "feature_gradient is 2"),
    ],
)
def test_an_impossible_conv_transformer_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        EcgEncoderConfig(encoder="conv_transformer", **wrong)
    if set(wrong) <= {"trunk_width", "position_groups", "position_kernel", "expansion", "feature_gradient"}:
        EcgEncoderConfig(**wrong)  # which resnet1d does not read


def test_a_configuration_survives_its_file() -> None:
    config = EcgTextConfig(ecg_config=EcgEncoderConfig(num_heads=2), text_config=BertConfig(vocab_size=77))
    again = EcgTextConfig.from_dict(config.to_dict())
    assert again.to_dict() == config.to_dict()
    assert (again.ecg_config.num_heads, again.text_config.vocab_size) == (2, 77)


def test_the_attention_of_an_encoder_that_stands_on_the_configuration_is_left_alone() -> None:
    encoder = BertModel(BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1))
    before = encoder.config._attn_implementation
    EcgTextConfig(text_config=encoder.config)
    assert before is not None
    assert encoder.config._attn_implementation == before
