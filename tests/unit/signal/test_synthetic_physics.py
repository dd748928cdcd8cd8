"""Each synthetic diagnosis meets its clinical criteria, measured on the noise-free signal."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ecg_text.signal.synthetic.synthesise import DIAGNOSES, LABELS, SyntheticEcg, synthesise

RATE_HZ = 500.0
SEEDS = range(12)


@cache
def clean(diagnosis: str) -> tuple[SyntheticEcg, ...]:
    return tuple(synthesise(diagnosis, np.random.default_rng((7, seed)), noise=0.0) for seed in SEEDS)


def complexes(ecg: SyntheticEcg, *, ectopic: bool = False) -> list[tuple[int, int]]:
    """First and last sample of the QRS complexes of usual, or of early, beats; not the very first or last ones."""
    waves = [wave for wave in ecg.waves if wave.kind == "QRS" and bool(ecg.ectopic[wave.beat]) == ectopic]
    return [(wave.onset, wave.offset) for wave in waves if wave.onset > 150 and wave.offset < len(ecg_times(ecg)) - 150]


def ecg_times(ecg: SyntheticEcg) -> np.ndarray:
    return np.arange(ecg.record.num_samples) / RATE_HZ


def baseline(ecg: SyntheticEcg, lead: str, onset: int) -> float:
    """The level just before the QRS complex, or before the pacing spike and the foot of the first wave."""
    return float(ecg.record.lead(lead)[onset - 8 : onset - 5].mean())


def deflections(ecg: SyntheticEcg, lead: str) -> tuple[float, float]:
    """Median height of the R wave and depth of the deepest negative wave of the usual QRS, both positive in mV."""
    signal = ecg.record.lead(lead)
    parts = [signal[first : last + 1] - baseline(ecg, lead, first) for first, last in complexes(ecg)]
    return float(np.median([part.max() for part in parts])), float(np.median([-part.min() for part in parts]))


def first_deflection(ecg: SyntheticEcg, lead: str) -> tuple[float, float]:
    """Depth (mV) and width (ms) of an initial negative wave (Q): median over beats."""
    signal, found = ecg.record.lead(lead), []
    for first, last in complexes(ecg):
        part = signal[first : last + 1] - baseline(ecg, lead, first)
        positive = np.flatnonzero(part > 0.04)
        end = int(positive[0]) if len(positive) else len(part)
        q = part[:end]
        found.append((max(0.0, -float(q.min())) if end else 0.0, 1000 / RATE_HZ * float((q < -0.04).sum())))
    depth, width = np.median(found, axis=0)
    return float(depth), float(width)


def st_level(ecg: SyntheticEcg, lead: str, after_ms: float = 60) -> float:
    """Median level, 60 ms after the J point, over the level before the QRS."""
    signal, shift = ecg.record.lead(lead), round(after_ms * RATE_HZ / 1000)
    return float(np.median([signal[last + shift] - baseline(ecg, lead, first) for first, last in complexes(ecg)]))


def wave_peak(ecg: SyntheticEcg, lead: str, kind: str, start: float = 0.0, stop: float = 1.0) -> float:
    """Median signed extreme of a wave, between these fractions of it, against the level before the QRS."""
    starts = {w.beat: w.onset for w in ecg.waves if w.kind == "QRS" and w.onset > 150 and not ecg.ectopic[w.beat]}
    values = []
    for wave in ecg.waves:
        if wave.kind == kind and wave.beat in starts:
            length = wave.offset - wave.onset
            part = ecg.record.lead(lead)[wave.onset + int(start * length) : wave.onset + int(stop * length) + 1]
            part = part - baseline(ecg, lead, starts[wave.beat])
            values.append(part[np.abs(part).argmax()])
    return float(np.median(values))


def t_peak(ecg: SyntheticEcg, lead: str) -> float:
    return wave_peak(ecg, lead, "T", 0.3)


def axis(ecg: SyntheticEcg) -> float:
    """From the net QRS areas of I and aVF, as a reader with a planimeter would."""
    areas = []
    for lead in ("I", "aVF"):
        signal = ecg.record.lead(lead)
        areas.append(
            np.mean([signal[a : b + 1].sum() - (b + 1 - a) * baseline(ecg, lead, a) for a, b in complexes(ecg)])
        )
    return float(np.degrees(np.arctan2(2 / np.sqrt(3) * areas[1], areas[0])))


def qrs_duration_ms(ecg: SyntheticEcg, *, ectopic: bool = False) -> float:
    """Time during which the fastest lead moves faster than 10 % of its greatest speed, around each complex."""
    speed = np.abs(np.diff(ecg.record.signal, axis=1)).max(axis=0)
    durations = []
    for first, last in complexes(ecg, ectopic=ectopic):
        part = speed[first - 2 : last + 10]
        moving = np.flatnonzero(part > 0.10 * part.max())
        durations.append(1000 / RATE_HZ * (moving[-1] - moving[0] + 1))
    return float(np.median(durations))


def measured_rr(ecg: SyntheticEcg) -> np.ndarray:
    return np.diff(ecg.r_peaks) / RATE_HZ


@pytest.mark.parametrize("diagnosis", DIAGNOSES)
def test_the_limb_leads_obey_einthoven_and_goldberger(diagnosis: str) -> None:
    ecg = synthesise(diagnosis, np.random.default_rng(3))
    one, two, three, avr, avl, avf = ecg.record.signal[:6]
    assert np.abs(one + three - two).max() < 1e-5
    assert np.abs(avr + avl + avf).max() < 1e-5
    assert np.abs(avr + (one + two) / 2).max() < 1e-5


@pytest.mark.parametrize("diagnosis", sorted(set(DIAGNOSES) - {"atrial fibrillation", "atrial flutter"}))
def test_the_axis_of_the_truth_is_the_axis_of_the_signal(diagnosis: str) -> None:
    for ecg in clean(diagnosis)[:8]:
        tolerance = 25 if diagnosis == "acute inferior infarction" else 12  # its ST segment begins within the QRS
        assert abs((axis(ecg) - ecg.axis_deg + 180) % 360 - 180) < tolerance


@pytest.mark.parametrize(
    "diagnosis", sorted(set(DIAGNOSES) - {"atrial fibrillation", "atrial flutter", "ventricular pacing"})
)
def test_the_qrs_bounds_of_the_truth_are_those_of_the_signal(diagnosis: str) -> None:
    for ecg in clean(diagnosis)[:8]:
        assert abs(qrs_duration_ms(ecg) - ecg.qrs_ms) < 20


@pytest.mark.parametrize("diagnosis", sorted(set(DIAGNOSES) - {"atrial fibrillation", "atrial flutter"}))
def test_each_r_peak_is_the_largest_movement_of_its_beat(diagnosis: str) -> None:
    for ecg in clean(diagnosis)[:8]:
        size = np.square(ecg.record.signal).sum(axis=0)
        for wave in ecg.waves:
            if wave.kind == "QRS":
                strongest = wave.onset + size[wave.onset : wave.offset + 1].argmax()
                assert wave.onset <= ecg.r_peaks[wave.beat] <= wave.offset
                assert size[ecg.r_peaks[wave.beat]] > 0.55 * size[strongest]


def test_a_normal_ecg_is_normal_in_every_measure() -> None:
    for ecg in clean("sinus rhythm"):
        assert 60 <= ecg.rate_bpm <= 100
        assert 120 <= ecg.pr_ms <= 200  # type: ignore[operator]
        assert 70 <= qrs_duration_ms(ecg) <= 115
        assert ecg.qtc_ms <= 450
        assert -30 <= axis(ecg) <= 90
        assert 0.03 <= wave_peak(ecg, "II", "P") <= 0.25
        assert all(0.03 <= t_peak(ecg, lead) <= 1.0 for lead in ("I", "II", "V2", "V3", "V4", "V5", "V6"))
        assert deflections(ecg, "V1")[1] + deflections(ecg, "V5")[0] < 3.5
        assert all(0.4 <= sum(deflections(ecg, lead)) <= 3.0 for lead in ("I", "II", "V2", "V5"))
        assert all(abs(st_level(ecg, lead)) < 0.1 for lead in ecg.record.leads)
        assert measured_rr(ecg).std() / measured_rr(ecg).mean() < 0.08


def test_the_r_wave_grows_from_v1_to_v4_and_avr_is_negative() -> None:
    for ecg in clean("sinus rhythm"):
        heights = [deflections(ecg, lead)[0] for lead in ("V1", "V2", "V3", "V4")]
        assert heights[0] < heights[1] < heights[3]
        assert 0.2 < heights[2] < heights[3]
        r_over_s = [deflections(ecg, lead)[0] / (deflections(ecg, lead)[1] + 1e-3) for lead in ("V1", "V6")]
        assert r_over_s[0] < 1 < r_over_s[1]
        assert deflections(ecg, "aVR")[1] > deflections(ecg, "aVR")[0]
        assert t_peak(ecg, "aVR") < 0
        assert wave_peak(ecg, "aVR", "P") < 0
        assert 0.02 < first_deflection(ecg, "V6")[0] < 0.25 * deflections(ecg, "V6")[0]


def test_rates_are_slow_and_fast_where_the_name_says_so() -> None:
    assert all(60 / measured_rr(ecg).mean() < 60 for ecg in clean("sinus bradycardia"))
    assert all(60 / measured_rr(ecg).mean() > 100 for ecg in clean("sinus tachycardia"))


def test_fibrillation_is_irregular_and_its_atria_never_rest() -> None:
    for ecg in clean("atrial fibrillation"):
        rr = measured_rr(ecg)
        assert rr.std() / rr.mean() > 0.1
        assert not any(wave.kind == "P" for wave in ecg.waves)
        before_qrs = [ecg.record.lead("V1")[first - 60 : first - 5] for first, _ in complexes(ecg)]
        assert 0.02 < np.median([np.ptp(part) for part in before_qrs]) < 0.35
    spread = [measured_rr(ecg).std() / measured_rr(ecg).mean() for ecg in clean("atrial fibrillation")]
    assert 0.15 < np.mean(spread) < 0.32


def test_flutter_is_a_regular_saw_tooth_of_about_300_a_minute_conducted_in_whole_numbers() -> None:
    for ecg in clean("atrial flutter"):
        flutter_hz = peak_frequency_hz(ecg.record.lead("III"), 4.0, 5.8)  # the lead with the smallest QRS and T
        assert 250 < 60 * flutter_hz < 340
        ratio = measured_rr(ecg) * flutter_hz
        assert np.abs(ratio - np.rint(ratio)).max() < 0.25
        assert set(np.rint(ratio)) <= {2, 3, 4}


def peak_frequency_hz(signal: np.ndarray, low_hz: float, high_hz: float) -> float:
    """The strongest frequency of a stretch of signal, in a band."""
    power = np.abs(np.fft.rfft((signal - signal.mean()) * np.hanning(len(signal)), 8 * len(signal))) ** 2
    frequency = np.fft.rfftfreq(8 * len(signal), 1 / RATE_HZ)
    band = (frequency > low_hz) & (frequency < high_hz)
    return float(frequency[band][power[band].argmax()])


def test_premature_atrial_beats_are_early_narrow_and_led_by_another_p() -> None:
    for ecg in clean("premature atrial beats"):
        rr = measured_rr(ecg)
        early = np.flatnonzero(ecg.ectopic[1:])
        assert len(early) >= 1
        assert np.all(rr[early] < 0.85 * np.median(rr[~ecg.ectopic[1:]]))
        if complexes(ecg, ectopic=True):
            assert qrs_duration_ms(ecg, ectopic=True) < 120
        assert {w.beat for w in ecg.waves if w.kind == "P"} & set(np.flatnonzero(ecg.ectopic))


def test_premature_ventricular_beats_are_early_wide_without_p_and_make_up_for_it() -> None:
    for ecg in clean("premature ventricular beats"):
        rr = measured_rr(ecg)
        inner = [i for i in np.flatnonzero(ecg.ectopic) if 1 <= i < len(ecg.r_peaks) - 1]
        assert inner
        sinus = [rr[i] for i in range(len(rr)) if not ecg.ectopic[i] and not ecg.ectopic[i + 1]]
        for i in inner:
            assert rr[i] > 1.2 * rr[i - 1]
            if sinus:
                assert rr[i - 1] < 0.8 * np.median(sinus)
                assert abs(rr[i - 1] + rr[i] - 2 * np.median(sinus)) < 0.15 * np.median(sinus)
        assert qrs_duration_ms(ecg, ectopic=True) >= 120
        assert not {w.beat for w in ecg.waves if w.kind == "P"} & set(np.flatnonzero(ecg.ectopic))


def test_first_degree_block_has_a_pr_interval_over_200_ms_between_its_wave_bounds() -> None:
    for ecg in clean("first-degree AV block"):
        assert min(pr_intervals_ms(ecg)) > 200


def pr_intervals_ms(ecg: SyntheticEcg) -> list[float]:
    qrs = {wave.beat: wave.onset for wave in ecg.waves if wave.kind == "QRS"}
    return [2.0 * (qrs[w.beat] - w.onset) for w in ecg.waves if w.kind == "P" and w.beat in qrs]


def test_left_bundle_branch_block_meets_its_criteria() -> None:
    for ecg in clean("left bundle branch block"):
        assert qrs_duration_ms(ecg) >= 120
        for lead in ("I", "V5", "V6"):
            assert first_deflection(ecg, lead)[0] < 0.03
            assert t_peak(ecg, lead) < 0 < deflections(ecg, lead)[0]
        assert deflections(ecg, "V1")[1] > 3 * deflections(ecg, "V1")[0]
        assert t_peak(ecg, "V1") > 0
        assert any(num_summits(ecg, lead) >= 2 for lead in ("I", "V5", "V6"))


def num_summits(ecg: SyntheticEcg, lead: str) -> int:
    """Summits of the usual QRS higher than a third of the highest: R, R' or the two tops of a notched R."""
    first, last = complexes(ecg)[0]
    part = ecg.record.lead(lead)[first : last + 1] - baseline(ecg, lead, first)
    inner = (part[1:-1] > part[:-2]) & (part[1:-1] >= part[2:]) & (part[1:-1] > part.max() / 3)
    return int(inner.sum())


