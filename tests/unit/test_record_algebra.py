"""What must hold for every record, not for an example: hypothesis draws the samples, the leads and their order."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_text.leads import LIMB_LEADS, STANDARD_12, limb_lead_weights
from ecg_text.record import OLDEST_TOLD, Record
from ecg_text.signal.draft import Draft
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.formats.write_parquet import write_parquet
from ecg_text.signal.read import read
from ecg_text.signal.steps import Resample
from ecg_text.signal.units import MV_PER_UNIT

RATES_HZ = (100.0, 125.0, 128.0, 250.0, 257.0, 360.0, 400.0, 500.0, 1000.0)
UNITS_PER_MV = 1000
few = settings(max_examples=25)
fewer = settings(max_examples=10)


@st.composite
def records(draw: st.DrawFn, leads: tuple[str, ...] = STANDARD_12, fewest_leads: int = 1) -> Record:
    """Whole microvolts within 20 mV, so that no storage rounds them, of some leads in any order."""
    names = draw(st.lists(st.sampled_from(leads), min_size=fewest_leads, max_size=len(leads), unique=True))
    num_samples = draw(st.integers(2, 300).filter(lambda number: number != len(names)))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stored = chance.integers(-20_000, 20_001, size=(len(names), num_samples))
    return Record(
        signal=stored / UNITS_PER_MV,
        rate_hz=draw(st.sampled_from(RATES_HZ)),
        leads=tuple(names),
        record_id="r7",
        age=draw(st.none() | st.integers(0, 120).map(float)),
        sex=draw(st.sampled_from((None, "female", "male"))),
    )


@st.composite
def whole_limbs(draw: st.DrawFn) -> Record:
    """All six limb leads of any leads I and II, in any order."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    first, second = chance.normal(size=(2, draw(st.integers(1, 200))))
    # Einthoven (1913) and Goldberger (1942), written out.
    rows = {
        "I": first,
        "II": second,
        "III": second - first,
        "aVR": -(first + second) / 2,
        "aVL": first - second / 2,
        "aVF": second - first / 2,
    }
    order = draw(st.permutations(LIMB_LEADS))
    return Record(signal=np.stack([rows[lead] for lead in order]), rate_hz=500.0, leads=tuple(order))


def same(one: Record, other: Record) -> bool:
    return one.leads == other.leads and one.rate_hz == other.rate_hz and np.array_equal(one.signal, other.signal)


@few
@given(records(), st.randoms(use_true_random=False))
def test_a_lead_stays_itself_in_any_order(record: Record, chance: object) -> None:
    order = list(record.leads)
    chance.shuffle(order)  # type: ignore[attr-defined]
    reordered = record.select(order)
    assert reordered.leads == tuple(order)
    assert all(np.array_equal(reordered.lead(lead), record.lead(lead)) for lead in record.leads)
    assert same(reordered.select(record.leads), record)


@few
@given(records(fewest_leads=2), st.data())
def test_to_select_twice_is_to_select_once(record: Record, data: st.DataObject) -> None:
    outer = data.draw(st.lists(st.sampled_from(record.leads), min_size=1, unique=True))
    inner = data.draw(st.lists(st.sampled_from(outer), min_size=1, unique=True))
    assert same(record.select(outer).select(inner), record.select(inner))
    assert same(record.select(outer).select(outer), record.select(outer))


@few
@given(whole_limbs())
def test_every_limb_lead_is_derived_alike_from_every_two_others(record: Record) -> None:
    for target in LIMB_LEADS:
        for pair in itertools.permutations([lead for lead in LIMB_LEADS if lead != target], 2):
            if limb_lead_weights(target, *pair) is None:
                continue
            derived = record.select(pair).derive(target)
            np.testing.assert_allclose(derived, record.lead(target), atol=2e-5)


@few
@given(whole_limbs())
def test_derived_leads_obey_einthoven_and_goldberger(record: Record) -> None:
    pair = record.select(record.leads[:2])
    lead = {name: pair.lead(name) if name in pair.leads else pair.derive(name) for name in LIMB_LEADS}
    np.testing.assert_allclose(lead["I"] + lead["III"], lead["II"], atol=2e-5)
    np.testing.assert_allclose(lead["aVR"] + lead["aVL"] + lead["aVF"], 0, atol=2e-5)
    np.testing.assert_allclose(lead["aVL"], (lead["I"] - lead["III"]) / 2, atol=2e-5)


