"""ecg-text prompts: which questions are packaged, what they say, and whether a set is sound and a model can read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from ecg_text.cli.asking import MODEL_HELP, load_model
from ecg_text.cli.common import complain, excerpt, print_json, print_table, quiet_libraries, remark, say

if TYPE_CHECKING:
    from ecg_text.hub.prompt_check import TextReader
    from ecg_text.models.contrast import EncodeTexts
    from ecg_text.text.prompt_lint import Finding
    from ecg_text.text.prompts import PromptLabel, PromptSet

# That of ecg_text.hub.prompt_check, which is too heavy to import for a help text.
_BOUND = 0.95
_WIDTH = 80  # of a text in a line of the lint; the JSON has it whole
_OF_MODEL = "labels alike, words unknown and texts too long are checked with --model"
_SET = typer.Argument(..., metavar="SET", help="A packaged set by name, or a .toml file.")
_VERSION = typer.Option(None, help="Of a packaged set; the latest where left out.")
_JSON = typer.Option(False, "--json", help="One JSON document on stdout.")

prompts_app = typer.Typer(help="List, show and check prompt sets: what a model is asked.", no_args_is_help=True)


@prompts_app.command("list")
def list_sets(as_json: bool = _JSON) -> None:
    """List the packaged prompt sets.

    Example: `ecg-text prompts list`
    """
    from ecg_text.text.prompt_files import list_prompt_sets, load_prompt_set

    sets = [load_prompt_set(name, version) for name, version in list_prompt_sets()]
    if as_json:
        print_json([{**_heading(prompts), "labels": list(prompts.names)} for prompts in sets])
        return
    rows = [(prompts.name, str(prompts.version), str(len(prompts.labels)), prompts.hash) for prompts in sets]
    print_table(("set", "version", "labels", "hash"), rows, right=("version", "labels"))


@prompts_app.command()
def show(prompts: str = _SET, version: int | None = _VERSION, as_json: bool = _JSON) -> None:
    """Show the labels of a prompt set, with the texts that say each and those that say its opposite.

    Example: `ecg-text prompts show ptbxl-rhythm`
    """
    from ecg_text.text.prompt_files import load_prompt_set

    chosen = load_prompt_set(prompts, version)
    if as_json:
        print_json({**_heading(chosen), **chosen.to_dict()})
        return
    say(_title(chosen))
    say(f"each label is asked by the {chosen.ensemble}")
    for label in chosen.labels:
        say()
        _tell(label)


@prompts_app.command()
def lint(
    prompts: str = _SET,
    version: int | None = _VERSION,
    model: str | None = typer.Option(
        None, help=f"Whether this model, or a text encoder alone, can read the set: {MODEL_HELP.lower()}"
    ),
    bound: float = typer.Option(_BOUND, min=-1.0, max=1.0, help="Cosine over which two labels are one for the model."),
    strict: bool = typer.Option(False, "--strict", help="Refuse for warnings, too."),
    as_json: bool = _JSON,
) -> None:
    """Check a prompt set: its own faults are errors; what a model does not see of it are warnings.

    Example: `ecg-text prompts lint mine.toml --model run/model`

    Errors: a key that is unknown, a text or label given twice, a text of two labels, a code that nobody knows. Warnings
    (with --model): labels whose texts have a cosine over the bound, words without a piece of the tokenizer, texts that
    are longer than the model's window.
    """
    from ecg_text.text.prompt_files import load_prompt_set
    from ecg_text.text.prompt_lint import lint_prompt_set

    chosen = load_prompt_set(prompts, version)
    findings = lint_prompt_set(chosen)
    refusing = [one for one in findings if one.severity == "error"]
    of_model: dict[str, Any] = {}
    if model is not None and not refusing:
        more, of_model = _with_model(model, chosen, bound)
        findings += more
        refusing = [one for one in more if strict and one.severity == "warning"]
    if as_json:
        told = [{name: getattr(one, name) for name in ("severity", "kind", "label", "message")} for one in findings]
        print_json({**_heading(chosen), **_sizes(chosen), "ok": not refusing, "findings": told, **of_model})
    else:
        _tell_lint(chosen, findings, of_model)
    if refusing:
        severity = refusing[0].severity
        complain(
            f"{prompts} is refused for {len(refusing)} {severity}{'' if len(refusing) == 1 else 's'}; see its findings"
        )
        raise typer.Exit(1)


def _with_model(model: str, prompts: PromptSet, bound: float) -> tuple[tuple[Finding, ...], dict[str, Any]]:
    """A model's findings, and what the JSON says of it."""
    from ecg_text.hub.prompt_check import check_with_model, own_label_first

    encode, reader, origin, revision = _reader(model)
    own = own_label_first(encode, prompts)
    told = {
        "model": origin or model,
        "model_revision": revision,
        "bound": bound,
        "own_label_first": {
            "share": own.share,
            "num_texts": own.num_texts,
            "astray": [{"text": text, "label": label, "nearest": nearest} for text, label, nearest in own.strays],
        },
    }
    return check_with_model(encode, reader, prompts, bound), told


def _reader(model: str) -> tuple[EncodeTexts, TextReader, str, str]:
    """What reads the texts, a model or a text encoder alone: vectors, word pieces, where on a hub from, revision."""
    quiet_libraries()
    from ecg_text.hub.text_encoder import is_text_encoder, load_text_encoder

    if is_text_encoder(model):
        encoder = load_text_encoder(model)
        return encoder.embed_texts, encoder, encoder.origin, encoder.revision
    embedder = load_model(model)
    return embedder.embed_texts, embedder.processor, embedder.origin, embedder.revision


def _heading(prompts: PromptSet) -> dict[str, object]:
    return {"name": prompts.name, "version": prompts.version, "hash": prompts.hash}


def _sizes(prompts: PromptSet) -> dict[str, int]:
    return {"num_labels": len(prompts.labels), "num_texts": sum(len(label.texts) for label in prompts.labels)}


def _title(prompts: PromptSet) -> str:
    labels, texts = _sizes(prompts).values()
    sizes = f"{labels} label{'' if labels == 1 else 's'}, {texts} text{'' if texts == 1 else 's'}"
    return f"{prompts.name} version {prompts.version}, {sizes}, hash {prompts.hash}"


def _tell(label: PromptLabel) -> None:
    codes = ", ".join(f"{vocabulary} {' '.join(listed)}" for vocabulary, listed in label.codes.items())
    say(f"{label.name}  {label.title}" + (f"  ({codes})" if codes else ""))
    for what, texts in (("says   ", label.texts), ("against", label.opposite)):
        for text in texts:
            say(f"  {what}  {text}")


def _tell_lint(prompts: PromptSet, findings: Sequence[Finding], of_model: dict[str, Any]) -> None:
    from ecg_text.text.prompt_lint import SEVERITIES

    say(_title(prompts))
    for one in findings:
        say(str(one))
    count = Counter(one.severity for one in findings)
    numbers = ", ".join(f"{count[name]} {name}{'' if count[name] == 1 else 's'}" for name in SEVERITIES)
    say(("not sound: " if count["error"] else "sound: ") + numbers)
    if not of_model:
        remark(_OF_MODEL)
        return
    own = of_model["own_label_first"]
    if own["num_texts"]:
        say(f"own label first: {100 * own['share']:.1f} % of {own['num_texts']} texts, model {of_model['model']}")
    for stray in own["astray"]:
        say(f"  {excerpt(stray['text'], _WIDTH)!r} of {stray['label']} is nearest to {stray['nearest']}")
