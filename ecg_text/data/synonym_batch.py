"""Pairs of wordings become a batch in which each distinct text is encoded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ecg_text.data.pieces import PieceEncoder

NO_TEXT = -1
BLOCK = 48  # texts that are padded to one length


@dataclass(frozen=True, kw_only=True)
class SynonymRow:
    """Two wordings of one meaning, the number of that meaning, and sentences that say something else in like words."""

    a: str
    b: str
    meaning: int
    contrasts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class SynonymBatch:
    """The distinct texts in blocks of like length, and the rows that are made of them.

    A block is (input_ids, attention_mask), (R, L) each; texts are numbered through all blocks. a (P,) and b (P,) are
    text numbers, negatives (P, K) too, NO_TEXT for none; meaning (P,) is equal where it is one. label_a (W,) and
    label_b (W,) are texts of one label of a prompt set each, all labels different.
    """

    blocks: tuple[tuple[Tensor, Tensor], ...]
    a: Tensor
    b: Tensor
    negatives: Tensor
    meaning: Tensor
    label_a: Tensor
    label_b: Tensor

    def to(self, device: torch.device | str) -> SynonymBatch:
        """The same batch on a device."""
        return SynonymBatch(
            blocks=tuple((ids.to(device), mask.to(device)) for ids, mask in self.blocks),
            a=self.a.to(device),
            b=self.b.to(device),
            negatives=self.negatives.to(device),
            meaning=self.meaning.to(device),
            label_a=self.label_a.to(device),
            label_b=self.label_b.to(device),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class SynonymCollate:
    """num_rows rows from sample(generator), with at most num_negatives of their contrasts, drawn by chance.

    label_pairs(generator), where given, makes the pairs of texts of one label.
    """

    sample: Callable[[np.random.Generator], SynonymRow]
    encoder: PieceEncoder
    num_rows: int
    num_negatives: int
    label_pairs: Callable[[np.random.Generator], list[tuple[str, str]]] | None = None

    def __call__(self, generator: np.random.Generator) -> SynonymBatch:
        """A batch; chance comes from the generator alone."""
        return self.collate([self.sample(generator) for _ in range(self.num_rows)], generator)

    def collate(self, rows: list[SynonymRow], generator: np.random.Generator) -> SynonymBatch:
        """These rows as a batch."""
        chosen = [self._drawn(row.contrasts, generator) for row in rows]
        labels = [] if self.label_pairs is None else self.label_pairs(generator)
        told = [text for row, others in zip(rows, chosen, strict=True) for text in (row.a, row.b, *others)]
        texts = sorted({*told, *(text for pair in labels for text in pair)})
        encoded = self.encoder.encode(texts)
        order = sorted(range(len(texts)), key=lambda k: len(encoded[k].ids))
        number = {texts[k]: place for place, k in enumerate(order)}
        negatives = np.full((len(rows), self.num_negatives), NO_TEXT, dtype=np.int64)
        for places, others in zip(negatives, chosen, strict=True):
            places[: len(others)] = [number[text] for text in others]
        cuts = range(0, len(order), BLOCK)
        return SynonymBatch(
            blocks=tuple(self._block([encoded[k].ids for k in order[cut : cut + BLOCK]]) for cut in cuts),
            a=torch.tensor([number[row.a] for row in rows]),
            b=torch.tensor([number[row.b] for row in rows]),
            negatives=torch.from_numpy(negatives),
            meaning=torch.tensor([row.meaning for row in rows], dtype=torch.int64),
            label_a=torch.tensor([number[text] for text, _ in labels], dtype=torch.int64),
            label_b=torch.tensor([number[text] for _, text in labels], dtype=torch.int64),
        )

    def _drawn(self, contrasts: tuple[str, ...], generator: np.random.Generator) -> list[str]:
        return [contrasts[k] for k in generator.permutation(len(contrasts))[: self.num_negatives]]

    def _block(self, pieces: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Texts side by side, padded to the longest of them: (R, L) int64 each."""
        lengths = np.array([len(text) for text in pieces])
        real = np.arange(lengths.max()) < lengths[:, None]
        ids = np.full(real.shape, self.encoder.pad_id, dtype=np.int64)
        ids[real] = [piece for text in pieces for piece in text]
        return torch.from_numpy(ids), torch.from_numpy(real.astype(np.int64))
