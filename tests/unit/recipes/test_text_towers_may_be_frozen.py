"""Of a pretrained text encoder, the embeddings and the lowest layers may stay as they are."""

from __future__ import annotations

import pytest
from transformers import AutoModel, BertConfig, DistilBertConfig, PreTrainedConfig

from ecg_text.errors import ConfigError
from ecg_text.recipes.towers import freeze_lowest

BERT = BertConfig(
    vocab_size=30, hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=16, pad_token_id=0
)
DISTILBERT = DistilBertConfig(vocab_size=30, dim=8, n_layers=3, n_heads=2, hidden_dim=16)


@pytest.mark.parametrize("config", [BERT, DISTILBERT], ids=["bert", "distilbert"])
def test_what_is_frozen_does_not_learn_and_the_rest_does(config: PreTrainedConfig) -> None:
    encoder = AutoModel.from_config(config)
    freeze_lowest(encoder, 2)
    learning = {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}
    assert not any("embeddings" in name or "layer.0." in name or "layer.1." in name for name in learning)
    assert any("layer.2." in name for name in learning)


def test_nothing_is_frozen_where_nothing_is_asked() -> None:
    encoder = AutoModel.from_config(BERT)
    freeze_lowest(encoder, 0)
    assert all(parameter.requires_grad for parameter in encoder.parameters())


@pytest.mark.parametrize("number", [4, -1])
def test_layers_that_are_not_there_are_refused(number: int) -> None:
    with pytest.raises(ConfigError, match="has 3 layers"):
        freeze_lowest(AutoModel.from_config(BERT), number)
