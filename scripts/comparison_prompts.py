"""Prompt sets for comparison only, made from other people's words on your own disk: nothing here is to be committed.

    python scripts/comparison_prompts.py plain SCP_STATEMENTS_CSV OUT.toml    what a user types: each statement's name
    python scripts/comparison_prompts.py ckepe PROMPTS_JSON OUT_DIR           MERL's class texts, one set for each task

Evaluate them as any other set: `ecg-text evaluate MODEL --prompts OUT.toml ...`; for plain names add
`--rows all --min-positives 15`.
"""

import argparse
import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path

from ecg_text.text.prompt_files import default_opposite, load_prompt_set
from ecg_text.text.prompts import PromptLabel, PromptSet

# The label sets of the published prompts, and our packaged set that knows the codes of the same labels.
TASKS = {
    "ptbxl_super_class": "ptbxl-superclass",
    "ptbxl_sub_class": "ptbxl-subclass",
    "ptbxl_form": "ptbxl-form",
    "ptbxl_rhythm": "ptbxl-rhythm",
}


def plain(statements: Path) -> PromptSet:
    """Every SCP statement of PTB-XL with its lower-cased description as its only text."""
    with statements.open(newline="", encoding="utf-8") as file:
        rows = [(row[""], row["description"]) for row in csv.DictReader(file)]
    labels = tuple(_label(code, description, description, (code,)) for code, description in rows)
    return PromptSet(
        name="ptbxl-plain-names", version=1, labels=labels, sources=(f"descriptions in {statements.name}",)
    )


def ckepe(prompts: Path) -> list[PromptSet]:
    """The class texts of MERL for the four tasks of PTB-XL; codes are those of our own sets, by label name."""
    published = json.loads(prompts.read_text(encoding="utf-8"))
    sets = []
    for task, ours in TASKS.items():
        codes = load_prompt_set(ours)
        labels = tuple(
            _label(name, name, published["class_texts"][name], codes.label(name).codes["scp"])
            for name in published["label_sets"][task]
        )
        sources = (f"class texts of MERL (Liu et al., ICML 2024) in {prompts.name}",)
        sets.append(PromptSet(name=f"ckepe-{ours}", version=1, labels=labels, sources=sources))
    return sets


def _label(name: str, title: str, text: str, codes: tuple[str, ...]) -> PromptLabel:
    asked = " ".join(text.lower().split())
    return PromptLabel(name=name, title=title, texts=(asked,), opposite=default_opposite(asked), codes={"scp": codes})


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


def write(prompts: PromptSet, path: Path) -> None:
    """Write the set to a .toml file, whole or not at all, and say so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(to_toml(prompts), encoding="utf-8")
    os.replace(temporary, path)
    print(f"{path}: {len(prompts.labels)} labels, hash {prompts.hash}")


def main() -> None:
    """Run one of the two journeys."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    journeys = parser.add_subparsers(dest="journey", required=True)
    for name, given, made in (("plain", "SCP_STATEMENTS_CSV", "OUT.toml"), ("ckepe", "PROMPTS_JSON", "OUT_DIR")):
        journey = journeys.add_parser(name)
        journey.add_argument("given", metavar=given, type=Path)
        journey.add_argument("made", metavar=made, type=Path)
    asked = parser.parse_args()
    if asked.journey == "plain":
        write(plain(asked.given), asked.made)
    else:
        for prompts in ckepe(asked.given):
            write(prompts, asked.made / f"{prompts.name}.toml")


if __name__ == "__main__":
    main()
