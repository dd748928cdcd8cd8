"""Drafts of reports: the words, where the model looked, and what each sentence rests on, against doing it by hand."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from ecg_text.errors import ConfigError, SignalError
from ecg_text.hub.describing import Drafter, asked_settings
from ecg_text.hub.drafts import Draft
from ecg_text.hub.embedding import Embedder
from ecg_text.models.processor import EcgTextProcessor, wrap_tokenizer
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import find_beats, window_peaks
from ecg_text.signal.beats.tokens import beat_token_spans
from ecg_text.signal.preprocess import Prepared, standard_preprocess
from ecg_text.text.tokenizer import train_wordpiece
from tests.unit.hub.teaching import teach, writing_model

SAID = (
    "sinus rhythm. normal ecg",
    "atrial fibrillation. left axis. st-t changes in v2, v3",
    "normal axis, no infarct",
    "left axis. normal ecg",
)
NAMES = ("signal", "lead_mask", "time_mask")


@pytest.fixture(scope="module")
def writing_processor() -> EcgTextProcessor:
    tokenizer = wrap_tokenizer(train_wordpiece(SAID * 2, vocab_size=260))
    return EcgTextProcessor.of(standard_preprocess(), tokenizer)


@pytest.fixture(scope="module")
def unlike(records: list[Record]) -> list[Record]:
    """The records, told apart by size and direction."""
    return [replace(each, signal=gain * each.signal) for each, gain in zip(records, (1, -1, 3, -3), strict=True)]


@pytest.fixture(scope="module")
def windows(writing_processor: EcgTextProcessor, unlike: list[Record]) -> list[Prepared]:
    return [writing_processor.preprocess(record) for record in unlike]


@pytest.fixture(scope="module")
def writer(writing_processor: EcgTextProcessor, windows: list[Prepared]) -> Embedder:
    """A model that has learned what to say of four ECGs."""
    model = writing_model(writing_processor)
    teach(model, writing_processor, windows, SAID, steps=60)
    return Embedder(model, writing_processor)


@pytest.fixture(scope="module")
def drafts(writer: Embedder, unlike: list[Record]) -> list[Draft]:
    return writer.describe(unlike)


def stacked(windows: list[Prepared]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    signal, lead_mask, time_mask = (np.stack([getattr(window, name) for window in windows]) for name in NAMES)
    return signal, lead_mask, time_mask


def test_what_was_learned_is_drafted_in_words(writer: Embedder, windows: list[Prepared], drafts: list[Draft]) -> None:
    assert [draft.text for draft in drafts] == list(SAID)
    assert writer.describe_prepared(*stacked(windows)) == list(SAID)
    assert [sentence.text for sentence in drafts[1].sentences] == [
        "atrial fibrillation",
        "left axis",
        "st-t changes in v2, v3",
    ]


@pytest.mark.parametrize("settings", [None, asked_settings(num_beams=3)], ids=["greedy", "beams"])
def test_many_together_are_as_each_alone(
    writer: Embedder, windows: list[Prepared], settings: GenerationConfig | None
) -> None:
    many = [windows[number % 4] for number in range(37)]
    together = writer.describe_prepared(*stacked(many), settings)
    alone = [writer.describe_prepared(*stacked([window]), settings)[0] for window in windows]
    assert together == [alone[number % 4] for number in range(37)]
    assert together == writer.describe_prepared(*stacked(many), settings)


def test_chance_is_that_of_the_seed(writer: Embedder, windows: list[Prepared]) -> None:
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(writer.describe_prepared(*stacked(windows * 4), GenerationConfig(do_sample=True, temperature=3.0)))
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    torch.manual_seed(3)
    assert writer.describe_prepared(*stacked(windows), asked_settings(top_p=1e-6)) == list(SAID)


def test_looks_sum_to_one_and_are_of_the_beats_of_the_window(
    writer: Embedder, unlike: list[Record], drafts: list[Draft]
) -> None:
    for record, draft in zip(unlike, drafts, strict=True):
        assert len(draft.beats_s) >= 4
        found = find_beats(record).peaks / record.rate_hz
        assert all(np.abs(found - beat).min() < 0.05 for beat in draft.beats_s)
        for sentence in draft.sentences:
            assert len(sentence.beats) == len(draft.beats_s)
            assert sum(sentence.beats) + sentence.elsewhere == pytest.approx(1.0)
            assert min(sentence.beats) >= 0
            assert sentence.elsewhere >= 0
            assert list(sentence.leads) == list(writer.preprocess.leads)
            assert sentence.log_probability < 0


@torch.no_grad()
def test_a_look_is_the_decoders_at_the_memory_times_the_memorys_at_the_tokens(
    writer: Embedder, windows: list[Prepared], drafts: list[Draft]
) -> None:
    model, tokenizer, window = writer.model, writer.processor.tokenizer, windows[1]
    pool, decoder = model.report_parts()
    features = model.encode_ecg(*(torch.from_numpy(each) for each in stacked([window])))
    ids = tokenizer(SAID[1], return_offsets_mapping=True)
    words = model.told_words(torch.tensor([ids["input_ids"]]), torch.tensor([ids["attention_mask"]]))
    decoding = decoder.attention(words, decoder.read_memory(model.read_memory(features)))[0]
    pooling = pool.attention(features.tokens, features.token_mask)[0]
    starts = [SAID[1].index(sentence.text) for sentence in drafts[1].sentences]
    peaks = window_peaks(*stacked([window]), writer.preprocess.leads, writer.preprocess.rate_hz)[0]
    spans = beat_token_spans(peaks[peaks >= 0], writer.preprocess.rate_hz, model.token_grid(window.signal.shape[1]))
    for start, sentence in zip(starts, drafts[1].sentences, strict=True):
        looks = np.zeros(len(features.token_mask[0]))
        mine = [
            place
            for place, (begin, end) in enumerate(ids["offset_mapping"])
            if end > begin and start <= begin < start + len(sentence.text)
        ]
        for place in mine:
            for layer in range(decoding.shape[0]):
                for head in range(decoding.shape[1]):
                    for pool_head in range(pooling.shape[0]):
                        share = decoding[layer, head, place - 1] @ pooling[pool_head]
                        looks += share.numpy() / (len(mine) * decoding.shape[0] * decoding.shape[1] * pooling.shape[0])
        expected = [looks[begin:end].sum() for begin, end in spans.tolist()]
        np.testing.assert_allclose(sentence.beats, expected, atol=1e-5)


@torch.no_grad()
def test_a_lead_weighs_what_the_ecg_without_it_says_less(
    writer: Embedder, windows: list[Prepared], drafts: list[Draft]
) -> None:
    model, tokenizer = writer.model, writer.processor.tokenizer
    _pool, decoder = model.report_parts()

    def likely(row: int, text: str, lead: str | None) -> float:
        """Mean log-probability of a sentence of a report, the ECG encoded anew with a lead's samples gone."""
        signal, lead_mask, time_mask = stacked([windows[row]])
        if lead is not None:
            lead_mask[0, writer.preprocess.leads.index(lead)] = False
            signal[0, writer.preprocess.leads.index(lead)] = 0.0
        features = model.encode_ecg(*(torch.from_numpy(each) for each in (signal, lead_mask, time_mask)))
        ids = tokenizer(SAID[row], return_offsets_mapping=True)
        words = model.told_words(torch.tensor([ids["input_ids"]]), torch.tensor([ids["attention_mask"]]))
        told = decoder(words, model.read_memory(features))[0].log_softmax(dim=-1)
        start = SAID[row].index(text)
        return float(
            np.mean(
                [
                    float(told[place - 1, ids["input_ids"][place]])
                    for place, (begin, end) in enumerate(ids["offset_mapping"])
                    if end > begin and start <= begin < start + len(text)
                ]
            )
        )

    for row in (0, 1):
        for sentence in drafts[row].sentences:
            whole = likely(row, sentence.text, None)
            assert sentence.log_probability == pytest.approx(whole, abs=1e-5)
            for lead in ("I", "V2", "V6"):
                expected = whole - likely(row, sentence.text, lead)
                assert sentence.leads[lead] == pytest.approx(expected, abs=1e-5)
    assert max(abs(fall) for sentence in drafts[1].sentences for fall in sentence.leads.values()) > 1e-4


