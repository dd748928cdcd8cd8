"""What a user types, as a prompt set: each SCP statement of PTB-XL by its own description, from the user's own copy.

The file (scp_statements.csv of PTB-XL, Wagner et al., 2020) comes with the data. Its descriptions were not made to be
asked, and nothing here was tuned on them: how a model answers to them tells how it will answer to a stranger.
"""

from __future__ import annotations

import csv
from pathlib import Path

from ecg_text.errors import PromptError
from ecg_text.text.prompt_files import default_opposite
from ecg_text.text.prompts import PromptLabel, PromptSet

NAME = "ptbxl-plain-names"
_CODE, _DESCRIPTION = "", "description"  # the columns; that of the codes has no name


def plain_names(path: Path) -> PromptSet:
    """Every SCP statement of PTB-XL with its lower-cased description as its only text.

    Raises PromptError where the file cannot be read, or is not scp_statements.csv.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(row.get(_CODE), row.get(_DESCRIPTION)) for row in csv.DictReader(file)]
    except OSError as error:
        raise PromptError(f"{path}: cannot be read ({error.strerror}); give PTB-XL's scp_statements.csv") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise PromptError(f"{path}: is no table ({error}); give PTB-XL's scp_statements.csv") from None
    if not rows or not all(code and description and description.strip() for code, description in rows):
        raise PromptError(
            f"{path}: has no code and description in every row; give PTB-XL's scp_statements.csv, as it comes"
        )
    labels = tuple(_label(str(code), str(description)) for code, description in rows)
    return PromptSet(name=NAME, version=1, labels=labels, sources=(f"descriptions in {path.name}",))


def _label(code: str, description: str) -> PromptLabel:
    asked = " ".join(description.lower().split())
    return PromptLabel(
        name=code, title=description, texts=(asked,), opposite=default_opposite(asked), codes={"scp": (code,)}
    )
