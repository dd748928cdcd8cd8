"""The texts that a text encoder is tuned on: a store's training reports, or a file of them, and their findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.packing import pack
from ecg_text.data.pieces import PieceEncoder
from ecg_text.data.store_header import CATALOGUE, read_header
from ecg_text.errors import DataError
from ecg_text.recipes.tune_text import TextPlan
from ecg_text.text.cleaning.encoding import decode
from ecg_text.text.cleaning.sources import PIPELINES
from ecg_text.text.rendering import render
from ecg_text.text.sentences import split_sentences

# How documents begin that may be letters and digits throughout; others have a NUL sign.
_DOCUMENTS = (b"%PDF-", b"{\\rtf")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Distinct texts in alphabetical order, to learn and to evaluate; findings are the learned ones, as written."""

    texts: tuple[str, ...]
    held_out: tuple[str, ...]
    findings: tuple[str, ...]
    source: str

    @property
    def facts(self) -> dict[str, Any]:
        """What must be the same of the texts for a run to go on with them, wherever they lie."""
        digest = sha256("\n".join((*self.texts, "", *self.held_out, "", *self.findings)).encode())
        return {
            "source": self.source,
            "num_texts": len(self.texts),
            "num_held_out": len(self.held_out),
            "texts_hash": digest.hexdigest()[:16],
        }


def read_corpus(path: Path, plan: TextPlan) -> Corpus:
    """The texts of a store's training split, or of a text file with one report a line.

    Raises DataError where there is neither, or no report in it.
    """
    source, reports = _of_store(path) if path.is_dir() else ("text file", _of_file(path))
    distinct = {report for report in reports if report}
    texts = set(_sequences((render(report, plan.rendering) for report in distinct), plan))
    if not texts:
        raise DataError(f"{path} has no report to learn from; give a store with reports, or a text file, one a line")
    held_out = {text for text in texts if is_held_out(text, plan.held_out)}
    if held_out == texts:
        raise DataError(f"{path} has {len(texts)} texts, all held out; give more, or a smaller data.held_out")
    return Corpus(
        texts=tuple(sorted(texts - held_out)),
        held_out=tuple(sorted(held_out)),
        findings=tuple(sorted(_findings(distinct, plan))),
        source=source,
    )


def is_held_out(text: str, share: float) -> bool:
    """Whether a text is evaluated and not learned: decided by its hash alone, so that every run decides the same."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") < share * 2.0**64


def fitted(texts: Iterable[str], tokenizer: PreTrainedTokenizerFast, window: int, pack_long: bool) -> list[str]:
    """The texts, and in place of each that is longer than the window several that are not; all distinct, in order."""
    if not pack_long:
        return list(texts)
    listed = list(texts)
    encoder = PieceEncoder(tokenizer)
    room = window - tokenizer.num_special_tokens_to_add()
    short: dict[str, None] = {}
    for text, size in zip(listed, encoder.count(listed), strict=True):
        short.update(dict.fromkeys([text] if size <= room else pack(text, encoder.count, room)))
    return list(short)


def _sequences(reports: Iterable[str], plan: TextPlan) -> Iterator[str]:
    for report in reports:
        if plan.reports and report:
            yield report
        if plan.findings:
            yield from split_sentences(report)


def _findings(reports: Iterable[str], plan: TextPlan) -> Iterator[str]:
    """The findings as written, without those that are held out, be it in their rendering."""
    for finding in {finding for report in reports for finding in split_sentences(report)}:
        if not any(is_held_out(text, plan.held_out) for text in (finding, render(finding, plan.rendering))):
            yield finding


def _of_store(folder: Path) -> tuple[str, list[str]]:
    """The cleaned reports of the training split; no signal is read."""
    header = read_header(folder)
    catalogue = Catalogue.read(folder / CATALOGUE, source=header["source"])
    rows = catalogue.where_split("train")
    if len(rows) == 0:
        raise DataError(f"{folder} has no record in its training split; prepare data with splits, or give a text file")
    return f"store of {header['source']}", [report or "" for report in catalogue.select(rows).column("report")]


def _of_file(path: Path) -> list[str]:
    if not path.is_file():
        raise DataError(f"there is no {path}; give a store made by ecg-text prepare, or a text file, one report a line")
    raw = path.read_bytes()
    if raw.startswith(_DOCUMENTS):
        raise DataError(f"{path} is a PDF or RTF document, no text file; save its reports as text, one a line, UTF-8")
    text, encoding = decode(raw)
    if "\0" in text:
        raise DataError(f"{path} is no text file (it has NUL signs, read as {encoding}); give one report a line, UTF-8")
    return [PIPELINES["folder"].clean(line).text for line in text.splitlines()]
