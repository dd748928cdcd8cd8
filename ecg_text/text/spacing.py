"""Blanks around punctuation, closed up: a tokenizer that forgets them leaves one between all words and all marks."""

from __future__ import annotations

import re

_BEFORE = re.compile(r"\s+(?=[.,;:!?%)\]])")
_BEHIND = re.compile(r"(?<=[(\[])\s+")
_AROUND = re.compile(r"(?<=\w)\s*([-/'’–])\s*(?=\w)")
# Behind a bare number, a stop or a colon belongs to a decimal, a time or a date: "0. 5", but not "in v2. 1st".
_NUMBER = re.compile(r"(?<!\S)(\d+[.:])\s+(?=\d+(?![^\W\d]))")


def close_up(text: str) -> str:
    """The text with single blanks, and none where none is written: "st - t in v2 ( old ) ." -> "st-t in v2 (old).".

    A hyphen, a slash or an apostrophe between two words joins them: whether they were written with blanks, a text whose
    word pieces stand apart does not tell.
    """
    closed = _BEHIND.sub("", _BEFORE.sub("", " ".join(text.split())))
    return _NUMBER.sub(r"\1", _AROUND.sub(r"\1", closed))
