"""Preprocess: one record, however it was stored, becomes one array; its fingerprint says what was done."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_text.errors import ConfigError, SignalError
from ecg_text.leads import LIMB_LEAD_WEIGHTS, STANDARD_12, LeadState
from ecg_text.record import Record
from ecg_text.signal.preprocess import Prepared, Preprocess, standard_preprocess
from ecg_text.signal.read import read
from ecg_text.signal.steps import BandPass, OrderLeads, Resample, Scale, Window

# PTB-XL's own 100 Hz signals run this much ahead of its 500 Hz signals (measured by cross-spectrum).
PTBXL_LEAD_S = 0.00125


def ecg(rate_hz: float = 500.0, duration_s: float = 10.0, leads: tuple[str, ...] = STANDARD_12) -> Record:
    """A smooth twelve-lead ECG of 75 beats a minute, the same continuous signal at every rate."""
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    waves = ((-0.16, 0.12, 0.025), (-0.025, -0.12, 0.012), (0.0, 1.1, 0.014), (0.03, -0.25, 0.013), (0.28, 0.3, 0.05))
    rows = {}
    for number, lead in enumerate(("I", "II", *STANDARD_12[6:])):
        row = 0.05 * np.sin(2 * np.pi * 0.2 * times + number) + 0.1 * number
        for centre, height, width in waves:
            phase = (times + 0.37 - centre + 0.004 * number) % 0.8 - 0.4
            row = row + (1 - 0.15 * number) * height * np.exp(-0.5 * (phase / width) ** 2)
        rows[lead] = row
    rows |= {lead: p * rows["I"] + q * rows["II"] for lead, (p, q) in LIMB_LEAD_WEIGHTS.items()}
    return Record(signal=np.stack([rows[lead] for lead in leads]), rate_hz=rate_hz, leads=leads, record_id="r7")


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


def assert_same(a: Prepared, b: Prepared) -> None:
    assert np.array_equal(a.signal, b.signal)
    assert np.array_equal(a.lead_state, b.lead_state)
    assert a.num_valid == b.num_valid


def test_a_record_becomes_twelve_leads_of_ten_seconds_at_100_hz() -> None:
    prepared = standard_preprocess()(ecg())
    assert prepared.signal.shape == (12, 1000)
    assert prepared.signal.dtype == np.float32
    assert prepared.lead_mask.all()
    assert prepared.time_mask.all()
    assert prepared.lead_state.dtype == np.uint8
    assert prepared.trail == ("resample from 500 Hz to 100 Hz", "band-pass 0.5-40 Hz", "window 0-10 s")


def test_the_standard_preprocessing_says_what_it_makes() -> None:
    preprocess = standard_preprocess(250, 5)
    assert (preprocess.rate_hz, preprocess.num_samples, preprocess.unit_mv) == (250.0, 1250, 1.0)
    assert preprocess.leads == STANDARD_12
    assert preprocess(ecg()).signal.shape == (12, 1250)


@pytest.mark.parametrize("rate_hz", [100.0, 250.0, 257.0, 360.0, 400.0, 1000.0])
def test_a_record_at_any_rate_prepares_to_nearly_the_same_array(rate_hz: float) -> None:
    preprocess = standard_preprocess()
    assert cosine(preprocess(ecg(rate_hz)).signal, preprocess(ecg(500.0)).signal) >= 0.999


def test_millivolts_stay_millivolts() -> None:
    prepared = standard_preprocess()(ecg())
    height = np.ptp(ecg(100.0).lead("II"))
    assert np.ptp(prepared.signal[1]) == pytest.approx(height, rel=0.1)


@given(order=st.permutations(STANDARD_12), kept=st.integers(2, 12))
@settings(max_examples=20, derandomize=True)
def test_the_order_of_the_leads_in_the_file_has_no_say(order: list[str], kept: int) -> None:
    preprocess = standard_preprocess(duration_s=2.0)
    leads = tuple(order[:kept])
    in_standard_order = tuple(lead for lead in STANDARD_12 if lead in leads)
    assert_same(preprocess(ecg(100.0, 2.0, leads)), preprocess(ecg(100.0, 2.0, in_standard_order)))


@given(factor=st.floats(0.1, 10))
@settings(max_examples=20, derandomize=True)
def test_preparing_is_linear_in_voltage(factor: float) -> None:
    preprocess = standard_preprocess(duration_s=2.0)
    record = ecg(250.0, 2.0)
    scaled = record.with_signal(record.signal * np.float32(factor), "scale")
    np.testing.assert_allclose(
        preprocess(scaled).signal, factor * preprocess(record).signal, rtol=1e-4, atol=1e-5 * factor
    )


def test_eight_leads_prepare_like_twelve() -> None:
    preprocess = standard_preprocess()
    eight = preprocess(ecg(leads=("I", "II", *STANDARD_12[6:])))
    np.testing.assert_allclose(eight.signal, preprocess(ecg()).signal, atol=1e-5)
    assert eight.lead_mask.all()
    assert (eight.lead_state == LeadState.DERIVED).sum() == 4


def test_absent_and_zeroed_leads_stay_exactly_zero_and_masked() -> None:
    record = ecg(leads=("I", "V1", "V2"))
    signal = record.signal.copy()
    signal[1] = -2.5
    prepared = standard_preprocess()(record.with_signal(signal, "electrode off"))
    assert prepared.lead_mask.tolist() == [lead in ("I", "V2") for lead in STANDARD_12]
    assert prepared.lead_state[6] == LeadState.ZEROED
    assert prepared.lead_state[7] == LeadState.MEASURED
    assert not prepared.signal[~prepared.lead_mask].any()
    assert "zero constant leads V1" in prepared.trail


def test_two_seconds_are_padded_and_the_mask_says_so() -> None:
    prepared = standard_preprocess()(ecg(duration_s=2.0))
    assert prepared.num_valid == 200
    assert prepared.time_mask.sum() == 200
    assert prepared.time_mask[:200].all()
    assert not prepared.signal[:, 200:].any()
    assert prepared.signal[:, :200].any()
    assert prepared.trail[-1] == "window 0-2 s, padded to 10 s"


def test_one_second_works_and_less_is_refused() -> None:
    assert standard_preprocess()(ecg(duration_s=1.0)).num_valid == 100
    with pytest.raises(SignalError, match=r"r7: 0.99 s of signal \(495 samples at 500 Hz\); at least 1 s"):
        standard_preprocess()(ecg(duration_s=0.99))


def test_a_flat_record_is_refused() -> None:
    record = ecg()
    with pytest.raises(SignalError, match="flat record"):
        standard_preprocess()(record.with_signal(np.ones_like(record.signal), "unplug"))


def test_the_first_window_is_what_a_call_gives_and_windows_cover_the_recording() -> None:
    preprocess = standard_preprocess()
    record = ecg(duration_s=27.0)
    windows = preprocess.windows(record)
    assert [window.num_valid for window in windows] == [1000, 1000, 700]
    assert_same(preprocess(record), windows[0])
    assert windows[1].trail[-1] == "window 10-20 s"
    assert len(preprocess.windows(ecg(duration_s=14.0))) == 1
    assert len(preprocess.windows(ecg(duration_s=2.0))) == 1


def test_preparing_leaves_the_record_as_it_was() -> None:
    record = ecg(100.0)
    before = record.signal.copy()
    prepared = standard_preprocess()(record)
    prepared.signal[:] = 0
    assert np.array_equal(record.signal, before)


def test_the_fingerprint_never_changes_for_the_same_steps() -> None:
    assert standard_preprocess().fingerprint == "cf334443f9b94902"
    assert standard_preprocess(100, 10).fingerprint == standard_preprocess(100.0, 10.0).fingerprint


@pytest.mark.parametrize(
    "steps",
    [
        (OrderLeads(derive=False), Resample(), BandPass(), Scale(), Window()),
        (OrderLeads(STANDARD_12[:8]), Resample(), BandPass(), Scale(), Window()),
        (OrderLeads(), Resample(250), BandPass(), Scale(), Window()),
        (OrderLeads(), Resample(), BandPass(0.05), Scale(), Window()),
        (OrderLeads(), Resample(), BandPass(order=3), Scale(), Window()),
        (OrderLeads(), Resample(), BandPass(), Scale(0.5), Window()),
        (OrderLeads(), Resample(), BandPass(), Scale(), Window(5)),
        (OrderLeads(), BandPass(), Resample(), Scale(), Window()),
        (OrderLeads(), Resample(), Window()),
    ],
)
def test_every_difference_shows_in_the_fingerprint_and_survives_json(steps: tuple) -> None:
    preprocess = Preprocess(steps)
    assert preprocess.fingerprint != standard_preprocess().fingerprint
    again = Preprocess.from_dict(json.loads(json.dumps(preprocess.to_dict())))
    assert again == preprocess
    assert again.fingerprint == preprocess.fingerprint


def test_whole_numbers_in_a_hand_written_file_mean_the_same() -> None:
    written = standard_preprocess().to_dict()
    written["steps"][1] = {"rate_hz": 100, "step": "resample"}
    assert Preprocess.from_dict(written).fingerprint == standard_preprocess().fingerprint


def test_a_preprocessing_travels_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(standard_preprocess()))
    assert again == standard_preprocess()
    assert again.fingerprint == standard_preprocess().fingerprint


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda written: written.update(extra=1), "preprocessing has keys"),
        (lambda written: written.pop("version"), "preprocessing has keys"),
        (lambda written: written.update(version=99), "version is 99"),
        (lambda written: written.update(steps="none"), "steps are a str"),
        (lambda written: written["steps"].append({"step": "z_score"}), "unknown preprocessing step"),
        (lambda written: written["steps"].append("window"), "unknown preprocessing step"),
        (lambda written: written["steps"][1].update(kaiser=5), "step resample has keys"),
        (lambda written: written["steps"][2].pop("order"), "step band_pass has keys"),
        (lambda written: written["steps"][0].update(leads="I II"), "give a list of lead names"),
        (lambda written: written["steps"][0].update(derive="yes"), "derive is 'yes'"),
        (lambda written: written["steps"][1].update(rate_hz="fast"), "rate_hz is 'fast'"),
        (lambda written: written["steps"].pop(), "0 Window steps"),
        (lambda written: written["steps"].reverse(), "last step of a Preprocess is OrderLeads"),
        (lambda written: written["steps"].insert(0, written["steps"][1]), "2 Resample steps"),
        (lambda written: written["steps"].insert(0, written["steps"][3]), "2 Scale steps"),
    ],
)
def test_reading_the_steps_back_is_strict(change, told: str) -> None:  # type: ignore[no-untyped-def]
    written = json.loads(json.dumps(standard_preprocess().to_dict()))
    change(written)
    with pytest.raises(ConfigError, match=told):
        Preprocess.from_dict(written)


@pytest.mark.slow
@pytest.mark.parametrize(("rate_hz", "limit_ms"), [(100.0, 1.5), (500.0, 8.0)])
def test_preparing_one_record_takes_milliseconds(rate_hz: float, limit_ms: float) -> None:
    preprocess, record = standard_preprocess(), ecg(rate_hz)
    preprocess(record)
    took = []
    for _ in range(30):
        start = time.process_time()
        preprocess(record)
        took.append(1000 * (time.process_time() - start))
    assert min(took) <= limit_ms


@pytest.mark.slow
@pytest.mark.shared
def test_ptb_xl_at_500_hz_prepares_like_ptb_xl_at_100_hz(shared_dir: Path, ptbxl_dir: Path) -> None:
    """Away from the ends, which PTB-XL's own resampling bent, and with its shift of 1.25 ms undone."""
    preprocess = standard_preprocess()
    found = []
    for fast in sorted((shared_dir / "data" / "ptbxl_500hz" / "records500").rglob("*_hr.hea")):
        slow = ptbxl_dir / "records100" / fast.parent.name / fast.name.replace("_hr", "_lr")
        if slow.exists():
            at_500, at_100 = preprocess(read(fast)).signal, preprocess(read(slow)).signal
            found.append(cosine(_earlier(at_500, PTBXL_LEAD_S)[:, 50:-50], at_100[:, 50:-50]))
    if not found:
        pytest.skip("none of the 500 Hz records is among the unpacked 100 Hz records")
    assert np.median(found) >= 0.999
    assert min(found) >= 0.998


def _earlier(signal: np.ndarray, seconds: float) -> np.ndarray:
    """A signal at 100 Hz moved to an earlier time by a phase that grows with frequency."""
    mirrored = np.concatenate([signal, signal[:, ::-1]], axis=1)
    frequencies = np.fft.rfftfreq(mirrored.shape[1], 0.01)
    moved = np.fft.rfft(mirrored) * np.exp(2j * np.pi * frequencies * seconds)
    return np.fft.irfft(moved, mirrored.shape[1])[:, : signal.shape[1]]
