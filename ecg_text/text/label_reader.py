"""Which labels of a prompt set a report says: read sentence by sentence, by the set's own wordings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from types import MappingProxyType

import numpy as np

from ecg_text.errors import PromptError
from ecg_text.text.concepts import VOCABULARIES, concepts
from ecg_text.text.denial import is_denied
from ecg_text.text.english.translate import to_english, translate_finding
from ecg_text.text.phrases import PhraseTable, phrase_key
from ecg_text.text.prompts import PromptLabel, PromptSet
from ecg_text.text.sentences import split_sentences
from ecg_text.text.synonyms import find_phrases

Key = tuple[str, ...]

_STOP, _MARKS = re.compile(r"[.;]\s+"), " .,;:"
# Where a finding is seen is not what it is: "low or flat t waves in leads v5, v6".
_PLACE = re.compile(r" (?:throughout|in (?:[^,]+ )?leads? .*|in (?:\S+ ){1,3}leads)$")
# What machines say for what the prompt sets have another word for, as the SCP codes beside the reports of PTB-XL's
# training folds show: these are coded as the infarction, as the normal ECG, and as the change of the ST segment.
_READ_AS: Mapping[str, str] = MappingProxyType(
    {
        "myocardial damage": "myocardial infarction",
        "no definite pathology": "normal ecg",
        "non-specific st-t wave changes": "non-specific st segment changes",
    }
)
_MACHINE = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, _READ_AS))})(?!\w)")


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelReader:
    """Reads the labels of a prompt set; ways holds, for each label, the wordings that together say it."""

    names: tuple[str, ...]
    ways: tuple[frozenset[frozenset[Key]], ...]
    table: PhraseTable[Key]

    @classmethod
    def of(cls, prompts: PromptSet) -> LabelReader:
        """The reader of a prompt set.

        A label is said by its texts, and by what means the same: the wordings of the concepts that such a text names or
        that bear the label's codes, and a text without the leads at its end. What means the same counts only where it
        is no other label's text, and where it is found for this label alone. The opposite is not read. Raises
        PromptError where a text holds no word.
        """
        own = [frozenset(_key_set(text) for text in label.texts) for label in prompts.labels]
        stated = frozenset[frozenset[Key]]().union(*own)
        found = [frozenset(_same(label)) - stated for label in prompts.labels]
        owners = Counter(way for ways in found for way in ways)
        ways = tuple(
            said | frozenset(way for way in more if owners[way] == 1) for said, more in zip(own, found, strict=True)
        )
        keys = frozenset(key for said in ways for way in said for key in way)
        return cls(names=prompts.names, ways=ways, table=PhraseTable({key: key for key in keys}, clauses_open=False))

    def read(self, report: str) -> tuple[str, ...]:
        """The labels that a cleaned report says, in their order; it may be in English, German or Swedish.

        In each sentence the longest wording at a place counts ("incomplete right bundle branch block" does not say the
        complete one), and none that is denied. What is possible, probable or cannot be excluded is said.
        """
        return tuple(name for name, said in zip(self.names, self.matrix([report])[0], strict=True) if said)

    def matrix(self, reports: Sequence[str]) -> np.ndarray:
        """Whether each report says each label: (R, K) bool; each distinct sentence is read once."""
        sentences = {report: _house_sentences(report) for report in dict.fromkeys(reports)}
        found = {sentence: self._found(sentence) for sentence in set(chain.from_iterable(sentences.values()))}
        rows = {
            report: self._row(frozenset().union(*(found[sentence] for sentence in each)))
            for report, each in sentences.items()
        }
        return np.array([rows[report] for report in reports], dtype=bool).reshape(len(reports), len(self.names))

    def _found(self, sentence: str) -> frozenset[Key]:
        """The wordings in a sentence that it does not deny."""
        found = self.table.find(sentence)
        return frozenset(each.meaning for each in found if not is_denied(sentence, each.start, each.end))

    def _row(self, said: frozenset[Key]) -> list[bool]:
        return [any(way <= said for way in ways) for ways in self.ways]


@lru_cache(maxsize=1 << 15)
def _house_sentences(report: str) -> tuple[str, ...]:
    """The sentences of a report in English, as this package words it, and in the words of the prompt sets."""
    return split_sentences(_as_prompts(to_english(report).text))


def _as_prompts(english: str) -> str:
    return _MACHINE.sub(lambda match: _READ_AS[match.group()], english)


def _key_set(text: str) -> frozenset[Key]:
    """The sentences of a wording as they are looked for; together they say what it says.

    It is cut at stops only: a single phrase has no language by which to tell the openings of statements.
    """
    sentences = (translate_finding(sentence, "en").text for sentence in _STOP.split(text.lower().strip(_MARKS)))
    keys = frozenset(phrase_key(_as_prompts(sentence)) for sentence in sentences)
    if () in keys:
        raise PromptError(f"{text!r} holds no word, so that no report could say it; say what to look for")
    return keys


def _same(label: PromptLabel) -> Iterator[frozenset[Key]]:
    """What says the same as a label's texts and codes."""
    yield from (_key_set(_PLACE.sub("", text.lower())) for text in label.texts)
    named, codes = {_concept_name(text) for text in label.texts}, set(label.all_codes)
    for concept in concepts():
        if concept.name in named or any(codes & set(getattr(concept, each)) for each in VOCABULARIES):
            yield from (_key_set(wording) for wording in concept.english)
            yield from (frozenset((phrase_key(wording),)) for wording in (*concept.english, *concept.abbreviations))


def _concept_name(text: str) -> str | None:
    """The concept that a text is nothing but a wording of."""
    found = find_phrases(text.lower())
    is_whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(text))
    return found[0].concept.name if is_whole else None
