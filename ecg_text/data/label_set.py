"""What is asked of every record by its codes: label names, and the codes that each of them stands for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import DataError
from ecg_text.text.prompts import PromptSet


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """K labels in the order of the columns of every score: a record bears a label where it has any of its codes.

    Raises DataError where there is no label, one twice, one without a code, or not as many names as lists of codes.
    """

    name: str
    names: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not self.names or len(self.names) != len(self.codes) or not all(self.codes):
            raise DataError(
                f"label set {self.name!r} has {len(self.names)} names and {len(self.codes)} lists of codes, "
                f"{sum(not codes for codes in self.codes)} of them empty; give each label its codes"
            )
        if len(set(self.names)) != len(self.names):
            twice = max(self.names, key=self.names.count)
            raise DataError(f"label set {self.name!r} has the label {twice!r} twice; give it once")

    @classmethod
    def of_prompts(cls, prompts: PromptSet) -> LabelSet:
        """The labels of a prompt set, with their codes in every vocabulary."""
        return cls(name=prompts.name, names=prompts.names, codes=tuple(label.all_codes for label in prompts.labels))

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> LabelSet:
        """The set that to_dict gave. Raises DataError where the table is another one."""
        try:
            labels = dict(table["labels"])
            if text := [codes for codes in labels.values() if isinstance(codes, str)]:
                raise TypeError(f"{text[0]!r} is no list of codes")
            return cls(name=str(table["name"]), names=tuple(labels), codes=tuple(map(tuple, labels.values())))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is no label set ({error!r}); it has a name, and labels with their codes") from None

    def to_dict(self) -> dict[str, Any]:
        """The set as plain JSON values."""
        labels = {name: list(codes) for name, codes in zip(self.names, self.codes, strict=True)}
        return {"name": self.name, "labels": labels}

    @property
    def hash(self) -> str:
        """Twelve hex digits that change with any label, code or order of the set."""
        canonical = json.dumps([self.names, self.codes], separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def __len__(self) -> int:
        return len(self.names)

    def matrix(self, catalogue: Catalogue) -> np.ndarray:
        """Whether each record bears each label: (N, K) bool."""
        return catalogue.label_matrix(self.codes)

    def matrix_of(self, labels: Sequence[Sequence[str]]) -> np.ndarray:
        """The same of N lists of codes, a few records at a time: (N, K) bool."""
        rows = [[not of_record.isdisjoint(codes) for codes in self.codes] for of_record in map(set, labels)]
        return np.array(rows, dtype=bool).reshape(len(labels), len(self))

    def asked(self, catalogue: Catalogue, rows: np.ndarray) -> np.ndarray:
        """Those of these rows of a catalogue that bear a label at all: the records of a task."""
        return np.asarray(rows[self.matrix(catalogue.select(rows)).any(axis=1)])
