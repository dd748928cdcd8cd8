"""Disturbances have the amount, the band and the lead algebra that they state."""

import numpy as np
import pytest

from ecg_text.errors import ConfigError, LeadError
from ecg_text.leads import LIMB_LEAD_WEIGHTS, STANDARD_12
from ecg_text.signal.perturb import (
    ELECTRODES,
    MUSCLE_HZ,
    RECORDER_HZ,
    WANDER_HZ,
    Disturbance,
    baseline_wander,
    electrode_weights,
    mains_hum,
    muscle_noise,
    reverse_arms,
    rms,
    rms_at_snr,
    white_noise,
)

ALL = (white_noise, muscle_noise, mains_hum, baseline_wander)


@pytest.mark.parametrize("disturbance", ALL)
@pytest.mark.parametrize("leads", [STANDARD_12, ("II",), ("V2", "aVF")])
def test_the_root_mean_square_over_the_leads_is_one(
    disturbance: Disturbance, leads: tuple[str, ...], generator: np.random.Generator
) -> None:
    drawn = disturbance(leads, 5000, 500.0, generator)
    assert (drawn.shape, drawn.dtype) == ((len(leads), 5000), np.float32)
    assert rms(drawn) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("snr_db", [20, 10, 0, -6])
def test_the_snr_stated_is_the_snr_reached(snr_db: float, generator: np.random.Generator) -> None:
    ecg = 0.2 * generator.normal(size=(12, 1000))
    noise = white_noise(STANDARD_12, 5000, 500.0, generator) * rms_at_snr(rms(ecg), snr_db)
    assert 10 * np.log10(np.mean(ecg**2) / np.mean(noise.astype(float) ** 2)) == pytest.approx(snr_db, abs=1e-4)


@pytest.mark.parametrize(("disturbance", "band_hz"), [(white_noise, RECORDER_HZ), (muscle_noise, MUSCLE_HZ)])
def test_noise_is_flat_in_its_band_and_nothing_outside(
    disturbance: Disturbance, band_hz: tuple[float, float], generator: np.random.Generator
) -> None:
    power = sum(
        np.abs(np.fft.rfft(disturbance(("V1",), 5000, 500.0, generator).astype(float))) ** 2 for _ in range(60)
    )[0]
    frequency_hz = np.fft.rfftfreq(5000, 1 / 500)
    inside = (frequency_hz >= band_hz[0]) & (frequency_hz <= band_hz[1])
    assert power[~inside].max() < 1e-9 * power[inside].mean()
    halves = np.array_split(power[inside], 2)
    assert halves[0].mean() == pytest.approx(halves[1].mean(), rel=0.1)


def test_hum_is_fifty_hertz_and_wander_is_breathing(generator: np.random.Generator) -> None:
    for disturbance, low_hz, high_hz in ((mains_hum, 49.9, 50.1), (baseline_wander, *WANDER_HZ)):
        # Long, and faded at both ends, so that a sine stays on its line of the spectrum.
        drawn = disturbance(STANDARD_12, 100_000, 500.0, generator) * np.hanning(100_000)
        power = (np.abs(np.fft.rfft(drawn)) ** 2).sum(axis=0)
        frequency_hz = np.fft.rfftfreq(100_000, 1 / 500)
        inside = (frequency_hz > low_hz - 0.02) & (frequency_hz < high_hz + 0.02)
        assert power[inside].sum() > 0.999 * power.sum()


@pytest.mark.parametrize("disturbance", ALL)
def test_the_limb_leads_keep_their_equations(disturbance: Disturbance, generator: np.random.Generator) -> None:
    drawn = dict(zip(STANDARD_12, disturbance(STANDARD_12, 2000, 500.0, generator).astype(float), strict=True))
    for lead, (of_i, of_ii) in LIMB_LEAD_WEIGHTS.items():
        np.testing.assert_allclose(drawn[lead], of_i * drawn["I"] + of_ii * drawn["II"], atol=1e-5)


def test_the_arms_reversed_are_the_same_electrodes_in_other_places(generator: np.random.Generator) -> None:
    potential = generator.normal(size=(len(ELECTRODES), 40))
    right, left = ELECTRODES.index("RA"), ELECTRODES.index("LA")
    exchanged = potential.copy()
    exchanged[[right, left]] = potential[[left, right]]
    weights = electrode_weights(STANDARD_12)
    np.testing.assert_allclose(reverse_arms(weights @ potential, STANDARD_12), weights @ exchanged, atol=1e-12)


def test_leads_are_reversed_by_name_and_back_again(generator: np.random.Generator) -> None:
    leads = ("V1", "aVL", "II", "aVR", "I", "III")
    batch = generator.normal(size=(3, 6, 9)).astype(np.float32)
    once = reverse_arms(batch, leads)
    np.testing.assert_array_equal(once[:, 4], -batch[:, 4])
    np.testing.assert_array_equal(once[:, 2], batch[:, 5])
    np.testing.assert_array_equal(reverse_arms(once, leads), batch)
    assert once.dtype == np.float32


def test_the_same_chance_draws_the_same_disturbance() -> None:
    first, second = (muscle_noise(("I", "V6"), 1000, 500.0, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_what_cannot_be_disturbed_is_refused(generator: np.random.Generator) -> None:
    with pytest.raises(LeadError, match="lead 'V7' cannot be disturbed"):
        white_noise(("I", "V7"), 1000, 500.0, generator)
    with pytest.raises(LeadError, match="lead II shows III, which is not among I, II, V2"):
        reverse_arms(np.zeros((3, 5)), ("I", "II", "V2"))
    with pytest.raises(ConfigError, match=r"at 100 Hz hold no noise of 20 to 150 Hz; draw it at 300 Hz"):
        muscle_noise(("I",), 1000, 100.0, generator)
    with pytest.raises(ConfigError, match="2 samples at 500 Hz hold no noise"):
        muscle_noise(("I",), 2, 500.0, generator)
