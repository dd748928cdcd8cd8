"""The report decoder against loops over words and heads; what a word may read, and where the gradient goes."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, BertConfig, DynamicCache

from ecg_text.errors import ConfigError
from ecg_text.models.causal_text import causal_config, read_text
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.report_decoder import DecoderLayer, ReportDecoder
from ecg_text.nn.pooling import QueryPool
from ecg_text.objectives.captioning import next_words
from ecg_text.objectives.masked_words import masked_word_loss

WIDTH, HEADS, PIECES = 12, 3, 20


def decoder_of(num_layers: int = 2, dropout: float = 0.0) -> ReportDecoder:
    torch.manual_seed(0)
    config = DecoderConfig(num_layers=num_layers, num_heads=HEADS, dropout=dropout)
    decoder = ReportDecoder(config, WIDTH, PIECES).double()
    for parameter in decoder.parameters():
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    return decoder.eval()


def drawn(rows: int = 3, length: int = 6, queries: int = 4) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(1)
    shapes = ((rows, length, WIDTH), (rows, queries, WIDTH))
    words, memory = (torch.randn(shape, generator=chance, dtype=torch.float64) for shape in shapes)
    return words, memory


def slow_attention(query: Tensor, keys: list[Tensor], values: list[Tensor]) -> Tensor:
    """One query (W,) reads keys and values (W,), head by head."""
    size = WIDTH // HEADS
    mixed = []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        scores = [math.exp(float(query[part] @ key[part]) / math.sqrt(size)) for key in keys]
        mixed.append(sum(score / sum(scores) * value[part] for score, value in zip(scores, values, strict=True)))
    return torch.cat(mixed)


def slow_layer(layer: DecoderLayer, words: list[Tensor], keys: list[Tensor], values: list[Tensor]) -> list[Tensor]:
    """What a layer makes of the words (W,) of one report, with the keys and values (W,) of its ECG."""
    read = [layer.query_key_value(layer.self_norm(word)).split(WIDTH) for word in words]
    states = []
    for place, word in enumerate(words):
        earlier = range(place + 1)
        mixed = slow_attention(read[place][0], [read[k][1] for k in earlier], [read[k][2] for k in earlier])
        state = word + layer.self_out(mixed)
        mixed = slow_attention(layer.memory_query(layer.memory_norm(state)), keys, values)
        state = state + layer.memory_out(mixed)
        states.append(state + layer.mlp(layer.mlp_norm(state)))
    return states


def slow_logits(decoder: ReportDecoder, words: Tensor, memory: Tensor) -> Tensor:
    logits = []
    for row in range(len(words)):
        states = list(words[row])
        for number, layer in enumerate(decoder.layers):
            at = 2 * number * WIDTH
            both = [decoder.memory_key_value(vector) for vector in memory[row]]
            keys, values = ([pair[a : a + WIDTH] for pair in both] for a in (at, at + WIDTH))
            states = slow_layer(layer, states, keys, values)
        logits.append(torch.stack([decoder.vocabulary(decoder.norm(state)) for state in states]))
    return torch.stack(logits)


@torch.no_grad()
def test_logits_are_those_of_the_loops() -> None:
    decoder, (words, memory) = decoder_of(), drawn()
    logits = decoder(words, memory)
    assert logits.shape == (3, 6, PIECES)
    torch.testing.assert_close(logits, slow_logits(decoder, words, memory), rtol=1e-10, atol=1e-10)


def test_its_gradient_is_that_of_finite_differences() -> None:
    decoder, (words, memory) = decoder_of(num_layers=1), drawn(rows=1, length=3, queries=2)
    inputs = (words.requires_grad_(), memory.requires_grad_())
    assert torch.autograd.gradcheck(lambda *given: decoder(*given)[..., :3], inputs)


def test_no_logit_has_a_gradient_from_a_later_word() -> None:
    decoder, (words, memory) = decoder_of(), drawn()
    logits = decoder(words.requires_grad_(), memory)
    for place in range(6):
        (gradient,) = torch.autograd.grad(logits[:, place].square().sum(), words, retain_graph=True)
        seen = gradient.abs().sum(dim=-1) > 0
        assert seen[:, : place + 1].all()
        assert not seen[:, place + 1 :].any()


def test_a_report_reads_all_of_its_own_ecg_and_none_of_another() -> None:
    decoder, (words, memory) = decoder_of(), drawn()
    (gradient,) = torch.autograd.grad(decoder(words, memory.requires_grad_())[1].square().sum(), memory)
    seen = gradient.abs().sum(dim=-1) > 0
    assert seen[1].all()
    assert not seen[[0, 2]].any()


def test_padding_at_the_end_changes_nothing_before_it() -> None:
    decoder, (words, memory) = decoder_of(), drawn()
    padded = F.pad(words, (0, 0, 0, 5), value=7.0)
    torch.testing.assert_close(decoder(padded, memory)[:, :6], decoder(words, memory))


@torch.no_grad()
def test_masked_padding_in_front_changes_nothing() -> None:
    decoder, (words, memory) = decoder_of(), drawn()
    read = decoder.read_memory(memory)
    mask = torch.arange(9) >= torch.tensor([[3], [3], [3]])
    states = decoder.states(F.pad(words, (0, 0, 3, 0), value=7.0), read, mask)
    assert torch.isfinite(states).all()
    torch.testing.assert_close(states[:, 3:], decoder.states(words, read))


@torch.no_grad()
@pytest.mark.parametrize("parts", [[1] * 6, [6], [1, 4, 1], [3, 3]])
@pytest.mark.parametrize("first_layer", [0, 3])
def test_words_told_part_by_part_with_a_cache_have_the_same_states(parts: list[int], first_layer: int) -> None:
    decoder, (words, memory) = decoder_of(), drawn()
    read, cache = decoder.read_memory(memory), DynamicCache()
    found = [decoder.states(part, read, cache=cache, first_layer=first_layer) for part in words.split(parts, dim=1)]
    torch.testing.assert_close(torch.cat(found, dim=1), decoder.states(words, read))
    assert len(cache) == first_layer + 2


def test_dropout_is_at_work_in_training_alone() -> None:
    decoder, (words, memory) = decoder_of(dropout=0.5), drawn()
    assert torch.equal(decoder(words, memory), decoder(words, memory))
    decoder.train()
    assert not torch.equal(decoder(words, memory), decoder(words, memory))


def test_the_published_size() -> None:
    with torch.device("meta"):
        decoder = ReportDecoder(DecoderConfig(), 768, 30_522)
    square = 768 * 768
    layer = 14 * square + (3 + 1 + 1 + 1 + 4 + 1) * 768 + 3 * 2 * 768
    assert sum(p.numel() for p in decoder.layers.parameters()) == 6 * layer
    assert sum(p.numel() for p in decoder.memory_key_value.parameters()) == 6 * 2 * (square + 768)
    assert sum(p.numel() for p in decoder.parameters()) == 6 * (layer + 2 * (square + 768)) + 2 * 768 + 768 * 30_522


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"num_layers": 0}, "must be above 0"),
        ({"num_queries": 0}, "must be above 0"),
        ({"expansion": -1}, "must be above 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"width": 768}, "DecoderConfig has no setting 'width'"),
    ],
)
def test_an_impossible_decoder_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        DecoderConfig(**wrong)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ConfigError, match="a text encoder 12 wide cannot be read with the decoder's 8 heads"):
        ReportDecoder(DecoderConfig(), 12, PIECES)


def test_the_loss_of_the_next_words_teaches_text_encoder_decoder_and_memory() -> None:
    torch.manual_seed(0)
    text = BertConfig(
        vocab_size=PIECES,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=10,
    )
    encoder = AutoModel.from_config(causal_config(text), add_pooling_layer=False)
    pool = QueryPool(8, WIDTH, HEADS, 4)
    decoder = ReportDecoder(DecoderConfig(num_layers=2, num_heads=HEADS), WIDTH, PIECES)
    ids, mask = torch.randint(5, PIECES, (3, 9)), torch.arange(9) < torch.tensor([[9], [4], [6]])
    tokens = torch.randn(3, 7, 8, requires_grad=True)
    memory = pool(tokens, torch.ones(3, 7, dtype=torch.bool))
    chosen, targets = next_words(ids, mask)
    states = decoder.states(read_text(encoder, ids, mask).words, decoder.read_memory(memory))
    masked_word_loss(decoder.vocabulary(states.flatten(0, 1)[chosen]), targets).backward()
    assert tokens.grad is not None
    parts: dict[str, nn.Module] = {"encoder": encoder, "pool": pool, "decoder": decoder}
    untaught = [
        f"{name}.{inside}"
        for name, part in parts.items()
        for inside, parameter in part.named_parameters()
        # A bias of keys moves all scores of a softmax alike: its gradient is nothing but rounding.
        if not inside.endswith("key.bias") and (parameter.grad is None or not parameter.grad.any())
    ]
    assert not untaught