def test_of_leads_that_are_not_there_nothing_is_told(writer: Embedder, unlike: list[Record]) -> None:
    kept = ("II", "V1")
    rows = [unlike[0].leads.index(lead) for lead in kept]
    some = Record(signal=unlike[0].signal[rows], rate_hz=unlike[0].rate_hz, leads=kept, record_id="two")
    one = Record(signal=unlike[0].signal[rows[:1]], rate_hz=unlike[0].rate_hz, leads=("II",), record_id="one")
    for draft, leads in zip(writer.describe([some, one]), (["II", "V1"], ["II"]), strict=True):
        assert all(list(sentence.leads) == leads for sentence in draft.sentences)
        assert np.isfinite([fall for sentence in draft.sentences for fall in sentence.leads.values()]).all()


def test_a_draft_says_what_it_is_and_how_much_was_read(drafts: list[Draft]) -> None:
    assert all("research use only" in draft.use and "a clinician must read the ECG" in draft.use for draft in drafts)
    assert str(drafts[0]) == f"{SAID[0]}\n({drafts[0].use})"
    assert [draft.notes for draft in drafts[:3]] == [(), (), ()]
    assert drafts[3].notes == ("one window was read, 10 s of the recording's 25 s",)
    assert max(drafts[3].beats_s) < 10
    with pytest.raises(FrozenInstanceError):
        drafts[0].text = "normal"  # type: ignore[misc]


