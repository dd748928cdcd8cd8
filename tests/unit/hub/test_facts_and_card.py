"""The model card and the provenance behind it are plain, strict and tell nothing of a disk."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import torch

from ecg_text.hub.card import render_card
from ecg_text.hub.facts import plain_facts


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        (Path("/home/anna/stores/ptbxl"), "ptbxl"),
        ("/home/anna/stores/ptbxl", "ptbxl"),
        ("~/stores/ptbxl", "ptbxl"),
        ("C:\\Users\\anna\\ptbxl", "ptbxl"),
        ("train nano --data /home/anna/ptbxl --out=/home/anna/run", "train nano --data ptbxl --out=run"),
        (
            "train nano --data '/home/anna lee/ptbxl' '--out=/home/anna lee/run'",
            "train nano --data 'ptbxl' '--out=run'",
        ),
        ("~anna/stores/ptbxl --set 'ecg.init=C:\\Users\\Anna Lee\\m'", "ptbxl --set 'ecg.init=m'"),
        ("the patient's p/q and 'st/t changes'", "the patient's p/q and 'st/t changes'"),
        ("['/home/anna/ptbxl', \"/home/anna/run\"]", "['ptbxl', \"run\"]"),
        ("https://physionet.org/content/ptb-xl", "https://physionet.org/content/ptb-xl"),
        ("st/t changes and/or more", "st/t changes and/or more"),
        ("org/name", "org/name"),
        ("zero_shot/ptbxl-rhythm", "zero_shot/ptbxl-rhythm"),
        (float("nan"), None),
        (float("-inf"), None),
        (np.float32(0.5), 0.5),
        (np.arange(2), [0, 1]),
        (torch.tensor([1.0, float("inf")]), [1.0, None]),
        (torch.float16, "torch.float16"),
        ((1, "two", None, True), [1, "two", None, True]),
        ({"deep": {"at": PurePosixPath("/a/b/c")}}, {"deep": {"at": "c"}}),
    ],
)
def test_a_fact_is_plain_and_names_no_folder_of_this_disk(fact: object, told: object) -> None:
    assert plain_facts({"fact": fact}) == {"fact": told}


def test_the_card_has_front_matter_the_warning_and_a_row_for_each_fact() -> None:
    card = render_card({"name": "nano", "metrics": {"macro_auroc": 0.84567}, "notes": "a | b\nc", "seeds": [1, 2]})
    assert card.startswith("---\nlibrary_name: ecg_text\n")
    assert "# ECG-text model nano\n" in card
    assert "**Research use only, not a medical device.**" in card
    assert "| metrics | macro_auroc 0.8457 |\n" in card
    assert "| notes | a \\| b c |\n" in card
    assert "| seeds | 1, 2 |\n" in card


def test_the_example_asks_the_checkpoints_own_first_prompt_set() -> None:
    own = render_card({"prompt_sets": {"mine": "0" * 12, "other": "1" * 12}})
    assert "model.zero_shot([record], model.prompts[0])  # mine\n" in own
    assert 'et.load_prompt_set("synthetic"))' in render_card({"prompt_sets": {}})
