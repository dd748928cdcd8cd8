"""Without one of these words or signs in a text, a rule cannot find anything in it: most texts need few rules."""

from __future__ import annotations

import re

_MONTHS = "jan jän feb mar mär mae apr may mai maj jun jul aug sep oct okt nov dec dez"
_STREETS = "street st ave road rd lane ln drive dr boulevard blvd court ct terrace"
LONGEST_KEPT = 256  # characters of a shape whose rules are remembered
_DIGIT = re.compile(r"\d")


def _cues(*lines: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.casefold().split()) for line in lines)


# For each rule of identifier_patterns, in its order; they are looked for in the shape of a text.
CONTACTS = _cues("@", "://", "/home /users", ":\\", ".", ":")
SERIALS = _cues("ser s/n")
RECORDS = _cues(
    "mr m.r medical pat pt pid hospital fall aufnahme case accession visit encounter admission episode ssn social nhs "
    "person journal versich kvnr insurance order record chart remiss auftrag",
    "nr",
    "-",
)
DATES = _cues(
    "-", "0" * 14, ". /", ".", "/ -", ".", "/", _MONTHS, _MONTHS, _MONTHS, _MONTHS, _MONTHS,
    "dob d.o.b born birth geb föd dat vom den ekg ecg jmf jfr jäm",
)  # fmt: skip
PHONES = _cues("tel phone fax mobil handy cell pager callback", "+", "- .", "(", "/ -")
PLACES = _cues(
    "stra gatan vägen", "str.", "stra str. weg platz allee gasse ring", _STREETS, "address adress anschrift wohnhaft"
)
AGES = _cues("year y/o yo yr jahr jähr jaehr år", "age alter ålder", "alter")

# Of identifier_names.
(TITLES, FIELDS, ROLES, BARE_NAMES) = _cues(
    "herr frau fräulein fru mr ms miss dr prof hr. fr. doktor doctor",
    "name namn physician doctor md cardiologist overreader technician operator nurse clinician referr order sign "
    "report confirm review arzt ärztin überweiser zuweiser einsender befunder gez mta läkare remittent unterschrift "
    "sjuksköterska pat pt proband kontaktperson angehörig anhörig next emergency",
    "by to von durch gez. av physician cardiologist nurse technician operator doctor referring arzt ärztin kardiolog "
    "läkare sjuksköterska pat pt proband wife husband daughter son mother father ehefrau ehemann tochter sohn mutter "
    "vater fru hustru dotter sister brother name namens heißt heter",
    "name namn",
)


def shape_of(text: str) -> str:
    """The text in lower case (casefold) with 0 for every digit: the same for all dates, and all paths of records."""
    return _DIGIT.sub("0", text.casefold())


def has_cue(shape: str, cues: tuple[str, ...]) -> bool:
    """Whether the shape of a text has one of the cues."""
    return any(map(shape.__contains__, cues))
