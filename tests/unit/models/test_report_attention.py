"""Where a decoder looks, and how likely it finds what was written, against its own output and against slow loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from transformers import AutoModel, BertConfig

from ecg_text.models.causal_text import causal_config, read_text
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.report_decoder import ReportDecoder
from ecg_text.models.report_writer import ReportWriter
from tests.unit.models.test_report_decoder import HEADS, WIDTH, decoder_of, drawn

PIECES = 20


def slow_shares(decoder: ReportDecoder, words: Tensor, memory: Tensor) -> Tensor:
    """(R, L, W), (R, K, W) -> (R, layers, heads, L, K): a softmax for each report, layer, head and word by itself."""
    size, shares = WIDTH // HEADS, []
    read = decoder.read_memory(memory)
    for number, layer in enumerate(decoder.layers):
        mixed = []
        for row in words:
            heads = [layer.query_key_value(layer.self_norm(word)).split(WIDTH) for word in row]
            state = []
            for place, (query, _, _) in enumerate(heads):
                parts = []
                for head in range(HEADS):
                    part = slice(head * size, (head + 1) * size)
                    weights = torch.tensor(
                        [math.exp(float(query[part] @ key[part]) / math.sqrt(size)) for _, key, _ in heads[: place + 1]]
                    )
                    values = torch.stack([value[part] for _, _, value in heads[: place + 1]])
                    parts.append((weights / weights.sum()).double() @ values)
                state.append(row[place] + layer.self_out(torch.cat(parts)))
            mixed.append(torch.stack(state))
        query = layer.memory_query(layer.memory_norm(torch.stack(mixed)))
        of_layer = torch.zeros(len(words), HEADS, words.shape[1], memory.shape[1], dtype=torch.float64)
        for row in range(len(words)):
            for head in range(HEADS):
                for place in range(words.shape[1]):
                    asked = query[row, place, head * size : (head + 1) * size]
                    scores = [math.exp(float(asked @ key) / math.sqrt(size)) for key in read[row, number, 0, head]]
                    of_layer[row, head, place] = torch.tensor(scores) / sum(scores)
        shares.append(of_layer)
        words = layer(words, read[:, number], None, None, number)
    return torch.stack(shares, dim=1)


@torch.no_grad()
def test_attention_is_that_of_the_loops() -> None:
    decoder, (words, memory) = decoder_of(), drawn(rows=2, length=4, queries=3)
    shares = decoder.attention(words, decoder.read_memory(memory))
    assert shares.shape == (2, 2, HEADS, 4, 3)
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(2, 2, HEADS, 4, dtype=torch.float64))
    torch.testing.assert_close(shares, slow_shares(decoder, words, memory), rtol=1e-6, atol=1e-6)


@torch.no_grad()
def test_what_the_decoder_reads_of_the_memory_are_these_shares_of_its_values() -> None:
    decoder, (words, memory) = decoder_of(), drawn()
    read, seen = decoder.read_memory(memory), []
    hooks = [
        layer.memory_out.register_forward_pre_hook(lambda _part, given: seen.append(given[0]))
        for layer in decoder.layers
    ]
    decoder.states(words, read)
    for hook in hooks:
        hook.remove()
    mixed = decoder.attention(words, read) @ read[:, :, 1]
    torch.testing.assert_close(mixed.transpose(2, 3).flatten(3), torch.stack(seen, dim=1))


@pytest.fixture(scope="module")
def writer() -> ReportWriter:
    text = BertConfig(
        vocab_size=PIECES,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=12,
    )
    torch.manual_seed(0)
    encoder = AutoModel.from_config(causal_config(text), add_pooling_layer=False).double().eval()
    decoder = ReportDecoder(DecoderConfig(num_layers=2, num_heads=HEADS), WIDTH, PIECES).double().eval()
    for parameter in (*encoder.parameters(), *decoder.parameters()):
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    return ReportWriter(encoder, decoder, None)


@torch.no_grad()
def test_a_report_is_as_likely_as_it_is_told_piece_by_piece(writer: ReportWriter) -> None:
    pieces, (_, memory) = torch.tensor([2, 7, 9, 9, 12, 3]), drawn(rows=4)
    found = writer.log_probabilities(pieces, memory)
    assert found.shape == (4, 5)
    for row in range(4):
        for place in range(1, 6):
            words = read_text(writer.text_encoder, pieces[None, :place]).words
            told = writer.decoder(words, memory[row : row + 1])[0, -1].softmax(dim=0)
            assert float(found[row, place - 1]) == pytest.approx(math.log(float(told[pieces[place]])))


@torch.no_grad()
def test_a_piece_looks_where_the_place_before_it_does(writer: ReportWriter) -> None:
    pieces, (_, memory) = torch.tensor([2, 7, 9, 9, 12, 3]), drawn(rows=1)
    looks = writer.attention(pieces, memory[0])
    assert looks.shape == (5, 4)
    torch.testing.assert_close(looks.sum(dim=-1), torch.ones(5, dtype=torch.float64))
    for place in range(1, 6):
        words = read_text(writer.text_encoder, pieces[None, :place]).words
        shares = writer.decoder.attention(words, writer.decoder.read_memory(memory))[0, :, :, -1]
        torch.testing.assert_close(looks[place - 1], sum(shares[a, b] for a in range(2) for b in range(HEADS)) / 6)
