"""The table of measurements: a sound one is read and a bad one refused."""

from __future__ import annotations

import pytest

from ecg_text.errors import TextError
from ecg_text.text.measured_table import Unit, parse_measured

PLAIN = """
[[quantity]]
name = "rate"
units.bpm = {}
says.en = ["rate {bpm}", "rate {adj}"]
says.de = ["frequenz {bpm}", "frequenz {adj}"]
says.sv = ["frekvens {bpm}", "frekvensen är {adj}"]
denies.en = ["rate not {adj}"]
[quantity.classes.slow]
range = [30, 49]
en.adj = ["slow"]
de.adj = ["langsam"]
sv.adj = ["långsam"]
[quantity.classes.fast]
range = [106, 150]
en.adj = ["fast"]
de.adj = ["schnell"]
sv.adj = ["snabb"]
"""


def test_a_table_is_read():
    (quantity,) = parse_measured(PLAIN)
    assert [level.name for level in quantity.levels] == ["slow", "fast"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[[quantity]]", "[[quantity"),
        ('name = "rate"', ""),
        ("[[quantity]]", "[[measure]]"),
        ("range = [30, 49]", ""),
        ("range = [30, 49]", "range = [30]"),
        ("range = [30, 49]", "range = [49, 30]"),
        ("range = [30, 49]", "range = [30, 110]"),
        ("range = [30, 49]", 'range = ["a", "b"]'),
        ("range = [30, 49]", "range = [30.2, 30.8]"),
        ("units.bpm = {}", "units.bpm = { step = 100 }"),
        ("units.bpm = {}", "units.bpm = { step = 0 }"),
        ("units.bpm = {}", 'units.bpm = { sign = "both" }'),
        ("units.bpm = {}", "units.bpm = { size = 1 }"),
        ('"rate {bpm}"', '"rate {bpm} {bpm}"'),
        ('"rate {bpm}"', '"rate {bpm} {where}"'),
        ('"rate {bpm}"', '"rate {bpm"'),
        ('"rate {bpm}"', '"rate {hertz}"'),
        ('"rate not {adj}"', '"no {noun}"'),
        ("denies.en", "denies.fr"),
        ('en.adj = ["fast"]', 'en.adj = ["slow"]'),
        ('de.adj = ["schnell"]', ""),
        ("range = [30, 49]", 'range = [30, 49]\nconcpt = "bradycardia"'),
        ('sv.adj = ["snabb"]', 'sv.adj = ["snabb"]\nsw.adj = ["snabb"]'),
        ("units.bpm = {}", 'units.bpm = {}\nunit = "bpm"'),
        ('"frekvens {bpm}", ', ""),
    ],
)
def test_a_bad_table_is_refused(old, new):
    assert old in PLAIN
    with pytest.raises(TextError, match=r"measured\.toml"):
        parse_measured(PLAIN.replace(old, new))


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (Unit(scale=0.001, step=10, sign="minus"), 240, "0.24"),
        (Unit(scale=1, step=1, sign="minus"), -45, "-45"),
        (Unit(scale=1, step=1, sign="plus"), 60, "+60"),
        (Unit(scale=1, step=1, sign="plus"), 0, "0"),
        (Unit(scale=1, step=1, sign="none"), -45, "45"),
        (Unit(scale=0.1, step=0.1, sign="minus"), 26 * 0.1, "0.26"),
    ],
)
def test_a_number_is_told_in_its_unit(unit, value, text):
    assert unit.text(value) == text


def test_steps_lie_within_the_range():
    assert list(Unit(scale=0.001, step=10, sign="minus").steps(130, 195)) == list(range(13, 20))
    assert list(Unit(scale=1, step=0.1, sign="minus").steps(2.6, 2.8)) == [26, 27, 28]
