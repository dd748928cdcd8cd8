"""The two towers: unit vectors, masks, and a text encoded the same whatever it is padded to."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from transformers import BertConfig

from ecg_text.models.auto import register
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.two_tower import EcgTextModel


@pytest.fixture(scope="module")
def model() -> EcgTextModel:
    register()
    torch.manual_seed(0)
    ecg = EcgEncoderConfig(leads=["I", "II", "V1"], widths=[8, 16], depths=[1, 1], num_heads=2, kernel=3)
    text = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    return EcgTextModel(EcgTextConfig(ecg_config=ecg, text_config=text, embedding_width=12)).eval()


def test_pooled_vectors_have_unit_length(model: EcgTextModel) -> None:
    ecg = model.encode_ecg(torch.randn(3, 3, 200))
    text = model.encode_text(torch.randint(1, 50, (4, 7)))
    for pooled, num in ((ecg.pooled, 3), (text.pooled, 4)):
        assert pooled.shape == (num, 12)
        torch.testing.assert_close(pooled.norm(dim=-1), torch.ones(num))


def test_a_text_does_not_depend_on_its_padding(model: EcgTextModel) -> None:
    ids = torch.randint(1, 50, (2, 6))
    padded, mask = F.pad(ids, (0, 5)), F.pad(torch.ones_like(ids), (0, 5))
    torch.testing.assert_close(model.encode_text(padded, mask).pooled, model.encode_text(ids).pooled)


def test_a_text_without_a_sentence_keeps_its_row(model: EcgTextModel) -> None:
    ids = torch.randint(1, 50, (2, 6))
    sentence = torch.tensor([[-1, 0, 0, 1, 1, -1], [-1, -1, -1, -1, -1, -1]])
    features = model.encode_text(ids, torch.ones_like(ids), sentence)
    assert features.sentences is not None
    assert features.sentence_mask is not None
    assert features.sentence_mask.tolist() == [[True, True], [False, False]]
    assert features.sentences.shape == (2, 2, 12)
    assert (features.sentences[1] == 0).all()


def test_sentences_are_encoded_only_where_they_are_asked_for(model: EcgTextModel) -> None:
    ids = torch.randint(1, 50, (2, 6))
    features, asked = model.encode_text(ids), model.encode_text(ids, sentence=torch.zeros_like(ids))
    assert (features.sentences, features.sentence_mask) == (None, None)
    assert asked.sentences is not None
    torch.testing.assert_close(asked.sentences[:, 0], features.pooled)  # one sentence is the whole text
    torch.testing.assert_close(asked.pooled, features.pooled)


def test_forward_is_the_cosine_of_every_pair(model: EcgTextModel) -> None:
    ecg, ids = torch.randn(3, 3, 200), torch.randint(1, 50, (2, 6))
    expected = model.encode_ecg(ecg).pooled @ model.encode_text(ids).pooled.T
    torch.testing.assert_close(model(ecg, ids), expected)


def test_the_scale_never_passes_its_limit(model: EcgTextModel) -> None:
    before = model.log_scale.data.clone()
    model.log_scale.data.fill_(20.0)
    assert model.scale.item() == pytest.approx(100.0)
    model.log_scale.data.copy_(before)


def test_an_ecg_with_every_lead_masked_gives_a_finite_vector(model: EcgTextModel) -> None:
    pooled = model.encode_ecg(torch.randn(1, 3, 200), torch.zeros(1, 3, dtype=torch.bool)).pooled
    assert torch.isfinite(pooled).all()


def test_many_texts_are_pooled_in_parts_as_each_would_be_alone(model: EcgTextModel) -> None:
    lengths = [9, 1, 5, 30, 5, 2, 30, 17] * 5  # more than are encoded at a time, in no order
    mask = torch.tensor([[position < length for position in range(32)] for length in lengths]).long()
    ids = torch.randint(1, 50, mask.shape)
    pooled = model.pool_texts(ids, mask)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(pooled[row], model.encode_text(ids[row : row + 1, :length]).pooled[0])
    pooled.sum().backward()
    assert model.text_encoder.get_input_embeddings().weight.grad is not None
