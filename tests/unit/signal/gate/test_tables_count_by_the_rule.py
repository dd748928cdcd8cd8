"""The scripts that count what the gate finds count by the rule in use, and tell notes from warnings."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.signal.beats.windows import MedianBeat
from ecg_text.signal.gate import identity
from ecg_text.signal.gate.identity_model import HYPOTHESES, LEADS
from scripts.fit_lead_identity import told_hypothesis
from scripts.gate_table import counted, faults


def test_the_fit_tells_the_exchange_that_the_gate_tells(
    monkeypatch: pytest.MonkeyPatch, generator: np.random.Generator
) -> None:
    means = generator.normal(0, 1, (8, 25)).astype(np.float32)
    monkeypatch.setattr(identity, "stretch_means", lambda _median: means)
    beat = MedianBeat(signal=np.zeros((8, 80), np.float32), r_index=30, rate_hz=100.0, num_beats=9, leads=LEADS)
    told = []
    for _ in range(200):
        odds = np.concatenate([[0.0], generator.normal(0, 3, len(HYPOTHESES) - 1)])
        monkeypatch.setattr(identity, "log_odds", lambda _means, odds=odds: odds)
        number = int(told_hypothesis(odds[None])[0])
        found = identity.exchange_findings(beat)
        assert bool(found) == bool(number)
        if found:
            code, words, _leads = identity.SUSPICIONS[HYPOTHESES[number]]
            assert found[0].code == code
            assert found[0].message.startswith(words)
        told.append(number)
    assert len(set(told)) > 8
    assert int(told_hypothesis(np.full((1, len(HYPOTHESES)), -1.0))[0]) == 0


def test_a_note_is_found_but_is_no_warning() -> None:
    hum = faults()["50 Hz hum, 0.01 mV"]
    told = [["noise.mains (note)"], ["noise.mains (warn)", "lead.missing (note)"], ["lead.missing (note)"], []]
    assert counted(told, hum, notes=True).tolist() == [True, True, False, False]
    assert counted(told, hum, notes=False).tolist() == [False, True, False, False]
