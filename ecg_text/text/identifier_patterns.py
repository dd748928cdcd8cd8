"""Dates, numbers, contacts, places, ages and serial numbers by their form, and by the words that announce them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ecg_text.text import identifier_cues as cues

Hit = tuple[str, int, int]  # kind, start, stop

_MONTHS = (
    r"jan(?:uary|uari|uar)?|jänner|feb(?:ruary|ruari|ruar)?|mar(?:ch)?|mär(?:z)?|maerz|mars|apr(?:il)?|may|mai|maj|"
    r"jun[ei]?|juni|jul[yi]?|juli|aug(?:ust|usti)?|sep(?:t|tember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_LONG_MONTHS = (
    r"january|januari|januar|february|februari|februar|march|märz|april|June|Juni|July|Juli|augusti?|september|october|"
    r"oktober|november|december|dezember|May|Mai"
)
_YEAR = r"(?:19|20)\d\d"
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_DAY2, _MONTH2 = r"(?:0[1-9]|[12]\d|3[01])", r"(?:0[1-9]|1[0-2])"
_TIME = r"(?:[T ]\d\d:?\d\d(?::?\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_CODE = r"(?=[\w/.-]*\d)(?:[A-Za-z]{1,6}[-/ ]?)?\d[\w/-]{2,24}\w"

_DATES = (
    rf"(?<![\w.-]){_YEAR}-{_MONTH2}-{_DAY2}{_TIME}(?![\d-])",
    rf"(?<![\w.]){_YEAR}{_MONTH2}{_DAY2}(?:[01]\d|2[0-3])[0-5]\d[0-5]\d(?:\.\d+)?(?![\w.])",
    rf"(?<![\w.]){_YEAR}[./]{_MONTH2}[./]{_DAY2}(?![\w.])",
    rf"(?<![\w.-]){_DAY}\.[ ]?{_MONTH}\.[ ]?{_YEAR}(?!\d)",
    rf"(?<![\w./-])(?:{_DAY}[/-]{_MONTH}|{_MONTH}[/-]{_DAY})[/-]{_YEAR}(?![\w/-])",
    rf"(?<![\w.-]){_DAY2}\.{_MONTH2}\.\d\d(?![\d.]?\d)",
    rf"(?<![\w./-])(?:{_DAY2}/{_MONTH2}|{_MONTH2}/{_DAY2})/\d\d(?![\w/])",
    rf"(?i:(?<![\w-]){_DAY}(?:st|nd|rd|th|\.|:?[ae])?[ -]?(?:of )?(?:{_MONTHS})\.?,?[ -]?{_YEAR}(?!\d))",
    rf"(?i:(?<![\w])(?:{_MONTHS})\.? {_DAY}(?:st|nd|rd|th|\.)?,? {_YEAR}(?!\d))",
    rf"(?i:(?<![\w])(?:{_MONTHS})\.?,? {_YEAR}(?![\d]))",
    rf"(?<![\w-]){_DAY}(?:st|nd|rd|th|\.)? (?:of )?(?:{_LONG_MONTHS}|{_LONG_MONTHS.title()})(?!\w)",
    rf"(?<![\w])(?:{_LONG_MONTHS.title()}) {_DAY}(?:st|nd|rd|th)?(?![\w:%.])",
)
_CUED_DATE = (
    rf"(?i:(?<!\w)(?:dob|d\.o\.b\.|born(?: on)?|birth[ _-]?date|date of birth|geb\.?|geboren(?: am)?|geburtsdatum|född"
    rf"|födelsedatum|födelsetid|(?:[\w]{{0,20}}[ _-]?)?dat(?:e|um)|vom|den|dated|ekg|ecg|jmf|jfr|jämf\w*)"
    rf"[\"']?\s{{0,2}}[:=|]?\s{{0,2}}[\"']?)"
    rf"((?:{_YEAR}|\d\d){_MONTH2}{_DAY2}(?!\d)|{_DAY}[./-]{_MONTH}[./-](?:{_YEAR}|\d\d)(?!\d))"
)
_RECORD_WORDS = (
    r"m\.?r\.?n\.?|medical[ _-]?record(?:[ _-]?(?:number|no\.?|id))?|(?:patient(?:en|in)?|pat|pt)\.?[ _-]?"
    r"(?:id|nr|nummer|number|no)\.?|pid|hospital[ _-]?(?:id|number|no\.?|nr\.?)|fall[ _-]?(?:nummer|nr\.?|id)|aufnahme"
    r"[ _-]?(?:nummer|nr\.?)|case[ _-]?(?:number|no\.?|id|\#)|accession(?:[ _-]?(?:number|no\.?))?|"
    r"(?:visit|encounter|admission|episode)"
    r"[ _-]?(?:number|no\.?|id)|ssn|social[ ]security(?:[ ](?:number|no\.?))?|nhs(?:[ _-]?(?:number|no\.?))?|person(?:"
    r"nummer|nr\.?)|journal(?:nummer|nr\.?)|(?:kranken)?versich(?:erten|erungs)?-?(?:nummer|nr\.?)|kvnr|insurance[ ]"
    r"(?:number|no\.?|id)|order[ _-]?(?:number|no\.?|id)|record[ _-]?(?:number|no\.?)|chart[ _-]?(?:number|no\.?)|"
    r"remiss(?:nummer|nr\.?|[ _-]?id)|auftrags(?:nummer|nr\.?)"
)
_RECORDS = (
    rf"(?i:(?<![\w])(?:{_RECORD_WORDS})[\"']?\s{{0,2}}[:=#|]{{0,2}}\s{{0,2}}(?:is|ist|är|lautet)?[ ]?[\"']?)({_CODE})",
    r"(?i:(?<!\w)nr\.?:\s?)(\d{5,12})(?!\w)",
    r"(?<![\w.-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])",
)
_NHS = re.compile(r"(?<![\d.-])(?<!\d )\d{3}[ -]\d{3}[ -]\d{4}(?![ ]?[\d.-]\d|\d)")
_PERSONNUMMER = re.compile(rf"(?<![\w.-])(?:19|20)?(\d\d{_MONTH2}{_DAY2})[-+](\d{{4}})(?![\w-])")
_PHONES = (
    (
        r"(?i:(?<![\w])(?:tel(?:efon|ephone)?(?:nummer|nr)?|phone|fax|mobile?|handy|cell|mobil(?:nummer)?|pager|callback)\.?"
        r"(?:[ ]?(?:no|number|nr)\.?)?[\"']?\s{0,2}[:=|]?\s{0,2}(?:is[ ])?[\"']?)(\+?\(?\d[\d ()/.-]{4,20}\d)"
    ),
    r"(?<![\w+/=])\+(?:[1-9]\d{0,2})[ ./-]?\(?\d{1,4}\)?(?:[ ./-]?\d{2,5}){2,4}(?![\w+/=])",
    r"(?<![\w.-])\(?[2-9]\d\d\)?[-.]\d{3}[-.]\d{4}(?![\w.-])",
    r"(?<![\w.])\([2-9]\d\d\) ?\d{3}[-. ]\d{4}(?![\w.-])",
    r"(?<![\w.-])0\d{2,4} ?[/-] ?\d{4,9}(?![\w.-])",
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_CONTACTS = (
    ("email", r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,12}(?![\w])"),
    (
        "url",
        r"https?://[^\s/@<>\"']{1,99}@[^\s<>\"']{1,99}|https?://[^\s<>\"']{1,99}/(?:~|users?/|patients?/)[\w.-]+[^\s<>\"')]*",
    ),
    ("path", r"(?<![\w.])/(?:home|Users)/(?!(?:user|runner|ubuntu|root|Shared|Public|app)\b)[\w.-]+"),
    ("path", r"(?<!\w)[A-Za-z]:\\{1,2}(?:Users|Benutzer|Documents and Settings)\\{1,2}(?!Public\b|Default\b)[\w. -]+"),
    ("ip", rf"(?<![\w.-])(?!127\.|0\.0\.|255\.)(?<!ersion )(?:{_OCTET}\.){{3}}{_OCTET}(?![\w.]*[\w])"),
    ("ip", r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])"),
)
_PLACES = (
    r"(?i:(?<!\w)[^\W\d_][^\W\d_-]{2,}(?:straße|strasse|stra(?=ße)|gatan|vägen)[ ]\d{1,4}[a-z]?(?!\w))",
    r"(?i:(?<!\w)[^\W\d_][^\W\d_-]{2,}str\.[ ]?\d{1,4}[a-z]?(?!\w))",
    (
        r"(?<!\w)[A-ZÄÖÜ][^\W\d_]{1,30}(?:[ -][A-ZÄÖÜ][^\W\d_]{1,30}){0,3}[ -]"
        r"(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring)[ ]"
        r"\d{1,4}[a-z]?(?!\w)"
    ),
    (
        r"(?<![\w.])\d{1,5}[ ](?:[NSEW]\.?[ ])?(?:[A-Z][a-z]+[ ]){1,3}"
        r"(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Lane|Ln\.?|"
        r"Drive|Dr\.?|Boulevard|Blvd\.?|Court|Ct\.?|Terrace)(?!\w)"
    ),
    (
        r"(?i:(?<!\w)(?:address|anschrift|adresse?|wohnhaft(?:[ ]in)?|bostadsadress)\s?[:=]\s?)"
        r"([^\n\"';|<>{}]{0,200}\d[^\n\"';|<>{}]{0,200})"
    ),
)
_OLD = r"(9\d|1[01]\d|12[0-5])"
_AGES = (
    (
        rf"(?i:(?<![\w.,/-]){_OLD}[ -]?(?:years?[ -]old|years?[ ]of[ ]age|y/?o\b|yr[ -]?old|jahre[ ]alt|-?jährig\w*|"
        rf"-?jaehrig\w*|-?årig\w*|år[ ]gammal|-?years?-?old))(?!\w)"
    ),
    rf"(?i:(?<!\w)(?:aged?|alter|ålder)\s?[:=]?\s?)(?!90\b){_OLD}(?![\w.%+]| (?:or|and) (?:older|over|more|above))",
    rf"(?i:(?<!\w)im alter von ){_OLD}(?!\w)",
)
_SERIALS = (
    (
        rf"(?i:(?<!\w)(?:device[ ]?|geräte-?)?"
        rf"(?:serial(?:[ _-]?(?:number|no\.?|nr\.?|\#))?|s/n|serien-?(?:nummer|nr\.?)"
        rf"|serienummer)[\"']?\s{{0,2}}[:=#|]?\s{{0,2}}[\"']?)({_CODE})"
    ),
)

# In order: what an earlier one found is not asked again.
_TABLE = tuple(
    (kind, re.compile(pattern), needed)
    for kind, patterns, needs in (
        *((kind, (pattern,), (needed,)) for (kind, pattern), needed in zip(_CONTACTS, cues.CONTACTS, strict=True)),
        ("device", _SERIALS, cues.SERIALS),
        ("record", _RECORDS, cues.RECORDS),
        ("date", (*_DATES, _CUED_DATE), cues.DATES),
        ("phone", _PHONES, cues.PHONES),
        ("address", _PLACES, cues.PLACES),
        ("age", _AGES, cues.AGES),
    )
    for pattern, needed in zip(patterns, needs, strict=True)
)
_DIGIT = re.compile(r"\d")
_WITHOUT_DIGITS = ("email", "url", "path")
_DATE_VALUE = re.compile(rf"{_YEAR}{_MONTH2}{_DAY2}(?:\d{{6}}(?:\.\d+)?)?|\d\d{_MONTH2}{_DAY2}")
_DATE_IN_NAME = re.compile(rf"(?<!\d){_YEAR}[_-]?{_MONTH2}[_-]?{_DAY2}(?!\d)")


def pattern_hits(text: str) -> Iterator[Hit]:
    """Every place where a form or an announced value stands, the surest kinds first; places may overlap."""
    has_digits = _DIGIT.search(text) is not None
    if has_digits:
        yield from _checked_numbers(text)
    shape = cues.shape_of(text)
    for kind, pattern in _rules_again(shape) if len(shape) <= cues.LONGEST_KEPT else _rules(shape):
        if has_digits or kind in _WITHOUT_DIGITS:
            for match in pattern.finditer(text):
                yield kind, *match.span(pattern.groups)


def _rules(shape: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, pattern) for kind, pattern, needed in _TABLE if cues.has_cue(shape, needed))


@lru_cache(maxsize=4096)
def _rules_again(shape: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return _rules(shape)


def _checked_numbers(text: str) -> Iterator[Hit]:
    """NHS numbers and Swedish personnummer, which carry a check digit."""
    for match in _NHS.finditer(text):
        if _is_nhs_number(match.group()):
            yield "record", *match.span()
    for match in _PERSONNUMMER.finditer(text):
        if _passes_luhn(match[1] + match[2]):
            yield "record", *match.span()


def is_date_value(value: str) -> bool:
    """Whether the value of a date's field is a day: 19530201, 530201, or with a time behind it."""
    return _DATE_VALUE.fullmatch(value.strip()) is not None


def dates_in_name(name: str) -> Iterator[Hit]:
    """Days as files' names have them: 19530201, 1953_02_01."""
    for match in _DATE_IN_NAME.finditer(name):
        yield "date", *match.span()


def _is_nhs_number(text: str) -> bool:
    """The modulus 11 check digit of the NHS number (NHS Data Dictionary)."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    check = 11 - sum(digit * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return check % 11 == digits[9] and check != 10


def _passes_luhn(text: str) -> bool:
    """The check digit of the Swedish personnummer (Luhn, ISO/IEC 7812)."""
    doubled = [int(sign) * (2 - place % 2) for place, sign in enumerate(text)]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0
