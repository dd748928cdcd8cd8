"""What README and docs/ tell a reader to type, import and follow is there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from ecg_text.cli.evaluate_asked import Asked
from ecg_text.cli.evaluate_tasks import misuse
from ecg_text.cli.main import build_app
from ecg_text.text.prompt_files import list_prompt_sets
from tests.support.documents import Document

NOTICE = "research use only, not a medical device"
SCORED = ("classify", "describe", "explain", "search", "evaluate", "calibrate", "report")


def documents(repository: Path) -> list[Document]:
    paths = [repository / "README.md", *sorted((repository / "docs").glob("*.md"))]
    if not all(path.is_file() for path in paths) or len(paths) < 2:
        pytest.skip("needs README.md and docs/")
    return [Document.read(path) for path in paths]


@pytest.fixture(scope="module")
def program() -> Any:
    return typer.main.get_command(build_app())


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
    for line, target in document.links():
        name, _, anchor = target.partition("#")
        path = (document.path.parent / name).resolve() if name else document.path
        if not path.exists():
            yield f"{document.path.name}:{line} {target}: no such file"
        elif anchor and path.suffix == ".md" and anchor not in Document.read(path).anchors():
            yield f"{document.path.name}:{line} {target}: no such heading"


def test_every_command_is_understood(repository: Path, program: Any) -> None:
    found = [
        f"{document.path.name}:{line} ecg-text {' '.join(arguments)}: {why}"
        for document in documents(repository)
        for is_whole, commands in ((True, document.commands()), (False, document.mentions()))
        for line, arguments in commands
        if (why := refusal(program, arguments, is_whole=is_whole))
    ]
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_every_recipe_takes_its_settings(repository: Path, program: Any) -> None:
    from ecg_text.errors import ConfigError
    from ecg_text.recipes.plain import override
    from ecg_text.recipes.table import any_recipe
    from ecg_text.recipes.tune_recipes import tune_recipe

    found = []
    for document in documents(repository):
        for line, arguments in document.commands():
            name, command, rest = verb_of(program, arguments)
            if name in ("train", "tune-text") and rest != ["--help"]:
                given = command.make_context(name, rest).params
                try:
                    override((any_recipe if name == "train" else tune_recipe)(given["recipe"]), given["settings"])
                except ConfigError as error:
                    found.append(f"{document.path.name}:{line} {error}")
    assert not found, "\n".join(found)


def test_every_verb_is_told_of(repository: Path, program: Any) -> None:
    told = {
        verb_of(program, arguments)[0]
        for document in documents(repository)
        for commands in (document.commands(), document.mentions())
        for _, arguments in commands
    }
    verbs = {
        f"{name} {inner}".strip()
        for name, command in program.commands.items()
        for inner in getattr(command, "commands", {"": None})
    }
    assert not verbs - told, f"no page tells of {sorted(verbs - told)}"


def test_every_link_leads_somewhere(repository: Path) -> None:
    found = [one for document in documents(repository) for one in broken_links(document)]
    assert not found, "\n".join(found)


def test_the_python_compiles_and_imports_what_is_there(repository: Path) -> None:
    found = []
    for document in documents(repository):
        for line, code in document.blocks("python"):
            compile(code, f"{document.path.name}:{line}", "exec")
            found += [f"{document.path.name}:{line} {name}" for name in wrong_imports(repository, code)]
    assert not found, "\n".join(found)


def test_who_is_shown_how_to_get_a_score_is_told_what_it_is_for(repository: Path) -> None:
    found = [
        document.path.name
        for document in documents(repository)
        if any(arguments[:1] and arguments[0] in SCORED for _, arguments in document.commands())
        and NOTICE not in " ".join(document.text.lower().split())
    ]
    assert not found, f"{NOTICE!r} is missing in {found}"


def test_every_page_is_in_the_site(repository: Path) -> None:
    pages = {document.path.name for document in documents(repository) if document.path.parent.name == "docs"}
    site = yaml.safe_load((repository / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = [page for entry in site["nav"] for page in entry.values()]
    assert len(listed) == len(set(listed))
    assert not pages - set(listed), f"the site has no entry for {sorted(pages - set(listed))}"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("ecg-text clasify my.hea", "no verb 'clasify'"),
        ("ecg-text index bild store", "no verb 'bild'"),
        ("ecg-text classify my.hea --model m --txt LBBB", "--txt"),
        ("ecg-text classify my.hea --model m --rule cosin --text LBBB", "cosin"),
        ("ecg-text search index LBBB -k many", "-k"),
        ("ecg-text train clip_nano --data store", "--out"),
        ("ecg-text evaluate m --data s --task zeroshot --out r.json", "no task 'zeroshot'"),
        ("ecg-text evaluate m --data s --task zero-shot --labels form --out r.json", "--labels belongs to"),
        ("ecg-text classify my.hea --model m --prompts ptbxl-rythm", "no prompt set 'ptbxl-rythm'"),
        ("accelerate launch --num_processes 2 -m ecg_text train clip_nano --data s --out r --resum", "--resum"),
        ("HF_HUB_OFFLINE=1 ecg-text demo \\\n    --record 60 && ls", "--record"),
    ],
)
def test_a_wrong_command_is_seen(program: Any, command: str, why: str) -> None:
    [(_, arguments)] = Document(Path("page.md"), f"Do this:\n\n```bash\n{command}\n```\n").commands()
    assert why in str(refusal(program, arguments, is_whole=True))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("`ecg-text classify --txt LBBB` asks", "--txt"),
        ("see `ecg-text\nserch`", "no verb 'serch'"),
    ],
)
def test_a_wrong_mention_is_seen(program: Any, text: str, why: str) -> None:
    [(_, arguments)] = Document(Path("page.md"), text).mentions()
    assert why in str(refusal(program, arguments, is_whole=False))


def test_a_mention_of_a_verb_alone_is_none_of_a_wrong_command(program: Any) -> None:
    [(_, arguments)] = Document(Path("page.md"), "`ecg-text classify` asks").mentions()
    assert refusal(program, arguments, is_whole=False) is None
    assert refusal(program, arguments, is_whole=True) is not None


def test_a_wrong_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A heading, twice\n[a](page.md#a-heading-twice) [b](#none) ![c](none.png) `[d](none.md)`\n")
    assert [one.split(": ")[1] for one in broken_links(Document.read(page))] == ["no such heading", "no such file"]


def test_a_wrong_import_is_seen(repository: Path) -> None:
    imports = "import ecg_text as et\nfrom ecg_text.errors import EcgTextError, NoError\nfrom ecg_text.none import x\n"
    assert sorted(wrong_imports(repository, f"{imports}et.laod()\n")) == [
        "ecg_text.errors.NoError",
        "ecg_text.none.x",
        "et.laod",
    ]
