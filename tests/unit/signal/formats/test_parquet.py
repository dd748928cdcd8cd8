"""Parquet: what is written comes back exactly, other people's tables are read as the caller states, bombs are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.write_parquet import write_parquet
from ecg_text.signal.read import open_recordings, read


@pytest.fixture
def records(generator: np.random.Generator) -> list[Record]:
    return [
        Record(
            signal=generator.integers(-3000, 3000, size=(2, 300 + n)) / 1000, rate_hz=100 + n / 3, leads=("I", "V2"),
            record_id=f"r{n}", patient_id="secret", age=40 + n, sex="male", labels=("426783006", "words of a person"),
            device="Philips", report="sinus rhythm",
        )
        for n in range(5)
    ]  # fmt: skip


def test_records_come_back_to_the_bit_and_their_people_do_not(records: list[Record], tmp_path: Path) -> None:
    assert write_parquet(iter(records), tmp_path / "new" / "x.parquet") == 5
    for made, known in zip(open_recordings(tmp_path / "new" / "x.parquet"), records, strict=True):
        record = made.record()
        assert np.array_equal(record.signal, known.signal)
        assert (record.rate_hz, record.leads, record.record_id) == (known.rate_hz, known.leads, known.record_id)
        assert (record.age, record.sex, record.device) == (known.age, "male", "Philips")
        assert (record.patient_id, record.report, record.labels) == (None, None, ("426783006",))
        assert record.trail == ("read Parquet x.parquet",)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["x.parquet"]


def test_samples_of_no_step_are_kept_as_floats(generator: np.random.Generator, tmp_path: Path) -> None:
    record = Record(signal=generator.normal(size=(1, 99)), rate_hz=100, leads=("I",), report="sinus rhythm")
    write_parquet([record], tmp_path / "x.parquet", units_per_mv=None, report=True)
    made = read(tmp_path / "x.parquet", keep=["report"])
    assert np.array_equal(made.signal, record.signal)
    assert made.report == "sinus rhythm"
    assert read(tmp_path / "x.parquet").report is None


def test_a_record_that_does_not_fit_leaves_no_file_and_the_old_one_alone(records: list[Record], tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_parquet(records, path)
    before = path.read_bytes()
    loud = records[0].with_signal(np.full((2, 9), 40.0), "shout")
    with pytest.raises(SignalError, match="r0: 40 mV does not fit 16 bits at 1000 units per mV"):
        write_parquet([*records, loud], path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.parquet"]


def test_a_table_of_others_is_read_by_the_names_of_its_columns(tmp_path: Path, generator: np.random.Generator) -> None:
    signal = generator.normal(size=(3, 250))
    table = pa.table(
        {"time": np.arange(250) / 250, "DI": signal[0], "aVR": signal[1], "V1": signal[2], "who": ["x"] * 250}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    made = read(tmp_path / "t.parquet", rate_hz=250, unit="mV", start_s=0.5)
    assert made.leads == ("I", "aVR", "V1")
    np.testing.assert_allclose(made.signal, signal[:, 125:], rtol=1e-6)
    with pytest.raises(SignalError, match="does not say its rate_hz, unit"):
        read(tmp_path / "t.parquet")


def test_more_than_can_be_held_is_refused_before_it_is_read(tmp_path: Path) -> None:
    table = pa.table({"I": pa.array(np.zeros(2**20))})
    with pq.ParquetWriter(tmp_path / "t.parquet", table.schema, compression="zstd") as writer:
        for _ in range(40):
            writer.write_table(table)
    with pytest.raises(SignalError, match=r"1 columns of 41943040 rows"):
        read(tmp_path / "t.parquet", rate_hz=250, unit="mV")


def test_a_cut_or_foreign_parquet_file_is_refused_in_one_line(records: list[Record], tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_parquet(records, path)
    content = path.read_bytes()
    for bad in (content[:4], content[: len(content) // 2], content[:-9] + b"\xff" * 5 + content[-4:]):
        path.write_bytes(bad)
        with pytest.raises(SignalError, match=r"x\.parquet") as refused:
            read(path, record_id="r0")
        assert "\n" not in str(refused.value)
    path.write_bytes(content)
    with pytest.raises(SignalError, match="it says its own rate_hz; leave that out"):
        read(path, rate_hz=100, record_id="r0")
