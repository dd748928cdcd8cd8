"""What a row is composed of: two wordings of one meaning, how often each composition is drawn, and what takes none."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

from ecg_text.errors import ConfigError
from ecg_text.recipes.wordings import Wording
from ecg_text.text.contrasts import HEDGED, NEGATED

# Of what says one of these, "no ..." or "possible ..." would mean nothing, or twice the same.
_SETTLED = (
    NEGATED,
    HEDGED,
    re.compile(r"\b(?:non|saknas|kein\w*|suspected|suspicion|moeglich\w*|verdacht|v\.a\.|vd|misst\w+)\b|\bnormal|\?"),
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
class Pair:
    """Two wordings and the number of what they mean."""

    a: Wording
    b: Wording
    meaning: int

    @property
    def languages(self) -> tuple[str, str]:
        """Those of a and of b."""
        return self.a.language, self.b.language

    @property
    def takes_a_doubt(self) -> bool:
        """Whether both may be said to be possible or absent: they are neither already, nor normal."""
        return not self._says(*_SETTLED)

    @property
    def takes_a_place(self) -> bool:
        """Whether both may be said of leads: they name none."""
        return not self._says(_PLACED)

    def _says(self, *patterns: re.Pattern[str]) -> bool:
        return any(pattern.search(side.text) for pattern in patterns for side in (self.a, self.b))
