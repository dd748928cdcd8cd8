"""What a Markdown document shows: its commands, its Python, its links and its headings, each with where it stands."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=indent)```[ ]*$", re.M | re.S)
CODE_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*([^)\s]+)[^)]*\)|<img\b[^>]*\bsrc=[\"']([^\"']+)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
PROGRAM = "ecg-text"
MODULE = ["-m", "ecg_text"]


@dataclass(frozen=True)
class Document:
    """A Markdown file, by its path and its text."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> Document:
        """The document in a file."""
        return cls(path, path.read_text(encoding="utf-8"))

    @property
    def prose(self) -> str:
        """The text without its blocks of code, whose lines are left empty."""
        return FENCE.sub(lambda found: "\n" * found[0].count("\n"), self.text)

    def blocks(self, language: str) -> Iterator[tuple[int, str]]:
        """The blocks of code in a language: the line each begins after, and the code."""
        for found in FENCE.finditer(self.text):
            if found["language"] == language:
                code = re.sub(rf"^{found['indent']}", "", found["code"], flags=re.M)
                yield self._line(found.start()), code

    def commands(self) -> Iterator[tuple[int, list[str]]]:
        """The arguments of every ecg-text in the blocks that a reader copies, without the name of the program."""
        for line, code in self.blocks("bash"):
            for command in simple_commands(code):
                if (arguments := arguments_of(command)) is not None:
                    yield line, arguments

    def mentions(self) -> Iterator[tuple[int, list[str]]]:
        """The arguments of every ecg-text between single backticks: a whole command, or the name of a verb."""
        for found in CODE_SPAN.finditer(self.prose):
            for command in simple_commands(" ".join(found[1].split())):
                if (arguments := arguments_of(command)) is not None:
                    yield self._line_of_prose(found.start()), arguments

    def links(self) -> Iterator[tuple[int, str]]:
        """The targets of links and pictures that are not on another's server."""
        prose = CODE_SPAN.sub(lambda found: " " * len(found[0]), self.prose)
        for found in LINK.finditer(prose):
            target = found[1] or found[2]
            if not OUTSIDE.match(target):
                yield prose.count("\n", 0, found.start()) + 1, target

    def anchors(self) -> set[str]:
        """What its headings are called in a link."""
        return {slug(title) for title in HEADING.findall(self.prose)}

    def _line(self, place: int) -> int:
        return self.text.count("\n", 0, place) + 1

    def _line_of_prose(self, place: int) -> int:
        return self.prose.count("\n", 0, place) + 1


def slug(title: str) -> str:
    """A heading as Python-Markdown, and for the same letters GitHub, name it: "Any file, safely" -> any-file-safely."""
    plain = unicodedata.normalize("NFKD", re.sub(r"[`*]", "", title)).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def simple_commands(script: str) -> Iterator[list[str]]:
    """The words of each command of a shell script; what separates commands, pipes and redirections end one."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if set(word) <= set("();<>|&"):
                yield words
                words = []
            else:
                words.append(word)
        yield words


def arguments_of(command: Sequence[str]) -> list[str] | None:
    """What ecg-text is given, None of a command that is another: variables may come first, or a launcher."""
    words = list(command)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    if words[:1] == [PROGRAM]:
        return words[1:]
    for place in range(len(words) - 1):
        if words[0] in ("accelerate", "python") and words[place : place + 2] == MODULE:
            return words[place + 2 :]
    return None
