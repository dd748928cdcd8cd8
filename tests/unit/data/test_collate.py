"""A batch of pairs: distinct texts once, each record with its own, and every word piece in its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ecg_text.data.augment import Augment
from ecg_text.data.batch import Batch
from ecg_text.data.collate import PairCollate
from ecg_text.errors import ConfigError
from ecg_text.models.processor import wrap_tokenizer
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
    rows = {
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
    out, lead_mask, time_mask = augment(ecg, leads, times, generator)
    assert (ecg == before).all()
    assert lead_mask.any(axis=1).all()
    assert not lead_mask[:, 0].any()
    assert (out[~np.broadcast_to(time_mask[:, None], out.shape)] == 0).all()
    assert time_mask.any(axis=1).all()
    assert 0 < time_mask.mean() < 1
    assert not lead_mask[:, 1:].all()


@pytest.mark.parametrize("wrong", [{"drop_lead": 1.0}, {"shift": -0.1}, {"noise_mv": -1.0}])
def test_impossible_augmentation_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Augment(**wrong)


def test_views_keep_the_order_of_the_sentences_and_never_invent_one() -> None:
    views, generator = ReportViews(whole=0.0, max_sentences=2), np.random.default_rng(3)
    report = ("a", "b", "c", "d")
    seen = {views.sample(report, generator) for _ in range(300)}
    assert all(1 <= len(view) <= 2 and list(view) == sorted(view) and set(view) <= set(report) for view in seen)
    assert len(seen) == 4 + 6
    assert views.sample(("a",), generator) == ("a",)
    assert views.sample((), generator) == ()
