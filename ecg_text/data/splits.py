"""Splits that no patient crosses, decided by a hash so that adding records never moves the ones already there."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import DataError

DEFAULT_FRACTIONS: Mapping[str, float] = MappingProxyType({"train": 0.8, "val": 0.1, "test": 0.1})


def split_by_patient(
    patient_ids: Sequence[str], fractions: Mapping[str, float] = DEFAULT_FRACTIONS, salt: str = "ecg_text"
) -> list[str]:
    """The split of each record, a function of its patient's id, the fractions and the salt alone.

    Fractions are of patients, in expectation. Raises DataError where they are negative or do not sum to one.
    """
    if any(share < 0 for share in fractions.values()) or not math.isclose(sum(fractions.values()), 1.0):
        raise DataError(f"split fractions are {dict(fractions)}; give shares that are not negative and sum to 1")
    names = [name for name, share in fractions.items() if share > 0]
    place = {patient: _place(patient, salt) for patient in set(patient_ids)}
    return [_split_at(place[patient], names, fractions) for patient in patient_ids]


def _place(patient: str, salt: str) -> float:
    """A point in [0, 1) for a patient, uniform over patients."""
    digest = hashlib.sha256(f"{salt}\x00{patient}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _split_at(place: float, names: Sequence[str], fractions: Mapping[str, float]) -> str:
    edge = 0.0
    for name in names[:-1]:
        edge += fractions[name]
        if place < edge:
            return name
    return names[-1]


def check_disjoint(catalogue: Catalogue) -> None:
    """Raises DataError, naming a patient, where one patient's records are in two splits.

    Records of unknown patients, and records in no split, are nobody's leak.
    """
    seen: dict[str, str] = {}
    for patient, split in zip(catalogue.column("patient_id"), catalogue.column("split"), strict=True):
        if patient is None or split == "":
            continue
        first = seen.setdefault(patient, split)
        if first != split:
            raise DataError(
                f"patient {patient!r} has records in the splits {first} and {split}; keep a patient in one split"
            )


def split_hash(catalogue: Catalogue) -> str:
    """16 hexadecimal digits that change when any record changes its split, whatever the row order."""
    pairs = sorted(zip(catalogue.column("record_id"), catalogue.column("split"), strict=True))
    lines = "".join(f"{record_id}\x00{split}\n" for record_id, split in pairs)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
