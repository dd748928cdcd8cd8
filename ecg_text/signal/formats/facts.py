"""What may be kept of the person in a recording: a whitelist, and a keyed hash in place of a patient's id."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from ecg_text.errors import ConfigError
from ecg_text.signal.formats.codes import is_code

# A user may name these to have them kept; nothing else that identifies a person is ever read out of a file.
NAMEABLE = ("report", "patient_id")
OLDEST = 130.0
MOST_LABELS = 200  # a header may hold megabytes of them; the richest of PTB-XL's records has nine
_SEXES = {"f": "female", "female": "female", "w": "female", "m": "male", "male": "male"}
_FEWEST_KEY_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class Keep:
    """What a caller wants kept beyond the whitelist: a report's text, a patient's id as a hash with the caller's key.

    Raises ConfigError for other names, and for a patient id without a key of 16 bytes or more.
    """

    names: frozenset[str] = frozenset()
    key: bytes | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(self.names))
        unknown = sorted(self.names - set(NAMEABLE))
        if unknown:
            raise ConfigError(f"cannot keep {', '.join(unknown)}; what may be named is {', '.join(NAMEABLE)}")
        if "patient_id" in self.names and self.key is None:
            raise ConfigError("a patient id is kept as a keyed hash only; give the key that you hold")
        if self.key is not None and len(self.key) < _FEWEST_KEY_BYTES:
            raise ConfigError(f"the key has {len(self.key)} bytes; give {_FEWEST_KEY_BYTES} or more random ones")


NOTHING_MORE = Keep()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The whitelist: age in years (90 stands for 90 and more, see Record), sex, coded labels, class of device.

    patient_id (a hash) and report are there only where the caller named them.
    """

    age: float | None = None
    sex: str | None = None
    labels: tuple[str, ...] = ()
    device: str | None = None
    patient_id: str | None = None
    report: str | None = None


def known_age(years: float | None) -> float | None:
    """An age that a person can have, or None."""
    return float(years) if years is not None and 0 <= years <= OLDEST else None


def known_sex(word: str | None) -> str | None:
    """'female' or 'male' from the spellings of the formats, or None."""
    return _SEXES.get((word or "").strip().lower())


def coded_labels(words: Iterable[str]) -> tuple[str, ...]:
    """The words that are codes (SNOMED, AHA, SCP), of the first MOST_LABELS; all others may name a person."""
    return tuple(word for word in (word.strip() for word in islice(words, MOST_LABELS)) if is_code(word))


def pseudonym(patient_id: str, key: bytes) -> str:
    """A patient's id as 16 hexadecimal digits of HMAC-SHA256 (RFC 2104): equal ids stay equal, none can be read back.

    Whoever holds the key can test a guess, so the key is the user's own and is written nowhere.
    """
    return hmac.new(key, patient_id.strip().encode(), hashlib.sha256).hexdigest()[:16]
