"""A pre-training of an ECG encoder that is killed and gone on with equals one that is not, temperature and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.data.sources.folder import folder
from ecg_text.data.store_writer import write_store
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder
from tests.support.killed_runs import logged, straight_and_killed, weights

SMALL = (
    "ecg.widths=[8,8,8]",
    "ecg.trunk_width=16",
    "ecg.num_layers=1",
    "ecg.position_kernel=5",
    "ecg.position_groups=2",
    "targets.num_entries=8",
    "targets.code_width=8",
    "wav2vec.quantiser_decay=0.9",
    "data.batch_size=4",
    "training.ema_decay=0.9",
)


@pytest.mark.slow
def test_six_steps_equal_three_a_kill_and_three(tmp_path: Path) -> None:
    files = write_synthetic_folder(tmp_path / "files", 16, seed=1, rate_hz=100.0)
    write_store(folder(files), files, tmp_path / "store", standard_preprocess(), workers=1)
    straight, killed = straight_and_killed("wav2vec_nano_ptbxl", tmp_path / "store", tmp_path, SMALL)
    assert weights(straight) == weights(killed)
    assert logged(straight, "train") == logged(killed, "train")
    temperatures = [line["loss/temperature"] for line in logged(straight, "train")]
    assert temperatures == pytest.approx([2 * 0.9**step for step in range(6)])
