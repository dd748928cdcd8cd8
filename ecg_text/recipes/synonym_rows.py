"""Rows for the synonym term: two wordings of one meaning, said alone, composed alike on both sides, or made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from ecg_text.data.synonym_batch import SynonymRow
from ecg_text.recipes.compositions import Compositions, Pair
from ecg_text.recipes.meaning_numbers import MeaningNumbers, place_of
from ecg_text.recipes.sayings import ABSENT, PLACE, POSSIBLE, PROBABLE, SHOWN, WITH, WITHOUT, said
from ecg_text.recipes.wordings import CRITERIA, Vocabulary, Wording
from ecg_text.text.contrasts import minimal_contrasts
from ecg_text.text.grammar import Made, sample
from ecg_text.text.measured import sample_measured

_LEADS = ("v1-v3", "v1-v2", "v2-v4", "v3-v6", "v4-v6", "v5-v6", "ii, iii, avf", "i, avl", "i, avl, v5-v6", "v1", "v6")
_JOINT = ". "
_PROBABLE = 0.25  # share of what is unsure that is likely, and not merely possible
_TRIES = 8  # to find a second pair in the languages of the first


class RowSampler:
    """Draws rows: a source, a group of it, two of its wordings, and what is composed of them; or what is made.

    near holds, for some wordings, others that look alike and mean something else: contrasts of the wording alone. What
    the grammar and the measurements make has the contrasts that they make, and neither these nor those of criteria.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        compositions: Compositions,
        near: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        self._vocabulary = vocabulary
        self._numbers = MeaningNumbers(vocabulary.meanings)
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

    def _phrase(self, generator: np.random.Generator) -> Pair:
        return self._draw_pair(self._phrases, generator)

    def _draw_pair(self, sources: list[tuple[tuple[Wording, ...], ...]], generator: np.random.Generator) -> Pair:
        groups = sources[generator.integers(len(sources))]
        group = groups[generator.integers(len(groups))]
        first, second = generator.choice(len(group), size=2, replace=False)
        return Pair(a=group[first], b=group[second], meaning=self._vocabulary.meanings[group[first].text])

    def _alone(self, generator: np.random.Generator) -> SynonymRow:
        return self._plain(self._draw_pair(self._sources, generator), generator)

    def _shown(self, generator: np.random.Generator) -> SynonymRow:
        """Said with a lead-in on one side or both, which changes nothing of what it means."""
        pair = self._phrase(generator)
        a = said(pair.a, SHOWN, generator)
        b = said(pair.b, SHOWN, generator) if generator.random() < 0.5 else pair.b.text
        return self._contrasted(a, b, pair.meaning, generator)

    def _possible(self, generator: np.random.Generator) -> SynonymRow:
        """Said to be possible, or probable; that it is so is a contrast."""
        pair = self._phrase(generator)
        if not pair.takes_a_doubt:
            return self._plain(pair, generator)
        forms, kind = (PROBABLE, "probable") if generator.random() < _PROBABLE else (POSSIBLE, "possible")
        a, b = (said(side, forms, generator) for side in (pair.a, pair.b))
        others = (pair.a.text, said(pair.a, ABSENT, generator))
        return self._contrasted(a, b, self._numbers.of_composed(kind, pair.meaning), generator, *others)

    def _absent(self, generator: np.random.Generator) -> SynonymRow:
        """Said to be absent; that it is there is the first of the contrasts."""
        pair = self._phrase(generator)
        if not pair.takes_a_doubt:
            return self._plain(pair, generator)
        a, b = (said(side, ABSENT, generator) for side in (pair.a, pair.b))
        there = pair.a if generator.random() < 0.5 else pair.b
        others = (there.text, said(there, POSSIBLE, generator))
        return self._contrasted(a, b, self._numbers.of_composed("absent", pair.meaning), generator, *others)

    def _placed(self, generator: np.random.Generator) -> SynonymRow:
        """Said of the same leads on both sides; of leads of another place it is a contrast."""
        pair = self._phrase(generator)
        if not pair.takes_a_place:
            return self._plain(pair, generator)
        here = _LEADS[generator.integers(len(_LEADS))]
        others = [leads for leads in _LEADS if place_of(leads) != place_of(here)]
        there = others[generator.integers(len(others))]
        a, b = (said(side, PLACE, generator).replace("@", here) for side in (pair.a, pair.b))
        elsewhere = said(pair.b, PLACE, generator).replace("@", there)
        meaning = self._numbers.of_composed("placed", pair.meaning, place_of(here))
        return self._contrasted(a, b, meaning, generator, elsewhere)

    def _joined(self, generator: np.random.Generator) -> SynonymRow:
        """Two findings, in either order; one of them beside a third is a contrast."""
        one, two, three = (self._phrase(generator) for _ in range(3))
        if one.meaning == two.meaning:
            return self._plain(one, generator)
        a = _JOINT.join((one.a.text, two.a.text))
        b = _JOINT.join((one.b.text, two.b.text)[:: 1 if generator.random() < 0.5 else -1])
        other = [] if three.meaning in (one.meaning, two.meaning) else [_JOINT.join((one.a.text, three.a.text))]
        meaning = self._numbers.of_composed("joined", one.meaning, two.meaning)
        return self._contrasted(a, b, meaning, generator, *other)

    def _paired(self, generator: np.random.Generator) -> SynonymRow:
        """One finding with another, or without it, of which each is a contrast of the other."""
        one, two = self._phrase(generator), self._phrase(generator)
        for _ in range(_TRIES):
            if two.languages == one.languages and two.meaning != one.meaning:
                break
            two = self._phrase(generator)
        apart = one.meaning != two.meaning and one.languages == two.languages
        if not (apart and one.takes_a_doubt and two.takes_a_doubt):
            return self._plain(one, generator)
        forms, others, kind = (WITH, WITHOUT, "joined") if generator.random() < 0.5 else (WITHOUT, WITH, "without")
        a, b = (said(x, forms, generator).replace("@", y.text) for x, y in ((one.a, two.a), (one.b, two.b)))
        contrasts = [said(one.a, others, generator).replace("@", two.a.text)]
        if kind == "without":
            contrasts.append(said(two.a, forms, generator).replace("@", one.a.text))
        meaning = self._numbers.of_composed(kind, one.meaning, two.meaning)
        return self._contrasted(a, b, meaning, generator, *contrasts)

    def _measured(self, generator: np.random.Generator) -> SynonymRow:
        """A measurement in numbers and in words."""
        return self._numbered(sample_measured(generator))

    def _made(self, generator: np.random.Generator) -> SynonymRow:
        """A finding of the grammar."""
        return self._numbered(sample(generator))

    def _numbered(self, made: Made) -> SynonymRow:
        """The row of what was made; what is known to mean the same is no contrast."""
        meaning = self._numbers.of_made(made.meaning)
        others = tuple(text for text in made.contrasts if self._numbers.of_text(text) != meaning)
        return SynonymRow(a=made.a, b=made.b, meaning=meaning, contrasts=others)

    def _plain(self, pair: Pair, generator: np.random.Generator) -> SynonymRow:
        """The two wordings as they are."""
        return self._contrasted(pair.a.text, pair.b.text, pair.meaning, generator)

    def _contrasted(self, a: str, b: str, meaning: int, generator: np.random.Generator, *contrasts: str) -> SynonymRow:
        """The row with these contrasts and those of one of its sides; what is known to mean the same is none."""
        one = a if generator.random() < 0.5 else b
        found = (
            *contrasts,
            *minimal_contrasts(one),
            *self._vocabulary.contrasts.get(one, ()),
            *self._near.get(one, ()),
        )
        others = dict.fromkeys(text for text in found if self._numbers.of_text(text) != meaning and text not in (a, b))
        return SynonymRow(a=a, b=b, meaning=meaning, contrasts=tuple(others))
