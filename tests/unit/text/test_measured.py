"""Measurements in numbers and in words: the numbers lie in their class, and contrasts say another."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

from ecg_text.text.concepts import concepts
from ecg_text.text.criteria import criteria
from ecg_text.text.grammar import MAX_CONTRASTS
from ecg_text.text.grammar_meanings import meaning_of
from ecg_text.text.grammar_table import read_grammar
from ecg_text.text.measured import sample_measured, words
from ecg_text.text.measured_table import read_measured

UNTIDY = re.compile(r"[A-Z{}\[\]~|]|  | ,|,,|^,|,$|^ | $|ize\b|ized\b|\bcolor|center")
NUMBER = re.compile(
    r"(?<![\w.])(minus |[-+])?(\d+(?:\.\d+)?) ?(ms|milliseconds|sec|seconds|sekunden|sekunder|s|mv|mm)?\b"
)
LEADS = re.compile(r"\b[sr]?v\d(?:-v\d)?")
SCALE = {"s": 1000, "sec": 1000, "seconds": 1000, "sekunden": 1000, "sekunder": 1000, "mv": 10}  # to ms and to mm
# The range of every class, written apart from the table: bpm, ms, degrees or mm.
RANGES = {
    "heart rate": {"bradycardia": (20, 49), "normal": (60, 100), "tachycardia": (106, 200)},
    "sinus rate": {"bradycardia": (20, 49), "normal": (60, 100), "tachycardia": (106, 200)},
    "pr interval": {"short": (70, 114), "normal": (130, 195), "prolonged": (210, 400)},
    "qrs duration": {"narrow": (70, 105), "slightly widened": (111, 118), "wide": (122, 200)},
    "qtc interval": {"short": (270, 339), "normal": (370, 435), "prolonged": (470, 600)},
    "axis": {"left": (-89, -31), "normal": (-20, 85), "right": (95, 178), "extreme": (-175, -95)},
    "p wave amplitude": {"normal": (0.5, 2.3), "tall": (2.6, 5)},
    "p wave duration": {"normal": (60, 114), "broad": (122, 180)},
    "sokolow-lyon sum": {"normal": (5, 33), "high": (36, 60)},
    "limb lead voltage": {"low": (1, 4.5), "normal": (6, 20)},
    "st deviation": {"elevation": (1, 5), "isoelectric": (0, 0), "depression": (-4, -1)},
    "r-r variation": {"regular": (0, 60), "irregular": (180, 600)},
    "longest r-r interval": {"normal": (500, 1200), "pause": (2100, 5000)},
}


NAMED = {
    level.concept.replace("{group}", group): (one.name, level.name, group)
    for one in read_measured()
    for level in one.levels
    for group in one.groups
    if level.concept
}


def class_of(row):
    """Quantity, class and lead group ("" where there is none) of a row."""
    if row.meaning in NAMED:
        return NAMED[row.meaning]
    _, quantity, level, *group = row.meaning.split(":")
    return quantity, level, "".join(group)


def drawn(num, seed=0):
    chance = np.random.default_rng(seed)
    return [sample_measured(chance) for _ in range(num)]


@pytest.fixture(scope="module")
def rows():
    return drawn(6000)


def number_of(text):
    """The one number of a text, in bpm, ms, degrees or mm, or None where it is of words."""
    found = list(NUMBER.finditer(LEADS.sub("", text)))
    assert len(found) < 2, text
    if not found:
        return None
    sign, digits, unit = found[0].groups()
    return float(digits) * SCALE.get(unit, 1) * (-1 if sign in ("minus ", "-") else 1)


def in_range(number, text, quantity, level):
    low, high = RANGES[quantity][level]
    if re.search(r"depress|senk|sänk|lowered", text):
        number = -abs(number)
    return low - 1e-6 <= number <= high + 1e-6


def test_the_table_has_every_class_and_no_other():
    assert {one.name: [level.name for level in one.levels] for one in read_measured()} == {
        name: list(levels) for name, levels in RANGES.items()
    }


def test_concepts_are_those_of_the_tables_and_no_two_classes_share_one():
    named = [level.concept for one in read_measured() for level in one.levels if level.concept]
    assert len(named) == len(set(named)) > 20
    known = {text for concept in concepts() for text in concept.english} | {one.name for one in criteria()}
    known |= {meaning_of(*meaning).key for meaning in read_grammar().meanings()}
    assert not set(NAMED) - known


def test_no_class_is_said_by_the_absence_of_another():
    words_of = [level.wordings for one in read_measured() for level in one.levels]
    texts = [text for wordings in words_of for listed in wordings.values() for text in listed]
    assert not [text for text in texts if re.match(r"(?:no|without|keine?|ohne|inga|ingen|utan) ", text)]


def test_numbers_lie_in_the_range_of_their_class(rows):
    told = defaultdict(set)
    for row in rows:
        quantity, level, _ = class_of(row)
        for text in (row.a, row.b):
            if (number := number_of(text)) is not None:
                assert in_range(number, text, quantity, level), (row.meaning, text)
                told[quantity, level].add(number)
    assert set(told) == {(quantity, level) for quantity, levels in RANGES.items() for level in levels}
    assert all(len(numbers) > 3 for (_, level), numbers in told.items() if level != "isoelectric")


def test_numbers_of_contrasts_lie_in_another_class_or_in_other_leads(rows):
    for row in rows:
        quantity, level, group = class_of(row)
        for text in row.contrasts:
            number = number_of(text)
            if number is not None and not group:
                assert not in_range(number, text, quantity, level), (row, text)
                assert any(in_range(number, text, quantity, other) for other in RANGES[quantity]), (row, text)


def test_contrasts_are_no_texts_of_the_meaning(rows):
    meant = defaultdict(set)
    for row in rows:
        assert row.a != row.b
        meant[row.meaning] |= {row.a, row.b}
    for row in rows:
        assert 2 <= len(row.contrasts) <= MAX_CONTRASTS
        assert len(set(row.contrasts)) == len(row.contrasts)
        assert not meant[row.meaning] & set(row.contrasts), row


def test_a_text_has_one_meaning(rows):
    meant = defaultdict(set)
    for row in rows:
        for text in (row.a, row.b):
            meant[text].add(row.meaning)
    assert not {text: found for text, found in meant.items() if len(found) > 1}


def test_sides_are_numbers_and_words_in_each_way(rows):
    kinds = defaultdict(int)
    for row in rows:
        one, other = number_of(row.a), number_of(row.b)
        kinds[one is not None, other is not None] += 1
        if None not in (one, other) and "isoelectric" not in row.meaning:
            assert abs(one) != abs(other) or class_of(row)[0] == "axis"
    assert len(kinds) == 4
    assert min(kinds.values()) > len(rows) / 6


def test_contrasts_are_like_a_and_turned_and_denied(rows):
    for row in rows:
        if row.meaning != "prolonged pr interval":
            continue
        numbers = [number_of(text) is not None for text in row.contrasts]
        assert True in numbers
        assert False in numbers
        assert any(re.search(r"\b(?:no|not|nicht|keine|inte)\b", text) for text in row.contrasts)
        shape = NUMBER.sub("#", row.a)
        if "#" in shape and not re.search("prolonged|long|lengthened", shape):
            assert shape in {NUMBER.sub("#", text) for text in row.contrasts}


def test_the_leads_are_kept_and_other_leads_are_contrasts(rows):
    leads = {
        "inferior": r"inferio|\bii\b",
        "anterior": r"anterio|v1",
        "lateral": r"lateral|avl",
    }
    several = 0
    for row in (row for row in rows if class_of(row)[0] == "st deviation"):
        group = class_of(row)[2]
        assert all(re.search(leads[group], text) for text in (row.a, row.b))
        several += any(not re.search(leads[group], text) for text in row.contrasts)
        assert any(re.search(leads[group], text) for text in row.contrasts)
    assert several


def test_what_is_denied_in_german_has_its_gender(rows):
    texts = {text for row in rows for text in row.contrasts}
    assert not [text for text in texts if re.search(r"\bkein [\w-]+(?:ung|ie)\b", text)]


def test_every_language_occurs(rows):
    texts = [row.a for row in rows]
    for shown in (r"\b(?:interval|of|degrees|is)\b", r"verlängert|hebung|\bgrad\b", r"förlängd|höjning|\bgrader\b"):
        assert any(re.search(shown, text) for text in texts)


def test_texts_are_tidy_lower_case(rows):
    texts = {text for row in rows for text in (row.a, row.b, *row.contrasts)}
    assert not [text for text in texts if UNTIDY.search(text)]


def test_the_generator_alone_decides():
    assert drawn(200) == drawn(200)
    assert drawn(200) != drawn(200, seed=1)


def test_words_are_all_that_is_said_but_numbers(rows):
    texts = {text for row in rows for text in (row.a, row.b, *row.contrasts)}
    said = {word for text in texts for word in re.findall(r"[^\W_]+", text)}
    assert {word for word in said if not word.isdigit()} <= words()
    assert not [word for word in words() if word.isdigit() or word != word.lower()]