def test_a_draft_that_is_cut_ends_with_a_sentence_and_says_so(writer: Embedder, unlike: list[Record]) -> None:
    whole = writer.describe(unlike[1:2])[0]
    shorter = writer.describe(unlike[1:2], asked_settings(max_words=8))[0]
    assert whole.text.startswith(shorter.text + ". ")
    assert shorter.notes == ("the draft was broken off after 8 word pieces",)
    assert [each.text for each in shorter.sentences] == [
        each.text for each in whole.sentences[: len(shorter.sentences)]
    ]
    for cut, full in zip(shorter.sentences, whole.sentences, strict=False):
        assert cut.log_probability == pytest.approx(full.log_probability, abs=1e-5)


def test_no_draft_is_longer_than_the_model_can_read(writer: Embedder, windows: list[Prepared]) -> None:
    for asked in (
        GenerationConfig(max_length=4000, min_new_tokens=39),
        GenerationConfig(max_new_tokens=4000, min_new_tokens=39),
    ):
        written = Drafter(writer.model, writer.processor, asked).write(*stacked(windows[:1]))
        assert len(written[0].pieces) == 40  # the window of the text encoder
    assert (
        len(
            Drafter(writer.model, writer.processor, GenerationConfig(max_new_tokens=3))
            .write(*stacked(windows[:1]))[0]
            .pieces
        )
        == 4
    )


def test_a_model_of_real_beats_drafts_too(writing_processor: EcgTextProcessor, unlike: list[Record]) -> None:
    model = writing_model(writing_processor, ecg_head="r_peaks", beat_heads=2, rate_hz=100.0)
    [draft] = Embedder(model, writing_processor).describe(unlike[:1], asked_settings(max_words=6))
    assert all(sum(each.beats) + each.elsewhere == pytest.approx(1.0) for each in draft.sentences)


def test_nothing_asked_is_nothing_given(writer: Embedder, windows: list[Prepared]) -> None:
    assert writer.describe([]) == []
    assert writer.describe_prepared(*(each[:0] for each in stacked(windows))) == []


def test_a_model_without_a_decoder_is_refused(
    embedder: Embedder, unlike: list[Record], windows: list[Prepared]
) -> None:
    with pytest.raises(ConfigError, match="writes no reports"):
        embedder.describe(unlike)
    with pytest.raises(ConfigError, match="writes no reports"):
        embedder.describe_prepared(*stacked(windows))


def test_a_record_that_the_gate_refuses_gets_no_draft(writer: Embedder, unlike: list[Record]) -> None:
    flat = Record(signal=np.zeros((12, 1000), dtype=np.float32), rate_hz=100.0, leads=unlike[0].leads, record_id="flat")
    with pytest.raises(SignalError, match="flat"):
        writer.describe([unlike[0], flat])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"num_beams": 2, "top_p": 0.9}, "give one of the two"),
        ({"num_beams": 0}, "from 1 on"),
        ({"max_words": 0}, "from 1 on"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_p": 1.5}, "top_p is 1.5"),
    ],
)
def test_a_way_of_writing_that_cannot_be_is_refused(asked: dict[str, float], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        asked_settings(**asked)  # type: ignore[arg-type]


def test_more_than_one_draft_of_an_ecg_is_refused(writer: Embedder, unlike: list[Record]) -> None:
    with pytest.raises(ConfigError, match="ask for one at a time"):
        writer.describe(unlike, GenerationConfig(num_beams=4, num_return_sequences=2))
