"""Bytes and damaged letters become the words that were meant: encodings, mojibake, lost umlauts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from ecg_text.text.cleaning.language import report_language

# A byte order mark and the encoding it announces; the marks of UTF-32 begin like those of UTF-16, so they come first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Encodings of one byte a letter: Windows, DOS and old Macintosh; the first wins where they are equally likely.
_OF_ONE_BYTE = ("cp1252", "cp850", "mac_roman")
_LETTERS = frozenset("äöüßåéÄÖÜÅÉ")
# UTF-8 without a mark becomes UTF-16 in our eyes where this share of its bytes is zero.
_ZEROS_OF_UTF16 = 0.2

# UTF-8 of two or three bytes that was read as latin-1 or cp1252: a lead byte and what follows it, as they look then.
_CP1252_EXTRA = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MOJIBAKE = re.compile(rf"[Â-ß][\x80-\xbf{_CP1252_EXTRA}]|[à-ï][\x80-\xbf{_CP1252_EXTRA}]{{2}}")
_TIMES_READ_WRONG = 3
# DOS letters that were read as latin-1: control signs, which no text holds.
_DOS: Mapping[int, str] = MappingProxyType(
    {0x81: "ü", 0x84: "ä", 0x94: "ö", 0x86: "å", 0x82: "é", 0x8E: "Ä", 0x99: "Ö", 0x9A: "Ü", 0x8F: "Å"}
)
_SEVEN_BIT = re.compile(r"(?<=[^\W\d_])[{|}]|[{|}](?=[^\W\d_])")
# A word with the signs that may stand where a letter was lost; a question mark does so only between two letters.
_WORD = re.compile(r"(?:[^\W\d_]|[#?\ufffd])+")
_LOST = re.compile(r"[#\ufffd]|(?<=\w)\?(?=\w)")
_UMLAUT = re.compile(r"[äöüßåé]")
# Stems of German and Swedish words of the field, by which a lost letter is told.
_STEMS = """
abgeschwäch abschwäch auffällig ausgeprägt auszuschließ außer bröst dämpf fläckig främre frånvaro fördröjd förekom
förhöj förkort förlopp förläng förmak försök förändr gegenüber gehäuf gemäß größ horisontalställd häufig häufung höger
höhe höjning ischäm jämför kammarhög körper längd lätt löst mässig mäßig måttlig möglich möjlig nachträglich nächst
näher nästan oförändr områd präkordial präterminal pågående rückbild rückgang rückläufig skänkel spätere stört störung
svår säker sänkning täckt tämligen unregelmäßig unvollständ uppnår ventrikulär venös verdächtig vergrösser vergrößer
verkürz verlänger verspätet verstärk vertikalställd verzöger verändert vollständ vänster väsentlig während zurück
zusätz ähnlich äldre älter änder överbelast överlast överled övervikt überdreht übergang überlager überlast überleit
überwieg übrigen
"""
_LONGEST_SHORT = 4  # letters; words up to here must be whole, so that they do not fit by chance
_SHORT = ("är", "på", "när", "från", "låg", "låga", "hög", "höga", "över", "über", "två", "nå")


def decode(raw: bytes) -> tuple[str, str]:
    """The text of a report's bytes, and the encoding they were read by.

    A byte order mark decides; without one, UTF-8 where it fits, UTF-16 where every second byte is mostly zero, else
    that of cp1252, cp850 and mac_roman which gives most German and Swedish letters and fewest other signs. What
    cannot be read becomes U+FFFD.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace"), encoding
    if raw.count(0) > _ZEROS_OF_UTF16 * len(raw):
        encoding = "utf-16-le" if raw[1::2].count(0) >= raw[::2].count(0) else "utf-16-be"
        return raw.decode(encoding, "replace"), encoding
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        texts = {encoding: raw.decode(encoding, "replace") for encoding in _OF_ONE_BYTE}
        best = max(texts, key=lambda encoding: _likelihood(texts[encoding]))
        return texts[best], best


def _likelihood(text: str) -> int:
    """How many letters of German and Swedish a text has beyond ASCII, less the other signs beyond it."""
    return sum(1 if sign in _LETTERS else -1 for sign in text if not sign.isascii())


def mend_mojibake(text: str) -> str:
    """Put letters back that were written as UTF-8 and read as latin-1 or cp1252: "fÃ¼r" becomes "für".

    What was read wrongly twice or three times is mended, too; DOS umlauts that were read as latin-1 are control signs,
    and become letters; the zeros between the letters of UTF-16 go. "Ã" and its like in other places stay.
    """
    if text.count("\0") > _ZEROS_OF_UTF16 * len(text):
        text = text.replace("\0", "")
    if text.isascii():
        return text
    for _ in range(_TIMES_READ_WRONG):
        mended = _MOJIBAKE.sub(lambda match: _read_again(match.group()), text)
        if mended == text:
            break
        text = mended
    return text if text.isprintable() else text.translate(_DOS)


def _read_again(wrong: str) -> str:
    try:
        return b"".join(_byte(sign) for sign in wrong).decode("utf-8")
    except UnicodeError:
        return wrong


def _byte(sign: str) -> bytes:
    return sign.encode("latin-1") if ord(sign) < 0x100 else sign.encode("cp1252")


def mend_seven_bit(text: str) -> str:
    """Write ä, ö and å for the braces and the bar that stand for them in a Swedish seven-bit text (ISO 646-SE)."""
    return _SEVEN_BIT.sub(lambda sign: "äöå"["{|}".index(sign.group())], text)


def restore_umlauts(text: str) -> str:
    """Put back the letter that a '#' or U+FFFD in a word, or a '?' between two letters, stands for: "m?glich".

    The known words of the field decide. Where none fits, '#' is ü, as in PTB-XL, and the others stay; "f?r" is Swedish
    in a Swedish report and German elsewhere.
    """
    if not _LOST.search(text):
        return text
    swedish = report_language(text) == "sv"
    return _WORD.sub(lambda match: _restored(match.group(), swedish), text)


def _restored(word: str, swedish: bool) -> str:
    hidden = _LOST.sub("\0", word)
    if "\0" not in hidden or len(hidden) == 1:
        return word
    if hidden.lower() == "f\0r":
        return f"{word[0]}{'ö' if swedish else 'ü'}{word[2]}"
    for place, letter in _known_letters(hidden.lower()):
        hidden = hidden[:place] + letter + hidden[place + 1 :]
    if "\0" not in hidden:
        return hidden
    return word.replace("#", "ü")


def _known_letters(hidden: str) -> Iterator[tuple[int, str]]:
    """The place of a lost letter and the letter, for each that a known stem tells."""
    for lost, stem in _known_losses().items():
        whole = len(lost) <= _LONGEST_SHORT
        place = (0 if hidden == lost else -1) if whole else hidden.find(lost)
        if place >= 0:
            yield from ((place + at, stem[at]) for at, sign in enumerate(lost) if sign == "\0")


@cache
def _known_losses() -> Mapping[str, str]:
    """Each known stem with its letters lost (NUL) -> the stem; stems that look alike then are left out."""
    found: dict[str, list[str]] = {}
    for stem in (*_STEMS.split(), *_SHORT):
        found.setdefault(_UMLAUT.sub("\0", stem), []).append(stem)
    return MappingProxyType({lost: stems[0] for lost, stems in found.items() if len(stems) == 1})
