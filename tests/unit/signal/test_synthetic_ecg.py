"""The synthetic ECG as a whole: reproducible, whole at every rate, equal to the slow formula."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.errors import ConfigError
from ecg_text.signal.synthetic.dipole import Bumps, dipole_path, frontal_axis_deg, lead_field, twelve_leads
from ecg_text.signal.synthetic.synthesise import DIAGNOSES, LABELS, synthesise, synthesise_set


def slow_dipole_path(bumps: Bumps, rate_hz: float, num_samples: int) -> np.ndarray:
    path = np.zeros((3, num_samples))
    for n in range(len(bumps.centre_s)):
        for sample in range(num_samples):
            distance_s = sample / rate_hz - bumps.centre_s[n]
            width_s = bumps.rise_s[n] if distance_s < 0 else bumps.fall_s[n]
            path[:, sample] += bumps.vector_mv[n] * np.exp(-0.5 * (distance_s / width_s) ** 2)
    return path


def some_bumps(num: int = 7) -> Bumps:
    generator = np.random.default_rng(5)
    return Bumps(
        centre_s=generator.uniform(-0.1, 1.1, num),
        rise_s=generator.uniform(0.01, 0.06, num),
        fall_s=generator.uniform(0.01, 0.06, num),
        vector_mv=generator.normal(0, 1, (num, 3)),
    )


def test_the_dipole_path_agrees_with_the_formula_at_every_sample() -> None:
    bumps = some_bumps()
    assert np.abs(dipole_path(bumps, 250.0, 250) - slow_dipole_path(bumps, 250.0, 250)).max() < 1e-3


def test_a_wave_narrower_than_a_sample_keeps_its_area() -> None:
    one = np.ones(1)
    spike = Bumps(centre_s=one * 0.5, rise_s=one * 0.0008, fall_s=one * 0.0008, vector_mv=np.array([[1.0, 0.0, 0.0]]))
    area = dipole_path(spike, 100.0, 100)[0].sum() / 100.0
    assert area == pytest.approx(float(spike.areas()[0, 0]), rel=0.05)


def test_the_chest_leads_look_from_the_right_front_to_the_left() -> None:
    field = lead_field()
    assert field.shape == (8, 3)
    assert np.all(np.diff(field[2:5, 0]) > 0)
    assert np.all(np.diff(field[3:, 2]) < 0)
    assert np.all((np.linalg.norm(field[2:], axis=1) > 0.8) & (np.linalg.norm(field[2:], axis=1) < 1.6))


def test_the_axis_of_the_field_is_that_of_lead_areas() -> None:
    area = np.array([0.7, 0.4, 0.1])
    leads = twelve_leads((lead_field() @ area)[:, None])[:, 0]
    assert np.degrees(np.arctan2(2 / np.sqrt(3) * leads[5], leads[0])) == pytest.approx(frontal_axis_deg(area))


@pytest.mark.parametrize("diagnosis", DIAGNOSES)
def test_the_same_generator_gives_the_same_record_and_another_gives_another(diagnosis: str) -> None:
    first, again, other = (synthesise(diagnosis, np.random.default_rng(seed), duration_s=5) for seed in (1, 1, 2))
    assert np.array_equal(first.record.signal, again.record.signal)
    assert first.record.report == again.record.report
    assert np.array_equal(first.r_peaks, again.r_peaks)
    assert not np.array_equal(first.record.signal, other.record.signal)


@pytest.mark.parametrize("diagnosis", DIAGNOSES)
@pytest.mark.parametrize(("rate_hz", "duration_s"), [(100.0, 4.0), (500.0, 10.0), (360.0, 30.0)])
def test_every_rate_and_duration_gives_a_whole_record_with_its_truth(
    diagnosis: str, rate_hz: float, duration_s: float
) -> None:
    ecg = synthesise(diagnosis, np.random.default_rng(11), rate_hz=rate_hz, duration_s=duration_s)
    record = ecg.record
    assert record.signal.shape == (12, round(rate_hz * duration_s))
    assert record.labels == (LABELS[diagnosis],)
    assert record.report
    assert record.age is not None
    assert record.sex in ("female", "male")
    assert len(ecg.r_peaks) == len(ecg.ectopic) >= 2
    assert np.all(np.diff(ecg.r_peaks) > 0.25 * rate_hz)
    assert 0 <= ecg.r_peaks[0] < ecg.r_peaks[-1] < record.num_samples
    assert all(0 <= w.onset < w.offset < record.num_samples and w.beat < len(ecg.r_peaks) for w in ecg.waves)
    assert np.abs(record.signal).max() < 8


def test_noise_is_the_difference_it_makes() -> None:
    clean, half, full = (
        synthesise("sinus rhythm", np.random.default_rng(4), noise=noise).record.signal for noise in (0.0, 0.5, 1.0)
    )
    assert np.abs((full - clean) - 2 * (half - clean)).max() < 1e-4
    assert 0.01 < (full - clean).std() < 0.3


def test_a_set_is_balanced_and_its_beginning_does_not_depend_on_its_length() -> None:
    longer = list(synthesise_set(2 * len(DIAGNOSES), 3, rate_hz=100.0, duration_s=4.0))
    shorter = list(synthesise_set(5, 3, rate_hz=100.0, duration_s=4.0))
    assert sorted(ecg.diagnosis for ecg in longer) == sorted(2 * DIAGNOSES)
    for one, other in zip(shorter, longer, strict=False):
        assert np.array_equal(one.record.signal, other.record.signal)
        assert one.record.patient_id == other.record.patient_id
    assert len({ecg.record.record_id for ecg in longer}) == len(longer)


def test_a_patient_recorded_twice_has_one_age_and_one_sex() -> None:
    facts: dict[str | None, set[tuple[float | None, str | None]]] = {}
    records = [ecg.record for ecg in synthesise_set(60, 1, rate_hz=100.0, duration_s=4.0)]
    for record in records:
        facts.setdefault(record.patient_id, set()).add((record.age, record.sex))
    assert len(facts) < len(records)
    assert all(len(fact) == 1 for fact in facts.values())


@pytest.mark.parametrize(
    ("diagnosis", "numbers", "said"),
    [
        ("hiccups", {}, "choose one of sinus rhythm"),
        ("sinus rhythm", {"rate_hz": 10.0}, "at least 50"),
        ("sinus rhythm", {"duration_s": 1.0}, "at least 4 s"),
        ("sinus rhythm", {"noise": -1.0}, "0 for none"),
        ("sinus rhythm", {"rate_hz": float("nan")}, "at least 50"),
    ],
)
def test_the_impossible_is_refused_with_what_to_do(diagnosis: str, numbers: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        synthesise(diagnosis, np.random.default_rng(0), **numbers)  # type: ignore[arg-type]
