"""What a report says of its paper, its machine and its readers, not of the trace: phrases that are cut."""

from __future__ import annotations

import re

# Below, a line is a list of regular expressions separated by " | "; all are for lower-case text with single spaces.
_PAPER = r"(?:computer )?(?:report|ecg|ekg|bericht|befund|analysis|diagnosis|interpretation|reading|tolkning|svar)"
_STATUS = rf"""
(?:unconfirmed|preliminary|unbest(?:ä|ae)tigte[rs]?|vorläufige[rs]?|obekräfta[dt]|preliminär) {_PAPER}
preliminärt {_PAPER} | (?:bericht|befund) unbest(?:ä|ae)tigt
{_PAPER} (?:has )?not (?:been )?(?:yet )?(?:confirmed|reviewed|verified)(?: by (?:a |an )?\w+)?
not (?:yet )?(?:confirmed|reviewed|verified) by (?:a |an )?(?:physician|doctor|cardiologist|clinician)
"""
# Names of people are behind these at the start of a statement; they are cut to its end.
_SIGNED = r"""
(?:electronically )?(?:confirmed|signed|overread|over-read|reviewed|verified|edited|interpreted) by:? | referred by:?
(?:befundet|validiert|unterschrieben|vidimiert) (?:von|durch):?
(?:tolka[dt]|granska[dt]|signera[dt]|bedömd|vidimera[dt]) av:?
"""
_NO_READING = rf"""
trace only(?: requested)?
(?:(?:ecg|ekg|tracing) )?(?:is )?(?:unsuitable|not suitable) for (?:\w+ )?(?:analysis|interpretation)
no (?:further )?(?:analysis|interpretation)(?: (?:was )?(?:attempted|possible|performed|made))?(?: due to)?
{_PAPER} (?:is )?not (?:possible|performed|attempted|available) | (?:ecg|ekg) not (?:analy[sz]ed|interpreted)
unable to (?:analy[sz]e|interpret)(?: (?:the )?(?:ecg|tracing))? | all 12 leads are missing | keine befundung
(?:ekg|kurve) nicht (?:auswertbar|beurteilbar) | ekg (?:kan )?ej (?:tolkbart?|tolkas|bedömbart?|tolkat)
"""
_WARNING = r"""
warning:[^.;]* | (?:poor )?data quality(?:,| -)? (?:the )?interpretation may be (?:adversely )?affected
(?:poor )?data quality may (?:adversely )?affect (?:the )?interpretation | poor data quality
data quality prohibits interpretation | interpretation may be (?:adversely )?affected(?: by [^.;]*)?
possible measurement error,? please check | repeat (?:the )?ecg (?:with|for) better quality
please check (?:lead|electrode) placement
"""
_NUMBER = r"\d+(?:[.,]\d+)?"
# The heads of a form and what is filled in behind each, three or more in a row.
_FIELDS = r"nr|ålder|kön|längd|vikt|bt|med|alter|geschlecht|größe|gewicht|rr|age|sex|height|weight|bp"
_FORM = rf"(?:(?:{_FIELDS}): ?(?:[\d/]{{1,8}} ?)?(?:(?:år|jahre|years|cm|kg|mmhg|[mfkw])(?!\w) ?)?){{3,20}}"
_SETTING = rf"""
pa?ediatric (?:ecg )?(?:criteria|analysis|interpretation)(?: (?:is |are |were )?used)?
(?:age|sex|gender)(?: (?:and|or) (?:age|sex|gender))? (?:is |was )?not (?:entered|specified|given)[^.;]*
{_PAPER} (?:was |is )?(?:(?:made|done|performed|based) )?without knowing [^.;]*
(?:ecg )?(?:interpretation|analysis) (?:is )?based on (?:age|sex|gender|intrinsic)[^.;]*
(?:missing|no) patient information | pat(?:\.|ient)? ?(?:uppgifter|upplysningar) saknas | patientenangaben fehlen
(?:please )?(?:clinical correlation|correlate clinically)(?: (?:is )?(?:required|suggested|recommended|advised|needed))?
(?:suggest|requires|recommend) clinical correlation | klinische korrelation (?:erforderlich|empfohlen)
(?:(?:paper ?)?speed|gain|pappershastighet|vorschub|verstärkung):? ?{_NUMBER} ?mm ?/ ?(?:s|sec|sek|mv)
{_FORM}
{_NUMBER} ?mm ?/ ?(?:s|sec|sek|mv) | (?:filter:? ?)?{_NUMBER} ?- ?{_NUMBER} ?hz | filter:? ?(?:on|off|an|aus|\d+ ?hz)
"""
_HEADINGS = r"summary|conclusion|impression|interpretation|beurteilung|befund|bedömning|tolkning"
# Words that only a finding has.
_OF_TRACE = re.compile(
    r"\b(?:st|qtc?|pr|qrs|av|rhythm|block|axis|waves?|infarct\w*|isch?a?em\w*|fibrillation|flutter|\w*cardia|sinus"
    r"|hypertrophy|enlargement|contractions?|beats?|pac(?:ed|ing|emaker)|elevation|depression|inversion|voltage|stemi)\b"
)
_PARTS = re.compile(r"(?<=[,.;] )")
_SUMMARY = re.compile(rf"(?<!\w)(?:{_HEADINGS}): ?")
_EKG = re.compile(r"(?<![^\W\d_])(?:EKG|ekg)(?=s?(?![^\W\d_]))")
_FRAME = re.compile(r"\*+|={2,}|-{2,}|#{2,}|~{2,}")


