"""The lexicon files themselves: no two lines contradict each other, every slot exists, and the format is kept."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from ecg_text.errors import DataError
from ecg_text.text.english import lexicon
from ecg_text.text.english.lexicon import LANGUAGES, Entry, english_words, entries, load
from ecg_text.text.english.morphology import stem
from ecg_text.text.english.tokens import leads_at

SLOT = re.compile(r"\{=?([^}:?]+)(:\d)?\??\}")
BUILT_IN = {"leads", "number", "ratio"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slot_names_a_section(language: str) -> None:
    sections = {entry.section for entry in entries(language)} | BUILT_IN
    unknown = {(entry.line, slot) for entry in entries(language) for slot, _ in SLOT.findall(entry.source)}
    assert {(line, slot) for line, slot in unknown if slot not in sections} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slot_of_the_english_stands_in_the_source(language: str) -> None:
    wrong = [
        entry.line
        for entry in entries(language)
        if not {f"{slot}{number}" for slot, number in SLOT.findall(entry.english)}
        <= {f"{slot}{number}" for slot, number in SLOT.findall(entry.source)}
    ]
    assert wrong == []


def ways(entry: Entry) -> set[str]:
    """The spellings of a source without slots, by the plainest reading of the format: a slow truth."""
    found = set()
    choices = []
    for part in entry.source.split():
        words = part.removesuffix("?").split("|")
        choices.append([*words, ""] if part.endswith("?") else words)
    for chosen in product(*choices):
        found.add(" ".join(" ".join(chosen).split()))
    return found


def test_words_and_phrases_without_compounds_are_found_as_they_are_written() -> None:
    plain = [entry for entry in entries("de") if entry.section == "word" and not re.search(r"[{}()/>&-]", entry.source)]
    assert len(plain) > 100
    for entry in plain:
        for way in filter(None, ways(entry)):
            node = load("de").sections["word"]
            for word in re.findall(r"[^\W\d_]+|\d+", way):
                node = node.words[stem(word, "de") if word.isalpha() else word]
            assert node.english is not None, (entry, way)


def test_inflected_forms_share_a_stem() -> None:
    for forms in (
        ("inferior", "inferiorer", "inferiore", "inferioren", "inferiores", "inferiorem"),
        ("möglich", "möglicher", "moegliche"),
        ("peripher", "periphere", "peripherer"),
        ("ableitung", "ableitungen"),
    ):
        assert len({stem(form, "de") for form in forms}) == 1, forms
    assert stem("extrem", "de") != stem("extr", "de")
    assert stem("höger", "sv") != stem("hög", "sv")


def test_the_english_of_all_lexica_is_english() -> None:
    words = english_words()
    assert {"ischaemia", "atrial", "fibrillation", "leads"} <= words
    assert not {"ischemia", "vorhofflimmern", "och", "und"} & words


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("v1-3", "v1-v3"),
        ("v1, 2,3", "v1, v2, v3"),
        ("v2 - v4 und v6", "v2-v4, v6"),
        ("ii,iii, avf.", "ii, iii, avf"),
        ("iii, l, f", "iii, avl, avf"),
        ("i - iii", "i-iii"),
        ("v5/6 r-progression", "v5, v6"),
        ("v4, 5/min", "v4"),
    ],
)
def test_lists_of_leads_are_written_out(text: str, leads: str) -> None:
    found = leads_at(text, 0)
    assert found is not None
    assert found[1] == leads


@pytest.mark.parametrize("text", ["links", "v", "r-progression", "im", "infarkt", "v12", "f wave"])
def test_other_words_are_no_leads(text: str) -> None:
    assert leads_at(text, 0) is None


def test_a_line_without_a_tab_is_refused_by_its_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "german.tsv").write_text("# a comment\neins zwei\n", encoding="utf-8")
    monkeypatch.setattr(lexicon.resources, "files", lambda _: tmp_path)
    with pytest.raises(DataError, match=r"german\.tsv, line 2: got no tab"):
        lexicon._read.__wrapped__("de")
