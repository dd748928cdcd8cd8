"""Small recordings on disk, and the store made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.store import Store
from ecg_text.data.store_writer import write_store
from ecg_text.signal.preprocess import Preprocess
from ecg_text.signal.steps import BandPass, OrderLeads, Resample, Scale, Window

LEADS = ("I", "II", "V1")
WriteRecording = Callable[..., Path]
WriteRecordings = Callable[[Path, int], Catalogue]


@pytest.fixture(scope="session")
def write_recording() -> WriteRecording:
    """Writes one WFDB recording of I, II and V1 at 100 Hz, and returns its header."""

    def write(folder: Path, name: str, *, seed: int, num_samples: int = 220, comments: str = "") -> Path:
        samples = np.random.default_rng(seed).integers(-900, 900, (num_samples, len(LEADS)))
        folder.mkdir(parents=True, exist_ok=True)
        samples.astype("<i2").tofile(folder / f"{name}.dat")
        lines = [f"{name} {len(LEADS)} 100 {num_samples}"]
        lines += [f"{name}.dat 16 1000(0)/mV 16 0 0 0 0 {lead}" for lead in LEADS]
        header = folder / f"{name}.hea"
        header.write_text("\n".join([*lines, comments]) + "\n")
        return header

    return write


@pytest.fixture(scope="session")
def write_recordings(write_recording: WriteRecording) -> WriteRecordings:
    """Writes num recordings, every fifth one of them too short for the window, and returns their catalogue."""

    def write(folder: Path, num: int) -> Catalogue:
        names = [f"r{number:03d}" for number in range(num)]
        for seed, name in enumerate(names):
            write_recording(folder, name, seed=seed, num_samples=130 if seed % 5 == 0 else 220)
        columns = {
            "record_id": names,
            "patient_id": [f"p{number // 2}" for number in range(num)],
            "path": [f"{name}.hea" for name in names],
            "split": [("train", "train", "val", "test")[number // 2 % 4] for number in range(num)],
            "labels": [["NORM", "SR"][: number % 3] for number in range(num)],
        }
        return Catalogue.from_columns(columns, source="test")

    return write


@pytest.fixture(scope="session")
def preprocess() -> Preprocess:
    """Three leads and one that is absent, 2 s at 100 Hz, in units of half a millivolt."""
    return Preprocess((OrderLeads(("V1", "I", "II", "V6")), Resample(100.0), BandPass(), Scale(0.5), Window(2.0)))


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory, write_recordings: WriteRecordings) -> tuple[Path, Catalogue]:
    """A folder of 150 recordings and its catalogue."""
    folder = tmp_path_factory.mktemp("recordings")
    return folder, write_recordings(folder, 150)


@pytest.fixture(scope="session")
def store(
    tmp_path_factory: pytest.TempPathFactory, recordings: tuple[Path, Catalogue], preprocess: Preprocess
) -> Store:
    """The store of the 150 recordings."""
    folder = tmp_path_factory.mktemp("stores") / "store"
    write_store(recordings[1], recordings[0], folder, preprocess, workers=1)
    return Store.open(folder)