@few
@given(records(leads=LIMB_LEADS, fewest_leads=2), st.sampled_from(LIMB_LEADS), st.floats(-4, 4))
def test_to_derive_is_linear(record: Record, target: str, factor: float) -> None:
    others = record.select(
        [lead for lead in record.leads if lead != target] if target in record.leads else record.leads
    )
    if len(others.leads) < 2:
        return
    scaled = others.with_signal(others.signal * np.float32(factor), "scale")
    np.testing.assert_allclose(scaled.derive(target), np.float32(factor) * others.derive(target), atol=1e-3)


@fewer
@given(records(), st.sampled_from(RATES_HZ))
def test_resampling_keeps_the_duration(record: Record, rate_hz: float) -> None:
    resampled = Resample(rate_hz)(Draft.of(record))
    assert resampled.rate_hz == rate_hz
    assert 0 <= resampled.signal.shape[1] / rate_hz - record.duration_s < 1 / rate_hz + 1e-9


@fewer
@given(records(fewest_leads=2), st.sampled_from(RATES_HZ), st.randoms(use_true_random=False))
def test_resampling_and_the_order_of_leads_commute(record: Record, rate_hz: float, chance: object) -> None:
    order = list(record.leads)
    chance.shuffle(order)  # type: ignore[attr-defined]
    rows = [record.leads.index(lead) for lead in order]
    first = Resample(rate_hz)(Draft.of(record)).signal[rows]
    last = Resample(rate_hz)(Draft.of(record.select(order))).signal
    np.testing.assert_array_equal(first, last)


@few
@given(st.floats(0.0, 1000.0))
def test_an_age_above_the_cap_is_the_cap_and_any_other_stays(age: float) -> None:
    record = Record(signal=np.zeros((1, 2)), rate_hz=100.0, leads=("I",), age=age)
    assert record.age == (age if age <= OLDEST_TOLD else OLDEST_TOLD)
    assert record.select(["I"]).age == record.age


@fewer
@given(records(fewest_leads=2), st.sampled_from(sorted(MV_PER_UNIT)))
def test_a_file_in_any_unit_is_the_same_millivolts(record: Record, unit: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "r7.npy")
        np.save(path, record.signal.astype(np.float64) / MV_PER_UNIT[unit])
        found = read(path, rate_hz=record.rate_hz, unit=unit, leads=record.leads)
    np.testing.assert_allclose(found.signal, record.signal, rtol=1e-6)


@fewer
@given(records(fewest_leads=2), st.booleans())
def test_either_axis_of_an_array_may_be_the_leads(record: Record, is_turned: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "r7.npy")
        np.save(path, record.signal.T if is_turned else record.signal)
        assert same(read(path, rate_hz=record.rate_hz, unit="mV", leads=record.leads), record)


@fewer
@given(records(), st.sampled_from(("16", "24", "32")))
def test_wfdb_gives_back_what_was_written(record: Record, fmt: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = read(write_wfdb(record, folder, fmt=fmt, units_per_mv=UNITS_PER_MV))
    assert same(found, record)
    assert (found.age, found.sex, found.record_id) == (record.age, record.sex, record.record_id)


@fewer
@given(records(), st.sampled_from((UNITS_PER_MV, None)))
def test_parquet_gives_back_what_was_written(record: Record, units_per_mv: float | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "r7.parquet")
        assert write_parquet([record], path, units_per_mv=units_per_mv) == 1
        found = read(path)
    assert same(found, record)
    assert (found.age, found.sex, found.record_id) == (record.age, record.sex, record.record_id)


@fewer
@given(records(), st.floats(0, 1), st.floats(0.01, 1))
def test_a_window_is_the_same_stretch_of_the_whole(record: Record, start: float, length: float) -> None:
    start_s, duration_s = start * record.duration_s, length * record.duration_s
    first = round(start_s * record.rate_hz)
    last = min(record.num_samples, first + round(duration_s * record.rate_hz))
    if first >= last:
        return
    with tempfile.TemporaryDirectory() as folder:
        header = write_wfdb(record, folder, units_per_mv=UNITS_PER_MV)
        window = read(header, start_s=start_s, duration_s=duration_s)
    np.testing.assert_array_equal(window.signal, record.signal[:, first:last])
