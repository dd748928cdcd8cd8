"""Blanks around punctuation, as a tokenizer leaves them, go where none are written."""

from __future__ import annotations

import pytest

from ecg_text.models.processor import wrap_tokenizer
from ecg_text.text.spacing import close_up
from ecg_text.text.tokenizer import train_wordpiece


@pytest.mark.parametrize(
    ("apart", "closed"),
    [
        ("sinus rhythm . normal ecg .", "sinus rhythm. normal ecg."),
        ("st - t changes in v2 , v3 ; old", "st-t changes in v2, v3; old"),
        ("qrs ( t ) abnormal", "qrs (t) abnormal"),
        ("wolff - parkinson - white", "wolff-parkinson-white"),
        ("patient ' s ecg and / or", "patient's ecg and/or"),
        ("0 . 5 mm , rate 72 . 8", "0.5 mm, rate 72.8"),
        ("at 12 : 30", "at 12:30"),
        ("in v2 . 1st degree", "in v2. 1st degree"),
        ("leads 1 , 2", "leads 1, 2"),
        ("qt < 400 ms = normal & old", "qt < 400 ms = normal & old"),
        ("rate 30 % up", "rate 30% up"),
        ("  sinus \n rhythm ", "sinus rhythm"),
        ("- . ,", "-.,"),
        ("", ""),
    ],
)
def test_marks_stand_where_they_are_written(apart: str, closed: str) -> None:
    assert close_up(apart) == closed
    assert close_up(closed) == closed


REPORTS = (
    "sinus rhythm. st-t changes are non-specific in leads i, avl, v5, v6",
    "left anterior fascicular block. t wave abnormality (old) in v2-v4. otherwise normal ecg",
    "überdrehter linkstyp. verkürzte pq-zeit, av-block 1. grades",
    "rate 72.5, st/t abnormal: see 12-lead ecg",
)


def test_a_report_comes_back_from_its_word_pieces() -> None:
    tokenizer = wrap_tokenizer(train_wordpiece(REPORTS, vocab_size=260, min_frequency=1))
    for report in REPORTS:
        pieces = tokenizer(report)["input_ids"]
        decoded = tokenizer.decode(pieces, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert decoded != report
        assert close_up(decoded) == report


def test_the_time_is_linear() -> None:
    assert close_up("1 . " * 10_000).startswith("1.")
    assert len(close_up(" " * 40_000 + "." + "( " * 20_000)) == 20_001
