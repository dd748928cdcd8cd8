"""ecg-text prompts: which questions are packaged, what they say, and whether a file of one's own is sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ecg_text.cli.common import print_json, print_table, say
from ecg_text.errors import PromptError

if TYPE_CHECKING:
    from ecg_text.text.prompts import PromptLabel, PromptSet

prompts_app = typer.Typer(help="List, show and check prompt sets: what a model is asked.", no_args_is_help=True)


@prompts_app.command("list")
def list_sets(as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout.")) -> None:
    """List the packaged prompt sets.

    Example: `ecg-text prompts list`
    """
    from ecg_text.text.prompts import list_prompt_sets, load_prompt_set

    sets = [load_prompt_set(name, version) for name, version in list_prompt_sets()]
    if as_json:
        print_json([{**_heading(prompts), "labels": list(prompts.names)} for prompts in sets])
        return
    rows = [(prompts.name, str(prompts.version), str(len(prompts.labels)), prompts.hash) for prompts in sets]
    print_table(("set", "version", "labels", "hash"), rows, right=("version", "labels"))


@prompts_app.command()
def show(
    prompts: str = typer.Argument(..., metavar="SET", help="A packaged set by name, or a .toml file."),
    version: int | None = typer.Option(None, help="Of a packaged set; the latest where left out."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Show the labels of a prompt set, with the texts that say each and those that say its opposite.

    Example: `ecg-text prompts show ptbxl-rhythm`
    """
    from ecg_text.text.prompts import load_prompt_set

    chosen = load_prompt_set(prompts, version)
    if as_json:
        print_json({**_heading(chosen), **chosen.to_dict()})
        return
    say(f"{chosen.name} version {chosen.version}, {len(chosen.labels)} labels, hash {chosen.hash}")
    for label in chosen.labels:
        say()
        _tell(label)


@prompts_app.command()
def lint(
    file: Path = typer.Argument(..., help="A prompt set in a .toml file."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Check a prompt set strictly: every key, every text, and no text that says two labels.

    Example: `ecg-text prompts lint mine.toml`
    """
    from ecg_text.text.prompts import load_prompt_set

    prompts = load_prompt_set(file)
    doubts = list(_ambiguous(prompts))
    if doubts:
        more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        raise PromptError(f"{file}: {doubts[0]}{more}; let each text say one label")
    if as_json:
        print_json({**_heading(prompts), "num_labels": len(prompts.labels), "ok": True})
        return
    num_texts = sum(len(label.texts) for label in prompts.labels)
    say(f"{file}: sound; {prompts.name} version {prompts.version}, {len(prompts.labels)} labels, {num_texts} texts")
    say(f"hash {prompts.hash}")


def _heading(prompts: PromptSet) -> dict[str, object]:
    return {"name": prompts.name, "version": prompts.version, "hash": prompts.hash}


def _tell(label: PromptLabel) -> None:
    codes = ", ".join(f"{vocabulary} {' '.join(listed)}" for vocabulary, listed in label.codes.items())
    say(f"{label.name}  {label.title}" + (f"  ({codes})" if codes else ""))
    for what, texts in (("says   ", label.texts), ("against", label.opposite)):
        for text in texts:
            say(f"  {what}  {text}")


def _ambiguous(prompts: PromptSet) -> Iterator[str]:
    """Texts a model reads as the same (it lower-cases them) although they are given more than once."""
    says: dict[str, str] = {}
    for label in prompts.labels:
        for text in label.texts:
            read = " ".join(text.lower().split())
            first = says.setdefault(read, label.name)
            if first != label.name:
                yield f"{text!r} says both {first!r} and {label.name!r}"
        own = [" ".join(text.lower().split()) for text in label.texts]
        for read in sorted({read for read in own if own.count(read) > 1}):
            yield f"label {label.name!r} gives {read!r} twice but for case or spaces"
