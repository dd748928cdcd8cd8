"""A perturbed store is what the preprocessing makes of a perturbed recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_text.errors import LeadError
from ecg_text.evaluation.robustness import CLEAN, RECORDER_RATE_HZ, perturbations
from ecg_text.evaluation.variants import Ecgs
from ecg_text.leads import STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.perturb import baseline_wander, reverse_arms, rms, rms_at_snr, white_noise
from ecg_text.signal.preprocess import Prepared, Preprocess, standard_preprocess
from ecg_text.signal.steps import OrderLeads, Resample, Window
from ecg_text.signal.synthetic.synthesise import synthesise

PREPROCESS = standard_preprocess()


def batch(*prepared: Prepared) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = zip(*((item.signal, item.lead_mask, item.time_mask) for item in prepared), strict=True)
    signal, lead_mask, time_mask = map(np.stack, parts)
    return signal, lead_mask, time_mask


def varied(prepared: Prepared, preprocess: Preprocess = PREPROCESS) -> dict[str, Ecgs]:
    """Each perturbation of one window, with the same chance."""
    return dict(perturbations(preprocess, np.random.default_rng(7))(batch(prepared)))


@pytest.fixture(scope="module")
def record() -> Record:
    return synthesise("sinus rhythm", np.random.default_rng(4), rate_hz=500.0).record


@pytest.mark.parametrize(
    ("name", "disturbance", "number"),
    [("white noise 0 dB", white_noise, 0), ("baseline wander 1 mV", baseline_wander, 3)],
)
def test_what_is_added_is_added_before_the_preprocessing(
    record: Record, name: str, disturbance: object, number: int
) -> None:
    clean = PREPROCESS(record)
    found = varied(clean)[name][0][0]
    chance = np.random.default_rng(7).spawn(4)[number]
    drawn = disturbance(STANDARD_12, 5000, RECORDER_RATE_HZ, chance)  # type: ignore[operator]
    size = 1.0 if "wander" in name else rms_at_snr(rms(clean.signal), 0)
    disturbed = PREPROCESS(record.with_signal(record.signal + np.float32(size) * drawn, "disturb"))
    np.testing.assert_allclose(found, disturbed.signal, atol=1e-5)


def test_more_noise_changes_more_and_the_filter_takes_its_part(record: Record) -> None:
    clean = PREPROCESS(record)
    size = {name: rms(ecg[0] - clean.signal) for name, (ecg, _, _) in varied(clean).items()}
    assert size[CLEAN] == 0
    for kind in ("white", "muscle"):
        assert size[f"{kind} noise 20 dB"] < size[f"{kind} noise 10 dB"] < size[f"{kind} noise 0 dB"]
    # Of a band of 150 Hz the preprocessing lets 40 Hz through; of the mains at 100 samples a second nothing.
    assert 0.3 < size["white noise 0 dB"] / rms(clean.signal) < 0.6
    assert size["mains hum 0.2 mV"] < 0.005
    assert size["baseline wander 1 mV"] < 0.2
    assert size["prepared again"] < 0.1 * rms(clean.signal)


def test_a_gain_and_reversed_leads_are_those_of_the_recording(record: Record) -> None:
    found = varied(PREPROCESS(record))
    louder = PREPROCESS(record.with_signal(2 * record.signal, "twice"))
    np.testing.assert_allclose(found["gain x2"][0][0], louder.signal, atol=1e-5)
    exchanged = PREPROCESS(record.with_signal(reverse_arms(record.signal, record.leads), "reversed"))
    np.testing.assert_allclose(found["arm leads reversed"][0][0], exchanged.signal, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "rate_hz", "valid"),
    [("stretched by 5 %", 500 / 1.05, 1000), ("200 Hz read as 100", 250.0, 1000), ("100 Hz read as 200", 1000.0, 500)],
)
def test_a_wrong_rate_is_that_of_the_file(name: str, rate_hz: float, valid: int) -> None:
    record = synthesise("sinus rhythm", np.random.default_rng(4), rate_hz=500.0, noise=0.0).record
    ecg, _, time_mask = varied(PREPROCESS(record))[name]
    wanted = PREPROCESS(replace(record, rate_hz=rate_hz))
    np.testing.assert_array_equal(time_mask[0], wanted.time_mask)
    assert time_mask.sum() == valid
    for lead in range(12):  # not equal: the window was filtered before its rate was mistaken
        assert np.corrcoef(ecg[0, lead, :valid], wanted.signal[lead, :valid])[0, 1] > 0.97


def test_a_lead_that_is_away_stays_away(record: Record) -> None:
    off = record.signal.copy()
    off[4] = 0.0
    prepared = PREPROCESS(replace(record, signal=off))
    for name, (ecg, lead_mask, _) in varied(prepared).items():
        away = 3 if name == "arm leads reversed" else 4
        assert np.flatnonzero(~lead_mask[0]).tolist() == [away], name
        assert not ecg[0, away].any(), name


def test_the_same_chance_gives_the_same_store_whatever_the_batches(record: Record) -> None:
    whole = batch(PREPROCESS(record), PREPROCESS(record))
    one, two = (perturbations(PREPROCESS, np.random.default_rng(1)) for _ in range(2))
    together = dict(one(whole))["muscle noise 10 dB"][0]
    halves = (tuple(part[n : n + 1] for part in whole) for n in range(2))
    apart = np.concatenate([dict(two(half))["muscle noise 10 dB"][0] for half in halves])  # type: ignore[arg-type]
    np.testing.assert_array_equal(together, apart)
    assert not np.array_equal(together[0], together[1])


def test_a_model_without_the_other_arm_is_not_asked_of_it(record: Record) -> None:
    small = Preprocess((OrderLeads(("I", "II", "V2")), Resample(100.0), Window(10.0)))
    assert list(varied(PREPROCESS(record))) == [*varied(small(record), small), "arm leads reversed"]
    assert next(iter(varied(small(record), small))) == CLEAN


def test_leads_that_cannot_be_disturbed_are_refused() -> None:
    behind = Preprocess((OrderLeads(("I", "V7")), Resample(100.0), Window(10.0)))
    with pytest.raises(LeadError, match="lead 'V7' cannot be disturbed"):
        perturbations(behind, np.random.default_rng(0))
