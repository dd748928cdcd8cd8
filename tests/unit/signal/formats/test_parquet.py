"""Parquet: what is written comes back exactly, other people's tables are read as the caller states, bombs are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecg_text.errors import LeadError, SignalError
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


@pytest.mark.parametrize(
    ("largest_mv", "dtype"), [(32.766, "int16"), (32.768, "int32"), (2e6, "int32"), (1e7, "float32")]
)
def test_a_loud_record_takes_wider_samples_and_comes_back_exactly(
    records: list[Record], tmp_path: Path, largest_mv: float, dtype: str
) -> None:
    signal = records[0].signal.copy()
    signal[1, 7] = -largest_mv
    loud = records[0].with_signal(signal, "shout")
    assert write_parquet([records[1], loud, records[2]], tmp_path / "x.parquet") == 3
    assert pq.read_table(tmp_path / "x.parquet")["dtype"].to_pylist() == ["int16", dtype, "int16"]
    made = [one.record() for one in open_recordings(tmp_path / "x.parquet")]
    for ours, known in zip(made, (records[1], loud, records[2]), strict=True):
        assert np.array_equal(ours.signal, known.signal)


def test_an_id_that_is_no_text_does_not_cost_the_file(records: list[Record], tmp_path: Path) -> None:
    old = replace(records[0], record_id="r\udcff")
    assert write_parquet([old, records[1]], tmp_path / "x.parquet") == 2
    assert [one.record_id for one in open_recordings(tmp_path / "x.parquet")] == ["r?", "r1"]


def test_a_source_that_breaks_leaves_no_file_and_the_old_one_alone(records: list[Record], tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_parquet(records, path)
    before = path.read_bytes()

    def broken() -> Iterator[Record]:
        yield from records
        raise SignalError("the source is gone")

    with pytest.raises(SignalError, match="the source is gone"):
        write_parquet(broken(), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.parquet"]


def test_leads_that_contradict_the_columns_are_refused(tmp_path: Path, generator: np.random.Generator) -> None:
    values = generator.normal(size=(3, 250))
    pq.write_table(pa.table(dict(zip(("II", "I", "hr"), values, strict=True))), tmp_path / "t.parquet")
    with pytest.raises(LeadError, match="its columns name II, I, not I, II, III"):
        read(tmp_path / "t.parquet", rate_hz=250, unit="mV", leads=["I", "II", "III"])
    made = read(tmp_path / "t.parquet", rate_hz=250, unit="mV", leads=["II", "I"])
    assert made.leads == ("II", "I")
    assert "leave out columns hr" in made.trail
    np.testing.assert_allclose(made.signal, values[:2], rtol=1e-6)


def test_columns_that_are_no_leads_are_taken_as_stated_where_none_is(
    tmp_path: Path, generator: np.random.Generator
) -> None:
    values = generator.normal(size=(2, 250))
    pq.write_table(pa.table({"a": values[0], "b": values[1], "who": ["x"] * 250}), tmp_path / "t.parquet")
    made = read(tmp_path / "t.parquet", rate_hz=250, unit="mV", leads=["V1", "V2"])
    np.testing.assert_allclose(made.signal, values, rtol=1e-6)


def test_a_table_of_others_is_read_by_the_names_of_its_columns(tmp_path: Path, generator: np.random.Generator) -> None:
    signal = generator.normal(size=(3, 250))
    table = pa.table(
        {"time": np.arange(250) / 250, "DI": signal[0], "aVR": signal[1], "V1": signal[2], "who": ["x"] * 250}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    made = read(tmp_path / "t.parquet", unit="mV", start_s=0.5)
    assert made.rate_hz == 250
    assert made.leads == ("I", "aVR", "V1")
    np.testing.assert_allclose(made.signal, signal[:, 125:], rtol=1e-6)
    with pytest.raises(SignalError, match=r"a Parquet file does not say its unit; state it when reading \(--unit\)$"):
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
