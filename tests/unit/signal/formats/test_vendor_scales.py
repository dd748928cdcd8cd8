"""Units, gains, baselines, packings and subtracted beats: each way to write the same millivolts gives them back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg_text.errors import LeadError, SignalError
from ecg_text.signal.formats.recording import Stated
from tests.unit.signal.formats.test_vendor_formats import open_one
from tests.unit.signal.formats.vendor_files import binary_files, library_files, scp, xml_files
from tests.unit.signal.formats.vendor_files.source import EIGHT, Source, smooth_source


@pytest.mark.parametrize("is_upside_down", [False, True])
@pytest.mark.parametrize("is_plus", [False, True])
def test_edf_in_microvolts_millivolts_and_volts_of_either_sign(
    tmp_path: Path, is_upside_down: bool, is_plus: bool
) -> None:
    source = smooth_source()
    path = library_files.write_edf(
        tmp_path / "a.edf", source, units=("uV", "mV", "V"), is_upside_down=is_upside_down, is_plus=is_plus
    )
    recording = open_one(path)
    assert np.abs(recording.record().signal - source.signal).max() < 0.00007
    assert (recording.facts.age, recording.facts.sex, recording.facts.device) == (
        72.0, "female", "Schiller CARDIOVIT AT-102"
    )  # fmt: skip


def test_edf_agrees_with_edfio_and_with_the_library(tmp_path: Path) -> None:
    import edfio
    from ecgdatakit.parsing.parsers.edf import EDFParser

    path = library_files.write_edf(tmp_path / "a.edf", smooth_source())
    record = open_one(path).record()
    theirs = [
        signal.data / library_files.UNITS[signal.physical_dimension] for signal in edfio.read_edf(path).signals[:12]
    ]
    np.testing.assert_allclose(record.signal, np.stack(theirs), atol=1e-6)
    library = [lead.to_physical().convert_units("mV").samples for lead in EDFParser().parse(path).leads[:12]]
    np.testing.assert_allclose(record.signal, np.stack(library), atol=1e-6)


def test_edf_keeps_a_rate_that_is_no_whole_number(tmp_path: Path) -> None:
    path = library_files.write_edf(tmp_path / "a.edf", smooth_source(), duration_s=0.5)
    data = bytearray(path.read_bytes())
    data[244:252] = b"0.512   "
    path.write_bytes(data)
    assert open_one(path).rate_hz == pytest.approx(250 / 0.512)


def test_a_day_of_edf_is_read_by_window(tmp_path: Path) -> None:
    source = smooth_source(("I", "II"), num_samples=500 * 60)
    path = library_files.write_edf(tmp_path / "a.edf", source, duration_s=1, is_plus=False)
    header_bytes, record_bytes = 256 * 4, 2 * (500 * 2 + 100)
    data = bytearray(path.read_bytes())
    data[236:244] = b"86400   "
    with path.open("wb") as file:
        file.write(data)
        file.truncate(header_bytes + record_bytes * 86400)
    recording = open_one(path)
    assert recording.duration_s == 86400
    window = recording.window(50.25, 1.5)
    assert np.abs(window.signal - source.signal[:, 25125:25875]).max() < 0.00007
    assert np.ptp(recording.window(80000, 2).signal) == 0


def test_an_edf_with_gaps_or_with_leads_of_two_rates_is_refused(tmp_path: Path) -> None:
    path = library_files.write_edf(tmp_path / "a.edf", smooth_source(), duration_s=1)
    data = path.read_bytes()
    assert b"+2\x14\x14" in data
    path.write_bytes(data.replace(b"EDF+C", b"EDF+D").replace(b"+2\x14\x14", b"+7\x14\x14"))
    with pytest.raises(SignalError, match="discontinuous"):
        open_one(path)
    path.write_bytes(data.replace(b"EDF+C", b"EDF+D"))
    assert open_one(path).duration_s == 4

    import edfio

    signals = [edfio.EdfSignal(np.zeros(rate) + 0.1, rate, label=lead, physical_dimension="mV", physical_range=(-1, 1))
               for rate, lead in ((500, "I"), (250, "II"))]  # fmt: skip
    edfio.Edf(signals).write(path)
    with pytest.raises(SignalError, match="different rates \\(250, 500 Hz\\)"):
        open_one(path)


def test_a_channel_called_ecg_is_the_lead_that_the_caller_says(tmp_path: Path) -> None:
    import edfio

    wave = np.sin(np.arange(1000) / 50)
    edfio.Edf([edfio.EdfSignal(wave, 250, label="ECG", physical_dimension="mV")]).write(tmp_path / "a.edf")
    with pytest.raises(LeadError, match="state its lead"):
        open_one(tmp_path / "a.edf")
    record = open_one(tmp_path / "a.edf", stated=Stated(leads=("II",))).record()
    assert record.leads == ("II",)
    assert "take the voltages without a lead's name for II, as stated" in record.trail


@pytest.mark.parametrize(("correction", "baseline_uv"), [(1.0, 0.0), (1.013, 0.0), (1.0, -250.0), (0.98, 612.5)])
def test_dicom_corrections_and_baselines(tmp_path: Path, correction: float, baseline_uv: float) -> None:
    import pydicom

    source = smooth_source()
    path = library_files.write_dicom(tmp_path / "a", source, correction=correction, baseline_uv=baseline_uv)
    signal = open_one(path).record().signal
    assert np.abs(signal - source.signal).max() <= 0.00125 * correction + 1e-6
    np.testing.assert_allclose(signal, pydicom.dcmread(path).waveform_array(1).T / 1000, atol=1e-6)


def test_dicom_deflated_padded_and_without_a_rhythm(tmp_path: Path) -> None:
    source = smooth_source()
    deflated = open_one(library_files.write_dicom(tmp_path / "a", source, is_deflated=True))
    assert np.abs(deflated.record().signal - source.signal).max() <= 0.00126
    padded = open_one(library_files.write_dicom(tmp_path / "b", source, padding=-32768))
    assert np.isnan(padded.load(0, 10)[0, 7])
    with pytest.raises(SignalError, match="1 samples are missing"):
        padded.record()
    data = (tmp_path / "a").read_bytes()
    plain = library_files.write_dicom(tmp_path / "c", source).read_bytes().replace(b"RHYTHM", b"MEDIAN")
    (tmp_path / "c").write_bytes(plain)
    assert len(data) < len(plain)
    with pytest.raises(SignalError, match="no rhythm strip"):
        open_one(tmp_path / "c")


@pytest.mark.parametrize("differences", [0, 1, 2])
@pytest.mark.parametrize("huffman", [False, True])
@pytest.mark.parametrize("is_subtracted", [False, True])
def test_scp_differences_huffman_codes_and_subtracted_beats(
    tmp_path: Path, differences: int, huffman: bool, is_subtracted: bool
) -> None:
    source = smooth_source(EIGHT)
    beat = np.rint(60 * np.sin(np.arange(100) / 10)).astype(int)[None] * np.arange(1, 9)[:, None]
    path = scp.write_scp(
        tmp_path / "a",
        source,
        differences=differences,
        huffman=huffman,
        beats=(beat, [300, 800, 1500], 40) if is_subtracted else None,
    )
    assert np.abs(open_one(path).record().signal - source.signal).max() <= 0.00126


@pytest.mark.parametrize("avm_nv", [625, 1000, 4880])
def test_scp_multipliers_are_nanovolts(tmp_path: Path, avm_nv: int) -> None:
    source = smooth_source(EIGHT)
    path = scp.write_scp(tmp_path / "a", source, avm_nv=avm_nv)
    assert np.abs(open_one(path).record().signal - source.signal).max() <= avm_nv / 2e6 * 1.01


@pytest.mark.parametrize("origin_uv", [0.0, 350.0, -12.5])
@pytest.mark.parametrize("uv_per_unit", [1.0, 2.5, 4.88])
def test_aecg_scales_and_origins(tmp_path: Path, origin_uv: float, uv_per_unit: float) -> None:
    source = smooth_source()
    path = xml_files.write_aecg(tmp_path / "a", source, uv_per_unit=uv_per_unit, origin_uv=origin_uv)
    assert np.abs(open_one(path).record().signal - source.signal).max() <= uv_per_unit / 2000 * 1.01


def test_aecg_keeps_a_rate_that_is_no_whole_number(tmp_path: Path) -> None:
    path = xml_files.write_aecg(tmp_path / "a", smooth_source())
    path.write_text(path.read_text().replace('increment value="0.002"', 'increment value="0.0039"'))
    assert open_one(path).rate_hz == pytest.approx(1 / 0.0039)


@pytest.mark.parametrize("uv_per_unit", [1.0, 4.88])
def test_muse_units_per_bit(tmp_path: Path, uv_per_unit: float) -> None:
    source = smooth_source(EIGHT)
    record = open_one(xml_files.write_muse(tmp_path / "a", source, uv_per_unit=uv_per_unit)).record()
    assert np.abs(record.signal - source.signal).max() <= uv_per_unit / 2000 * 1.01


def test_philips_offsets_are_counts(tmp_path: Path) -> None:
    source = smooth_source()
    record = open_one(xml_files.write_sierra(tmp_path / "a", source, offset=512)).record()
    assert np.abs(record.signal - source.signal).max() <= 0.00251


def test_philips_packed_samples(tmp_path: Path) -> None:
    source = smooth_source()
    record = open_one(xml_files.write_sierra(tmp_path / "a", source, is_packed=True)).record()
    assert np.abs(record.signal - source.signal).max() <= 0.00251


def test_a_checksum_that_does_not_match_is_told(tmp_path: Path) -> None:
    eight = smooth_source(EIGHT)
    for path in (
        scp.write_scp(tmp_path / "scp", eight, is_crc_right=False),
        xml_files.write_muse(tmp_path / "muse", eight, is_crc_right=False),
        binary_files.write_ishne(tmp_path / "ishne", eight, is_crc_right=False),
    ):
        assert "its checksum does not match" in open_one(path).trail
    assert "its checksum does not match" not in open_one(scp.write_scp(tmp_path / "scp", eight)).trail


def test_a_faulty_stretch_of_a_holter_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    source = smooth_source(("I", "II"))
    path = binary_files.write_ishne(tmp_path / "a", source)
    data = bytearray(path.read_bytes())
    data[-4:-2] = b"\x00\x80"
    path.write_bytes(data)
    recording = open_one(path)
    assert np.abs(recording.window(0, 3).signal - source.signal[:, :1500]).max() <= 0.00126
    with pytest.raises(SignalError, match="NaN"):
        recording.record()


def test_counts_without_a_unit_want_it_from_the_caller(tmp_path: Path) -> None:
    path = binary_files.write_edan(tmp_path, smooth_source(("I", "II", "V1"), 1000, 250))
    with pytest.raises(SignalError, match="state what one count is"):
        open_one(path)
    muse = xml_files.write_muse(tmp_path / "a", smooth_source(EIGHT))
    with pytest.raises(SignalError, match="says its own unit"):
        open_one(muse, stated=Stated(unit="uV"))


def test_leads_of_different_times_are_refused(tmp_path: Path) -> None:
    source = Source(smooth_source(EIGHT).signal[:, :1000], 500, EIGHT)
    path = xml_files.write_muse(tmp_path / "a", source)
    text = path.read_text()
    start, end = text.rindex("<LeadData>"), text.rindex("</LeadData>") + len("</LeadData>")
    short = xml_files.write_muse(tmp_path / "b", Source(source.signal[:, :500], 500, EIGHT)).read_text()
    other = short[short.rindex("<LeadData>") : short.rindex("</LeadData>") + len("</LeadData>")]
    path.write_text(text[:start] + other + text[end:])
    with pytest.raises(SignalError, match="not simultaneous"):
        open_one(path)


def test_an_edan_archive_is_read_as_its_two_files(tmp_path: Path) -> None:
    source = smooth_source(("I", "II", "V1"), 1000, 250)
    path = binary_files.write_edan_archive(tmp_path / "a", source)
    record = open_one(path, stated=Stated(unit="uV")).record()
    assert np.abs(record.signal - source.signal).max() <= 0.000501
    assert "the format is not documented by its maker" in record.trail
