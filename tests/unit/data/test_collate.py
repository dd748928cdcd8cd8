"""A batch of pairs: distinct texts once, each record with its own, and every word piece in its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ecg_text.data.augment import Augment
from ecg_text.data.batch import Batch
from ecg_text.data.collate import PairCollate
from ecg_text.data.peaks import PeakFinder
from ecg_text.errors import ConfigError
from ecg_text.models.processor import wrap_tokenizer
from ecg_text.objectives.contrastive import holds_of
from ecg_text.text.tokenizer import train_wordpiece
from ecg_text.text.views import ReportViews, finding_number

REPORTS = [
    "sinus rhythm. left axis deviation. normal ecg.",
    "atrial fibrillation. left axis deviation.",
    "sinus rhythm. left axis deviation. normal ecg.",
    "",
    "sinus rhythm.",
]


def collated(seed: int = 0, **changes: Any) -> Batch:
    tokenizer = wrap_tokenizer(train_wordpiece(REPORTS * 3, vocab_size=400))
    num = len(REPORTS)
    rows: dict[str, list[Any]] = {
        "record_id": [f"r{n}" for n in range(num)],
        "patient_id": [f"p{n}" for n in range(num)],
        "report": [report or None for report in REPORTS],
    }
    ecg = np.random.default_rng(5).standard_normal((num, 3, 40)).astype(np.float32)
    collate = PairCollate(tokenizer=tokenizer, max_word_pieces=64, **changes)
    masks = np.ones((num, 3), dtype=bool), np.ones((num, 40), dtype=bool)
    return collate(ecg, *masks, rows, np.random.default_rng(seed))


def test_equal_reports_are_one_text_and_every_record_keeps_its_row() -> None:
    texts = collated().texts
    assert texts is not None
    assert texts.row.tolist() == [0, 1, 0, 2, 3]
    assert [texts.strings[number] for number in texts.row.tolist()] == [report.rstrip(".") for report in REPORTS]


def test_each_word_piece_knows_its_sentence_and_special_ones_have_none() -> None:
    texts = collated().texts
    assert texts is not None
    for string, numbers, mask in zip(texts.strings, texts.sentence, texts.attention_mask, strict=True):
        seen = numbers[mask.bool()].tolist()
        assert seen[0] == -1
        assert seen[-1] == -1
        assert seen[1:-1] == sorted(seen[1:-1])
        assert max(seen) + 1 == len([part for part in string.split(". ") if part])
        assert (numbers[~mask.bool()] == -1).all()


def test_what_is_stated_is_among_what_is_reported() -> None:
    for seed in range(20):
        texts = collated(seed, views=ReportViews(whole=0.2)).texts
        assert texts is not None
        for stated, reported, number in zip(texts.stated, texts.reported, texts.row, strict=True):
            said = set(stated.tolist()) - {0}
            assert said <= set(reported.tolist())
            parts = [part for part in texts.strings[int(number)].split(". ") if part]
            assert said == {finding_number(part) for part in parts}


def test_the_same_generator_gives_the_same_batch_and_another_another() -> None:
    changes: dict[str, Any] = {"augment": Augment(), "views": ReportViews()}
    first, again, other = collated(1, **changes), collated(1, **changes), collated(2, **changes)
    assert (first.ecg == again.ecg).all()
    assert first.texts is not None
    assert again.texts is not None
    assert first.texts.strings == again.texts.strings
    assert not (first.ecg == other.ecg).all()


def test_augmentation_never_masks_the_last_lead_and_shifts_with_the_mask() -> None:
    augment = Augment(drop_share=0.99, drop_lead=0.9, shift=0.5, gain=0.2, noise_mv=0.1)
    generator = np.random.default_rng(0)
    ecg = np.ones((200, 3, 20), dtype=np.float32)
    leads = np.ones((200, 3), dtype=bool)
    leads[:, 0] = False
    times = np.ones((200, 20), dtype=bool)
    before = ecg.copy()
    out, lead_mask, time_mask, shift = augment(ecg, leads, times, generator)
    assert (ecg == before).all()
    assert lead_mask.any(axis=1).all()
    assert not lead_mask[:, 0].any()
    assert (out[~np.broadcast_to(time_mask[:, None], out.shape)] == 0).all()
    assert time_mask.any(axis=1).all()
    assert 0 < time_mask.mean() < 1
    assert not lead_mask[:, 1:].all()
    for real, by in zip(time_mask, shift.tolist(), strict=True):
        assert real.tolist() == [0 <= place + by < 20 for place in range(20)]


@pytest.mark.parametrize("wrong", [{"drop_lead": 1.0}, {"shift": -0.1}, {"noise_mv": -1.0}])
def test_impossible_augmentation_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Augment(**wrong)


def test_views_keep_the_order_of_the_sentences_and_never_invent_one() -> None:
    views, generator = ReportViews(whole=0.0, max_sentences=2), np.random.default_rng(3)
    report = ("a", "b", "c", "d")
    seen = {views.sample(report, generator).shown for _ in range(300)}
    assert all(1 <= len(view) <= 2 and list(view) == sorted(view) and set(view) <= set(report) for view in seen)
    assert len(seen) == 4 + 6
    assert views.sample(("a",), generator).shown == ("a",)
    assert views.sample((), generator).shown == ()


def test_what_is_stated_is_of_the_report_whatever_words_are_shown() -> None:
    views = ReportViews(whole=0.3, swap=1.0, lead_in=0.5, single=0.2, languages=("en", "de", "sv"))
    of_reports = {finding_number(part) for report in REPORTS for part in report.rstrip(".").split(". ") if part}
    others = 0  # sentences shown that no report holds in these words
    for seed in range(20):
        texts = collated(seed, views=views).texts
        assert texts is not None
        for stated, reported, number in zip(texts.stated, texts.reported, texts.row, strict=True):
            said = set(stated.tolist()) - {0}
            assert said <= set(reported.tolist()) <= of_reports | {0}
            shown = [part for part in texts.strings[int(number)].split(". ") if part]
            assert len(shown) == len(said)
            others += sum(finding_number(part) not in of_reports for part in shown)
    assert others > 20


@pytest.mark.parametrize("swap", [0.0, 0.5])
def test_findings_of_one_meaning_are_one_where_wordings_are_swapped(swap: float) -> None:
    """Shown in one wording, two reports share a text, which must not be true of the one and false of the other."""
    rows = {"record_id": ["a", "b"], "patient_id": ["p", "q"], "report": ["lvh.", "left ventricular hypertrophy."]}
    tokenizer = wrap_tokenizer(train_wordpiece(REPORTS * 3, vocab_size=400))
    collate = PairCollate(
        tokenizer=tokenizer, max_word_pieces=64, views=ReportViews(swap=swap, languages=("de",), abbreviations=False)
    )
    ecg = np.zeros((2, 3, 40), dtype=np.float32)
    masks = np.ones((2, 3), dtype=bool), np.ones((2, 40), dtype=bool)
    shared = 0
    for seed in range(60):
        texts = collate(ecg, *masks, rows, np.random.default_rng(seed)).texts
        assert texts is not None
        said = "left ventricular hypertrophy" if swap else "lvh"
        assert texts.stated[:, 0].tolist() == [finding_number(said), finding_number("left ventricular hypertrophy")]
        assert holds_of(texts.stated, texts.reported).all() == bool(swap)
        shared += len(texts.strings) == 1
    assert (shared > 0) == bool(swap)


def test_reports_are_read_in_their_rendering_and_each_is_rendered_once() -> None:
    rendered: list[str] = []

    def shout(report: str) -> str:
        rendered.append(report)
        return report.replace("sinus rhythm", "sinusrhythmus")

    for _ in range(2):
        texts = collated(render=shout).texts
        assert texts is not None
        assert texts.strings == (
            "sinusrhythmus. left axis deviation. normal ecg",
            "atrial fibrillation. left axis deviation",
            "",
            "sinusrhythmus",
        )
        assert texts.reported[0].tolist()[0] == finding_number("sinusrhythmus")
    assert sorted(rendered) == sorted(set(REPORTS))


def test_one_rendering_does_not_serve_another() -> None:
    def upper(report: str) -> str:
        return report.replace("normal", "abnormal")

    written, changed = collated().texts, collated(render=upper).texts
    assert written is not None
    assert changed is not None
    assert "abnormal ecg" in changed.strings[0]
    assert "abnormal ecg" not in written.strings[0]


def test_whole_reports_stand_beside_their_views_where_they_are_wanted() -> None:
    views = ReportViews(whole=0.2)
    without, texts = collated(3, views=views).texts, collated(3, views=views, with_reports=True).texts
    assert without is not None
    assert without.report is None
    assert texts is not None
    assert texts.report is not None
    assert [texts.strings[number] for number in texts.report.tolist()] == [report.rstrip(".") for report in REPORTS]
    shown = [texts.strings[number] for number in texts.row.tolist()]
    assert shown == [without.strings[number] for number in without.row.tolist()]  # the same views, whatever is beside
    assert len(set(texts.strings)) == len(texts.strings)


def test_a_report_longer_than_the_window_is_cut_with_its_sentences() -> None:
    texts = collated(with_reports=True).texts
    assert texts is not None
    tokenizer = wrap_tokenizer(train_wordpiece(REPORTS * 3, vocab_size=400))
    short = PairCollate(tokenizer=tokenizer, max_word_pieces=6, with_reports=True)
    rows = {"record_id": ["r"], "patient_id": ["p"], "report": [REPORTS[0]]}
    masks = np.ones((1, 3), dtype=bool), np.ones((1, 40), dtype=bool)
    cut = short(np.zeros((1, 3, 40), dtype=np.float32), *masks, rows, np.random.default_rng(0)).texts
    assert cut is not None
    assert cut.input_ids.shape == (1, 6)
    assert cut.sentence.max() < texts.sentence.max()


def test_peaks_are_found_once_a_record_and_move_with_the_window() -> None:
    calls = []

    class Finder(PeakFinder):
        def __call__(self, record_ids: Any, *window: np.ndarray) -> np.ndarray:
            calls.append(tuple(record_ids))
            return np.tile([5, 20, -1], (len(record_ids), 1))

    batch = collated(2, augment=Augment(shift=0.5), find_peaks=Finder(("I",), 100.0))
    assert calls == [tuple(f"r{n}" for n in range(5))]
    assert batch.peaks is not None
    still = collated(2).ecg
    moved = 0
    for before, after, real, peaks in zip(still, batch.ecg, batch.time_mask, batch.peaks.tolist(), strict=True):
        for old, new in ((5, peaks[0]), (20, peaks[1])):
            if new == -1:  # out of the window
                continue
            assert real[new]
            ratio = after[:, new] / before[:, old]  # gain alone has changed the samples of the peak, in kept leads
            assert np.allclose(ratio, ratio[0], rtol=1e-4)
            moved += new != old
        assert peaks[2] == -1
    assert moved


def test_a_batch_of_some_rows_has_their_texts_reports_and_peaks() -> None:
    batch = collated(
        4, views=ReportViews(whole=0.2), with_reports=True, find_peaks=PeakFinder(("I", "II", "V1"), 100.0)
    )
    some = batch.rows(torch.tensor([3, 0]))
    assert batch.texts is not None
    assert batch.texts.report is not None
    assert some.texts is not None
    assert some.texts.report is not None
    assert some.peaks is not None
    for place, row in enumerate([3, 0]):
        for mine, theirs in ((some.texts.row, batch.texts.row), (some.texts.report, batch.texts.report)):
            assert some.texts.strings[int(mine[place])] == batch.texts.strings[int(theirs[row])]
    assert set(some.texts.strings) == {
        some.texts.strings[int(number)] for number in torch.cat([some.texts.row, some.texts.report])
    }
    chunks = batch.row_chunks(2)
    assert sorted(torch.cat(chunks).tolist()) == list(range(5))
