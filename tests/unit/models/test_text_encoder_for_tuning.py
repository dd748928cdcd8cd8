"""The encoder that is tuned: its head sees hidden places alone, adapters merge without a trace, misfits are told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForMaskedLM, BertConfig, DistilBertConfig, RobertaConfig

from ecg_text.errors import ConfigError
from ecg_text.models.pretrained import check_tokenizer_fits, usable_positions
from ecg_text.models.text_encoder import (
    check_special_pieces,
    hidden_states,
    logits_at,
    merged,
    new_text_encoder,
    num_weights,
    with_lora,
)

PIECES = 40
CONFIGS = {
    "bert": BertConfig(
        vocab_size=PIECES, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    ),
    "roberta": RobertaConfig(
        vocab_size=PIECES, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    ),
    "distilbert": DistilBertConfig(vocab_size=PIECES, dim=16, n_layers=2, n_heads=2, hidden_dim=32),
}


def model_of(name):
    torch.manual_seed(0)
    return AutoModelForMaskedLM.from_config(CONFIGS[name]).eval()


def texts():
    ids = torch.randint(5, PIECES, (3, 7), generator=torch.Generator().manual_seed(1))
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3, [1] * 6 + [0]])
    return ids * mask + (1 - mask), mask


def close(one, other):
    return torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_logits_at_chosen_places_are_those_of_the_whole_model(name):
    model, (ids, mask) = model_of(name), texts()
    chosen = torch.tensor([0, 3, 7, 8, 19])
    whole = model(input_ids=ids, attention_mask=mask).logits.flatten(0, 1)[chosen]
    assert torch.equal(logits_at(model, ids, mask, chosen), whole)
    assert model(input_ids=ids, attention_mask=mask).logits.shape == (3, 7, PIECES)  # the hook is gone


def test_no_chosen_place_gives_no_logits():
    model, (ids, mask) = model_of("bert"), texts()
    assert logits_at(model, ids, mask, torch.zeros(0, dtype=torch.int64)).shape == (0, PIECES)


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_adapters_merge_into_the_same_vectors_and_logits(name):
    model, (ids, mask) = with_lora(model_of(name), rank=4, alpha=8.0, dropout=0.1).eval(), texts()
    for part, parameter in model.named_parameters():
        if "lora_B" in part:  # they begin at zero, where merging would be no feat
            torch.nn.init.normal_(parameter, std=0.3)
    chosen = torch.arange(21)
    before = hidden_states(model, ids, mask)
    plain = merged(model)
    assert close(hidden_states(plain, ids, mask), before)
    assert close(logits_at(plain, ids, mask, chosen), logits_at(model, ids, mask, chosen))
    assert not close(before, hidden_states(model_of(name), ids, mask))
    assert plain.state_dict().keys() == model_of(name).state_dict().keys()
    assert torch.equal(hidden_states(model, ids, mask), before)  # the one that goes on learning is as it was


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_with_adapters_only_they_and_the_head_learn(name):
    bare = model_of(name)
    encoder = {id(parameter) for parameter in bare.base_model.parameters()}
    head = sum(p.numel() for p in bare.parameters() if id(p) not in encoder)
    linear = [part for part in bare.base_model.modules() if isinstance(part, torch.nn.Linear)]
    adapters = sum(4 * (part.in_features + part.out_features) for part in linear)
    total_before = num_weights(bare)[0]
    total, learning = num_weights(with_lora(bare, rank=4, alpha=8.0, dropout=0.0))
    assert learning == head + adapters
    assert total == total_before + adapters


def test_without_adapters_a_model_is_its_own_merger():
    model = model_of("bert")
    assert merged(model) is model


def tokenizer_of(num, mask=4, pad=0):
    return SimpleNamespace(get_vocab=lambda: {str(k): k for k in range(num)}, mask_token_id=mask, pad_token_id=pad)


def small(vocab_size):
    return new_text_encoder(
        vocab_size=vocab_size, pad_id=0, width=8, num_layers=1, num_heads=2, dropout=0.0, num_positions=16
    )


@pytest.mark.parametrize(("pieces", "embeddings"), [(64, 64), (61, 64), (63, 128)])
def test_a_tokenizer_that_fits_passes(pieces, embeddings):
    check_tokenizer_fits(small(embeddings), tokenizer_of(pieces), "x")


@pytest.mark.parametrize(("pieces", "embeddings"), [(65, 64), (61, 63), (64, 256)])
def test_a_tokenizer_of_another_model_is_refused_in_one_line(pieces, embeddings):
    with pytest.raises(ConfigError, match=rf"^the tokenizer of x makes {pieces} .* {embeddings}; [^\n]*$"):
        check_tokenizer_fits(small(embeddings), tokenizer_of(pieces), "x")


@pytest.mark.parametrize(("missing", "words"), [({"mask": None}, "no mask token"), ({"pad": None}, "no padding token")])
def test_a_tokenizer_without_a_needed_token_is_refused(missing, words):
    with pytest.raises(ConfigError, match=words):
        check_special_pieces(tokenizer_of(64, **missing), "x")


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ConfigError, match="width 10 does not divide"):
        new_text_encoder(vocab_size=9, pad_id=0, width=10, num_layers=1, num_heads=4, dropout=0.0, num_positions=8)


@pytest.mark.parametrize(("name", "expected"), [("bert", 512), ("roberta", 510), ("distilbert", 512)])
def test_positions_are_counted_as_each_architecture_numbers_them(name, expected):
    assert usable_positions(CONFIGS[name]) == expected
