"""The published class texts become prompt sets of one text a class; another file is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecg_text.errors import PromptError
from ecg_text.models.contrast import opposed_texts
from ecg_text.text.class_texts import OUR_SETS, read_class_texts
from ecg_text.text.prompt_files import load_prompt_set


def written(folder: Path, document: object) -> Path:
    path = folder / "texts.json"
    path.write_text(json.dumps(document))
    return path


def test_a_class_has_one_lower_cased_text_and_our_codes(tmp_path: Path) -> None:
    document = {
        "class_texts": {"CD": "Conduction\n DISTURBANCE,  block.", "MI": "Infarction.", "AFIB": "AF"},
        "label_sets": {"ptbxl_super_class": ["MI", "CD"], "icbeb": ["AFIB"]},
    }
    superclass, cpsc = read_class_texts(written(tmp_path, document))
    assert (superclass.name, superclass.names) == ("merl-ptbxl-superclass", ("MI", "CD"))
    assert superclass.label("CD").texts == ("conduction disturbance, block.",)
    assert superclass.label("CD").codes == load_prompt_set("ptbxl-superclass").label("CD").codes
    assert (cpsc.name, cpsc.names) == ("merl-cpsc2018", ("AFIB",))


@pytest.mark.parametrize("rule", ["cosine", "contrast", "single"])
def test_nothing_is_taken_away_from_a_class(tmp_path: Path, rule: str) -> None:
    document = {"class_texts": {"MI": "infarction"}, "label_sets": {"ptbxl_super_class": ["MI"]}}
    [prompts] = read_class_texts(written(tmp_path, document))
    assert opposed_texts(prompts, 0.5, rule) == {"MI": ()}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "has no objects class_texts and label_sets"),
        ({"class_texts": {}}, "has no objects class_texts and label_sets"),
        ({"class_texts": {}, "label_sets": {"other": []}}, "label set 'other' is not known"),
        ({"class_texts": {}, "label_sets": {"icbeb": "AFIB"}}, "'AFIB' is no label of cpsc2018"),
        ({"class_texts": {}, "label_sets": {"icbeb": ["XX"]}}, "'XX' is no label of cpsc2018"),
        ({"class_texts": {}, "label_sets": {"icbeb": ["AFIB"]}}, "class_texts has None for 'AFIB'"),
        ({"class_texts": {"AFIB": " "}, "label_sets": {"icbeb": ["AFIB"]}}, "class_texts has ' ' for 'AFIB'"),
        ({"class_texts": {}, "label_sets": {"icbeb": []}}, "has no label"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, document: object, told: str) -> None:
    with pytest.raises(PromptError, match=told):
        read_class_texts(written(tmp_path, document))


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(PromptError, match="is no JSON file"):
        read_class_texts(tmp_path / "x.json")
    with pytest.raises(PromptError, match="cannot be read"):
        read_class_texts(tmp_path / "none.json")


@pytest.mark.shared
def test_the_published_file_is_read_whole(shared_dir: Path) -> None:
    sets = read_class_texts(shared_dir / "data" / "prompts_ckepe.json")
    assert {prompts.name for prompts in sets} == {f"merl-{ours}" for ours in OUR_SETS.values()}
    sizes = {prompts.name: len(prompts.labels) for prompts in sets}
    assert sizes == {f"merl-{ours}": len(load_prompt_set(ours).labels) for ours in OUR_SETS.values()}
