"""Six steps of a real recipe on real files equal three, a kill, and three more, to the last bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecg_text.data.sources.folder import folder
from ecg_text.data.store_writer import write_store
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import write_synthetic_folder
from tests.support.killed_runs import logged, straight_and_killed, weights

MELP = (
    "method=melp",
    "levels.token=2.0",
    "levels.beat=0.2",
    "model.decoder.num_queries=4",
    "model.decoder.num_heads=2",
)
WAYS = {
    "clip": (),
    "melp": (*MELP, "model.ecg_head=beat_queries"),
    "melp, the heart's own beats": (*MELP, "model.ecg_head=r_peaks", "model.text.reading=causal"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("killed")
    files = write_synthetic_folder(place / "files", 36, seed=1, rate_hz=100.0)
    write_store(folder(files), files, place / "store", standard_preprocess(), workers=1)
    return place / "store"


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_six_steps_equal_three_a_kill_and_three(store: Path, tmp_path: Path, way: str) -> None:
    straight, killed = straight_and_killed("smoke", store, tmp_path, ["data.batch_size=8", *WAYS[way]])
    assert weights(straight) == weights(killed)
    assert logged(straight) == logged(killed)
