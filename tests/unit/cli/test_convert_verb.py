"""ecg-text convert writes what it read, to the stored resolution, and carries no identifiers along."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.read import open_recordings, read


@pytest.fixture
def recordings(tmp_path, generator):
    """Two folders with a record "a" each, of other samples, and another step than the default."""
    for folder, units_per_mv in (("one", 1000 / 4.88), ("two", 200.0)):
        stored = generator.integers(-300, 300, size=(2, 400))
        record = Record(
            signal=stored / units_per_mv, rate_hz=250, leads=("I", "V1"), record_id="a", patient_id="P-77", age=60,
            sex="female", labels=("426783006",), device="Philips", report="sinus rhythm",
        )  # fmt: skip
        header = write_wfdb(record, tmp_path / folder, units_per_mv=units_per_mv, report=True)
        header.write_text(header.read_text() + "# Name: Erika Mustermann\n")
    return tmp_path


@pytest.mark.parametrize("to", ["wfdb", "parquet"])
def test_a_conversion_is_exact_to_the_stored_resolution(say_to, recordings, to):
    out = recordings / "out"
    said = say_to("convert", recordings / "one", recordings / "two", "--to", to, "--out", out)
    assert (said.status, said.err) == (0, "")
    assert "2 records written" in said.out
    known = [read(recordings / folder / "a") for folder in ("one", "two")]
    if to == "wfdb":
        made = [read(out / "a"), read(out / "a-2")]
    else:
        made = [next(open_recordings(out / f"{name}.parquet")).record() for name in ("one", "two")]
    for ours, theirs in zip(made, known, strict=True):
        assert np.array_equal(ours.signal, theirs.signal)
        assert (ours.rate_hz, ours.leads, ours.age, ours.sex) == (250.0, ("I", "V1"), 60.0, "female")
        assert (ours.labels, ours.device, ours.patient_id, ours.report) == (("426783006",), "Philips", None, None)
    written = b"".join(path.read_bytes() for path in out.iterdir())
    for secret in (b"Mustermann", b"P-77", b"sinus rhythm"):
        assert secret not in written


def test_a_coarser_step_is_written_where_it_is_asked_for(say_to, recordings):
    said = say_to("convert", recordings / "two" / "a.hea", "--to", "wfdb", "--out", recordings / "out",
                  "--resolution-uv", "50")  # fmt: skip
    assert said.status == 0
    known = read(recordings / "two" / "a").signal
    np.testing.assert_allclose(read(recordings / "out" / "a").signal, known, atol=0.02501)


def test_what_is_there_is_never_replaced(say_to, recordings):
    before = {path: path.read_bytes() for path in (recordings / "one").iterdir()}
    said = say_to("convert", recordings / "two", "--to", "wfdb", "--out", recordings / "one", "--json")
    assert json.loads(said.out)["written"] == [str(recordings / "one" / "a-2.hea")]
    assert all(path.read_bytes() == content for path, content in before.items())


def test_refusals_are_told_line_by_line_and_the_rest_is_written(say_to, recordings):
    (recordings / "two" / "bad.npy").write_bytes(b"\x93NUMPY broken")
    (recordings / "two" / "cut.hea").write_text("cut 1 100 10\n")
    with zipfile.ZipFile(recordings / "x.zip", "w") as archive:
        for path in sorted((recordings / "two").iterdir()):
            archive.write(path, path.name)
    said = say_to(
        "convert", recordings / "x.zip", recordings / "none.edf", "--to", "parquet", "--out", recordings / "o"
    )
    assert said.status == 1
    lines = said.err.strip().splitlines()
    assert [line.split(":")[0] for line in lines] == ["refused", "refused", "refused", "error"]
    assert "1 record written" in said.out
    assert [path.name for path in (recordings / "o").iterdir()] == ["x.parquet"]


def test_arrays_are_converted_once_their_facts_are_stated(say_to, recordings, generator):
    signal = generator.integers(-900, 900, size=(3, 500)) / 1000
    np.save(recordings / "x.npy", signal)
    said = say_to("convert", recordings / "x.npy", "--to", "wfdb", "--out", recordings / "out", "--rate-hz", "500",
                  "--unit", "mV", "--leads", "I,II,V1")  # fmt: skip
    assert said.status == 0
    np.testing.assert_allclose(read(recordings / "out" / "x").signal, signal, atol=1e-6)


def test_a_report_is_kept_by_name_and_identifiers_cannot_be(say_to, recordings):
    out = recordings / "out"
    assert say_to("convert", recordings / "one", "--to", "parquet", "--out", out, "--keep", "report").status == 0
    assert "sinus rhythm" in read(out / "one.parquet", keep=["report"]).report
    said = say_to("convert", recordings / "one", "--to", "parquet", "--out", out, "--keep", "patient_id")
    assert said.status == 1
    assert "identifiers are never carried" in said.err


def test_records_of_one_id_get_ids_of_their_own_in_parquet(say_to, recordings):
    write_wfdb(replace(read(recordings / "one" / "a"), record_id="a-2"), recordings / "three")
    folder = recordings / "all"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (recordings / name).rename(folder / name)
    assert say_to("convert", folder, "--to", "parquet", "--out", recordings / "out").status == 0
    made = recordings / "out" / "all.parquet"
    assert [one.record_id for one in open_recordings(made)] == ["a", "a-2", "a-3"]
    assert np.array_equal(read(made, record_id="a-3").signal, read(folder / "two" / "a").signal)
    with pytest.raises(SignalError, match=r"it holds a, a-2 and maybe more; name one by its record id \(--record-id\)"):
        read(made)


def test_a_loud_record_does_not_cost_the_others_of_its_file(say_to, tmp_path, generator):
    quiet = Record(signal=generator.integers(-300, 300, size=(1, 400)) / 10000, rate_hz=250, leads=("I",))
    loud = quiet.with_signal(quiet.signal + np.float32(4.37), "shift")
    loud = loud.with_signal(np.rint(loud.signal * 10000) / 10000, "round")
    for name, record in (("a", quiet), ("b", loud)):
        write_wfdb(replace(record, record_id=name), tmp_path / "in", fmt="24", units_per_mv=10000)
    said = say_to("convert", tmp_path / "in", "--to", "parquet", "--out", tmp_path / "out")
    assert (said.status, said.err) == (0, "")
    for made in open_recordings(tmp_path / "out" / "in.parquet"):
        assert np.array_equal(made.record().signal, read(tmp_path / "in" / made.record_id).signal)


def test_a_step_that_is_too_fine_is_refused_in_the_words_of_the_command(say_to, recordings):
    said = say_to("convert", recordings / "one", "--to", "wfdb", "--out", recordings / "out", "--resolution-uv", "1e-7")
    assert said.status == 1
    assert "a: it does not fit 32 bits at this step; give a larger --resolution-uv" in said.err


def test_what_is_stated_is_for_those_of_several_files_that_do_not_say_it(say_to, recordings, generator):
    np.save(recordings / "b.npy", generator.integers(-900, 900, size=(3, 500)) / 1000)
    stated = ("--rate-hz", "500", "--unit", "mV", "--leads", "I,II,V1")
    header, out = recordings / "one" / "a.hea", recordings / "out"
    said = say_to("convert", header, recordings / "b.npy", "--to", "wfdb", "--out", out, *stated)
    assert (said.status, said.err) == (0, "")
    assert (read(out / "a").rate_hz, read(out / "b").rate_hz) == (250, 500)
    alone = say_to("convert", header, "--to", "wfdb", "--out", out, *stated)
    assert alone.status == 1
    assert "says its own rate_hz" in alone.err
