"""Explanations against doing it by hand, and on models of which it is known what they look at."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig

from ecg_text.errors import ConfigError, SignalError, TextError
from ecg_text.hub.embedding import Embedder
from ecg_text.hub.explaining import explain_record, explain_window
from ecg_text.hub.explanation import MISSED, SIMILAR, Deletion, Explanation
from ecg_text.leads import STANDARD_12
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.ecg_heads import Pooled, token_spans
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import window_peaks
from ecg_text.signal.beats.tokens import TokenGrid
from ecg_text.signal.preprocess import Prepared
from ecg_text.signal.synthetic.synthesise import synthesise

TEXT = "atrial fibrillation"
SHORT, LONG = 2, 3  # the numbers of the record of 6 s, and of that of 25 s
RATE_HZ, CELL = 100, 25


def tiny_model(processor: EcgTextProcessor, encoder: str, head: str) -> EcgTextModel:
    """Some thousand weights by chance, with this encoder and this head."""
    torch.manual_seed(3)
    sizes = {"resnet1d": {"widths": [8, 16], "depths": [1, 1], "kernel": 3}, "conv_transformer": {
        "widths": [8] * 5, "kernel": 2, "trunk_width": 16, "num_layers": 2, "position_kernel": 8, "position_groups": 4,
    }}  # fmt: skip
    text = BertConfig(
        vocab_size=len(processor.tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=128,
    )  # fmt: skip
    config = EcgTextConfig(
        ecg_config=EcgEncoderConfig(encoder=encoder, num_heads=2, **sizes[encoder]), text_config=text,
        embedding_width=12, ecg_head=head, num_beats=3, beat_heads=2, rate_hz=100.0,
    )  # fmt: skip
    model = EcgTextModel(config).eval()
    for parameter in model.parameters():
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    return model


def tensors(window: Prepared) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.from_numpy(part.copy())[None] for part in (window.signal, window.lead_mask, window.time_mask))


class Asking:
    """One window and one text, asked the slow and obvious way."""

    def __init__(self, embedder: Embedder, window: Prepared) -> None:
        self.embedder, self.model = embedder, embedder.model
        self.ecg, self.leads, self.times = tensors(window)
        self.text = torch.from_numpy(embedder.embed_texts([TEXT])[0])
        found = window_peaks(self.ecg.numpy(), self.leads.numpy(), self.times.numpy(), STANDARD_12, RATE_HZ)
        self.peaks = torch.from_numpy(found)
        self.grid = self.model.token_grid(window.signal.shape[1])

    @torch.no_grad()
    def whole(self, leads: Tensor | None = None, times: Tensor | None = None) -> float:
        pooled = self.model.encode_ecg(
            self.ecg, self.leads if leads is None else leads, self.times if times is None else times, self.peaks
        ).pooled
        return float(pooled[0] @ self.text)

    def without(self, start: float, stop: float) -> float:
        place = torch.arange(self.times.shape[1])
        return self.whole(times=self.times & ~((place >= start) & (place < stop)))

    @torch.no_grad()
    def of_tokens(self, kept: Callable[[float], bool]) -> float:
        """The head on all tokens, all masked but those whose centre, in samples, is kept."""
        tokens, mask = self.model.ecg_encoder(self.ecg, self.leads, self.times)
        centres = [
            float(self.grid.first_centre + number * self.grid.samples_per_token)
            for number in range(self.grid.num_tokens)
        ]
        mask = mask & torch.tensor([kept(centre) for centre in centres])
        if not mask.any():
            return float("nan")
        spans = token_spans(self.peaks.numpy(), RATE_HZ, self.grid)
        return float(self.model.ecg_head(tokens, mask, spans).pooled[0] @ self.text)


@pytest.mark.parametrize("encoder", ["resnet1d", "conv_transformer"])
@pytest.mark.parametrize("head", ["summary", "beat_queries", "r_peaks"])
def test_every_array_is_what_the_slow_way_gives(
    encoder: str, head: str, processor: EcgTextProcessor, records: list[Record]
) -> None:
    embedder = Embedder(tiny_model(processor, encoder, head), processor)
    window = embedder.preprocess(records[SHORT])
    told = explain_window(embedder, window, TEXT, record_s=6.0, num_draws=2)
    asking = Asking(embedder, window)
    whole = asking.whole()
    assert told.similarity == pytest.approx(whole, abs=1e-6)
    centres = [float(asking.grid.first_centre + n * asking.grid.samples_per_token) for n in range(len(told.token_fall))]
    half = float(asking.grid.samples_per_token) / 2
    for number, centre in list(enumerate(centres))[:: max(1, len(centres) // 12)]:
        alone = asking.of_tokens(lambda at, centre=centre: at == centre)
        assert told.token_similarity[number] == pytest.approx(alone, abs=1e-5)
        first, last = (told.token_span_s[number] * RATE_HZ).round()
        is_last = number == len(centres) - 1
        assert (first, last) == (max(0, np.ceil(centre - half)), 600 if is_last else np.ceil(centre + half))
        missing = max(0, np.ceil((20 - (last - first)) / 2))
        expected = whole - asking.without(first - missing, last + missing)
        assert told.token_fall[number] == pytest.approx(expected, abs=1e-5)
    peaks = (told.beat_peak_s * RATE_HZ).round().astype(int).tolist()
    assert peaks == [peak for peak in asking.peaks[0].tolist() if peak >= 0]
    for number, peak in enumerate(peaks):
        low = max([peak - 25, *((a + peak) / 2 for a in peaks[:number][-1:])])
        high = min([peak + 45, 600, *((b + peak) / 2 for b in peaks[number + 1 :][:1])])
        alone = asking.of_tokens(lambda at, low=low, high=high: low <= at < high)
        assert told.beat_similarity[number] == pytest.approx(alone, abs=1e-5)
        assert told.beat_fall[number] == pytest.approx(whole - asking.without(low, high), abs=1e-5)
    for number in range(12):
        leads = asking.leads.clone()
        leads[0, number] = False
        assert told.lead_fall[number] == pytest.approx(whole - asking.whole(leads=leads), abs=1e-5)


def test_the_falls_of_the_check_are_what_the_slow_way_gives(embedder: Embedder, records: list[Record]) -> None:
    window = embedder.preprocess(records[0])
    told = explain_window(embedder, window, TEXT, np.random.default_rng(5), record_s=10.0, num_draws=3)
    asking = Asking(embedder, window)
    assert [(one.chosen_by, round(one.share, 2)) for one in told.deletion] == [
        (MISSED, 0.1), (MISSED, 0.2), (SIMILAR, 0.1), (SIMILAR, 0.2),
    ]  # fmt: skip
    for deletion, worth in zip(told.deletion, [told.token_fall] * 2 + [told.token_similarity] * 2, strict=True):
        best = sorted(np.argsort(-worth)[: len(deletion.tokens)].tolist())
        assert deletion.tokens.tolist() == best
        times = asking.times.clone()
        for first, last in (told.token_span_s[best] * RATE_HZ).round().astype(int).tolist():
            times[0, first:last] = False
        assert deletion.fall == pytest.approx(asking.whole() - asking.whole(times=times), abs=1e-5)
        spans_s = told.spans_s(deletion)
        assert sum(stop - start for start, stop in spans_s) == pytest.approx(int((~times).sum()) / RATE_HZ)
        assert (np.diff(spans_s.ravel()) > 0).all()
        assert deletion.random_falls.shape == (3,)


def test_the_similarity_is_the_embedders_own(embedder: Embedder, records: list[Record]) -> None:
    vector = embedder.embed_texts([TEXT])[0]
    told = [explain_record(embedder, record, TEXT, num_draws=1) for record in records[:3]]
    expected = embedder.embed_records(records[:3]) @ vector
    np.testing.assert_allclose([one.similarity for one in told], expected, atol=1e-6)
    assert all(one.is_whole for one in told)
    assert (told[0].text, told[0].read_as) == (TEXT, embedder.processor.read(TEXT).text)


def test_of_a_long_record_the_first_window_is_explained_and_said_so(embedder: Embedder, records: list[Record]) -> None:
    told = explain_record(embedder, records[LONG], TEXT, num_draws=1)
    first = embedder.preprocess.windows(records[LONG])[0]
    [vector] = embedder.embed_ecg(first.signal[None], first.lead_mask[None], first.time_mask[None])
    assert told.similarity == pytest.approx(float(vector @ embedder.embed_texts([TEXT])[0]), abs=1e-6)
    assert (told.window_s, told.record_s, told.is_whole) == (10.0, 25.0, False)
    assert told.token_span_s.max() <= 10.0


def test_padding_is_no_moment(embedder: Embedder, records: list[Record]) -> None:
    told = explain_record(embedder, records[SHORT], TEXT, num_draws=1)
    assert told.window_s == 6.0
    assert (told.token_span_s[0, 0], told.token_span_s[-1, 1]) == (0.0, 6.0)
    np.testing.assert_array_equal(told.token_span_s[1:, 0], told.token_span_s[:-1, 1])
    assert told.beat_span_s.max() <= 6.0


class Watching(nn.Module):
    """An encoder whose tokens are cells of 0.25 s: how large one lead is where it watches, and a constant."""

    def __init__(self, lead: str, watched: tuple[int, ...], gain: float = 1.0) -> None:
        super().__init__()
        self.lead, self.watched, self.gain = STANDARD_12.index(lead), watched, gain

    def forward(self, ecg: Tensor, lead_mask: Tensor, time_mask: Tensor) -> tuple[Tensor, Tensor]:
        row = (ecg * lead_mask[..., None] * time_mask[:, None])[:, self.lead].unflatten(1, (-1, CELL))
        seen = torch.zeros(row.shape[1])
        seen[list(self.watched)] = self.gain
        size = row.abs().mean(dim=2) * seen
        return torch.stack([size, torch.full_like(size, 0.05)], dim=2), time_mask.unflatten(1, (-1, CELL)).all(dim=2)

    def token_grid(self, num_samples: int) -> TokenGrid:
        middle = Fraction(CELL - 1, 2)
        return TokenGrid(num_tokens=num_samples // CELL, samples_per_token=Fraction(CELL), first_centre=middle)


class Mean(nn.Module):
    """A head that is the mean of the tokens, at unit length."""

    def forward(self, tokens: Tensor, mask: Tensor, spans: Tensor | None = None) -> Pooled:
        weight = mask[..., None] / mask.sum(dim=1).clamp(min=1)[:, None, None]
        return Pooled(nn.functional.normalize((tokens * weight).sum(dim=1), dim=-1))


@pytest.fixture
def watching(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Embedder]:
    """An embedder whose model is made to look at one lead and at some cells only; every text asks for that."""

    def make(lead: str = "V2", watched: tuple[int, ...] = (), gain: float = 1.0) -> Embedder:
        model: Any = deepcopy(embedder.model)
        model.ecg_encoder, model.ecg_head = Watching(lead, watched, gain), Mean()
        made = Embedder(model, embedder.processor)
        monkeypatch.setattr(made, "embed_texts", lambda texts: np.array([[1.0, 0.0]] * len(texts), dtype=np.float32))
        return made

    return make


@pytest.fixture(scope="module")
def ecg() -> Record:
    return synthesise("sinus rhythm", np.random.default_rng(8), rate_hz=100.0).record


def test_the_one_stretch_that_counts_is_found_and_the_check_holds(
    watching: Callable[..., Embedder], ecg: Record
) -> None:
    cells = (17, 18, 19)
    told = watching(watched=cells).explain(ecg, TEXT)
    assert set(np.argsort(-told.token_similarity)[:3].tolist()) == set(cells)
    assert set(np.argsort(-told.token_fall)[:3].tolist()) == set(cells)
    assert (told.token_fall[[n for n in range(40) if n not in cells]] <= 1e-6).all()
    assert told.holds(MISSED)
    assert told.holds(SIMILAR)
    assert "holds: " in told.verdict
    for one in told.deletion:
        assert one.fall == pytest.approx(told.similarity, abs=1e-6)  # nothing is left of it
        assert one.random_fall < 0  # and of less that says nothing, it is a larger part


def test_the_one_lead_that_counts_is_found(watching: Callable[..., Embedder], ecg: Record) -> None:
    told = watching(lead="V5", watched=tuple(range(40))).explain(ecg, TEXT)
    assert told.leads[int(np.argmax(told.lead_fall))] == "V5"
    assert told.lead_fall[STANDARD_12.index("V5")] == pytest.approx(told.similarity)
    np.testing.assert_allclose(np.delete(told.lead_fall, STANDARD_12.index("V5")), 0, atol=1e-6)


def test_the_one_beat_that_counts_is_found(watching: Callable[..., Embedder], ecg: Record) -> None:
    peaks_s = watching().explain(ecg, TEXT).beat_peak_s
    cell = int(peaks_s[3] * RATE_HZ) // CELL
    told = watching(watched=(cell,)).explain(ecg, TEXT)
    assert (np.argmax(told.beat_fall), np.argmax(told.beat_similarity)) == (3, 3)
    assert told.beat_fall[3] == pytest.approx(told.similarity, abs=1e-6)


def test_a_model_that_looks_at_nothing_fails_the_check(watching: Callable[..., Embedder], ecg: Record) -> None:
    told = watching(watched=()).explain(ecg, TEXT)
    assert (told.holds(MISSED), told.holds(SIMILAR)) == (False, False)
    assert told.verdict == "the explanation does not hold; random others matter as much"
    assert all(one.num_as_much == 100 for one in told.deletion)


def test_where_everything_counts_alike_no_moment_is_better_than_a_random_one(watching: Callable[..., Embedder]) -> None:
    signal = np.tile(np.sin(2 * np.pi * 4 * np.arange(1000) / RATE_HZ), (12, 1))
    embedder = watching(watched=tuple(range(40)))
    told = explain_window(embedder, window_of(signal), TEXT, record_s=10.0)
    assert told.similarity > 0.9
    assert not told.holds(MISSED)


def window_of(signal: np.ndarray, num_valid: int | None = None, state: int = 3) -> Prepared:
    return Prepared(
        signal=signal.astype(np.float32),
        lead_state=np.full(len(signal), state, dtype=np.uint8),
        num_valid=signal.shape[1] if num_valid is None else num_valid,
        trail=(),
    )


def test_without_a_beat_the_rest_is_told(embedder: Embedder) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, (12, 1000))
    told = explain_window(embedder, window_of(noise), TEXT, record_s=10.0, num_draws=2)
    for array in (told.beat_peak_s, told.beat_similarity, told.beat_fall):
        assert array.shape == (0,)
    assert told.beat_span_s.shape == (0, 2)
    assert np.isfinite(told.lead_fall).all()
    assert np.isfinite(told.token_fall).all()


@pytest.mark.parametrize("head", ["summary", "r_peaks"])
def test_one_beat_is_one_beat(head: str, processor: EcgTextProcessor) -> None:
    place = np.arange(200) - 90
    signal = np.tile(np.exp(-((place / 2.5) ** 2)) - 0.4 * np.exp(-(((place - 5) / 2.5) ** 2)), (12, 1))
    window = window_of(np.pad(signal, ((0, 0), (0, 800))), num_valid=200)
    embedder = Embedder(tiny_model(processor, "resnet1d", head), processor)
    told = explain_window(embedder, window, TEXT, record_s=2.0, num_draws=2)
    assert told.beat_peak_s == pytest.approx([0.9], abs=0.02)
    assert np.isfinite([*told.beat_similarity, *told.beat_fall, told.similarity]).all()


def test_a_second_of_signal_is_explained_as_far_as_it_goes(embedder: Embedder, ecg: Record) -> None:
    told = explain_record(embedder, replace(ecg, signal=ecg.signal[:, :100]), TEXT, num_draws=2)
    assert told.window_s == 1.0
    assert np.isfinite(told.token_similarity).all()
    assert all(0 < len(one.tokens) < len(told.token_fall) for one in told.deletion)


def test_leads_that_are_not_there_are_not_missed(embedder: Embedder, ecg: Record) -> None:
    told = explain_record(embedder, ecg.select(["V1", "V2"]), TEXT, num_draws=1)
    known = np.isfinite(told.lead_fall)
    assert [lead for lead, is_known in zip(told.leads, known, strict=True) if is_known] == ["V1", "V2"]
    alone = explain_record(embedder, ecg.select(["II"]), TEXT, num_draws=1)
    assert not np.isfinite(alone.lead_fall).any()


def test_the_same_question_has_the_same_answer_and_other_chance_other_draws(embedder: Embedder, ecg: Record) -> None:
    embedded = embedder.explain(ecg, TEXT).deletion[0].random_falls
    first, again, other = (
        explain_record(embedder, ecg, TEXT, chance, num_draws=8).deletion[0].random_falls
        for chance in (None, None, np.random.default_rng(1))
    )
    assert embedded.shape == (100,)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_what_cannot_be_explained_is_refused(embedder: Embedder, ecg: Record) -> None:
    with pytest.raises(TextError):
        embedder.explain(ecg, " ?! ")
    with pytest.raises(SignalError, match="unit or gain"):
        embedder.explain(replace(ecg, signal=1000 * ecg.signal), TEXT)
    with pytest.raises(ConfigError, match="num_draws is 0; give at least 1"):
        explain_record(embedder, ecg, TEXT, num_draws=0)


def test_an_explanation_cannot_be_changed_and_is_told_to_a_machine(embedder: Embedder, ecg: Record) -> None:
    told = explain_record(embedder, ecg, TEXT, num_draws=4)
    with pytest.raises(FrozenInstanceError):
        told.similarity = 1.0  # type: ignore[misc]
    plain = told.to_dict(start_s=60.0)
    assert (plain["start_s"], plain["record_s"]) == (60.0, 70.0)
    assert plain["beats"][0]["peak_s"] == told.beat_peak_s[0] + 60
    assert plain["moments"][-1]["span_s"][1] == 70
    assert plain["leads"]["V2"] == told.lead_fall[STANDARD_12.index("V2")]
    assert [one["num_draws"] for one in plain["deletion"]] == [4] * 4


def deletion(chosen_by: str, fall: float, random_falls: list[float]) -> Deletion:
    return Deletion(
        chosen_by=chosen_by, share=0.1, tokens=np.array([0]), fall=fall, random_falls=np.array(random_falls)
    )


def test_draws_that_fall_as_much_are_counted_and_a_twentieth_of_them_is_borne() -> None:
    assert deletion(MISSED, 0.2, [0.2 - 1e-8, 0.1, 0.3]).num_as_much == 2
    assert deletion(MISSED, 0.2, [0.3] + [0.1] * 19).holds
    assert not deletion(MISSED, 0.2, [0.3, 0.2] + [0.1] * 18).holds
    assert deletion(MISSED, 0.2, [0.1, 0.3]).random_fall == pytest.approx(0.2)
    assert not deletion(MISSED, 0.0, [0.0] * 20).holds


@pytest.mark.parametrize(
    ("missed", "similar", "words"),
    [
        (1.0, 1.0, "holds: the moments missed most matter more than random others, and so do the most similar"),
        (1.0, 0.0, "holds for the moments missed most; the most similar matter no more than random others"),
        (0.0, 1.0, "holds for the most similar moments; those missed most matter no more than random others"),
        (0.0, 0.0, "the explanation does not hold; random others matter as much"),
    ],
)
def test_the_verdict_says_which_moments_matter(
    missed: float, similar: float, words: str, embedder: Embedder, ecg: Record
) -> None:
    told: Explanation = explain_record(embedder, ecg, TEXT, num_draws=1)
    made = (deletion(MISSED, missed, [0.5] * 20), deletion(SIMILAR, similar, [0.5] * 20))
    assert replace(told, deletion=made).verdict == words
    assert replace(told, deletion=()).verdict.startswith("cannot be made")
    half = (*made, deletion(MISSED, 0.0, [0.5] * 20))
    assert not replace(told, deletion=half).holds(MISSED)
