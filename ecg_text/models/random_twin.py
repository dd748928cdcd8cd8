"""A model of the same shape that has learned nothing: the base line of every table."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Model = TypeVar("Model", bound="PreTrainedModel")


def random_twin(model: Model, seed: int) -> Model:
    """One of the same class and configuration, whose weights depend on the seed alone; ready to be asked."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return type(model)(model.config).eval()
