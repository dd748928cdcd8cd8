"""What is wrong with a prompt set that can be read: faults of its own, and words that a tokenizer does not know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from ecg_text.errors import PromptError
from ecg_text.text.concepts import VOCABULARIES, known_codes
from ecg_text.text.prompts import PromptLabel, PromptSet

# An error is a fault of the set, a warning tells how a model reads it, a note what was not checked or is idle.
SEVERITIES = ("error", "warning", "note")
# Shorter words, such as the names of waves and leads, are single letters by right.
MIN_LETTERS = 3

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: how bad, of which kind ("repeated", "code" ...), with which label, in one sentence.

    Raises PromptError for a severity that is none.
    """

    severity: str
    kind: str
    label: str
    message: str

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise PromptError(f"no severity {self.severity!r}; choose one of {', '.join(SEVERITIES)}")

    def __str__(self) -> str:
        return f"{self.severity:<7}  {self.label}: {self.message}"


def lint_prompt_set(prompts: PromptSet) -> tuple[Finding, ...]:
    """The set's own faults, label by label: texts without a word or given twice, codes that nobody knows."""
    says: dict[str, str] = {}
    unchecked: set[str] = set()
    found: list[Finding] = []
    for label in prompts.labels:
        found += _wordless(label)
        found += _repeated(label, says)
        found += _codes(label, unchecked)
    return tuple(found)


def lint_wording(
    texts: Iterable[tuple[str, str]], pieces_of: Callable[[str], list[str]], unknown: str | None
) -> Iterator[Finding]:
    """Words that no piece of a tokenizer covers, each told once, with the first label that uses it.

    texts: pairs of a label's name and a text as the model reads it. pieces_of: the pieces of a word. unknown: the piece
    that stands for what has none, or None.
    """
    used_by: dict[str, str] = {}
    for label, text in texts:
        for word in _WORD.findall(text):
            used_by.setdefault(word, label)
    for word, label in used_by.items():
        pieces = pieces_of(word)
        if unknown is not None and unknown in pieces:
            message = f"{word!r} is unknown to the tokenizer, so that the model cannot read it; say it otherwise"
        elif len(word) >= MIN_LETTERS and word.isalpha() and len(pieces) >= len(word):
            message = f"{word!r} falls into single letters, so that the model hardly knows it; say it otherwise"
        else:
            continue
        yield Finding(severity="warning", kind="wording", label=label, message=message)


def as_compared(text: str) -> str:
    """A text as two texts are compared: in lower case, one space between words."""
    return " ".join(text.lower().split())


def _wordless(label: PromptLabel) -> Iterator[Finding]:
    for text in (*label.texts, *label.opposite):
        if not _WORD.search(text):
            message = f"{text!r} holds no word; say what to look for"
            yield Finding(severity="error", kind="no word", label=label.name, message=message)


def _repeated(label: PromptLabel, says: dict[str, str]) -> Iterator[Finding]:
    """Texts that are equal for a model, which reads lower case; says: text -> label of all labels before this one."""

    def fault(message: str) -> Finding:
        return Finding(severity="error", kind="repeated", label=label.name, message=message)

    own: set[str] = set()
    for text in label.texts:
        read = as_compared(text)
        if says.get(read, label.name) != label.name:
            yield fault(f"{text!r} is said of {says[read]}, too; let each text say one label")
        elif read in own:
            yield fault(f"{text!r} is given twice but for case or spaces; give it once")
        says.setdefault(read, label.name)
        own.add(read)
    opposed: set[str] = set()
    for text in label.opposite:
        read = as_compared(text)
        if read in own:
            yield fault(f"{text!r} is among its texts and its opposite; keep it in one")
        elif read in opposed:
            yield fault(f"{text!r} is given twice in its opposite but for case or spaces; give it once")
        opposed.add(read)


def _codes(label: PromptLabel, unchecked: set[str]) -> Iterator[Finding]:
    """Codes that are unknown or given twice; unchecked: vocabularies of which it was told that nobody knows them."""
    for vocabulary, codes in label.codes.items():
        if vocabulary not in VOCABULARIES and vocabulary not in unchecked:
            unchecked.add(vocabulary)
            message = f"the codes of {vocabulary!r} are not checked; known vocabularies: {', '.join(VOCABULARIES)}"
            yield Finding(severity="note", kind="code", label=label.name, message=message)
        known = known_codes(vocabulary) if vocabulary in VOCABULARIES else dict.fromkeys(codes)
        for code, times in Counter(codes).items():
            if code not in known:
                near = [] if code.isdigit() else get_close_matches(code, known, n=1)
                advice = f"is it {near[0]}?" if near else "see the table of concepts"
                message = f"{code!r} is no {vocabulary} code that is known; {advice}"
                yield Finding(severity="error", kind="code", label=label.name, message=message)
            if times > 1:
                message = f"the code {code!r} is given twice; give it once"
                yield Finding(severity="error", kind="code", label=label.name, message=message)
