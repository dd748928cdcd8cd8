"""What a user types, as a prompt set: each SCP statement of PTB-XL by its own description. It is not to be committed.

    python scripts/plain_names.py SCP_STATEMENTS_CSV OUT.toml

Evaluate it as any other set, or without this file: `ecg-text evaluate MODEL --protocol plain-names --statements ...`.
"""

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path

from ecg_text.text.plain_names import plain_names
from ecg_text.text.prompts import PromptSet


def to_toml(prompts: PromptSet) -> str:
    """The set as a prompt-set file; a JSON string is a TOML string too."""
    lines = [f"name = {_quoted(prompts.name)}", f"version = {prompts.version}", f"sources = {_list(prompts.sources)}"]
    for label in prompts.labels:
        lines += [
            "",
            "[[label]]",
            f"name = {_quoted(label.name)}",
            f"title = {_quoted(label.title)}",
            f"texts = {_list(label.texts)}",
            f"opposite = {_list(label.opposite)}",
            f"codes = {{ scp = {_list(label.codes['scp'])} }}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"


def main() -> None:
    """Write the set to a .toml file, whole or not at all, and say so."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("statements", metavar="SCP_STATEMENTS_CSV", type=Path)
    parser.add_argument("out", metavar="OUT.toml", type=Path)
    asked = parser.parse_args()
    prompts = plain_names(asked.statements)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    temporary = asked.out.with_name(asked.out.name + ".tmp")
    temporary.write_text(to_toml(prompts), encoding="utf-8")
    os.replace(temporary, asked.out)
    print(f"{asked.out}: {len(prompts.labels)} labels, hash {prompts.hash}")


if __name__ == "__main__":
    main()
