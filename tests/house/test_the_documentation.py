"""What README and docs/ tell a reader to type, import and follow is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from ecg_text.cli.main import build_app
from tests.support.documented import broken_links, refusal, verb_of, wrong_imports
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
