"""Where a run's ECG encoder begins: with weights of its own, or with those of one that was trained before."""

from __future__ import annotations

from typing import Any

from torch import nn

from ecg_text.hub.encoder_weights import TakenWeights, take_encoder
from ecg_text.recipes.run import EcgTower
from ecg_text.recipes.towers import ecg_config
from ecg_text.signal.preprocess import Preprocess


def begin_encoder(
    encoder: nn.Module, tower: EcgTower, preprocess: Preprocess, group: str = "model.ecg"
) -> TakenWeights | None:
    """Gives the encoder of a tower the weights of tower.init, if it names any; what was taken of them.

    group is where the tower's settings are in the run. Raises what take_encoder raises.
    """
    if tower.init is None:
        return None
    config = ecg_config(tower, preprocess.leads)
    return take_encoder(encoder, config, tower.init, preprocess.fingerprint, group=group)


def init_facts(taken: TakenWeights | None) -> dict[str, Any]:
    """What the provenance of the run's model tells of it."""
    return {} if taken is None else {"init": taken.summary}
