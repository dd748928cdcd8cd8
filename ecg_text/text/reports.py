"""A raw report becomes clean words: repaired, lower-cased, and free of what was not written about the trace."""

from __future__ import annotations

import re
import unicodedata

# The source of PTB-XL cut every report at this many characters, often inside a word.
FIELD_WIDTH = 255

_EDIT = re.compile(r"\s*\bedit\s*:.*", re.IGNORECASE | re.DOTALL)
_LOST_UMLAUT = re.compile(r"#(?=\w)|(?<=\w)#")
# The machine's last line: its version and "unbestätigter bericht", any part of which may be cut off.
_UNCONFIRMED = "unbestätigter bericht"
_PARTS = "|".join(_UNCONFIRMED[:length] for length in range(len(_UNCONFIRMED), 0, -1))
_TAIL = re.compile(rf"(?:^|\s+)4\.4\d?(?:\s+(?:{_PARTS})?)?\s*$")
_STATUS = re.compile(r"\s*\b(?:unconfirmed|unbest(?:ä|ae)tigte[rs]?) (?:report|ecg|bericht|befund|ekg)\b[.!]?")
_NO_READING = re.compile(r"\btrace only(?:\s+requested)?\b\s*\.?", re.IGNORECASE)
_COLUMN_GAP = re.compile(r"(?<=[^\s.,;:])\s{6,}(?=\S)")
_LINE_NOISE = re.compile(r"ó?[¬½¿©]|\bó\b|[`\\|{}*]")
_SPACE_BEFORE_STOP = re.compile(r"\s+(?=[.;,](?:\s|$))")
_LONE_PUNCTUATION = re.compile(r"^[\W_]+$")

_LANGUAGE_WORDS = {
    "de": r"""sinusrhythmus | sinustachykardie | sinusbradykardie | \w*arrhythmie | \w*tachykardie | lagetyp
        linkstyp | rechtstyp | steiltyp | [lmsr]lt | stlt | ekg | normales | und | oder | nicht | mit | für
        keine? | ableitungen | \w*schenkelblock | infarkt | myokardschaden | wahrscheinlich | m(?:ö|oe)glich\w*
        sonst | abnorm\w* | \w*hypertrophie | \w*niederspannung | vorhof\w* | schrittmacher | \w*verlängerung
        \w*rhythmus | r-progression | st-?\s?(?:hebung|senkung) | leitungsst(?:ö|oe)rung | grenzbefund
        pathologisch\w* | \w*extrasystole\S*""",
    "sv": r"""sinusrytm | rytm | \w*takykardi | sinustachykardi | sinusbradykardi | el-axel | vänster\w*
        höger\w* | och | eller | för | med | ej | inga | inte | normalt | eljest | avvikande | förlopp
        ospecifi\w+ | skänkelblock | förmaks\S* | \w*hypertrofi | sänkning | extraslag | t-förändring\w*
        myokardskada | sannolikt | äldre | såsom | vid | förlängd | kammar\w* | \w*belastning""",
    "en": r"""the | and | or | is | are | of | with | to | normal ecg | sinus rhythm | tachycardia | bradycardia
        arrhythmia | left | right | axis | block | deviation | waves? | segments? | possible | probable
        otherwise | changes | consistent | fibrillation | flutter | hypertrophy | infarct | infarction
        isch?aemia | ischemia | depression | elevation | inverted | voltages? | interval | beats? | ecg | rhythm
        premature | contraction\S* | pacemaker | pacing | pathology | non-specific | enlargement | prolonged
        complexes""",
}
_LANGUAGES = {
    language: re.compile(r"(?<!\w)(?:" + re.sub(r" \| |\n\s+", "|", words) + r")(?!\w)")
    for language, words in _LANGUAGE_WORDS.items()
}


def clean_report(raw: str) -> str:
    """A report in lower case, its language kept, ready to be split and read; "" where nothing about the trace is left.

    The curators' "Edit:" remarks of PTB-XL are cut, because they state the labels; so are the machine's version and
    its "unconfirmed report", a word cut in half at the source's field width, and "trace only requested", which says
    that nobody read the trace. A run of six or more spaces, which ends a line in typed reports, becomes a full stop;
    four or five, which only wrap or indent one, become a space.
    """
    report = cut_edit_remark(unicodedata.normalize("NFC", raw))
    report = repair_letters(drop_cut_word(report))
    report = cut_status(cut_machine_tail(report))
    report = end_columns(cut_no_reading(report))
    return tidy(report)


def cut_edit_remark(report: str) -> str:
    """Cut the curators' remark "Edit: ..." and all behind it: it holds label codes."""
    return _EDIT.sub("", report)


def drop_cut_word(report: str) -> str:
    """Drop the last word of a report that fills the source's field exactly: it may be half a word."""
    if len(report) != FIELD_WIDTH or report[-1] in ". ":
        return report
    head = report.rpartition(" ")[0]
    # Cut forms of the machine's tail are known as such: they must stay whole for cut_machine_tail.
    return report if _TAIL.search(report.lower()) or not head else head.rstrip(" ,")


def repair_letters(report: str) -> str:
    """Lower the case, which mends upper-case umlauts inside words; put ü back for '#'; drop a bad line's signs."""
    return _LINE_NOISE.sub("", _LOST_UMLAUT.sub("ü", report.lower()))


def cut_machine_tail(report: str) -> str:
    """Cut the machine's version and "unbestätigter bericht" at the end, also where the field width cut them short."""
    return _TAIL.sub("", report)


def cut_status(report: str) -> str:
    """Cut "unconfirmed report" and its like anywhere: the state of the paper, not of the heart."""
    return _STATUS.sub("", report)


def cut_no_reading(report: str) -> str:
    """Cut "trace only requested": it says that nobody read the trace."""
    return _NO_READING.sub("", report)


def end_columns(report: str) -> str:
    """Write a full stop for a run of six or more spaces, which ended a line in a typed report."""
    return _COLUMN_GAP.sub(". ", report)


def tidy(report: str) -> str:
    """One space between words, none before a stop; "" where only punctuation is left."""
    report = " ".join(report.split())
    report = _SPACE_BEFORE_STOP.sub("", report)
    return "" if _LONE_PUNCTUATION.match(report) else report


def report_language(text: str) -> str:
    """The language of a cleaned report by the words only it uses: "de", "en", "sv", or "unknown" where none tells."""
    hits = {language: len(words.findall(text)) for language, words in _LANGUAGES.items()}
    best = max(hits, key=lambda language: hits[language])
    return best if hits[best] else "unknown"
