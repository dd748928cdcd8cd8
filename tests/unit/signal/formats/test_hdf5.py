"""HDF5 written by h5py is read as its publisher says, or as the caller states; what is not harmless is refused."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from ecg_text.errors import SignalError
from ecg_text.leads import STANDARD_12
from ecg_text.signal.formats.facts import pseudonym
from ecg_text.signal.read import open_recordings, read

KEY = b"a key of thirty-two random bytes"


@pytest.fixture
def code15(tmp_path: Path, generator: np.random.Generator) -> Path:
    """Three exams: of 10.24 s, of 7 s with zeros around, and of zeros only."""
    tracings = generator.normal(size=(3, 4096, 12)).astype(np.float32)
    tracings[1, :648] = tracings[1, -648:] = 0
    tracings[2] = 0
    with h5py.File(tmp_path / "exams_part0.hdf5", "w") as file:
        file.create_dataset("tracings", data=tracings, chunks=(1, 4096, 12), compression="gzip", shuffle=True)
        file.create_dataset("exam_id", data=np.array([590673, 27, 3]))
    (tmp_path / "exams.csv").write_text(
        "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,trace_file\n"
        "590673,63,True,60.1,False,True,False,False,False,True,88,exams_part0.hdf5\n"
        "27,95,False,60.1,False,False,False,False,False,False,89,exams_part0.hdf5\n"
    )
    return tmp_path / "exams_part0.hdf5"


def test_code15_is_read_exam_by_exam_without_its_padding(code15: Path) -> None:
    records = [recording.record() for recording in open_recordings(code15, unit="mV")]
    with h5py.File(code15) as file:
        np.testing.assert_array_equal(records[0].signal, file["tracings"][0].T)
        np.testing.assert_array_equal(records[1].signal, file["tracings"][1, 648:-648].T)
    assert [record.record_id for record in records] == ["590673", "27", "3"]
    assert [record.num_samples for record in records] == [4096, 2800, 4096]
    assert records[0].leads == STANDARD_12
    assert records[1].trail == ("read CODE-15 exams_part0.hdf5 in mV", "cut 1296 samples of zero padding")
    assert (records[0].age, records[0].sex, records[0].labels) == (63.0, "male", ("RBBB", "AF"))
    assert (records[1].age, records[1].sex, records[2].age) == (90.0, "female", None)
    assert records[0].patient_id is None


def test_a_code15_exam_is_named_and_its_patient_kept_as_a_hash_only(code15: Path) -> None:
    made = read(code15, unit="mV", record_id="27", start_s=1, duration_s=2, keep=["patient_id"], key=KEY)
    assert (made.record_id, made.num_samples, made.patient_id) == ("27", 800, pseudonym("89", KEY))
    with pytest.raises(SignalError, match="it holds 590673, 27 and maybe more; name one"):
        read(code15, unit="mV")
    with pytest.raises(SignalError, match="holds no record '5'; it has 590673, 27, 3"):
        read(code15, unit="mV", record_id="5")


def test_the_unit_of_code15_is_asked_for_because_its_publishers_contradict_themselves(code15: Path) -> None:
    with pytest.raises(SignalError, match="contradict themselves on its unit"):
        read(code15, record_id="27")
    with pytest.raises(SignalError, match="400 Hz and twelve leads; state its unit only"):
        read(code15, record_id="27", unit="mV", rate_hz=500)


def test_an_array_of_another_file_is_read_once_its_facts_are_stated(
    tmp_path: Path, generator: np.random.Generator
) -> None:
    signal = generator.normal(size=(3, 500))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("group/signal", data=signal.T, compression="lzf")
    made = read(tmp_path / "x.h5", rate_hz=250, unit="mV", leads=("I", "II", "V1"), start_s=1, duration_s=0.5)
    np.testing.assert_allclose(made.signal, signal[:, 250:375], rtol=1e-6)
    with pytest.raises(SignalError, match="does not say its rate_hz, unit, leads"):
        read(tmp_path / "x.h5")


def damage_link(file: h5py.File) -> None:
    file["ecg"] = h5py.ExternalLink("/etc/passwd", "/")


def damage_external(file: h5py.File) -> None:
    file.create_dataset("ecg", (12, 500), dtype="f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def damage_virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((12, 500), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(12, 500))
    file.create_virtual_dataset("ecg", layout)


def damage_sparse(file: h5py.File) -> None:
    file.create_dataset("ecg", (12, 10**12), dtype="f4", chunks=(1, 1000))


def damage_bomb(file: h5py.File) -> None:
    file.create_dataset("ecg", data=np.zeros((12, 2**21), np.float32), chunks=(12, 2**18), compression="gzip")


def damage_words(file: h5py.File) -> None:
    file["ecg"] = np.array([[b"a", b"b"], [b"c", b"d"]])


def damage_two(file: h5py.File) -> None:
    file["ecg"] = file["ppg"] = np.ones((3, 500))
    file["other"] = np.ones((3, 500))


@pytest.mark.parametrize(
    "damage",
    [damage_link, damage_external, damage_virtual, damage_sparse, damage_bomb, damage_words, damage_two],
)
def test_what_an_hdf5_file_must_not_hold_is_refused(tmp_path: Path, damage) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        damage(file)
    with pytest.raises(SignalError, match=r"x\.h5") as refused:
        read(tmp_path / "x.h5", rate_hz=500, unit="mV", leads=STANDARD_12)
    assert "\n" not in str(refused.value)


def test_a_cut_hdf5_file_is_refused(code15: Path) -> None:
    content = code15.read_bytes()
    for kept in (8, 100, 1000, len(content) // 2):
        code15.write_bytes(content[:kept])
        with pytest.raises(SignalError, match=r"exams_part0\.hdf5"):
            read(code15, unit="mV", record_id="27")


@pytest.mark.shared
def test_sph_is_read_with_the_facts_of_its_table(shared_dir: Path) -> None:
    path = shared_dir / "data" / "formats" / "SPH00001.h5"
    made = read(path)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(made.signal, file["ecg"][:].astype(np.float32))
    assert (made.rate_hz, made.leads, made.age, made.sex, made.labels) == (
        500.0, STANDARD_12, 55.0, "male", ("22", "23"),
    )  # fmt: skip
