"""What every packaged prompt set promises; and that the PTB-XL sets' codes give the published label tables."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

from ecg_text.text.concepts import known_codes
from ecg_text.text.prompt_files import list_prompt_sets, load_prompt_set
from ecg_text.text.prompt_lint import lint_prompt_set
from ecg_text.text.prompts import Ensemble

PACKAGED = list_prompt_sets()
PTBXL_TASKS = ("superclass", "subclass", "form", "rhythm")
SIZES = {
    "ptbxl-superclass": 5,
    "ptbxl-subclass": 23,
    "ptbxl-form": 19,
    "ptbxl-rhythm": 12,
    "ptbxl-all": 71,
    "cpsc2018": 9,
    "csn": 38,
    "cinc2021": 26,
}
# What no clinical text of these sets holds: the signs of German, and words of its reports that have none.
GERMAN = ("ä", "ö", "ü", "ß", "ekg", "sinusrhythmus", "infarkt", "vorhof", "lagetyp", "hypertrophie", "extrasystole(n)")


def test_the_sets_of_the_known_vocabularies_are_packaged_with_all_their_labels() -> None:
    sizes = {name: len(load_prompt_set(name, 1).labels) for name, version in PACKAGED if version == 1}
    assert {name: sizes.get(name) for name in SIZES} == SIZES
    assert sizes["clinical-en"] >= 110


@pytest.mark.parametrize(("name", "version"), PACKAGED)
def test_texts_are_lower_case_trimmed_and_enough(name: str, version: int) -> None:
    for label in load_prompt_set(name, version).labels:
        for text in (*label.texts, *label.opposite):
            assert text == " ".join(text.lower().split()), f"{label.name}: {text!r}"
        assert 3 <= len(label.texts) <= 12, label.name


@pytest.mark.parametrize(("name", "version"), PACKAGED)
def test_a_set_states_its_sources_and_titles(name: str, version: int) -> None:
    prompts = load_prompt_set(name, version)
    assert prompts.sources
    assert len({label.title for label in prompts.labels}) == len(prompts.labels)


@pytest.mark.parametrize(("name", "version"), PACKAGED)
def test_a_set_has_no_fault_of_its_own(name: str, version: int) -> None:
    assert [str(one) for one in lint_prompt_set(load_prompt_set(name, version)) if one.severity != "note"] == []


@pytest.mark.parametrize(("name", "version"), PACKAGED)
def test_every_label_is_the_mean_of_its_texts_against_its_opposite(name: str, version: int) -> None:
    prompts = load_prompt_set(name, version)
    assert prompts.ensemble == Ensemble(texts="mean", against="opposite")
    assert all(label.opposite for label in prompts.labels)


@pytest.mark.parametrize("task", [*PTBXL_TASKS, "all"])
def test_ptbxl_labels_speak_english_in_several_wordings_and_have_codes_of_their_own(task: str) -> None:
    labels = load_prompt_set(f"ptbxl-{task}", 1).labels
    codes = [code for label in labels for code in label.codes["scp"]]
    assert len(codes) == len(set(codes))
    assert all(4 <= len(label.texts) <= 8 for label in labels)
    texts = [text for label in labels for text in (*label.texts, *label.opposite)]
    assert [text for text in texts if any(word in text for word in GERMAN)] == []


def test_each_statement_of_ptbxl_is_first_asked_by_the_name_of_its_concept() -> None:
    prompts = load_prompt_set("ptbxl-all", 1)
    assert {label.name: label.texts[0] for label in prompts.labels} == dict(known_codes("scp"))
    assert all(label.codes == {"scp": (label.name,)} for label in prompts.labels)


def test_the_tasks_of_ptbxl_ask_for_all_statements_together() -> None:
    """Superclass and subclass ask for the same statements; a rhythm is asked for by its task alone."""
    codes = {
        task: {code for label in load_prompt_set(f"ptbxl-{task}", 1).labels for code in label.codes["scp"]}
        for task in PTBXL_TASKS
    }
    assert codes["superclass"] == codes["subclass"]
    assert set().union(*codes.values()) == set(load_prompt_set("ptbxl-all", 1).names)
    assert not codes["rhythm"] & (codes["form"] | codes["superclass"])


@pytest.mark.shared
def test_all_statements_stand_in_the_order_of_the_list_of_ptbxl(shared_dir: Path) -> None:
    with (shared_dir / "data/ptbxl/scp_statements.csv").open(encoding="utf-8") as file:
        assert load_prompt_set("ptbxl-all", 1).names == tuple(row[""] for row in csv.DictReader(file))


@pytest.mark.shared
@pytest.mark.parametrize("task", PTBXL_TASKS)
def test_codes_give_the_published_label_table(task: str, shared_dir: Path) -> None:
    """Any likelihood counts; a dozen records differ because the label tables are of another release than the codes."""
    prompts = load_prompt_set(f"ptbxl-{task}", 1)
    with (shared_dir / "data/ptbxl/ptbxl_database.csv").open(encoding="utf-8") as file:
        scp = {row["ecg_id"]: set(ast.literal_eval(row["scp_codes"])) for row in csv.DictReader(file)}
    with (shared_dir / f"data/ptbxl_tasks/{task}.csv").open(encoding="utf-8") as file:
        table = {row.pop("ecg_id"): row for row in csv.DictReader(file)}
    columns = [column for column in next(iter(table.values())) if column not in ("strat_fold", "split")]
    assert sorted(prompts.names) == sorted(columns)
    codes = {label.name: set(label.codes["scp"]) for label in prompts.labels}
    differing = {
        ecg_id
        for ecg_id, row in table.items()
        if any((row[name] == "1") != bool(codes[name] & scp[ecg_id]) for name in prompts.names)
    }
    labelled = {ecg_id for ecg_id, found in scp.items() if found & set().union(*codes.values())}
    assert len(differing) <= 4
    assert set(table) <= labelled
    assert len(labelled - set(table)) <= 6
