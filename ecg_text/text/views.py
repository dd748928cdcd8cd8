"""Views of a report: what a user might ask of its ECG, sampled from what the report says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType

import numpy as np

from ecg_text.errors import ConfigError, TextError
from ecg_text.text.cleaning.language import report_language
from ecg_text.text.synonyms import check_languages, swap_wording

# Findings that say nothing without the ones before them.
_LEANING = re.compile(
    r"(?:otherwise|this|these|they|it|findings?|the (?:age|cause|changes|significance)|suggest|consistent|compared"
    r"|non-specific but|sonst|ansonsten|unverändert|im vergleich|eljest|i övrigt|oförändrat)\b"
    r"|.*\bin (?:these|other) leads\b"
)
# Neutral openings of a sentence with no verb of its own, and of any sentence.
_SHOWS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"en": ("ecg shows ", "the ecg shows ", "this ecg shows "), "de": ("im ekg ",), "sv": ("ekg visar ",)}
)
_COLON: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"en": ("ecg: ", "12-lead ecg: "), "de": ("ekg: ",), "sv": ("ekg: ",), "unknown": ("ecg: ",)}
)
_FINDINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"en": ("findings: ",), "de": ("befund: ",), "sv": ("fynd: ",), "unknown": ("findings: ",)}
)
_HAS_VERB = re.compile(r"\b(?:is|are|may|cannot|can|suggest|shows?|noted|ist|sind|är|kan|bör|ses)\b")
_NAMES_THE_ECG = re.compile(r"\be[ck]g\b|\btracing\b|^findings?\b|^befund\b")


@dataclass(frozen=True, kw_only=True)
class View:
    """shown is what the text says, sentence by sentence; stated are the report's own sentences that it says."""

    shown: tuple[str, ...]
    stated: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReportViews:
    """How often a report is shown whole, of how many of its sentences a part is made, and in which words.

    Users ask for single findings; reports hold five. A model that only ever saw whole reports cannot tell what one
    phrase says of a trace. whole, single, swap and lead_in are probabilities: of the whole report, of one finding alone
    that needs no other, of each sentence in another wording (in one of languages, with abbreviations or without), and
    of a neutral opening such as "ecg shows". A piece at 0 takes no draw from the generator.
    """

    whole: float = 0.5
    max_sentences: int = 3
    swap: float = 0.0
    lead_in: float = 0.0
    single: float = 0.0
    languages: tuple[str, ...] = ("en",)
    abbreviations: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.whole <= 1 or self.max_sentences < 1:
            raise ConfigError(f"views need 0 <= whole <= 1 and max_sentences >= 1, got {self}")
        if not all(0 <= share <= 1 for share in (self.swap, self.lead_in, self.single)):
            raise ConfigError(f"views need swap, lead_in and single from 0 to 1, got {self}")
        try:
            check_languages(self.languages)
        except TextError as error:
            raise ConfigError(f"views: {error}") from error
        if not self.languages:
            raise ConfigError("views need at least one language to swap to, got none")

    def sample(self, sentences: tuple[str, ...], generator: np.random.Generator) -> View:
        """The whole report, one of its findings, or one to max_sentences of them in their order, and how they are said.

        Each sentence is shown whole, so that a negation never parts from what it denies.
        """
        stated = self._chosen(sentences, generator)
        shown = stated
        if self.swap:
            shown = tuple(self._said(sentence, generator) for sentence in stated)
        if self.lead_in and shown and generator.random() < self.lead_in:
            openings = lead_ins(shown[0])
            shown = (openings[int(generator.integers(len(openings)))] + shown[0], *shown[1:])
        return View(shown=shown, stated=stated)

    def _said(self, sentence: str, generator: np.random.Generator) -> str:
        if generator.random() >= self.swap:
            return sentence
        return swap_wording(sentence, generator, self.languages, abbreviations=self.abbreviations)

    def _chosen(self, sentences: tuple[str, ...], generator: np.random.Generator) -> tuple[str, ...]:
        if len(sentences) <= 1:
            return sentences
        if self.single and generator.random() < self.single:
            alone = findings_alone(sentences)
            return (alone[int(generator.integers(len(alone)))],)
        if generator.random() < self.whole:
            return sentences
        count = int(generator.integers(1, min(self.max_sentences, len(sentences)) + 1))
        chosen = np.sort(generator.choice(len(sentences), count, replace=False))
        return tuple(sentences[number] for number in chosen)


def findings_alone(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """The sentences that say something by themselves, unlike "otherwise normal ecg"; all of them where none does."""
    return tuple(sentence for sentence in sentences if not _LEANING.match(sentence)) or sentences


@lru_cache(maxsize=1 << 16)
def lead_ins(sentence: str) -> tuple[str, ...]:
    """The neutral openings that go before a sentence, in its language and by its grammar; never none."""
    language = report_language(sentence)
    if _NAMES_THE_ECG.search(sentence):
        return _FINDINGS[language]
    bare = () if _HAS_VERB.search(sentence) or _LEANING.match(sentence) else _SHOWS.get(language, ())
    return (*bare, *_COLON[language], *_FINDINGS[language])


def finding_number(sentence: str) -> int:
    """A stable positive 63-bit number for a sentence, so that equal findings are found by comparing integers.

    Two of 20,000 distinct sentences collide with probability 2e-11.
    """
    digest = blake2b(sentence.strip(" .").encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1 or 1