def test_right_bundle_branch_block_meets_its_criteria() -> None:
    for ecg in clean("right bundle branch block"):
        assert qrs_duration_ms(ecg) >= 120
        first, last = complexes(ecg)[0]
        v1 = ecg.record.lead("V1")[first : last + 1] - baseline(ecg, "V1", first)
        nadir, r_prime = int(v1.argmin()), int(v1.argmax())
        assert r_prime > nadir
        assert 0.04 < v1[:nadir].max() < v1[r_prime]
        for lead in ("I", "V6"):
            part = ecg.record.lead(lead)[first : last + 1] - baseline(ecg, lead, first)
            assert 2 * (part[part.argmax() :] < -0.05).sum() >= 40
        assert t_peak(ecg, "V1") < 0


def test_hypertrophy_has_a_sokolow_index_of_at_least_3_5_mv_and_strain() -> None:
    for ecg in clean("left ventricular hypertrophy"):
        assert deflections(ecg, "V1")[1] + max(deflections(ecg, lead)[0] for lead in ("V5", "V6")) >= 3.5
        assert t_peak(ecg, "V6") < 0
        assert st_level(ecg, "V6") < -0.03
        assert qrs_duration_ms(ecg) < 125


def test_old_anterior_infarction_has_q_or_qs_in_v1_to_v4() -> None:
    for ecg in clean("old anterior infarction"):
        assert all(deflections(ecg, lead)[0] < 0.06 for lead in ("V1", "V2"))
        for lead in ("V1", "V2", "V3", "V4"):
            depth, width_ms = first_deflection(ecg, lead)
            assert depth > 0.2
            assert width_ms >= 20
        assert abs(st_level(ecg, "V3")) < 0.1


