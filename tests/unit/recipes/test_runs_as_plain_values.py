"""A run goes to plain values and back unchanged, and a wrong setting is refused by name."""

from __future__ import annotations

import json

import pytest

from ecg_text.errors import ConfigError
from ecg_text.recipes.plain import from_plain, override, to_plain
from ecg_text.recipes.run import Run
from ecg_text.recipes.table import RECIPES, recipe


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_survives_being_written_and_read(name: str) -> None:
    run = recipe(name)
    assert run.name == name
    assert from_plain(Run, json.loads(json.dumps(to_plain(run)))) == run


def test_settings_change_the_field_they_name_and_keep_its_type() -> None:
    run = override(
        recipe("smoke"),
        [
            "training.steps=7",
            "training.learning_rate=1",
            "model.ecg.encoder=conv_transformer",
            "model.ecg.widths=[4,8]",
        ],
    )
    assert run.training.steps == 7
    assert run.training.learning_rate == 1.0
    assert isinstance(run.training.learning_rate, float)
    assert run.model.ecg.encoder == "conv_transformer"
    assert run.model.ecg.widths == (4, 8)
    assert override(run, ["training.steps=null"]).training.steps is None


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("training.stepz=7", "no 'stepz'.*steps"),
        ("trainin.steps=7", "no group 'trainin'.*training"),
        ("training.steps", "name=value"),
        ("training.steps=many", "training.steps is 'many'.*int"),
        ("data.batch_size=1", "at least 2"),
        ("training.learning_rate=true", "learning_rate is True"),
        ("model.ecg=5", "model.ecg is 5.*group"),
        ("data.views.whole=2", "0 <= whole <= 1"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_would_do(setting: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        override(recipe("smoke"), [setting])


def test_an_unknown_recipe_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"clip_nano, .*smoke"):
        recipe("clip_mega")
