"""A text too long for the window becomes several that fit, so that nothing of it is cut away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ecg_text.text.sentences import SEPARATOR, split_sentences

CountPieces = Callable[[Sequence[str]], Sequence[int]]


def pack(text: str, count_pieces: CountPieces, window: int) -> tuple[str, ...]:
    """The findings of a text, in order, as many to a part as the window of word pieces holds.

    count_pieces gives the word pieces of each string, without special ones. A finding longer than the window is
    broken between words. The time is linear in the length of the text.
    """
    findings = list(split_sentences(text))
    separator = count_pieces([SEPARATOR])[0]
    parts: list[str] = []
    for finding, size in zip(findings, count_pieces(findings), strict=True):
        if size > window:
            words = finding.split()
            parts += _joined(words, count_pieces(words), " ", 0, window)
        else:
            parts.append(finding)
    return tuple(_joined(parts, count_pieces(parts), SEPARATOR, separator, window))


def _joined(parts: Sequence[str], sizes: Sequence[int], between: str, between_size: int, window: int) -> list[str]:
    """Neighbours joined for as long as they fit the window together."""
    joined: list[list[str]] = []
    filled = 0
    for part, size in zip(parts, sizes, strict=True):
        if joined and filled + between_size + size <= window:
            joined[-1].append(part)
            filled += between_size + size
        else:
            joined.append([part])
            filled = size
    return [between.join(group) for group in joined]
