"""Which texts of a label of a prompt set mean the same as its first, and are no finding beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ecg_text.text.concepts import Concept
from ecg_text.text.contrasts import minimal_contrasts
from ecg_text.text.synonyms import find_phrases, phrase_key

_TWO = re.compile(r"\. | or ")  # sentences, or findings
# Words of prompts that say more than the finding: how sure, how old, of what kind or degree.
_QUALIFIER = re.compile(
    r"\b(?:possibl[ey]|probabl[ey]|suspected|suspicious|suggest\w*|cannot|consider|consistent|may|old|previous|prior|acute|recent"
    r"|chronic|undetermined|borderline|otherwise|horizontal|(?:down|up)sloping|minor|minimal|mild|moderate|marked"
    r"|occasional|frequent|narrow|broad|wide|chest|limb|precordial|\d:1|variable|irregular|slow|rapid|controlled"
    r"|aberrant|hyperacute|raised|by voltage|with (?:strain|repolarisation)|reentrant|triplets|wenckebach type)\b"
)
_BEHIND_IN = re.compile(r"\bin\b.*")
_LEAD = re.compile(r"\b(?:v[1-9](?:-v?[1-9])?r?|av[rlf]|i{1,3})\b")
_TERRITORY = re.compile(r"\b([\w-]+)(?: and ([\w-]+))?(?= leads\b)")
_NO_TERRITORY = frozenset(("in", "the", "all", "these"))
# What a finding is made of or seen by: concepts that a wording of it may name beside it.
_SEEN_WITH: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sinus tachycardia": frozenset(("sinus rhythm",)),
        "first degree av block": frozenset(("prolonged pr interval",)),
        "bigeminy": frozenset(("premature complexes",)),
        "trigeminy": frozenset(("premature complexes",)),
        "ventricular couplets": frozenset(("premature ventricular contractions",)),
        "pacemaker rhythm": frozenset(("pacemaker spikes",)),
        "atrial paced rhythm": frozenset(("pacemaker rhythm",)),
        "ventricular paced rhythm": frozenset(("pacemaker rhythm",)),
        "av sequential pacing": frozenset(("pacemaker rhythm",)),
    }
)


def texts_of_one_meaning(texts: tuple[str, ...]) -> list[str]:
    """The texts, in lower case, that mean what the first means.

    A label may be wider than a meaning ("inferior myocardial infarction", be it old or acute). So these are left out: a
    text that says otherwise than the first how sure, how old or of what kind the finding is, one of two sentences or of
    two findings, one that names a concept or a place that the first does not, and those of which one is a minimal
    contrast of another.
    """
    lowered = [" ".join(text.lower().split()) for text in texts]
    first = lowered[0]
    contrasted = {contrast for text in lowered for contrast in minimal_contrasts(text)}
    return [first, *(text for text in lowered[1:] if text not in contrasted and _says_no_more(text, first))]


def places_of(text: str) -> frozenset[str]:
    """The leads behind an "in", and the territories of leads: of "in the inferior leads" it is "inferior"."""
    leads = {lead for rest in _BEHIND_IN.findall(text) for lead in _LEAD.findall(rest)}
    territories = {word for pair in _TERRITORY.findall(text) for word in pair if word} - _NO_TERRITORY
    return frozenset(leads | territories)


def _says_no_more(text: str, first: str) -> bool:
    if len(_TWO.findall(text)) > len(_TWO.findall(first)):
        return False
    if set(_QUALIFIER.findall(text)) != set(_QUALIFIER.findall(first)):
        return False
    words = frozenset((*phrase_key(first), *places_of(first)))
    if any(phrase_key(place) and not words >= set(phrase_key(place)) for place in places_of(text)):
        return False
    named = {phrase.concept.name for phrase in find_phrases(first)}
    known = named.union(*(_SEEN_WITH.get(name, frozenset()) for name in named))
    found = [phrase.concept for phrase in find_phrases(text)]
    return all(concept.name in known or _is_part(concept, words) for concept in found)


def _is_part(concept: Concept, words: frozenset[str]) -> bool:
    """Whether the concept is said by some of these words, as "av block" is in "first degree av block"."""
    said = (set(phrase_key(wording)) for wording in (*concept.english, *concept.abbreviations))
    return any(each <= words | {"leads"} for each in said)
