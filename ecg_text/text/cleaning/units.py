"""Numbers and units in one form: "0,24 sek." is "0.24 s", "120msec" is "120 ms", "75 beats per minute" is "75/min"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

# A number that is no lead ("v4,5,6", "v4-6"), no part of a date ("9:11:91") and no factor of a dose ("1x0,2"). The
# look behind stands inside, so that a search leaps from digit to digit.
_NUMBER = r"(\d(?:(?<![\w.,/:-]\d)|(?<=\d\d-\d)|(?<=[a-zäöå]:\d))\d{0,3}(?:[.,]\d{1,3})?)"
_UNITS = r"""
(?P<rate>(?:(?:beats?|schläge|slag|b)\s?)?(?:/|per\s|pro\s)\s?(?:min(?:ute)?|minuten?|minut)|bpm|min-1)
(?P<ms>msec|msek|ms|milli-?seconds?|millisekunde[nr]?)
(?P<s>seconds?|secs?|sekunde[nr]?|sek)
(?P<mm>mm|millimet(?:er|re)s?)
(?P<mv>mv|millivolts?)
(?P<uv>[µu]v|mikrovolt|microvolts?)
(?P<cm>cm)
(?P<mg>mg)
(?P<ml>ml)
"""
# The stop of an abbreviated unit goes where it cannot end a finding: before a bracket or a comma.
_QUANTITY = re.compile(
    rf"{_NUMBER}(?:\s?(?:{'|'.join(_UNITS.split())})(?!\w)(?:\.(?=[),;]))?"
    r"|(?P<attached>s(?!\w))|\s?(?P<inches>\")(?=[\s,.;)]|$))"
)
_WRITTEN: Mapping[str, str] = MappingProxyType({"rate": "/min", "uv": " µv", "attached": " s", "inches": " s"})
# A decimal comma that cannot stand between two leads: behind a naught, or behind the name of a measure.
_DECIMAL_COMMA = re.compile(r"0(?<![\w.,/]0),(?=\d)|(?<=sokolow )\d,(?=\d)|(?<=sokolow-lyon )\d,(?=\d)")


def write_units(report: str) -> str:
    """A lower-case report with its units in one form and decimal points for the commas of numbers with a unit.

    No number changes its value. Lists of leads ("v4,5,6"), dates and degrees keep their commas and stops; 0,04" is
    German for 0.04 s.
    """
    return _DECIMAL_COMMA.sub(lambda match: match.group().replace(",", "."), _QUANTITY.sub(_rewritten, report))


def _rewritten(quantity: re.Match[str]) -> str:
    unit = str(quantity.lastgroup)
    return quantity.group(1).replace(",", ".") + _WRITTEN.get(unit, f" {unit}")
