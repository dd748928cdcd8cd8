"""The BERT that is asked gives the bits that transformers' gives, with and without padding, however it is masked."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from transformers import BertConfig, BertModel

from ecg_text.errors import ConfigError
from ecg_text.models.causal_text import read_both_ways
from ecg_text.nn.bert import Bert, BertSizes

SIZES = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "pad_token_id": 0}


def both(**settings: object) -> tuple[BertModel, Bert]:
    """The two with one set of weights, which differ from what they start at."""
    torch.manual_seed(0)
    config = BertConfig(**SIZES, intermediate_size=48, max_position_embeddings=24, **settings)
    theirs = BertModel(config, add_pooling_layer=False).eval()
    for weight in theirs.parameters():
        weight.data.add_(0.1 * torch.rand_like(weight))
    ours = Bert(BertSizes(**{field.name: getattr(config, field.name) for field in fields(BertSizes)})).eval()
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


@pytest.mark.parametrize("lengths", [(9, 9), (9, 4), (1, 9)])
@pytest.mark.parametrize("is_decoder", [False, True])
def test_it_is_transformers_bert(lengths: tuple[int, int], is_decoder: bool) -> None:
    theirs, ours = both(is_decoder=is_decoder)
    words = torch.randint(1, 50, (2, 9))
    mask = (torch.arange(9) < torch.tensor(lengths)[:, None]).long()
    with torch.inference_mode():
        torch.testing.assert_close(
            read_both_ways(ours, words, mask), read_both_ways(theirs, words, mask), rtol=0, atol=0
        )


def test_it_starts_with_the_names_and_shapes_of_transformers_weights() -> None:
    theirs, ours = both()
    told = [{name: weight.shape for name, weight in model.state_dict().items()} for model in (theirs, ours)]
    assert told[0] == told[1]


def test_it_does_not_read_causally() -> None:
    _, ours = both(is_decoder=True)
    with pytest.raises(ConfigError, match="load it whole"):
        ours(torch.ones(1, 4, dtype=torch.int64), torch.ones(1, 4, dtype=torch.int64))
