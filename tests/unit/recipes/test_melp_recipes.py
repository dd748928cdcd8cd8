"""The recipes of MELP: the published numbers, and nothing that their data cannot give."""

from __future__ import annotations

from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils import DistributedType

from ecg_text.leads import STANDARD_12
from ecg_text.recipes.plain import from_plain, override, to_plain
from ecg_text.recipes.run import Run
from ecg_text.recipes.table import RECIPES, recipe
from ecg_text.recipes.towers import ecg_config
from ecg_text.text.prompt_files import load_prompt_set

MELP = ("melp_nano_ptbxl", "reference_ptbxl", "melp_small_ptbxl", "melp_small_mimic")


def test_as_published_are_encoder_levels_optimizer_and_lead_masking() -> None:
    run = recipe("melp_small_mimic")
    ecg, levels, training, augment = run.model.ecg, run.levels, run.training, run.data.augment
    assert (ecg.encoder, ecg.num_layers, ecg.trunk_width, ecg.num_heads) == ("conv_transformer", 8, 768, 12)
    assert (levels.rhythm, levels.token, levels.beat, levels.beat_variant) == (1.0, 2.0, 0.2, "exact")
    assert (levels.attention_sharpness, levels.sentence_sharpness, levels.beat_scale) == (4.0, 5.0, 10.0)
    assert (training.learning_rate, training.weight_decay, training.betas) == (2e-4, 0.2, (0.9, 0.95))
    assert (training.epochs, training.cosine_cycles, run.data.batch_size) == (100, 2, 256)
    assert (run.model.num_beats, run.model.embedding_width, run.model.beat_heads) == (13, 256, 8)
    decoder = run.model.decoder
    assert (decoder.num_queries, decoder.num_layers, decoder.num_heads) == (128, 6, 8)
    assert (run.model.text.reading, run.model.text.frozen_layers) == ("causal", 6)
    assert (augment.drop_share, augment.drop_lead, augment.shift, augment.gain) == (1.0, 0.5, 0.0, 0.0)


@pytest.mark.parametrize("name", MELP)
def test_each_is_a_run_that_can_be_built_and_written_down(name: str) -> None:
    run = recipe(name)
    assert run.method == "melp"
    assert from_plain(Run, to_plain(run)) == run
    ecg_config(run.model.ecg, STANDARD_12)
    assert all(load_prompt_set(prompts).labels for prompts in run.prompts)
    if run.training.select_metric is not None:
        assert run.prompts


@pytest.mark.parametrize("level", ["rhythm", "token", "beat"])
def test_every_level_can_be_taken_out_by_a_setting(level: str) -> None:
    run = override(recipe("melp_nano_ptbxl"), [f"levels.{level}=0"])
    assert getattr(run.levels, level) == 0


def test_the_launch_configuration_is_one_that_accelerate_reads() -> None:
    config = load_config_from_file(str(Path(__file__).parents[3] / "scripts" / "four_gpus.yaml"))
    assert (config.distributed_type, config.num_processes) == (DistributedType.MULTI_GPU, 4)
    assert recipe("melp_small_mimic").data.batch_size % config.num_processes == 0


def test_all_recipes_bear_the_name_they_are_asked_by() -> None:
    assert [make().name for make in RECIPES.values()] == list(RECIPES)
