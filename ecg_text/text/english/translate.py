"""Findings of German, Swedish and mixed reports said in English, phrase by phrase; what is not known is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ecg_text.text.cleaning.language import report_language
from ecg_text.text.english.lexicon import LANGUAGES, Lexicon, english_words, load
from ecg_text.text.english.match import Match, Matcher
from ecg_text.text.english.tokens import Token, mend_spaces, tokenise
from ecg_text.text.sentences import split_sentences


@dataclass(frozen=True, kw_only=True, slots=True)
class English:
    """A text in English, how many words it was made from, and which of them no lexicon covers: they are kept in it."""

    text: str
    num_words: int
    left: tuple[str, ...]


def to_english(report: str) -> English:
    """A cleaned report in English, its findings translated one by one and joined by full stops.

    The language is decided for each finding: the report's own first, the others where it does not cover all words.
    """
    language = report_language(report)
    findings = [translate_finding(finding, language) for finding in split_sentences(report)]
    return English(
        text=". ".join(finding.text for finding in findings if finding.text),
        num_words=sum(finding.num_words for finding in findings),
        left=tuple(word for finding in findings for word in finding.left),
    )


@lru_cache(maxsize=65536)
def translate_finding(finding: str, language: str) -> English:
    """One finding in English, read in a language ("de", "sv", "en"), and in the others where this one does not do.

    A language does where its lexicon knows every word. Where none does, the one that leaves the fewest words is taken,
    and of those the one in whose lexicon the most are found; for any other language, English comes first.
    """
    best: tuple[tuple[int, int], English] | None = None
    for tried in sorted(LANGUAGES, key=lambda name: (name != language, name != "en" and language not in LANGUAGES)):
        made, num_passed = _translate(finding, tried)
        cost = (len(made.left), num_passed)
        if best is None or cost < best[0]:
            best = (cost, made)
        if cost == (0, 0):
            break
    return best[1] if best else English(text=finding, num_words=0, left=())


def _translate(finding: str, language: str) -> tuple[English, int]:
    """A finding read in one language, and how many of its words are English ones that this lexicon does not hold."""
    text = mend_spaces(" ".join(finding.lower().split()))
    lexicon = load(language)
    tokens = tuple(_respelt(token, lexicon) for token in tokenise(text, language))
    pieces, left = [], []
    place = num_passed = 0
    for match in Matcher(text, tokens, lexicon).cover():
        end = place + 1 if match is None else match.end
        word = tokens[place].text
        if match is None and word[0].isalpha() and word not in lexicon.vocabulary:
            if _is_english(word):
                num_passed += 1
            else:
                left.append(word)
        pieces.append((tokens[place].start, tokens[end - 1].end, match or tokens[place]))
        place = end
    num_words = sum(not token.is_mark for token in tokens)
    return English(text=_joined(pieces), num_words=num_words, left=tuple(left)), num_passed


def _is_english(word: str) -> bool:
    return word in english_words() or word in load("en").stems


def _respelt(token: Token, lexicon: Lexicon) -> Token:
    """The token under the key of the only known word near it, where it is known itself by none."""
    if token.is_mark or token.key in lexicon.stems or token.text in lexicon.vocabulary or _is_english(token.text):
        return token
    key = lexicon.speller.correct(token.key)
    if key is None:
        return token
    return Token(key if key in lexicon.vocabulary else token.text, key, token.start, token.end)


def _joined(pieces: list[tuple[int, int, Match | Token]]) -> str:
    """The pieces with the space and the marks that were between them; a comma parts two findings in a row."""
    out, before_end, before = "", 0, None
    for start, end, piece in pieces:
        words = piece.english if isinstance(piece, Match) else piece.text
        if not words or words == ".":  # a stop inside a finding ends an abbreviation
            continue
        if isinstance(piece, Match) and isinstance(before, Match):
            out += ", " if piece.is_finding and before.is_finding else " "
        elif start > before_end or isinstance(piece, Match) != isinstance(before, Match):
            out += " "
        out += words
        before_end, before = end, piece
    return _tidied(out)


_RULES = (
    (re.compile(r"\s+([,.:;)])"), r"\1"),
    (re.compile(r"\(\s+"), "("),
    (re.compile(r"([,:;])(?=[^\W\d_])"), r"\1 "),
    (re.compile(r"\bleads (i{1,3}|av[rlf]|v\d)(?!\w|-v?\d|-i|, (?:i{1,3}|av[rlf]|v\d)\b)"), r"lead \1"),
    (re.compile(r"\s*-\s+|\s+-(?=\w)"), " "),
    (re.compile(r"\s{2,}"), " "),
    (re.compile(r"([,:])(?:\s*[,:])+"), r"\1"),
    (re.compile(r",\s*\)"), ")"),
)


def _tidied(text: str) -> str:
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    return text.strip(" ,.;:-")