def test_acute_anterior_infarction_lifts_st_in_v1_to_v4_and_lowers_iii() -> None:
    for ecg in clean("acute anterior infarction"):
        assert all(st_level(ecg, lead) >= 0.2 for lead in ("V2", "V3"))
        assert all(st_level(ecg, lead) >= 0.1 for lead in ("V1", "V4"))
        assert st_level(ecg, "III") < -0.04


def test_old_inferior_infarction_has_wide_q_waves_in_the_inferior_leads() -> None:
    for ecg in clean("old inferior infarction"):
        for lead in ("II", "III", "aVF"):
            depth, width_ms = first_deflection(ecg, lead)
            assert depth > 0.1
            assert width_ms >= 26
        assert first_deflection(ecg, "aVF")[0] > 0.25 * deflections(ecg, "aVF")[0]
        assert t_peak(ecg, "III") < 0


def test_acute_inferior_infarction_lifts_st_below_and_lowers_it_above() -> None:
    for ecg in clean("acute inferior infarction"):
        assert all(st_level(ecg, lead) >= 0.1 for lead in ("II", "III", "aVF"))
        assert st_level(ecg, "aVL") < -0.05
        assert st_level(ecg, "I") < 0


def test_long_qt_is_long_from_the_first_q_to_the_last_of_t() -> None:
    for ecg in clean("long QT"):
        qrs = {wave.beat: wave.onset for wave in ecg.waves if wave.kind == "QRS"}
        ends = [(w.beat, w.offset) for w in ecg.waves if w.kind == "T" and w.beat in qrs]
        qt_s = np.median([(end - qrs[beat]) / RATE_HZ for beat, end in ends])
        assert 1000 * qt_s / np.sqrt(measured_rr(ecg).mean()) >= 475
        assert ecg.qtc_ms >= 480
        beat, end = ends[1]
        late = ecg.record.lead("V3")[qrs[beat] + round(0.38 * RATE_HZ) : end]
        assert np.abs(late - baseline(ecg, "V3", qrs[beat])).max() > 0.08


