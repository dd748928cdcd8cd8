"""A training on labels that is killed and gone on with equals one that is not, its windows and dropout included."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.data.sources.folder import folder
from ecg_text.data.store_writer import write_store
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder
from tests.support.killed_runs import logged, straight_and_killed, weights

SMALL = (
    "labels=synthetic",
    "ecg.widths=[8,16]",
    "ecg.depths=[1,1]",
    "ecg.num_heads=2",
    "data.batch_size=4",
    "training.ema_decay=0.9",
)


@pytest.mark.slow
@pytest.mark.parametrize("learns", ["pace=1", "lora.rank=2"])
def test_six_steps_equal_three_a_kill_and_three(tmp_path: Path, learns: str) -> None:
    files = write_synthetic_folder(tmp_path / "files", 24, seed=1, rate_hz=100.0)
    write_store(folder(files), files, tmp_path / "store", standard_preprocess(), workers=1)
    straight, killed = straight_and_killed(
        "supervised_nano_ptbxl", tmp_path / "store", tmp_path, [*SMALL, learns], keeps_best=True
    )
    assert weights(straight) == weights(killed)
    assert logged(straight) == logged(killed)
