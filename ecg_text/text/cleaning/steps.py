"""The steps that make a raw report clean: each takes a text and returns it repaired, or freed of one thing."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

# The source of PTB-XL cut every report at this many characters, often inside a word.
FIELD_WIDTH = 255
# Characters of a report that are read: about 1,500 words, several times what the longest of reports has to say.
MAX_CHARACTERS = 10_000
# A report with a larger share of signs that mean nothing is no text.
MAX_UNREADABLE = 0.1

# Signs that look alike, and the one of them that stands in clean reports.
_ONE_FORM: Mapping[int, str] = MappingProxyType(
    {
        **dict.fromkeys(map(ord, "‐‑‒–—−"), "-"),
        **dict.fromkeys(map(ord, "‘’‚´`"), "'"),
        **dict.fromkeys(map(ord, "“”„«»"), '"'),
        **dict.fromkeys(map(ord, "\u2028\u2029\x85\x0b\x0c\r"), "\n"),
        **dict.fromkeys(map(ord, "\xa0\u2007\u2009\u202f\u3000"), " "),
        **dict.fromkeys(map(ord, "•▪●◦·"), ";"),
        **dict.fromkeys(map(ord, "\xad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f"), ""),
        ord("μ"): "µ",
        ord("º"): "°",
        ord("…"): "...",
    }
)
_ESCAPE = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_MEANINGLESS = frozenset({"Cc", "Cn", "Co", "Cs"})
# Signs that stand for no letter in any font.
_NO_LETTERS = frozenset({"Cn", "Co", "Cs"})
# A terminal's or a line's controls between letters are dropped; a text that is a fifth of them was never one.
_MAX_CONTROLS = 0.2
_BREAK = re.compile(r"<\s?/?\s?(?:br|p|div|li)\s?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,6});")

_EDIT = re.compile(r"\bedit\s{0,3}:.*", re.IGNORECASE | re.DOTALL)
# The machine's last line: its version and "unbestätigter bericht", any part of which may be cut off.
_UNCONFIRMED = "unbestätigter bericht"
_PARTS = "|".join(_UNCONFIRMED[:length] for length in range(len(_UNCONFIRMED), 0, -1))
_TAIL = re.compile(rf"(?<!\S)4\.4\d?(?:\s+(?:{_PARTS})?)?\s*$")
# What the transmission line of PTB-XL's source made of lost signs.
_LINE_NOISE = re.compile(r"[¬½¿©`\\|{}*]|ó(?=[¬½¿©])|ó(?<!\wó)(?!\w)")
_COLUMN_GAP = re.compile(r"(?<=[^\s.,;:])\s{6,}(?=\S)")
# A line that ends with a word of this kind goes on in the next.
_GOES_ON = re.compile(
    r"(?:[,/(-]|(?<!\w)(?:and|or|with|of|in|to|the|und|oder|mit|bei|für|von|och|eller|med|av|vid))$", re.IGNORECASE
)
_STARTS_ANEW = re.compile(r"[A-ZÄÖÜÅ\d*-]")
_ENDED = re.compile(r"[.;:!?]$")
_SPACE_BEFORE_STOP = re.compile(r"[\s,]{1,4}(?=[.;](?:\s|$))|\s(?=,(?:\s|$))")
_STOPS = re.compile(r"([.;])(?: ?[.;])+(?=\s|$)")
_LEFT_BEHIND = re.compile(r"^(?:[.,;:] ?)+|(?:,| [-,;:])+$")
_LONE_PUNCTUATION = re.compile(r"^[\W_]+$")


def compose(report: str) -> str:
    """Write a letter and its accent as one sign (Unicode NFC)."""
    return unicodedata.normalize("NFC", report)


def limit_length(report: str) -> str:
    """The first MAX_CHARACTERS of a report, to the last whole word: what is behind them is not read."""
    if len(report) <= MAX_CHARACTERS:
        return report
    head, _, _ = report[: MAX_CHARACTERS + 1].rpartition(" ")
    return (head or report[:MAX_CHARACTERS]).rstrip(" ,")


def read_markup(report: str) -> str:
    """Read the signs and line ends of HTML that a report was copied from: "&auml;" is "ä", "<br>" ends a line."""
    return _ENTITY.sub(lambda entity: html.unescape(entity.group()), _BREAK.sub("\n", report))


def drop_unreadable(report: str) -> str:
    """Drop U+FFFD, which stands for letters that were lost; "" where a tenth of the text or more means nothing."""
    if report.isprintable() and "\ufffd" not in report:
        return report
    signs = [sign for sign in _ESCAPE.sub("", report) if not sign.isspace()]
    lost = sum(sign == "\ufffd" or unicodedata.category(sign) in _NO_LETTERS for sign in signs)
    controls = sum(unicodedata.category(sign) == "Cc" for sign in signs)
    unreadable = controls > _MAX_CONTROLS * len(signs) or (lost and lost + controls > MAX_UNREADABLE * len(signs))
    return "" if unreadable else report.replace("\ufffd", "")


def drop_controls(report: str) -> str:
    """Drop control signs and what is invisible; write dashes, quotes, blanks and line ends in one form."""
    text = _ESCAPE.sub("", report).translate(_ONE_FORM)
    if text.isprintable():
        return text
    return "".join(" " if sign != "\n" and unicodedata.category(sign) in _MEANINGLESS else sign for sign in text)


def cut_edit_remark(report: str) -> str:
    """Cut the curators' remark "Edit: ..." and all behind it: it holds label codes."""
    return _EDIT.sub("", report).rstrip()


