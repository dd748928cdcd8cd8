"""Figures of other systems stand in a packaged table, each with where it was published."""

from __future__ import annotations

import pytest

from ecg_text.errors import CheckpointError
from ecg_text.evaluation.ptbxl_benchmark import TASKS
from ecg_text.hub.card_facts import CROSS, IN_DOMAIN
from ecg_text.hub.known_data import UNSTATED, data_set
from ecg_text.hub.published import parse_figures, published_figures
from ecg_text.text.prompt_files import list_prompt_sets

ROW = "MELP\tzero-shot\tptbxl-form\ttest\tmacro_auroc\t0.691\tcross-data-set\tWang et al., table 2"


def test_every_row_of_the_table_says_of_what_it_is_and_where_it_stands() -> None:
    rows = published_figures()
    known = {*TASKS, *(name for name, _ in list_prompt_sets())}
    assert len({(one.system, one.task, one.set, one.metric) for one in rows}) == len(rows)
    for one in rows:
        assert one.split == "test"
        assert one.set.removeprefix("merl-") in known
        assert 0.5 < one.value < 1
        assert len(one.source.split()) > 3


def test_the_strongest_supervised_system_of_the_benchmark_is_there() -> None:
    found = {one.set: one for one in published_figures() if (one.system, one.task) == ("xresnet1d101", "fine-tune")}
    assert found.keys() == TASKS.keys()
    assert (found["all"].value, found["all"].setting) == (0.925, IN_DOMAIN)


def test_what_learned_from_other_data_is_marked() -> None:
    zero_shot = [one for one in published_figures() if one.task == "zero-shot"]
    assert {one.setting for one in zero_shot} == {CROSS}
    assert {one.set for one in zero_shot} == {f"merl-ptbxl-{task}" for task in ("superclass", "subclass", "form")}


def test_a_row_is_read_and_a_remark_is_not() -> None:
    [one] = parse_figures(["# a remark", "", ROW])
    assert (one.system, one.value, one.source) == ("MELP", 0.691, "Wang et al., table 2")


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.691", "69.1"), ("0.691", "high"), ("cross-data-set", "elsewhere"), ("Wang et al., table 2", "")],
)
def test_a_row_that_is_none_is_refused(old: str, new: str) -> None:
    with pytest.raises(CheckpointError, match="line 1"):
        parse_figures([ROW.replace(old, new)])
    with pytest.raises(CheckpointError, match="line 2 has 3 columns"):
        parse_figures(["", "a\tb\tc"])


def test_nothing_is_stated_of_data_that_are_not_known() -> None:
    assert data_set("ptbxl").licence == "CC BY 4.0"
    assert (data_set("folder").name, data_set("folder").licence) == ("folder", UNSTATED)
