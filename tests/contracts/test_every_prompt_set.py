"""What every packaged prompt set promises; and that the PTB-XL sets' codes give the published label tables."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

from ecg_text.text.prompts import list_prompt_sets, load_prompt_set

PACKAGED = list_prompt_sets()
PTBXL_TASKS = ("superclass", "subclass", "form", "rhythm")


def test_the_four_ptbxl_tasks_are_packaged() -> None:
    assert {(f"ptbxl-{task}", 1) for task in PTBXL_TASKS} <= set(PACKAGED)


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


@pytest.mark.parametrize("task", PTBXL_TASKS)
def test_ptbxl_labels_speak_english_and_german_and_have_codes_of_their_own(task: str) -> None:
    labels = load_prompt_set(f"ptbxl-{task}", 1).labels
    codes = [code for label in labels for code in label.codes["scp"]]
    assert len(codes) == len(set(codes))
    assert all(4 <= len(label.texts) <= 10 for label in labels)


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