def _any_of(phrases: str, *, before: str = r"(?<![\w-])", behind: str = "") -> re.Pattern[str]:
    """Any of the phrases as whole words, what must stand before them, and what goes with them."""
    one = "|".join(phrase.strip() for line in phrases.strip().splitlines() for phrase in line.split(" | "))
    return re.compile(rf"{before}(?:{one})(?![\w-]){behind} ?!{{0,3}}")


_STATUSES, _NO_READINGS = _any_of(_STATUS), _any_of(_NO_READING)
_WARNINGS, _SETTINGS = _any_of(_WARNING), _any_of(_SETTING)
_SIGNATURES = _any_of(
    _SIGNED, before=r"(?:^|(?<=[.;:!,-] )|(?<=- ))", behind=r"(?:[^.;]|(?<=\bdr)\.|(?<=\bmd)\.|(?<=\b\w)\.)*"
)


def cut_status(report: str) -> str:
    """Cut "unconfirmed report" and its like anywhere: the state of the paper, not of the heart."""
    return _STATUSES.sub("", report)


def cut_signature(report: str) -> str:
    """Cut "confirmed by", "befundet von", "granskad av" and the name behind them, to the end of the statement.

    What is said of the trace behind a comma stays ("confirmed by dr. smith, left bundle branch block").
    """
    return _SIGNATURES.sub(lambda found: _of_trace(found.group()), report)


def cut_no_reading(report: str) -> str:
    """Cut "trace only requested" and "unsuitable for analysis": they say that nobody, or no machine, read the trace."""
    return _NO_READINGS.sub("", report)


def cut_warning(report: str) -> str:
    """Cut a machine's warnings of itself: "warning: ...", "poor data quality, interpretation may be affected".

    A warning of the heart loses no more than its first word ("warning: prolonged qt interval").
    """
    return _WARNINGS.sub(lambda found: _of_trace(found.group().removeprefix("warning:")), report)


def _of_trace(words: str) -> str:
    """The words from the first part on, between commas and stops, that tells a finding."""
    parts = _PARTS.split(words)
    told = next((k for k, part in enumerate(parts) if _OF_TRACE.search(part)), len(parts))
    return "".join(parts[told:])


def cut_setting(report: str) -> str:
    """Cut what a machine was told or not: "pediatric criteria used", "age not entered", paper speed, gain, filters."""
    return _SETTINGS.sub("", report)


def cut_frame(report: str) -> str:
    """Cut "***", "===", "---" around a remark, and a heading such as "summary:" before a statement."""
    return _SUMMARY.sub("", _FRAME.sub(" ", report))


def call_it_ecg(report: str) -> str:
    """Write ECG for EKG, in the case it stands in."""
    return _EKG.sub(lambda match: "ECG" if match.group().isupper() else "ecg", report)
