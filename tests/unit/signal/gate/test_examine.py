"""Every fault that the gate knows is found in a synthetic ECG that has it, and in none that has not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_text.record import Record
from ecg_text.signal.gate.examine import examine
from ecg_text.signal.gate.finding import Examination, Finding, Severity
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.read import read
from ecg_text.signal.synthetic.synthesise import synthesise, synthesise_set


@pytest.fixture(scope="module")
def ecg() -> Record:
    return synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=500.0, noise=0.3).record


def only(examination: Examination, code: str) -> Finding:
    """The one finding of this code."""
    [found] = [found for found in examination.findings if found.code == code]
    return found


def with_lead(record: Record, name: str, samples: np.ndarray) -> Record:
    signal = record.signal.copy()
    signal[record.leads.index(name)] = samples
    return replace(record, signal=signal)


def test_a_good_recording_is_accepted(ecg: Record) -> None:
    examination = examine(ecg, preprocess=standard_preprocess())
    assert examination.verdict == "accept"
    assert examination.codes == ()


@pytest.mark.parametrize(("factor", "code"), [(1000.0, "unit.too_large"), (0.001, "unit.too_small")])
def test_a_unit_wrong_by_a_thousand_is_refused(ecg: Record, factor: float, code: str) -> None:
    examination = examine(replace(ecg, signal=ecg.signal * np.float32(factor)))
    assert examination.verdict == "refuse"
    assert only(examination, code).evidence["beat_mv"] == pytest.approx(
        factor * np.median(np.ptp(ecg.signal, axis=1)), rel=0.5
    )


def test_a_gain_wrong_by_five_is_a_warning(ecg: Record) -> None:
    found = only(examine(replace(ecg, signal=ecg.signal / 5)), "unit.too_small")
    assert found.severity == Severity.WARN


def test_the_constant_voltage_of_an_electrode_is_no_wrong_unit(ecg: Record) -> None:
    assert "unit.too_large" not in examine(replace(ecg, signal=ecg.signal + 200)).codes


@pytest.mark.parametrize(("factor", "word"), [(2.0, "high"), (0.5, "low"), (5.0, "high")])
def test_a_wrong_rate_in_the_header_is_found(ecg: Record, factor: float, word: str) -> None:
    found = only(examine(replace(ecg, rate_hz=ecg.rate_hz * factor)), "rate.implausible")
    assert f"too {word}" in found.message
    assert found.evidence["header_hz"] == ecg.rate_hz * factor


@pytest.mark.slow
def test_the_right_rate_is_hardly_ever_doubted() -> None:
    doubted = sum("rate.implausible" in examine(ecg.record).codes for ecg in synthesise_set(60, 5, rate_hz=250.0))
    assert doubted <= 2


def test_a_record_of_less_than_a_second_is_refused(ecg: Record) -> None:
    examination = examine(replace(ecg, signal=ecg.signal[:, :400]))
    assert examination.verdict == "refuse"
    assert only(examination, "duration.too_short").evidence["duration_s"] == 0.8


def test_short_and_slow_are_measured_by_the_model_that_is_asked(ecg: Record) -> None:
    short = replace(ecg, signal=ecg.signal[:, ::2][:, :1000], rate_hz=250.0)
    assert not {"duration.too_short", "rate.too_low"} & set(examine(short).codes)
    told = examine(short, preprocess=standard_preprocess())
    assert only(told, "duration.too_short").severity == Severity.WARN
    assert only(told, "duration.too_short").message.startswith("4 s is shorter than the 10 s a model sees")
    fine = examine(short, preprocess=standard_preprocess(rate_hz=500.0, duration_s=4.0))
    assert only(fine, "rate.too_low").message.startswith("250 Hz is less than the model's 500 Hz")


def test_a_zeroed_lead_and_a_flat_lead_are_told_apart_and_named(ecg: Record) -> None:
    assert only(examine(with_lead(ecg, "V3", np.float32(0))), "lead.zeroed").leads == ("V3",)
    assert only(examine(with_lead(ecg, "V4", np.float32(0.7))), "lead.flat").leads == ("V4",)


def test_a_record_of_constants_is_refused(ecg: Record) -> None:
    examination = examine(replace(ecg, signal=np.zeros_like(ecg.signal)))
    assert examination.verdict == "refuse"
    assert examination.codes == ("lead.all_flat",)


def test_an_electrode_off_for_two_seconds_is_found(ecg: Record) -> None:
    lead = ecg.lead("V2").copy()
    lead[1000:2000] = 0.1
    found = only(examine(with_lead(ecg, "V2", lead)), "lead.partly_flat")
    assert found.leads == ("V2",)
    assert 1.5 <= found.evidence["longest_s"] <= 2.0


def test_a_clipped_lead_is_found(ecg: Record) -> None:
    tall = ecg.lead("V5") * 10
    found = only(examine(with_lead(ecg, "V5", np.clip(tall, -2, 2))), "lead.saturated")
    assert found.leads == ("V5",)


def test_a_copied_lead_is_found(ecg: Record) -> None:
    assert only(examine(with_lead(ecg, "V6", ecg.lead("V5"))), "lead.duplicate").leads == ("V5", "V6")


def test_absent_leads_are_named_with_those_that_can_be_computed(ecg: Record) -> None:
    found = only(examine(ecg.select(("I", "II", "V1"))), "lead.missing")
    assert found.severity == Severity.NOTE
    assert found.evidence == {"absent": 9.0, "derivable": 4.0}
    assert "III, aVR, aVL, aVF can be computed" in found.message


@pytest.mark.parametrize("rate_hz", [100.0, 250.0, 500.0])
@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_hum_is_measured_even_where_the_sampling_folds_it(ecg: Record, mains_hz: float, rate_hz: float) -> None:
    step = round(500 / rate_hz)
    times_s = np.arange(5000 // step) / rate_hz
    hum = 0.1 * np.cos(2 * np.pi * mains_hz * times_s)
    record = replace(ecg, signal=ecg.signal[:, ::step][:, : len(hum)] + hum.astype(np.float32), rate_hz=rate_hz)
    found = only(examine(record), "noise.mains")
    assert found.evidence["mains_hz"] == mains_hz
    assert found.evidence["amplitude_mv"] == pytest.approx(0.1, rel=0.2)


def test_wander_is_measured(ecg: Record) -> None:
    times_s = np.arange(ecg.num_samples) / ecg.rate_hz
    wander = np.sin(2 * np.pi * 0.3 * times_s).astype(np.float32)
    found = only(examine(with_lead(ecg, "V2", ecg.lead("V2") + wander)), "noise.baseline")
    assert found.severity == Severity.WARN
    assert found.leads == ("V2",)
    assert found.evidence["wander_rms_mv"] == pytest.approx(0.5**0.5, rel=0.15)


def test_fast_noise_is_measured_and_the_heart_is_not(ecg: Record, generator: np.random.Generator) -> None:
    assert "noise.muscle" not in examine(ecg).codes
    noise = generator.normal(0, 0.08, ecg.num_samples).astype(np.float32)
    found = only(examine(with_lead(ecg, "V6", ecg.lead("V6") + noise)), "noise.muscle")
    assert found.leads == ("V6",)
    assert found.evidence["noise_rms_mv"] == pytest.approx(0.08, rel=0.25)


def test_a_recording_without_beats_says_so(ecg: Record) -> None:
    slow = np.sin(2 * np.pi * 0.2 * np.arange(ecg.num_samples) / ecg.rate_hz).astype(np.float32)
    assert "noise.no_beats" in examine(replace(ecg, signal=np.tile(slow, (12, 1)))).codes


def test_spikes_of_a_pacemaker_are_counted_and_qrs_complexes_are_not(ecg: Record) -> None:
    assert "pacing.spikes" not in examine(ecg).codes
    signal = ecg.signal.copy()
    signal[:, 250::400] += np.float32(1.0)
    found = only(examine(replace(ecg, signal=signal)), "pacing.spikes")
    assert found.evidence["spikes"] == 12
    assert found.evidence["usual_interval_s"] == pytest.approx(0.8)


def test_at_a_hundred_samples_a_second_nothing_is_said_of_pacing(ecg: Record) -> None:
    signal = ecg.signal[:, ::5].copy()
    signal[:, 50::80] += np.float32(1.0)
    assert not any(code.startswith("pacing") for code in examine(replace(ecg, signal=signal, rate_hz=100.0)).codes)


def test_a_sample_beyond_any_amplifier_is_refused_with_its_lead(ecg: Record) -> None:
    lead = ecg.lead("V3").copy()
    lead[70] = -1e30
    examination = examine(with_lead(ecg, "V3", lead))
    assert examination.verdict == "refuse"
    assert examination.codes == ("unit.too_large",)
    assert examination.findings[0].leads == ("V3",)
    assert examination.findings[0].evidence["largest_mv"] == pytest.approx(1e30)


@pytest.mark.parametrize("rate_hz", [1.0, 30.0, 50.0, 1000.0])
@pytest.mark.parametrize("num_samples", [1, 2, 3, 257, 5000])
@pytest.mark.parametrize("leads", [("II",), ("V1", "VX", "aVL")])
def test_no_shape_of_noise_makes_it_fail(
    rate_hz: float, num_samples: int, leads: tuple[str, ...], generator: np.random.Generator
) -> None:
    signal = generator.normal(0, 1, (len(leads), num_samples))
    examination = examine(Record(signal=signal, rate_hz=rate_hz, leads=leads), preprocess=standard_preprocess())
    assert examination.to_dict()["verdict"] in ("accept", "accept with warnings", "refuse")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["A0001", "JS00001", "1000001"])
def test_recordings_of_other_hospitals_are_not_refused(shared_dir: Path, name: str) -> None:
    examination = examine(read(shared_dir / "data" / "formats" / name))
    assert examination.verdict != "refuse"
    assert not {"rate.implausible", "unit.too_large", "unit.too_small"} & set(examination.codes)
