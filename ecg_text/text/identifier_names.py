"""Names of persons by the words that announce them; a name that nothing announces is not found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecg_text.text import identifier_cues as cues
from ecg_text.text.identifier_words import is_common, is_ordinary

Span = tuple[int, int]

_MOST_WORDS = 5  # of one name, its particles and initials counted
_WORD = re.compile(r"(?:[dDlLO]['’])?[^\W\d_]+(?:['’_-][^\W\d_]+)*\.?")
_BETWEEN = re.compile(r"[ \t]{0,2}(?:,[ \t]{0,2}|\^{1,4})|[ \t]{1,3}|(?<=\.)|_")
_PARTICLES = "von van der den de du di da dos del la le el al af av zu zum bin ibn ben ter ten st mc mac"
_TITLES = "dr prof med univ priv doz pd dipl herr herrn frau mr mrs ms miss sir fru hr fr md phd"
_PARTICLE_SET, _TITLE_SET = frozenset(_PARTICLES.split()), frozenset(_TITLES.split())
_PLACEHOLDERS = re.compile(
    r"(?:x+|\*+|-+|\?+|_+|n/?a|none|null|nan|unknown|unbekannt|okänd|anonym\w*|anon|redacted|removed|deleted|deidentified"
    r"|de-identified|pseudonym\w*|hidden|withheld|empty|blank|test)[.\s]*",
    re.IGNORECASE,
)

# A field: whatever stands behind the colon is a name.
_FIELD = re.compile(
    r"""(?<![\w])(?:
        (?:patient(?:en|in|s|'s)?|pt|pat|proband(?:in)?|person|subject|full|last|first|middle|given|family|maiden|birth|sur
          |mother'?s|physician'?s?|doctor'?s?|operator'?s?|technician'?s?|nach|vor|zu|geburts|familien|efter|för|mellan
        )[ _-]?(?:last|first|given|family|sur|nach|vor)?[ _-]?(?:name|names|namn|name[ ]?of[ ]?patient)
        | (?:(?:referring|ordering|attending|performing|reading|responsible|requesting|overreading|primary[ ]care)
          [ _-]?)?
          (?:physicians?|doctors?|md|cardiologist|overreader|technician|operator|nurse|clinician)
        | (?:referr(?:ing|ed)|ordered|signed|reported|confirmed|reviewed)(?:[ ]by)?
        | (?:haus|ober|zuweisender[ ]|überweisender[ ]|behandelnder[ ])?(?:arzt|ärztin) | überweiser | zuweiser
        | einsender | befunder | unterschrift | gez | mta | läkare | remittent | signatur | signerat | sjuksköterska
        | patient(?:in|en|ens?)? | pt | pat | proband(?:in)? | kontaktperson | angehörige[r]? | next[ ]of[ ]kin
        | emergency[ ]contact | anhörig
        )\.?(?=[^\w\n]{0,4}[:=|\t])[\s:=|"'>#*]{1,12}""",
    re.IGNORECASE | re.VERBOSE,
)
_BARE_NAME = re.compile(
    r"""(?:^|[\n\r;,.|{(\[>"'#*-]|(?:DEBUG|INFO|WARNING|ERROR)\b)[ \t]*"?(?:name|namn)"?\s?[:=|]\s{0,2}["'|]?[ ]?""",
    re.IGNORECASE,
)
# A title: a name follows it in any case. "ms", "mr" and "hr" mean other things in lower case.
_TITLE = re.compile(
    r"""(?<![\w.])(?:[Hh]err[n]?|HERR|[Ff]rau|FRAU|[Ff]räulein|[Ff]ru|Mr\.?|mr\.|Mrs\.?|mrs\.?|Ms\.?|Miss|MR\.|MRS\.?
        |[Dd]r\.(?:[ ]?med\.)?|Dr(?:[ ]med\.?)?|DR\.?|dr|[Pp]rof\.?|PROF\.?|Hr\.|Fr\.|[Dd]oktor|Doctor)[ \t]{1,2}
        (?=[^\W\d_])""",
    re.VERBOSE,
)
# A role: a name may follow it, or the rest of the sentence.
_ROLE = re.compile(
    r"""(?<!\w)(?:
        (?:signed|reported|reviewed|confirmed|read|seen|interpreted|verified|dictated|performed|recorded|ordered
          |requested|referred|written|over-?read|validated|examined|treated|approved|called|informed)
          (?:[ ]electronically)?[ ](?:by|to)
        | (?:befundet|unterschrieben|signiert|gezeichnet|bestätigt|validiert|untersucht|geschrieben|überwiesen
          |veranlasst|freigegeben)[ ](?:von|durch) | gez\.
        | (?:signera[td]|tolka[td]|bedömt|undersök[td]|remittera[td]|skrive[tn]|granska[td]|validera[td])[ ]av
        | (?:physician|cardiologist|nurse|technician|operator|doctor|referring|arzt|ärztin|hausarzt|kardiologe
          |kardiologin|läkare|sjuksköterska|patient(?:in|en)?|pt|pat|proband(?:in)?|wife|husband|daughter|son|mother|father|ehefrau
          |ehemann|tochter|sohn|mutter|vater|fru|hustru|dotter|sister|brother)\.?
        | (?:my|is[ ]my|the)?[ ]?name[ ]is | namens | heißt | heter
        )[ \t]{1,2}(?=[^\W\d_])""",
    re.IGNORECASE | re.VERBOSE,
)
# Each with its cues, whether what follows is a name for certain, and whether a separator stands behind the rule.
_RULES = (
    (_TITLE, cues.TITLES, True, False),
    (_FIELD, cues.FIELDS, True, True),
    (_ROLE, cues.ROLES, False, False),
    (_BARE_NAME, cues.BARE_NAMES, False, True),
)
_LETTERS = re.compile(r"[^\W\d_]+")
_SEPARATOR = re.compile(r"[:=|\t]")
_CARET = re.compile(
    r"(?<![\w^'’-])[^\W\d_]{2,}(?:['’-][^\W\d_]+){0,3}"
    r"(?:\^{1,4}[^\W\d_]+(?:['’-][^\W\d_]+){0,3}(?:(?<=\^[^\W\d_])\.)?){1,4}"  # a full stop behind an initial only
)


def is_placeholder(value: str) -> bool:
    """Whether a field says that its value was taken out, or never was there."""
    bare = value.strip(" \t\r\n\"'.,;:^()[]")
    return not bare or _PLACEHOLDERS.fullmatch(bare) is not None


def name_spans(text: str) -> Iterator[Span]:
    """Where a text names a person: behind a field, a title or a role, or in DICOM's spelling with carets."""
    if "^" in text:
        for match in _CARET.finditer(text):
            if all(_is_spelled(word) for word in _LETTERS.findall(match.group())):
                yield match.span()
    has_fields = _SEPARATOR.search(text) is not None
    shape = cues.shape_of(text)
    for pattern, needed, is_sure, is_field in _RULES:
        if (is_field and not has_fields) or not cues.has_cue(shape, needed):
            continue
        for match in pattern.finditer(text):
            span = _name_at(text, match.end(), is_sure)
            if span is not None:
                yield span


def _name_at(text: str, start: int, is_sure: bool) -> Span | None:
    """The name that begins at a place, if one does."""
    words = list(_words_at(text, start))
    while words and text[slice(*words[0])].rstrip(".").casefold() in _TITLE_SET:
        is_sure = True
        words.pop(0)
    while words and text[slice(*words[-1])].casefold() in _PARTICLE_SET:
        words.pop()
    if not words:
        return None
    spoken = [text[slice(*word)] for word in words]
    if is_placeholder(" ".join(spoken)) or all(len(word.rstrip(".")) < 2 for word in spoken):
        return None
    return (words[0][0], words[-1][1]) if is_sure or _is_convincing(spoken) else None


def _words_at(text: str, start: int) -> Iterator[Span]:
    """The words from a place on that a name could have; capitals end where lower case begins."""
    place, is_capital = start, False
    for number in range(_MOST_WORDS):
        if number:
            gap = _BETWEEN.match(text, place)
            if gap is None:
                return
            place = gap.end()
        match = _WORD.match(text, place)
        if match is None:
            return
        word = match.group()
        stem = word.rstrip(".")
        is_particle = stem.casefold() in _PARTICLE_SET
        is_initial = len(stem) == 1
        if not is_particle and not is_initial and stem.casefold() not in _TITLE_SET:
            if is_common(stem) or (is_capital and stem[0].islower()) or (stem.islower() and is_ordinary(stem)):
                return
            is_capital = is_capital or not stem[0].islower()
        # A full stop behind a whole word ends the sentence; behind an initial or a title it does not.
        ends = word.endswith(".") and not is_initial and stem.casefold() not in _TITLE_SET
        yield (match.start(), match.end() - ends)
        if ends:
            return
        place = match.end()


def _is_spelled(word: str) -> bool:
    """Whether capitals stand where people put them: all letters, none, or the first; samples read as text differ."""
    return word.isupper() or word[1:].islower() or word.startswith(("Mc", "Mac", "De", "Van"))


def _is_convincing(words: list[str]) -> bool:
    """Whether words behind a role are a name: one in capitals and small letters, or two that are no vocabulary."""
    whole = [word for word in words if len(word.rstrip(".")) > 1 and word.casefold() not in _PARTICLE_SET]
    is_spelled = bool(whole) and all(word[0].isupper() and not word.isupper() for word in whole)
    return is_spelled or len(whole) > 1
