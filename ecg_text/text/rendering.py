"""In which words a report is read: as it was written, or in English."""

from __future__ import annotations

from ecg_text.errors import ConfigError
from ecg_text.text.english.translate import to_english

ORIGINAL, ENGLISH = "original", "english"
RENDERINGS = (ORIGINAL, ENGLISH)


def render(report: str, rendering: str) -> str:
    """A cleaned report in a rendering; what the translation does not know is kept as it is.

    Raises ConfigError for a rendering that is none.
    """
    check_rendering(rendering)
    return to_english(report).text if rendering == ENGLISH else report


def check_rendering(rendering: str) -> None:
    """Raises ConfigError where there is no such rendering."""
    if rendering not in RENDERINGS:
        raise ConfigError(f"there is no rendering {rendering!r}; choose one of {', '.join(RENDERINGS)}")
