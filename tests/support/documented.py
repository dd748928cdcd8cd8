"""Whether what a document shows is there: a command is asked and not run, Python is read and not imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ecg_text.cli.evaluate_asked import Asked
from ecg_text.cli.evaluate_tasks import misuse
from ecg_text.text.prompt_files import list_prompt_sets
from tests.support.documents import Document


def verb_of(program: Any, arguments: Sequence[str]) -> tuple[str, Any, list[str]]:
    """The verb that arguments name, the last command on the way to it, and the arguments that are its own."""
    name, command, rest = "", program, list(arguments)
    while hasattr(command, "commands") and rest and rest[0] in command.commands:
        name, command = f"{name} {rest[0]}".strip(), command.commands[rest.pop(0)]
    return name, command, rest


def refusal(program: Any, arguments: Sequence[str], *, is_whole: bool) -> str | None:
    """Why ecg-text would not begin with these arguments, None where it would; it is asked, and nothing is run.

    Where is_whole is false, something that it needs may be missing.
    """
    name, command, rest = verb_of(program, arguments)
    if hasattr(command, "commands"):
        if rest and rest[0] not in known_options(command):
            return f"there is no verb {rest[0]!r}"
        return None if rest or not is_whole else "no verb is given"
    if rest in (["--help"], ["-h"]):
        return None
    try:
        context = command.make_context(name, list(rest))
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return None if type(error).__name__ == "MissingParameter" and not is_whole else error.format_message()
    return wrong_value(name, context.params)


def known_options(command: Any) -> set[str]:
    """The options of a command, as they are typed."""
    return {"-h", "--help", *(option for one in command.params for option in one.opts)}


def wrong_value(name: str, given: dict[str, Any]) -> str | None:
    """Why what was given does not go together: a task and its options, the name of a prompt set."""
    if name == "evaluate":
        asked = Asked(**{key: None if value == () else value for key, value in given.items()})
        if wrong := misuse(asked):
            return wrong
    known = {one for one, _ in list_prompt_sets()}
    names = given.get("prompts") or given.get("set_name") or ()
    for one in [names] if isinstance(names, str) else names:
        if not one.endswith(".toml") and not one.isupper() and one not in known:
            return f"there is no prompt set {one!r}"
    return None


def wrong_imports(repository: Path, code: str) -> Iterator[str]:
    """The names that Python takes from ecg_text, and that are not there; nothing is imported but the package itself."""
    import ecg_text

    tree = ast.parse(code)
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "ecg_text"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            if node.attr not in ecg_text.__all__:
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ecg_text":
            there = names_in(repository, str(node.module))
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name not in there)


def names_in(repository: Path, module: str) -> set[str]:
    """What can be imported from a module, by its source; nothing where there is no such module."""
    import ecg_text

    if module == "ecg_text":
        return set(ecg_text.__all__)
    place = repository.joinpath(*module.split("."))
    if place.is_dir():
        return {path.stem for path in place.iterdir()}
    path = place.with_suffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = [part for node in tree.body if isinstance(node, ast.Assign) for part in node.targets]
    targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    return defined | {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}


def broken_links(document: Document) -> Iterator[str]:
    """The links to files and headings that are not there."""
    for line, target in document.links():
        name, _, anchor = target.partition("#")
        path = (document.path.parent / name).resolve() if name else document.path
        if not path.exists():
            yield f"{document.path.name}:{line} {target}: no such file"
        elif anchor and path.suffix == ".md" and anchor not in Document.read(path).anchors():
            yield f"{document.path.name}:{line} {target}: no such heading"
