"""What is raised over a damaged file becomes our own error, in one short line that steers no terminal."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecg_text.errors import EcgTextError, MissingPackageError, SignalError

MOST_SIGNS = 480
_MOST_REASON_SIGNS = 160
# What a library may say of a file in its own words: none of these texts can repeat a word of the file.
_HARMLESS = re.compile(
    r"it has no numbers|a header of \d+ bytes|it has both decimal points and commas|"
    r"(File is )?not a (zip|gzip|bzip2|lzma|tar) file|"
    r"file could not be opened successfully.*|(Compressed file|EOF).{0,20}ended before the end-of-stream marker.{0,20}|"
    r"(unexpected|invalid|truncated|missing|premature) (end of (data|file|header)|header|EOF)|bad checksum|"
    r"buffer (size )?(is smaller than requested size|must be a multiple of element size)|"
    r"(unpack|unpack_from) requires a buffer of (at least )?\d+ bytes.{0,80}|"
    r"cannot (reshape array of size \d+ into shape [\d,() ]+|mmap an empty file)|"
    r"Error -?\d+ while (de)?compressing data: [a-z -]{0,40}|Bad CRC-32.{0,5}|"
    r"(not well-formed \(invalid token\)|no element found|mismatched tag|syntax error|unclosed token|junk after "
    r"document element|undefined entity|unclosed CDATA section): line \d+, column \d+|"
    r"(Expecting [a-z ',:]{1,40}|Extra data|Unterminated string starting at): line \d+ column \d+ \(char \d+\)|"
    r"the number of columns changed from \d+ to \d+ at row \d+.{0,60}"
)
_ROW_OF_TABLE = re.compile(r"could not convert string .* (at row \d+, column \d+)\.?", re.DOTALL)
_NEEDED_BEHIND = 2  # of three parts of a cut message, the part that is kept of its end, where the advice stands


@contextmanager
def refusing(path: Path, what: str, advice: str = "get the original file") -> Iterator[list[str]]:
    """Inside the block, an error of any other kind than ours is raised as SignalError: 'path: what (why); advice'.

    Why is told without a word of the file; see told_error. Warnings of libraries are caught; afterwards their texts
    stand in the list that is given, which may quote the file: they are to be matched, not told. Our own errors pass,
    in one line. Raises MissingPackageError where an optional package is absent.
    """
    warned: list[str] = []
    try:
        with in_one_line(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield warned
        warned += [one_line(str(warning.message)) for warning in caught]
    except EcgTextError:
        raise
    except ImportError as error:
        reason = f"{path}: {what} without a package ({told_error(error)})"
        raise MissingPackageError(plain(f"{reason}; pip install 'ecg-text[formats]'")) from error
    except Exception as error:
        raise SignalError(plain(f"{path}: {what} ({told_error(error)}); {advice}")) from error


@contextmanager
def in_one_line() -> Iterator[None]:
    """Inside the block, an error of ours whose message is too long or not printable is raised with a plain one."""
    try:
        yield
    except EcgTextError as error:
        if str(error) == plain(str(error)):
            raise
        raise type(error)(plain(str(error))) from error


def one_line(text: str) -> str:
    """A library's text in one line of at most 160 signs, all of them printable."""
    return plain(" ".join(text.split()), _MOST_REASON_SIGNS)


def plain(text: str, most_signs: int = MOST_SIGNS) -> str:
    """The text with escapes for what is not printable, and without its middle where it is longer than most_signs."""
    if len(text) <= most_signs and text.isprintable():
        return text
    # Nothing further in is looked at: a name out of a file may have millions of letters.
    ends = text if len(text) <= 2 * most_signs else text[:most_signs] + text[-most_signs:]
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in ends)
    if len(shown) <= most_signs:
        return shown
    behind = most_signs * _NEEDED_BEHIND // 3
    return f"{shown[: most_signs - behind - 3]}...{shown[-behind:]}"


def told_error(error: BaseException) -> str:
    """Why a library gave up, without a word of the file: by the error's type, and its text where that is harmless.

    A text like "could not convert string to float: 'Doe'" names a person, and a message ends up in tables and logs.
    """
    if isinstance(error, OSError) and error.strerror and error.errno is not None:
        return one_line(error.strerror) if re.fullmatch(r"[A-Z][A-Za-z ()/-]{1,60}", error.strerror) else "OSError"
    if isinstance(error, ImportError) and error.name:
        return f"no package {plain(error.name, _MOST_REASON_SIGNS)}"
    text = one_line(str(error)) if len(str(error)) <= _MOST_REASON_SIGNS else ""
    if _HARMLESS.fullmatch(text.rstrip(".")) is not None:
        return text
    row = _ROW_OF_TABLE.fullmatch(text)
    return f"no number {row[1]}" if row else type(error).__name__
