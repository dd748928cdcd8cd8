"""Minimal contrasts: sentences that differ from a given one in one decisive word, and mean something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources

from ecg_text.text.cleaning.language import report_language
from ecg_text.text.synonyms import find_phrases, name_concepts

# A negation, and what the sentence says without it.
_NEGATIONS = (
    (re.compile(r"\bno (?!longer)|\bnot (?!excluded)"), ""),
    (re.compile(r"\bkeine?[rn]? |\bnicht (?!auszu)|\bing(?:a|en|et) |\bej (?!uteslut)"), ""),
    (re.compile(r"\bcannot be(?: entirely)? excluded\b|\bis not excluded\b"), "is excluded"),
    (re.compile(r"\bwithout\b"), "with"),
    (re.compile(r"\bohne\b"), "mit"),
    (re.compile(r"\butan\b"), "med"),
    (re.compile(r"\babsence of\b"), "presence of"),
    (re.compile(r"\babsent\b"), "normal"),
)
NEGATED = re.compile(
    r"\b(?:no|not|nor|neither|cannot|without|absen\w+|never|unlikely|exclude[ds]?|keine?[nmrs]?|nicht|weder|nie|ohne|inga|ingen|inget|ej|inte|aldrig|utan"
    r"|kan uteslutas|ausgeschlossen)\b"
)
# A negation of what is but possible says nothing: these make way for it, or forbid it.
_HEDGE_BEFORE = re.compile(
    r"(?:possible|probable|suspected|definite|verdacht auf|möglicherweise|wahrscheinlich|misstänkt|möjlig) "
)
HEDGED = re.compile(
    r"\b(?:prob|poss|likely|may|might|perhaps|query|consider|suggest(?!i)|mögl|wahrsch|unbest|sannolik|bör|möjlig)"
)
_VERB = re.compile(r"\b(?:is|are|was|were)\b(?= (?!not\b|no\b))")
# Sentences that do not begin with a finding, and findings that are said to be normal, take no "no".
_NO_FINDING = re.compile(
    r"(?:otherwise|normal\w*|this|these|they|it|there|the|findings?|suggest|consistent|compared|rhythm is|tracing|ecg"
    r"|non-specific but|however|sonst|ansonsten|ekg|lagetyp|eljest|i övrigt|und|and|or|with|in|mit|bei|jetzt)\b"
)
_FEMININE = re.compile(
    r"(?:sinus |st-? |t )?\S*(?:ung(?:en)?|ie|zeit|lage|zacken?|wellen?|\(n\)|kriterien|systolen|ion|(?<!cardial)e)\b"
)
_REPEATED = re.compile(r"\b(\w+)(?:,|/| and| or| und| och)? \1\b")


@lru_cache(maxsize=1 << 16)
def minimal_contrasts(sentence: str) -> tuple[str, ...]:
    """Sentences, in English, German or Swedish as the given one, of which each means something else for one word.

    Left becomes right, a territory another, elevation depression, complete incomplete; a "no" is put before a finding
    or taken away. What the table of concepts holds for the same is left out, as is what names a thing twice. The order
    is fixed, no sentence comes twice, () where nothing in the sentence is decisive.
    """
    same = name_concepts(sentence)
    changed = [*_swapped(sentence), *_without_negation(sentence), *_with_negation(sentence)]
    tidy = dict.fromkeys(" ".join(contrast.split()) for contrast in changed)
    repeated = set(_REPEATED.findall(sentence))
    return tuple(
        contrast
        for contrast in tidy
        if contrast and name_concepts(contrast) != same and not set(_REPEATED.findall(contrast)) - repeated
    )


def _swapped(sentence: str) -> Iterator[str]:
    """One word of one place exchanged, by every rule that finds one."""
    for pattern, replacements in _rules():
        for match in pattern.finditer(sentence):
            for replacement in replacements:
                yield sentence[: match.start()] + match.expand(replacement) + sentence[match.end() :]


def _without_negation(sentence: str) -> Iterator[str]:
    for pattern, replacement in _NEGATIONS:
        for match in pattern.finditer(sentence):
            yield sentence[: match.start()] + replacement + sentence[match.end() :]


def _with_negation(sentence: str) -> Iterator[str]:
    """ "no" before a finding, "not" behind its verb; nothing where the sentence is negated or unsure already."""
    if NEGATED.search(sentence):
        return
    hedge = _HEDGE_BEFORE.match(sentence)
    finding = sentence[hedge.end() :] if hedge else sentence
    if HEDGED.search(finding) or _NO_FINDING.match(finding):
        return
    verb = _VERB.search(finding)
    if verb:
        yield f"{finding[: verb.end()]} not{finding[verb.end() :]}"
    elif find_phrases(finding):
        yield _no(finding) + finding


def _no(finding: str) -> str:
    """The negation that goes before a finding, in the language of its first phrase."""
    languages = find_phrases(finding)[0].languages
    told = report_language(finding)
    language = told if told in languages else min(languages)
    if language == "de":
        return "keine " if _FEMININE.match(finding) else "kein "
    return "inga tecken på " if language == "sv" else "no "


@cache
def _rules() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    """The rules of contrasts.tsv: what is found, and what may stand there instead."""
    text = (resources.files("ecg_text.text") / "contrasts.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple((re.compile(pattern), tuple(instead.split("|"))) for pattern, instead in rows)
