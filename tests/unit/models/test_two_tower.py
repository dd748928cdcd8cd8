"""The two towers: unit vectors, masks, and a text encoded the same whatever it is padded to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from torch.nn import functional as F
from transformers import BertConfig

from ecg_text.errors import ConfigError
from ecg_text.models.auto import register
from ecg_text.models.causal_text import causal_config
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.two_tower import EcgTextModel


def model_of(*, is_causal: bool = False, **settings: Any) -> EcgTextModel:
    register()
    torch.manual_seed(0)
    ecg = EcgEncoderConfig(leads=["I", "II", "V1"], widths=[8, 16], depths=[1, 1], num_heads=2, kernel=3)
    text = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=33,
    )
    settings = {"text_config": causal_config(text), "text_reading": "causal", **settings} if is_causal else settings
    return EcgTextModel(
        EcgTextConfig(**{"ecg_config": ecg, "text_config": text, "embedding_width": 12, **settings})
    ).eval()


@pytest.fixture(scope="module")
def model() -> EcgTextModel:
    return model_of()


@pytest.fixture(scope="module", params=[False, True], ids=["both ways", "causal"])
def with_beats(request: pytest.FixtureRequest) -> EcgTextModel:
    return model_of(is_causal=request.param, ecg_head="beat_queries", num_beats=5, beat_heads=2, has_sentences=True)


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


def test_a_text_without_a_sentence_keeps_its_row(with_beats: EcgTextModel) -> None:
    model = with_beats
    ids = torch.randint(1, 50, (2, 6))
    sentence = torch.tensor([[-1, 0, 0, 1, 1, -1], [-1, -1, -1, -1, -1, -1]])
    features = model.encode_text(ids, torch.ones_like(ids), sentence)
    assert features.sentences is not None
    assert features.sentence_mask is not None
    assert features.sentence_mask.tolist() == [[True, True], [False, False]]
    assert features.sentences.shape == (2, 2, 12)
    assert (features.sentences[1] == 0).all()


def test_sentences_are_the_projected_means_of_their_words(with_beats: EcgTextModel) -> None:
    ids = torch.randint(1, 50, (2, 6))
    sentence = torch.tensor([[-1, 0, 0, 1, 1, -1], [0, 0, 0, 0, 0, 0]])
    features, asked = with_beats.encode_text(ids), with_beats.encode_text(ids, sentence=sentence)
    assert (features.sentences, features.sentence_mask) == (None, None)
    assert asked.sentences is not None
    assert with_beats.sentence_head is not None
    torch.testing.assert_close(asked.sentences[0, 1], with_beats.sentence_head(asked.words[0, 3:5].mean(dim=0)))
    torch.testing.assert_close(asked.sentences[1, 0], with_beats.sentence_head(asked.words[1].mean(dim=0)))
    torch.testing.assert_close(asked.pooled, features.pooled)


def test_sentences_are_refused_where_there_is_no_beat_level(model: EcgTextModel) -> None:
    ids = torch.randint(1, 50, (2, 6))
    with pytest.raises(ConfigError, match="no vectors of sentences"):
        model.encode_text(ids, sentence=torch.zeros_like(ids))


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


def test_many_texts_are_encoded_in_parts_as_each_would_be_alone(with_beats: EcgTextModel) -> None:
    lengths = [9, 1, 5, 30, 5, 2, 30, 17] * 5  # more than are encoded at a time, in no order
    mask = torch.tensor([[position < length for position in range(32)] for length in lengths]).long()
    ids = torch.randint(1, 50, mask.shape)
    sentence = torch.where(mask.bool(), torch.arange(32) // 4, -1)
    together = with_beats.encode_texts(ids, mask, sentence)
    for row, length in enumerate(lengths):
        alone = with_beats.encode_text(ids[row : row + 1, :length], sentence=sentence[row : row + 1, :length])
        num = -(-length // 4)
        torch.testing.assert_close(together.pooled[row], alone.pooled[0])
        torch.testing.assert_close(together.words[row, :length], alone.words[0])
        assert together.sentences is not None
        assert together.sentence_mask is not None
        assert alone.sentences is not None
        torch.testing.assert_close(together.sentences[row, :num], alone.sentences[0])
        assert together.sentence_mask[row].tolist() == [True] * num + [False] * (8 - num)
    together.pooled.sum().backward()
    assert with_beats.text_encoder.get_input_embeddings().weight.grad is not None


def test_the_mean_of_the_beats_points_where_the_ecg_does(with_beats: EcgTextModel) -> None:
    features = with_beats.encode_ecg(torch.randn(3, 3, 200))
    assert features.beats is not None
    assert features.beat_mask is not None
    assert features.beats.shape == (3, 5, 12)
    assert features.beat_mask.all()
    torch.testing.assert_close(F.normalize(features.beats.mean(dim=1), dim=-1), features.pooled)


def test_parts_of_a_level_change_no_other_part() -> None:
    without = model_of(is_causal=True, ecg_head="beat_queries", beat_heads=2).state_dict()
    decoder = DecoderConfig(num_queries=3, num_layers=1, num_heads=2)
    whole = model_of(
        is_causal=True, ecg_head="beat_queries", beat_heads=2, has_sentences=True, decoder_config=decoder
    ).state_dict()
    assert set(without) < set(whole)
    assert {name.split(".")[0] for name in set(whole) - set(without)} == {"sentence_head", "caption_pool", "decoder"}
    for name, value in without.items():
        torch.testing.assert_close(whole[name], value)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"ecg_head": "queries", "beat_heads": 2},
            "no ECG head 'queries'; choose one of summary, beat_queries, r_peaks",
        ),
        ({"has_sentences": True}, "summary makes no beats"),
        ({"ecg_head": "beat_queries", "beat_heads": 5}, "12 cannot be split among 5 heads"),
        ({"ecg_head": "beat_queries", "num_beats": 0}, "must be above 0"),
        ({"ecg_head": "r_peaks", "beat_heads": 2}, "rate_hz is None"),
        ({"decoder_config": {"num_heads": 2}}, "need a text encoder that can read causally"),
        ({"text_reading": "causal"}, "need a text encoder that can read causally"),
        ({"text_reading": "backwards"}, "choose one of both_ways, causal"),
    ],
)
def test_levels_that_cannot_be_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises((ConfigError, StrictDataclassError), match=told):
        model_of(**settings)


def test_a_model_without_a_decoder_has_nothing_for_it_to_read(model: EcgTextModel) -> None:
    with pytest.raises(ConfigError, match="writes no reports"):
        model.read_memory(model.encode_ecg(torch.randn(1, 3, 200)))


def test_a_model_of_all_levels_is_saved_and_loaded(tmp_path: Path) -> None:
    decoder = DecoderConfig(num_queries=3, num_layers=1, num_heads=2)
    model = model_of(is_causal=True, ecg_head="beat_queries", beat_heads=2, has_sentences=True, decoder_config=decoder)
    model.save_pretrained(tmp_path)
    again = EcgTextModel.from_pretrained(tmp_path).eval()
    assert again.is_causal
    ecg, ids = torch.randn(2, 3, 200), torch.randint(1, 50, (2, 6))
    torch.testing.assert_close(again.encode_ecg(ecg).beats, model.encode_ecg(ecg).beats)
    torch.testing.assert_close(again.encode_text(ids).pooled, model.encode_text(ids).pooled)
    torch.testing.assert_close(again.read_memory(again.encode_ecg(ecg)), model.read_memory(model.encode_ecg(ecg)))
    assert set(again.state_dict()) == set(model.state_dict())