def test_preexcitation_has_a_short_pr_a_slow_start_and_a_wide_qrs() -> None:
    for ecg in clean("ventricular pre-excitation"):
        assert max(pr_intervals_ms(ecg)) < 120
        assert qrs_duration_ms(ecg) >= 110
        assert first_deflection(ecg, "V5")[0] < 0.03  # the delta wave takes the place of the septal q
        assert 0.05 < foot_mv(ecg, "V5") < 0.5 * deflections(ecg, "V5")[0]
        assert r_peak_time_ms(ecg, "V5") > 55
    assert max(r_peak_time_ms(ecg, "V5") for ecg in clean("sinus rhythm")) < 52


def foot_mv(ecg: SyntheticEcg, lead: str) -> float:
    """Height 36 ms after the start of the QRS complex."""
    first, _ = complexes(ecg)[0]
    return float(ecg.record.lead(lead)[first + 18]) - baseline(ecg, lead, first)


def r_peak_time_ms(ecg: SyntheticEcg, lead: str) -> float:
    """From the start of the QRS complex to the top of R."""
    first, last = complexes(ecg)[0]
    return 1000 / RATE_HZ * float(ecg.record.lead(lead)[first : last + 1].argmax())


def test_pacing_has_a_spike_before_every_wide_beat_and_is_regular() -> None:
    for ecg in clean("ventricular pacing"):
        assert ecg.qrs_ms >= 140
        assert measured_rr(ecg).std() < 0.01
        assert deflections(ecg, "V1")[1] > 3 * deflections(ecg, "V1")[0]
        bend = np.abs(np.diff(ecg.record.signal, n=2, axis=1)).max(axis=0)
        for first, last in complexes(ecg):
            assert bend[first - 8 : first].max() > 3 * bend[first + 4 : last].max()
        assert axis(ecg) < -30


def test_every_diagnosis_has_a_label_of_its_own() -> None:
    assert set(LABELS) == set(DIAGNOSES)
    assert len(set(LABELS.values())) == len(DIAGNOSES) == 18
