"""Passages of text files: plain text, logs, Markdown, JSON, JSON lines, CSV, HTML and XML."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ecg_text.data.phi_passage import Passage, text_pieces
from ecg_text.text.identifier_keys import kind_of_key

_MOST_JSON_BYTES = 64 * 2**20  # longer documents are read as text
_MOST_CELL = 1 << 24  # characters
# What our own files say of a job, not of a person.
_JOB_TIMES = (
    "created created_at time timestamp started started_at ended ended_at finished finished_at saved_at written_at date "
    "generated_at updated updated_at"
)
_OWN_FILES = "run.json training.json log.jsonl provenance.json facts.json store.json index.json config.json state.json"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?")
_LOG_STAMP = re.compile(rf"(?m)^[\[(]?(?={_MOMENT.pattern})\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d")
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)((?:\s[^<>]*)?)>([^<>]{0,4000})(?=<)")
_ATTRIBUTE = re.compile(r"""(?<![\w.-])([\w.-]{1,100})\s?=\s?["']([^"'<>]{1,1000})["']""")
_MOST_ELEMENT = 1 << 13  # characters of an element that are read behind the end of a piece
_TAG = re.compile(r"<[^<>]*>")
_HIDDEN = re.compile(r"data:[\w/+.-]{1,100};base64,[\w+/=]+")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")


def text_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """A text in overlapping pieces; in a .log, the moment that begins a line is the job's and is blanked."""
    is_log = path.suffix.lower() == ".log"
    for piece in text_pieces(path, encoding):
        yield replace(piece, text=_LOG_STAMP.sub(_blank, piece.text)) if is_log else piece


def json_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """Every string and number of a JSON document under its key; a damaged or huge one is read as text."""
    if path.stat().st_size > _MOST_JSON_BYTES:
        yield from text_pieces(path, encoding)
        return
    try:
        document = json.loads(path.read_text(encoding=encoding, errors="replace"))
    except (ValueError, RecursionError):
        yield from text_pieces(path, encoding)
        return
    yield from _values(document, "", "", _is_ours(path, document))


def json_lines_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """Every line of a log in JSON; one that is no JSON, or too long to be one, is read as text."""
    is_ours = _is_ours(path, None)
    with path.open(encoding=encoding, errors="replace") as file:
        for number, line in enumerate(iter(lambda: file.readline(_MOST_CELL), ""), start=1):
            try:
                document = json.loads(line)
            except (ValueError, RecursionError):
                yield Passage(text=line, place=f"line {number}")
            else:
                yield from _values(document, f"line {number}", "", is_ours)


def csv_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """Every cell of a table under its heading, separated by the sign that the heading has most of.

    From where it is no CSV on (a cell of more than 131072 characters), it is read as text, from its beginning.
    """
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        heading = file.readline(_MOST_CELL)
        file.seek(0)
        rows = csv.reader((line.replace("\0", "") for line in file), delimiter=max(",;\t|", key=heading.count))
        names: list[str] = []
        try:
            for number, row in enumerate(rows, start=1):
                if number == 1 and not any(cell[:1].isdigit() for cell in row):
                    # A table without a heading begins with a person, so these cells are texts, too.
                    names = [cell.strip() for cell in row]
                    yield from (Passage(text=name, place=f"column {n}, row 1") for n, name in enumerate(names, 1))
                    continue
                for column, cell in enumerate(row):
                    key = names[column] if column < len(names) else ""
                    if cell:
                        yield Passage(text=cell, place=f"{key or f'column {column + 1}'}, row {number}", key=key)
        except csv.Error:
            yield from text_pieces(path, encoding)


def markup_passages(path: Path, encoding: str) -> Iterator[Passage]:
    """XML and HTML without a parser, which a hostile file could exhaust: named elements, then the text without tags."""
    for piece in text_pieces(path, encoding, behind=_MOST_ELEMENT):
        text = _HIDDEN.sub(_blank, piece.text) if "base64," in piece.text else piece.text
        text = _CDATA.sub(_blank, text) if "CDATA" in text else text
        stop = len(text) if piece.stop is None else piece.stop
        for match in _ELEMENT.finditer(text, piece.start):
            if match.start() >= stop:
                break
            line = piece.first_line + text.count("\n", 0, match.start())
            yield from _element(match[1], match[2], match[3], line)
        # What stands before and behind the window is context here, too.
        plain = [_without_tags(part) for part in (text[: piece.start], text[piece.start : stop], text[stop:])]
        start = len(plain[0])
        yield Passage(text="".join(plain), first_line=piece.first_line, start=start, stop=start + len(plain[1]))


def _element(tag: str, attributes: str, content: str, line: int) -> Iterator[Passage]:
    if kind_of_key(tag) is not None and content.strip():
        yield Passage(text=html.unescape(content.strip()), place=f"line {line}", key=tag)
    for name, value in _ATTRIBUTE.findall(attributes):
        key = name
        if name.casefold() in ("value", "v", "content"):
            key = tag
        elif name == "extension" and tag == "id":  # HL7's instance identifier: the number that a root assigned
            key = "record number"
        if name.casefold() not in ("class", "style", "root", "xmlns", "code", "codesystem", "d", "points", "viewbox"):
            yield Passage(text=html.unescape(value), place=f"line {line}", key=key)


def _without_tags(text: str) -> str:
    """The text between tags, a bar for each tag, line breaks kept; elements that were named are left out."""
    text = _ELEMENT.sub(lambda match: "|" + "\n" * match[0].count("\n") if kind_of_key(match[1]) else match[0], text)
    return html.unescape(_TAG.sub(lambda match: "|" + "\n" * match[0].count("\n"), text))


def _values(value: Any, place: str, key: str, is_ours: bool) -> Iterator[Passage]:
    """The leaves of a JSON document; "name" and "id" take the key above them, as in patient.name."""
    if isinstance(value, dict):
        for name, item in value.items():
            full = f"{key} {name}" if name in ("name", "id", "number") and key and not is_ours else str(name)
            yield Passage(text=str(name), place=place or "a key")
            yield from _values(item, f"{place}, {name}" if place else str(name), full, is_ours)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, place, key, is_ours)
    elif isinstance(value, str):
        if not (is_ours and key in _JOB_TIMES.split() and _MOMENT.fullmatch(value)):
            yield Passage(text=value, place=place, key=key)
    elif isinstance(value, int | float) and not isinstance(value, bool) and kind_of_key(key) is not None:
        yield Passage(text=f"{value:.15g}", place=place, key=key)


def _is_ours(path: Path, document: Any) -> bool:
    """Whether a JSON file is one that ecg_text writes, so that its moments are those of a job."""
    stated = document.get("format") if isinstance(document, dict) else None
    return path.name in _OWN_FILES.split() or (isinstance(stated, str) and stated.startswith("ecg_text"))


def _blank(match: re.Match[str]) -> str:
    """As many blanks, so that everything else keeps its place."""
    return " " * len(match[0])
