"""Records and words become the model's tensors, alike on every machine and after every use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ecg_text.errors import ConfigError, FingerprintError, SignalError, TextError
from ecg_text.models.processor import MAX_WORD_PIECES, EcgFeatureExtractor, EcgTextProcessor, wrap_tokenizer
from ecg_text.record import Record
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import synthesise
from ecg_text.text.tokenizer import train_wordpiece


@pytest.fixture
def processor() -> EcgTextProcessor:
    texts = ["sinus rhythm", "atrial fibrillation", "überdrehter linkstyp"] * 2
    return EcgTextProcessor.of(standard_preprocess(), wrap_tokenizer(train_wordpiece(texts, vocab_size=400)))


@pytest.fixture
def records(generator: np.random.Generator) -> list[Record]:
    return [synthesise("sinus rhythm", generator, duration_s=length).record for length in (10.0, 6.0, 30.0)]


def test_records_become_their_first_window_with_masks(processor: EcgTextProcessor, records: list[Record]) -> None:
    inputs = processor(records=records)
    assert set(inputs) == {"ecg", "lead_mask", "time_mask"}
    assert inputs["ecg"].shape == (3, 12, 1000)
    assert inputs["ecg"].dtype == torch.float32
    assert inputs["time_mask"].sum(dim=1).tolist() == [1000, 600, 1000]
    expected = processor.preprocess(records[2])
    np.testing.assert_array_equal(inputs["ecg"][2].numpy(), expected.signal)
    np.testing.assert_array_equal(inputs["lead_mask"][2].numpy(), expected.lead_mask)


def test_records_and_texts_go_together(processor: EcgTextProcessor, records: list[Record]) -> None:
    inputs = processor(records=records[:1], texts=["sinus rhythm", "atrial fibrillation"])
    assert set(inputs) == {"ecg", "lead_mask", "time_mask", "input_ids", "attention_mask"}
    assert inputs["input_ids"].shape == inputs["attention_mask"].shape == (2, 4)


def test_no_record_is_refused(processor: EcgTextProcessor) -> None:
    with pytest.raises(SignalError, match="there is no record"):
        processor(records=[])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Sinus RHYTHM", "sinus rhythm"),
        ("ÜBERDREHTER Linkstyp", "überdrehter linkstyp"),
        ("u\u0308berdrehter linkstyp", "überdrehter linkstyp"),
        ("  sinus \n rhythm ", "sinus rhythm"),
    ],
)
def test_a_text_is_read_as_the_reports_are_written(written: str, read: str, processor: EcgTextProcessor) -> None:
    assert processor.tokenize([written])["input_ids"].tolist() == processor.tokenize([read])["input_ids"].tolist()


@pytest.mark.parametrize("texts", [[], "sinus rhythm", [""], [" \t"], ["sinus rhythm", "..."]])
def test_texts_of_no_word_and_a_bare_text_are_refused(texts: Any, processor: EcgTextProcessor) -> None:
    with pytest.raises(TextError) as caught:
        processor.tokenize(texts)
    assert "\n" not in str(caught.value)


def test_a_long_text_is_cut_and_tells_by_how_much(processor: EcgTextProcessor) -> None:
    texts = ["sinus rhythm", "rhythm " * 126, "rhythm " * 127, "rhythm " * 500]
    assert processor.max_word_pieces == MAX_WORD_PIECES == 128
    assert processor.tokenize(texts)["attention_mask"].sum(dim=1).tolist() == [4, 128, 128, 128]
    assert processor.cut_texts(texts) == [0, 0, 1, 374]
    assert processor.cut_texts(texts[:1]) == [0]


def test_a_tokenizer_that_reads_less_is_asked_for_less(processor: EcgTextProcessor) -> None:
    processor.tokenizer.model_max_length = 16
    assert processor.tokenize(["rhythm " * 50])["input_ids"].shape == (1, 16)
    assert processor.cut_texts(["rhythm " * 50]) == [36]


def test_a_tokenizer_without_padding_is_refused(processor: EcgTextProcessor) -> None:
    processor.tokenizer.pad_token = None
    with pytest.raises(TextError, match="no padding token"):
        EcgTextProcessor.of(standard_preprocess(), processor.tokenizer)


def test_use_leaves_no_trace_in_what_is_saved(processor: EcgTextProcessor, tmp_path: Path) -> None:
    processor.save_pretrained(tmp_path / "new")
    processor(texts=["sinus rhythm"])
    processor.cut_texts(["rhythm " * 500])
    processor.save_pretrained(tmp_path / "used")
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["processor_config.json", "tokenizer.json", "tokenizer_config.json"]
    for name in names:
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "used" / name).read_bytes(), name


def test_saving_changes_nothing_in_the_tokenizer_in_use(processor: EcgTextProcessor, tmp_path: Path) -> None:
    processor(texts=["sinus rhythm"])
    before = processor.tokenizer.backend_tokenizer.to_str()
    processor.save_pretrained(tmp_path)
    assert processor.tokenizer.backend_tokenizer.to_str() == before


def test_a_saved_processor_reads_the_same(processor: EcgTextProcessor, records: list[Record], tmp_path: Path) -> None:
    processor.save_pretrained(tmp_path)
    again = EcgTextProcessor.from_pretrained(tmp_path)
    given = {"records": records, "texts": ["Sinus rhythm", "atrial fibrillation"]}
    before, after = processor(**given), again(**given)
    assert set(before) == set(after)
    for name, tensor in before.items():
        torch.testing.assert_close(after[name], tensor, rtol=0, atol=0)
    assert again.preprocess == processor.preprocess
    assert again.feature_extractor.fingerprint == processor.preprocess.fingerprint


def test_a_changed_preprocessing_is_refused(processor: EcgTextProcessor, tmp_path: Path) -> None:
    processor.save_pretrained(tmp_path)
    written = json.loads((tmp_path / "processor_config.json").read_text())
    written["feature_extractor"]["preprocess"]["steps"][1]["rate_hz"] = 250.0
    (tmp_path / "processor_config.json").write_text(json.dumps(written))
    with pytest.raises(FingerprintError, match=processor.preprocess.fingerprint):
        EcgTextProcessor.from_pretrained(tmp_path)


def test_a_fingerprint_belongs_to_its_steps() -> None:
    steps = standard_preprocess(250.0)
    assert EcgFeatureExtractor(steps.to_dict(), steps.fingerprint).steps == steps
    with pytest.raises(FingerprintError, match="get an unchanged copy"):
        EcgFeatureExtractor(steps.to_dict(), standard_preprocess().fingerprint)


def test_a_model_of_english_reports_is_asked_in_english(processor: EcgTextProcessor, tmp_path: Path) -> None:
    english = EcgTextProcessor.of(processor.preprocess, processor.tokenizer, "english")
    english.save_pretrained(tmp_path)
    loaded = EcgTextProcessor.from_pretrained(tmp_path)
    assert loaded.rendering == "english"
    assert json.loads((tmp_path / "processor_config.json").read_text())["rendering"] == "english"
    assert loaded.read("Vorhofflimmern").text == loaded.read("AF").text == "atrial fibrillation"
    assert loaded.read_report("vorhofflimmern") == "atrial fibrillation"
    assert processor.read("Vorhofflimmern").text == "vorhofflimmern"
    assert processor.read_report("vorhofflimmern") == "vorhofflimmern"


def test_a_rendering_that_is_none_is_refused(processor: EcgTextProcessor) -> None:
    with pytest.raises(ConfigError, match="no rendering 'klingon'"):
        EcgTextProcessor.of(processor.preprocess, processor.tokenizer, "klingon")
