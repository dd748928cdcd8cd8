"""Rows for the synonym term: two wordings of one meaning, said alone, composed alike on both sides, or made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from types import MappingProxyType

import numpy as np

from ecg_text.data.synonym_batch import SynonymRow
from ecg_text.errors import ConfigError
from ecg_text.recipes.sayings import ABSENT, PLACE, POSSIBLE, SHOWN, WITH, WITHOUT, said
from ecg_text.recipes.wordings import CRITERIA, Vocabulary, Wording, text_number
from ecg_text.text.contrasts import minimal_contrasts
from ecg_text.text.grammar import Made, sample
from ecg_text.text.measured import sample_measured

_LEADS = ("v1-v3", "v1-v2", "v2-v4", "v3-v6", "v4-v6", "v5-v6", "ii, iii, avf", "i, avl", "i, avl, v5-v6", "v1", "v6")
_JOINT = ". "
_TRIES = 8  # to find a second pair in the languages of the first
# Said of these, "no ..." or "possible ..." would mean nothing, or twice the same.
_NEGATED = re.compile(
    r"\b(?:no|not|non|without|absen\w+|kein\w*|nicht|ohne|ingen|inga|inget|inte|ej|utan|saknas)\b|\bnormal"
)
_HEDGED = re.compile(
    r"\b(?:possib\w+|probabl\w+|suspected|suspicion|cannot|consider|unlikely|likely|möglich\w*|moeglich\w*|wahrscheinlich\w*|"
    r"verdacht|v\.a\.|vd|möjlig\w*|sannolik\w*|misst\w+)\b|\?"
)
_PLACED = re.compile(r"\b(?:v\d|av[rlf]|i{1,3}|leads?|ableitung\w*|avledning\w*|in|i)\b")


@dataclass(frozen=True, kw_only=True)
class Compositions:
    """How often a row is composed: shares of all rows; the rest are wordings alone. Raises ConfigError."""

    shown: float = 0.06
    possible: float = 0.06
    absent: float = 0.1
    placed: float = 0.04
    joined: float = 0.04
    paired: float = 0.08
    made: float = 0.32  # by the grammar of findings, text/grammar.py
    measured: float = 0.06  # a value and its name, text/measured.py

    def __post_init__(self) -> None:
        shares = astuple(self)
        if any(not 0 <= share <= 1 for share in shares) or sum(shares) > 1:
            raise ConfigError(f"synonyms.compositions are {shares}; give fractions of at most 1 together")


@dataclass(frozen=True, eq=False, kw_only=True)
class _Pair:
    """Two wordings and the number of what they mean."""

    a: Wording
    b: Wording
    meaning: int

    @property
    def languages(self) -> tuple[str, str]:
        """Those of a and of b."""
        return self.a.language, self.b.language

    def says(self, *patterns: re.Pattern[str]) -> bool:
        """Whether either wording has one of these in it."""
        return any(pattern.search(side.text) for pattern in patterns for side in (self.a, self.b))


class RowSampler:
    """Draws rows: a source, a group of it, two of its wordings, and what is composed of them.

    near holds, for some wordings, others that look alike and mean something else: contrasts of the wording alone.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        compositions: Compositions,
        near: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        self._vocabulary = vocabulary
        self._near = near
        self._sources = list(vocabulary.groups.values())
        # What takes a "no" or a "possible": whole sentences do not.
        self._phrases = [groups for name, groups in vocabulary.groups.items() if name != CRITERIA] or self._sources
        kinds: dict[Callable[[np.random.Generator], SynonymRow], float] = {
            self._shown: compositions.shown,
            self._possible: compositions.possible,
            self._absent: compositions.absent,
            self._placed: compositions.placed,
            self._joined: compositions.joined,
            self._paired: compositions.paired,
            self._made: compositions.made,
            self._measured: compositions.measured,
        }
        self._makers = [*kinds, self._alone]
        self._until = np.cumsum(list(kinds.values()))

    def __call__(self, generator: np.random.Generator) -> SynonymRow:
        """One row; chance comes from the generator alone."""
        kind = int(np.searchsorted(self._until, generator.random(), side="right"))
        return self._makers[kind](generator)

    def _pair(self, generator: np.random.Generator) -> _Pair:
        return self._drawn(self._phrases, generator)

    def _drawn(self, sources: list[tuple[tuple[Wording, ...], ...]], generator: np.random.Generator) -> _Pair:
        groups = sources[generator.integers(len(sources))]
        group = groups[generator.integers(len(groups))]
        first, second = generator.choice(len(group), size=2, replace=False)
        return _Pair(a=group[first], b=group[second], meaning=self._vocabulary.meanings[group[first].text])

    def _alone(self, generator: np.random.Generator) -> SynonymRow:
        pair = self._drawn(self._sources, generator)
        return self._row(pair.a.text, pair.b.text, pair.meaning, generator)

    def _shown(self, generator: np.random.Generator) -> SynonymRow:
        """Said with a lead-in on one side or both, which changes nothing of what it means."""
        pair = self._pair(generator)
        a = said(pair.a, SHOWN, generator)
        b = said(pair.b, SHOWN, generator) if generator.random() < 0.5 else pair.b.text
        return self._row(a, b, pair.meaning, generator)

    def _possible(self, generator: np.random.Generator) -> SynonymRow:
        """Said to be possible; that it is so is a contrast."""
        pair = self._pair(generator)
        if pair.says(_NEGATED, _HEDGED):
            return self._row(pair.a.text, pair.b.text, pair.meaning, generator)
        a, b = (said(side, POSSIBLE, generator) for side in (pair.a, pair.b))
        others = (pair.a.text, said(pair.a, ABSENT, generator))
        return self._row(a, b, self._meaning(a, b, "possible", pair.meaning), generator, *others)

    def _absent(self, generator: np.random.Generator) -> SynonymRow:
        """Said to be absent; that it is there is the first of the contrasts."""
        pair = self._pair(generator)
        if pair.says(_NEGATED, _HEDGED):
            return self._row(pair.a.text, pair.b.text, pair.meaning, generator)
        a, b = (said(side, ABSENT, generator) for side in (pair.a, pair.b))
        there = pair.a if generator.random() < 0.5 else pair.b
        others = (there.text, said(there, POSSIBLE, generator))
        return self._row(a, b, self._meaning(a, b, "absent", pair.meaning), generator, *others)

    def _placed(self, generator: np.random.Generator) -> SynonymRow:
        """Said of the same leads on both sides; of other leads it is a contrast."""
        pair = self._pair(generator)
        if pair.says(_PLACED):
            return self._row(pair.a.text, pair.b.text, pair.meaning, generator)
        here, there = (_LEADS[k] for k in generator.choice(len(_LEADS), size=2, replace=False))
        a, b = (said(side, PLACE, generator).replace("@", here) for side in (pair.a, pair.b))
        elsewhere = said(pair.b, PLACE, generator).replace("@", there)
        return self._row(a, b, self._meaning(a, b, here, pair.meaning), generator, elsewhere)

    def _joined(self, generator: np.random.Generator) -> SynonymRow:
        """Two findings, in either order; one of them beside a third is a contrast."""
        one, two, three = (self._pair(generator) for _ in range(3))
        if one.meaning == two.meaning:
            return self._row(one.a.text, two.b.text, one.meaning, generator)
        a = _JOINT.join((one.a.text, two.a.text))
        b = _JOINT.join((one.b.text, two.b.text)[:: 1 if generator.random() < 0.5 else -1])
        other = [] if three.meaning in (one.meaning, two.meaning) else [_JOINT.join((one.a.text, three.a.text))]
        meaning = self._meaning(a, b, "joined", *sorted((one.meaning, two.meaning)))
        return self._row(a, b, meaning, generator, *other)

    def _paired(self, generator: np.random.Generator) -> SynonymRow:
        """One finding with another, or without it, of which each is a contrast of the other."""
        one, two = self._pair(generator), self._pair(generator)
        for _ in range(_TRIES):
            if two.languages == one.languages and two.meaning != one.meaning:
                break
            two = self._pair(generator)
        apart = one.meaning != two.meaning and one.languages == two.languages
        if not apart or one.says(_NEGATED, _HEDGED) or two.says(_NEGATED, _HEDGED):
            return self._row(one.a.text, one.b.text, one.meaning, generator)
        forms, others, kind = (WITH, WITHOUT, "joined") if generator.random() < 0.5 else (WITHOUT, WITH, "without")
        a, b = (said(x, forms, generator).replace("@", y.text) for x, y in ((one.a, two.a), (one.b, two.b)))
        contrasts = [said(one.a, others, generator).replace("@", two.a.text)]
        if kind == "without":
            contrasts.append(said(two.a, forms, generator).replace("@", one.a.text))
        meanings = sorted((one.meaning, two.meaning)) if kind == "joined" else (one.meaning, two.meaning)
        return self._row(a, b, self._meaning(a, b, kind, *meanings), generator, *contrasts)

    def _measured(self, generator: np.random.Generator) -> SynonymRow:
        """A measurement in numbers and in words."""
        return self._of(sample_measured(generator))

    def _made(self, generator: np.random.Generator) -> SynonymRow:
        """A finding of the grammar."""
        return self._of(sample(generator))

    def _of(self, made: Made) -> SynonymRow:
        """The row of what was made; what the tables know to mean the same is no contrast."""
        known = self._vocabulary.meanings
        stated = (made.meaning, made.a, made.b)
        meaning = next((known[text] for text in stated if text in known), text_number(made.meaning))
        others = tuple(text for text in made.contrasts if known.get(text) != meaning)
        return SynonymRow(a=made.a, b=made.b, meaning=meaning, contrasts=others)

    def _meaning(self, a: str, b: str, kind: str, *meanings: int) -> int:
        """The number of what is composed: the one that a table has for it, or else a new one."""
        known = self._vocabulary.meanings
        return known.get(a, known.get(b, text_number(f"{kind} {meanings}")))

    def _row(self, a: str, b: str, meaning: int, generator: np.random.Generator, *contrasts: str) -> SynonymRow:
        one = a if generator.random() < 0.5 else b
        found = (
            *contrasts,
            *minimal_contrasts(one),
            *self._vocabulary.contrasts.get(one, ()),
            *self._near.get(one, ()),
        )
        known = self._vocabulary.meanings
        others = dict.fromkeys(text for text in found if known.get(text) != meaning and text not in (a, b))
        return SynonymRow(a=a, b=b, meaning=meaning, contrasts=tuple(others))