def drop_cut_word(report: str) -> str:
    """Drop the last word of a report that fills the source's field exactly: it may be half a word."""
    if len(report) != FIELD_WIDTH or report[-1] in ". ":
        return report
    head = report.rpartition(" ")[0]
    # Cut forms of the machine's tail are known as such: they must stay whole for cut_machine_tail.
    return report if _TAIL.search(report.lower()) or not head else head.rstrip(" ,")


def lower(report: str) -> str:
    """Lower the case, which mends upper-case umlauts inside words, too."""
    return report.lower()


def mend_sharp_s(report: str) -> str:
    """Write ß for the á that PTB-XL has for it: its source wrote in a DOS code page."""
    return report.replace("á", "ß")


def drop_line_noise(report: str) -> str:
    """Drop the signs that a bad transmission line left in PTB-XL."""
    return _LINE_NOISE.sub("", report)


def cut_machine_tail(report: str) -> str:
    """Cut the machine's version and "unbestätigter bericht" at the end, also where the field width cut them short."""
    return _TAIL.sub("", report).rstrip()


def end_columns(report: str) -> str:
    """Write a full stop for a run of six or more spaces, which ended a line in a typed report."""
    return _COLUMN_GAP.sub(". ", report)


def end_lines(report: str) -> str:
    """Write a full stop where a line ends a statement: the next begins with a capital, a digit or a bullet.

    A line that ends with a comma or a word such as "and" or "mit" only wraps, and so does one before a small letter.
    """
    if "\n" not in report:
        return report
    lines = [line for part in report.split("\n") if (line := part.strip())] or [""]
    text = "".join(
        line + (" " if _ENDED.search(line) or not _STARTS_ANEW.match(after) or _GOES_ON.search(line[-8:]) else ". ")
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
    )
    return text.rstrip()


def fold_spaces(report: str) -> str:
    """One space between words."""
    return " ".join(report.split())


def tidy(report: str) -> str:
    """One space between words, none before a stop, no stop twice, none in front; "" where only punctuation is left."""
    report = _STOPS.sub(r"\1", _SPACE_BEFORE_STOP.sub("", " ".join(report.split())))
    report = _LEFT_BEHIND.sub("", report)
    return "" if _LONE_PUNCTUATION.match(report) else report
