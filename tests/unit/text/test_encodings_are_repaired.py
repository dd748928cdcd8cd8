"""Bytes of any encoding, and letters that were lost on the way, become the words that were meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_text.text.cleaning.encoding import decode, mend_mojibake, mend_seven_bit, restore_umlauts
from ecg_text.text.cleaning.sources import PIPELINES
from ecg_text.text.cleaning.steps import drop_unreadable

SAID = "für vänster höger Ischämie på större Änderung"


@pytest.mark.parametrize(
    "encoding",
    [
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"),
        *("latin-1", "cp1252", "cp850", "mac_roman"),
    ],
)
def test_bytes_are_read_whatever_they_were_written_in(encoding: str) -> None:
    assert decode(SAID.encode(encoding))[0].removeprefix("\ufeff").replace("\0", "") == SAID
    if encoding != "utf-32-be":  # Python writes no byte order mark for it, and nothing else tells
        assert decode(SAID.encode(encoding))[0] == SAID


def test_the_trail_tells_how_bytes_were_read() -> None:
    folder = PIPELINES["folder"]
    assert folder.clean("vänster".encode("latin-1")).steps == ("read_cp1252",)
    assert folder.clean("vänster".encode("utf-16")).steps == ("read_utf-16-le",)
    assert folder.clean("vänster".encode()).steps == ()
    for pipeline in PIPELINES.values():
        assert pipeline.clean("sinusrytm, vänster el-axel".encode("cp850")).text == "sinusrytm, vänster el-axel"


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_utf8_that_was_read_wrongly_is_read_again(wrong: str, times: int) -> None:
    text = SAID
    for _ in range(times):
        text = text.encode("utf-8").decode(wrong)
    assert text != SAID
    assert mend_mojibake(text) == SAID


@pytest.mark.parametrize("text", [SAID, "Ä Ö Ü ß å é", "Ã alone", "½ mm, 30°, µV", "naïve façade", ""])
def test_what_is_right_stays(text: str) -> None:
    assert mend_mojibake(text) == text
    assert restore_umlauts(text) == text
    assert mend_seven_bit(text) == text


def test_dos_letters_and_zeros_between_letters_are_mended() -> None:
    assert mend_mojibake("f\x81r v\x84nster h\x94ger p\x86") == "für vänster höger på"
    assert mend_mojibake("".join(f"{letter}\0" for letter in "sinus rhythm")) == "sinus rhythm"


def test_swedish_seven_bit_letters_are_mended_inside_words_only() -> None:
    assert mend_seven_bit("v{nster h|ger }lder | normal { }") == "vänster höger ålder | normal { }"


@pytest.mark.parametrize(
    ("lost", "meant"),
    [
        ("vorhof#berlastung", "vorhofüberlastung"),
        ("f#r links", "für links"),
        ("r-s #bergang", "r-s übergang"),
        ("m?glich, isch?mie", "möglich, ischämie"),
        ("st-ver\ufffdnderung in v5", "st-veränderung in v5"),
        ("sinusrytm, v?nster el-axel f?r övrigt normalt", "sinusrytm, vänster el-axel för övrigt normalt"),
        ("sinusrhythmus f?r das alter", "sinusrhythmus für das alter"),
        ("h?ger f?rmaks?verbelastning", "höger förmaksöverbelastning"),
        ("unvollst?ndiger block", "unvollständiger block"),
        ("infarkt? lvh ? st #1", "infarkt? lvh ? st #1"),
        ("who?knows", "who?knows"),
    ],
)
def test_a_lost_letter_is_put_back_where_a_known_word_tells_it(lost: str, meant: str) -> None:
    assert restore_umlauts(lost) == meant


def test_what_cannot_be_read_is_flagged_and_dropped_as_a_whole_where_it_is_much() -> None:
    folder = PIPELINES["folder"]
    some = folder.clean("sinus ryt\ufffdm in a report of some length")
    assert (some.text, some.flags) == ("sinus rytm in a report of some length", ("unreadable",))
    for much in ("\ufffd" * 4, "\x01\x02sinus", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0", bytes(range(256))):
        assert (folder.clean(much).text, folder.clean(much).flags) == ("", ("unreadable",))
    assert drop_unreadable("sinus rhythm\n\tnormal") == "sinus rhythm\n\tnormal"


@pytest.mark.slow
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_no_report_is_refused_and_cleaning_ends_tidy(raw: str | bytes) -> None:
    for pipeline in PIPELINES.values():
        clean = pipeline.clean(raw)
        assert clean.text == " ".join(clean.text.split())
        assert clean.text == clean.text.lower() or not clean.text.isascii()
        assert bool(clean.text) == (not {"empty", "boilerplate"} & set(clean.flags)) or "unreadable" in clean.flags
