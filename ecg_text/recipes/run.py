"""Run: everything that a training is made of, as one frozen tree that is written beside the weights."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecg_text.data.augment import Augment
from ecg_text.errors import ConfigError
from ecg_text.text.rendering import ORIGINAL, check_rendering
from ecg_text.text.views import ReportViews
from ecg_text.training.config import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class EcgTower:
    """The ECG encoder by name and its sizes (see models/configs.py)."""

    encoder: str = "resnet1d"
    widths: tuple[int, ...] = (48, 96, 144, 192)
    depths: tuple[int, ...] = (2, 2, 2, 2)
    kernel: int = 3
    num_layers: int = 1
    num_heads: int = 4
    dropout: float = 0.1


@dataclass(frozen=True, kw_only=True)
class TextTower:
    """The text encoder: a hub name or folder in pretrained, or else a small BERT and a vocabulary of its own.

    The vocabulary is trained on the training reports, and saved with the run. Of a pretrained encoder alone, the
    embeddings and the lowest frozen_layers do not learn where that is above 0, and the rest learns at pace times the
    learning rate: it has more to forget than to learn.
    """

    pretrained: str | None = None
    vocab_size: int = 3000
    width: int = 128
    num_layers: int = 2
    num_heads: int = 4
    dropout: float = 0.1
    frozen_layers: int = 0
    pace: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ModelPlan:
    """The two towers, the width of the space they meet in, and how the model is asked (models/configs.py)."""

    ecg: EcgTower = field(default_factory=EcgTower)
    text: TextTower = field(default_factory=TextTower)
    embedding_width: int = 256
    initial_scale: float = 14.285714285714286
    opposite_share: float = 0.2


@dataclass(frozen=True, kw_only=True)
class DataPlan:
    """Batches of the training split, and how ECGs and reports are varied from one epoch to the next.

    rendering is the words in which reports are read (text/rendering.py), and with them what the model is asked.
    """

    batch_size: int = 128
    rendering: str = ORIGINAL
    augment: Augment = field(default_factory=Augment)
    views: ReportViews = field(default_factory=ReportViews)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training by name: method, model, data, numbers, and the prompt sets that validation asks."""

    name: str
    method: str = "clip"
    model: ModelPlan = field(default_factory=ModelPlan)
    data: DataPlan = field(default_factory=DataPlan)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    prompts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.data.batch_size < 2:
            raise ConfigError(f"data.batch_size is {self.data.batch_size}; a contrastive batch needs at least 2")
        check_rendering(self.data.rendering)

    @property
    def seed(self) -> int:
        """The one seed of a run: of its first weights, its batches and its dropout."""
        return self.training.seed
