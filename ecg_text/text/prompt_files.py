"""Where a prompt set comes from: the package, a TOML file of the user's, or a few texts of the user's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from ecg_text.errors import PromptError, TextError
from ecg_text.text.prompts import DEFAULT_OPPOSITE, OWN_TEXTS, PromptLabel, PromptSet
from ecg_text.text.query import read_query

# What states normality has no opposite in it: it is measured against what a normal ECG excludes.
NORMALITY = re.compile(
    r"(?<!no )(?<!not )\b(?:normal(?:er|es)? (?:ecg|ekg|electrocardiogram|sinus rhythm)|within normal limits)\b"
)
OPPOSITE_OF_NORMAL = (
    "abnormal ecg",
    "myocardial infarction",
    "st segment depression",
    "left bundle branch block",
    "left ventricular hypertrophy",
    "atrial fibrillation",
)
SINUS_RHYTHM = re.compile(r"\b(?:sinus rhythm|sinusrhythmus|sinusrytm)\b")
OPPOSITE_OF_SINUS_RHYTHM = (
    "atrial fibrillation",
    "atrial flutter",
    "sinus tachycardia",
    "sinus bradycardia",
    "sinus arrhythmia",
    "pacemaker rhythm",
)

_FILE_NAME = re.compile(r"v([1-9]\d*)\.toml")
_PLACE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def list_prompt_sets() -> list[tuple[str, int]]:
    """Name and version of every packaged prompt set, in alphabetical order, then by version."""
    found = []
    for path in sorted(prompts_folder().glob("*/v*.toml")):
        match = _FILE_NAME.fullmatch(path.name)
        if match:
            found.append((path.parent.name, int(match[1])))
    return sorted(found)


def load_prompt_set(name_or_path: str | Path, version: int | None = None) -> PromptSet:
    """A packaged prompt set by name, in its latest version where none is given; or the set in a .toml file.

    Raises PromptError, in one line, where there is no such set or version, a file is asked for a version, or it is not
    a sound set; for a fault of its TOML the line and the column are told.
    """
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml"):
        if version is not None:
            raise PromptError(f"{name_or_path} is a file, which holds one version; leave out the version {version}")
        return _load_file(Path(name_or_path))
    known = list_prompt_sets()
    versions = [number for name, number in known if name == name_or_path]
    if not versions:
        names = ", ".join(sorted({name for name, _ in known})) or "none"
        raise PromptError(f"no prompt set {name_or_path!r}; known sets: {names}; or give the path of a .toml file")
    chosen = versions[-1] if version is None else version
    if chosen not in versions:
        raise PromptError(f"prompt set {name_or_path!r} has no version {chosen}; it has {versions}")
    prompts = _load_file(prompts_folder() / name_or_path / f"v{chosen}.toml")
    if (prompts.name, prompts.version) != (name_or_path, chosen):
        raise PromptError(f"{name_or_path}/v{chosen}.toml calls itself {prompts.name!r} version {prompts.version}")
    return prompts


def prompts_folder() -> Path:
    """Where the packaged sets lie: inside the installed package, or beside the package in the repository."""
    installed = Path(str(resources.files("ecg_text"))) / "prompts_data"
    return installed if installed.is_dir() else installed.parents[1] / "prompts"


def default_opposite(text: str) -> tuple[str, ...]:
    """What a text is measured against where nothing is stated: "normal ecg", or what a normal one excludes.

    It is read as a question is, so that "NSR" and "normalt ekg" state normality, too.
    """
    try:
        asked = read_query(text, english=True).text
    except TextError:
        return DEFAULT_OPPOSITE
    if NORMALITY.search(asked):
        return OPPOSITE_OF_NORMAL
    if SINUS_RHYTHM.fullmatch(asked):
        return OPPOSITE_OF_SINUS_RHYTHM
    return DEFAULT_OPPOSITE


def text_prompt_set(texts: Sequence[str], opposite: Sequence[str] = ()) -> PromptSet:
    """A user's own texts as a prompt set: each text is a label and its only prompt; opposite holds for all of them.

    Without an opposite each text gets its default_opposite. Raises PromptError where a text is empty, given twice, or
    its own opposite.
    """
    labels = [
        PromptLabel(name=text, title=text, texts=(text,), opposite=tuple(opposite) or default_opposite(text))
        for text in texts
    ]
    return PromptSet(name=OWN_TEXTS, version=1, labels=tuple(labels))


def _load_file(path: Path) -> PromptSet:
    try:
        written = path.read_bytes()
    except OSError as error:
        raise PromptError(f"{path}: cannot be read ({error.strerror}); give the path of a prompt set") from error
    document = _parse(path, _decoded(path, written))
    try:
        return PromptSet.from_dict(document)
    except PromptError as error:
        raise PromptError(f"{path}: {error}") from error


def _decoded(path: Path, written: bytes) -> str:
    """The file's text, without the mark that some editors put first. Raises PromptError where it is not UTF-8."""
    try:
        return written.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        lines = error.object[: error.start].decode("utf-8").split("\n")
        where = f"{path}, line {len(lines)}, column {len(lines[-1]) + 1}"
        wrong = f"0x{error.object[error.start]:02x} is not UTF-8"
        raise PromptError(f"{where}: the byte {wrong}; save the file in UTF-8") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = str(error)
        place = _PLACE.search(told)
        lines = text.replace("\r\n", "\n").split("\n")
        line, column = (len(lines), len(lines[-1]) + 1) if place is None or place["line"] is None else place.groups()
        what = " ".join(told[: place.start() if place else None].split())
        raise PromptError(
            f"{path}, line {line}, column {column}: {what[:1].lower()}{what[1:]}; mend the TOML"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets in thousands of brackets
        raise PromptError(f"{path}: TOML that cannot be read ({type(error).__name__}); mend the file") from error
