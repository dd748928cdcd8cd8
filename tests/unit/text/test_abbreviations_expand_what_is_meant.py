"""The table of abbreviations is sound, and only what can mean one thing is written out."""

from __future__ import annotations

from collections import Counter

import pytest

from ecg_text.errors import DataError
from ecg_text.text.abbreviations import expand, table


def test_the_table_has_three_languages_and_no_entry_twice() -> None:
    counts = Counter(entry.language for entry in table())
    assert set(counts) == {"en", "de", "sv"}
    assert sum(counts.values()) >= 150
    keys = Counter((entry.short.lower(), entry.language) for entry in table())
    assert [key for key, number in keys.items() if number > 1] == []


def test_every_entry_has_a_source_and_a_condition_that_is_understood() -> None:
    for entry in table():
        assert entry.short
        assert entry.expansion == entry.expansion.lower().strip()
        assert entry.source in {"use", "aha", "scp", "cinc", "cpsc", "csn", "ptb-xl"}
        where, *words = entry.when.removeprefix("not ").split()[:2] or [""]
        assert where in {"", "never", "capitals", "before", "after", "near"}
        assert bool(words) == (where in {"before", "after", "near"})


def test_an_expansion_holds_no_abbreviation_itself() -> None:
    for entry in table():
        if entry.language == "en":
            assert expand(entry.expansion).used == (), entry.short


def test_every_unconditional_short_is_read_as_its_expansion_in_any_case() -> None:
    for entry in table():
        if entry.language == "en" and not entry.when:
            for typed in (entry.short, entry.short.lower(), entry.short.upper()):
                assert expand(f"old {typed} in v4").text.split() == f"old {entry.expansion} in v4".split()


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("LBBB", "left bundle branch block"),
        ("AF with RVR", "atrial fibrillation with rapid ventricular response"),
        ("AFL/AF", "atrial flutter/atrial fibrillation"),
        ("1AVB", "first degree av block"),
        ("avb i", "first degree av block"),
        ("1st degree AVB", "first degree av block"),
        ("3° AVB", "third degree av block"),
        ("AVB", "av block"),
        ("PVCs", "premature ventricular contractions"),
        ("a  fib", "atrial fibrillation"),
        ("a fib, a-fib, afib", "atrial fibrillation, atrial fibrillation, atrial fibrillation"),
        ("WPW", "wolff-parkinson-white syndrome"),
        ("WPW pattern", "wolff-parkinson-white pattern"),
        ("old ant. MI. LVH", "old anterior myocardial infarction. left ventricular hypertrophy"),
        ("AF w/RVR", "atrial fibrillation with rapid ventricular response"),
        ("left bundle branch block (LBBB) old", "left bundle branch block old"),
        ("non-STEMI", "non-st elevation myocardial infarction"),
        ("LAD", "left axis deviation"),
        ("VT, VF", "ventricular tachycardia, ventricular fibrillation"),
        ("at rest AT", "at rest atrial tachycardia"),
        ("AT", "atrial tachycardia"),
        ("LA enlargement", "left atrial enlargement"),
    ],
)
def test_abbreviations_are_written_out(text: str, expanded: str) -> None:
    assert expand(text).text == expanded


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ST elevation in V1",
        "st",
        "AV block",
        "PR and QT interval, QRS, P, T, U",
        "PE",
        "MS",
        "RR interval 800 ms",
        "Q in II, III, VF",
        "stenosis of the LAD",
        "proximal LAD occlusion",
        "at 100 beats per minute",
        "AT REST NO CHANGE",
        "RA and LA electrodes",
        "aVF, aVL, aVR, V1-V6, I, II, III",
        "lbbbs",
        "xaf",
        "post operative",
    ],
)
def test_what_can_mean_something_else_stands(text: str) -> None:
    assert expand(text) == expand("").__class__(text=text, used=())


def test_what_was_used_is_told_as_typed_and_once() -> None:
    found = expand("AF, Lbbb, AF, af")
    assert found.used == (
        ("AF", "atrial fibrillation"),
        ("Lbbb", "left bundle branch block"),
        ("af", "atrial fibrillation"),
    )


def test_german_and_swedish_have_their_own() -> None:
    assert expand("VHF bei LSB", "de").text == "vorhofflimmern bei linksschenkelblock"
    assert expand("FF", "sv").text == "förmaksflimmer"
    with pytest.raises(DataError, match="'fr'"):
        expand("FA", "fr")
