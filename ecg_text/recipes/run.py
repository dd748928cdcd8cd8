"""Run: everything that a training is made of, as one frozen tree that is written beside the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ecg_text.data.augment import Augment
from ecg_text.errors import ConfigError
from ecg_text.methods.levels import RHYTHM_ALONE, Levels
from ecg_text.recipes.lora import LoraPlan
from ecg_text.text.rendering import ORIGINAL, check_rendering
from ecg_text.text.views import ReportViews
from ecg_text.training.config import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class EcgTower:
    """The ECG encoder by name and its sizes (see models/configs.py).

    init is where it begins: the folder of a run, of a model or of an ECG encoder, or a hub name, whose weights it takes
    where they have a place in it (hub/encoder_weights.py). Left out, all are new.
    """

    encoder: str = "resnet1d"
    widths: tuple[int, ...] = (48, 96, 144, 192)
    depths: tuple[int, ...] = (2, 2, 2, 2)
    kernel: int = 3
    num_layers: int = 1
    num_heads: int = 4
    dropout: float = 0.1
    trunk_width: int = 256
    expansion: int = 4
    position_kernel: int = 128
    position_groups: int = 16
    feature_gradient: float = 0.1
    init: str | None = None


def melp_tower(size: str) -> EcgTower:
    """MELP's encoder (conv_transformer) in one of the sizes of MELP_SIZES. Raises ConfigError for another."""
    try:
        return MELP_SIZES[size]
    except KeyError:
        raise ConfigError(f"no MELP encoder {size!r}; choose one of {', '.join(sorted(MELP_SIZES))}") from None


# The first three are MELP's own (62, 90 and 311 million weights with 12 leads), for 500 Hz: 31.25 tokens a second.
_BASE = EcgTower(encoder="conv_transformer", widths=(256,) * 4, kernel=2, trunk_width=768, num_layers=12, num_heads=12)
# For 100 Hz and a CPU, 1.5 and 3.7 million. As in MELP four halvings: a token is 160 ms long, about a QRS complex and
# a half, and there are 6.25 a second. With one halving less the encoder takes twice as long, and after an epoch of
# melp_nano_ptbxl its answers were no better (74.6 against 75.7 on fold 9). Positions reach as far in time as MELP's, 25
# tokens for its 128: 4 s. Without dropout: to draw its masks took a quarter of a step on a CPU.
_NANO = EcgTower(
    encoder="conv_transformer",
    widths=(128,) * 4,
    kernel=2,
    trunk_width=192,
    num_layers=3,
    num_heads=4,
    dropout=0.0,
    position_kernel=25,
)
MELP_SIZES: Mapping[str, EcgTower] = MappingProxyType(
    {
        "melp_small": replace(_BASE, num_layers=8),
        "melp_base": _BASE,
        "melp_large": replace(_BASE, trunk_width=1024, num_layers=24, num_heads=16),
        "melp_nano": _NANO,
        "melp_tiny": replace(_NANO, widths=(256,) * 4, trunk_width=256, num_layers=4),
    }
)


@dataclass(frozen=True, kw_only=True)
class TextTower:
    """The text encoder: a hub name or folder in pretrained, or else a small BERT and a vocabulary of its own.

    The vocabulary is trained on the training reports, and saved with the run. Of a pretrained encoder alone, the
    embeddings and the lowest frozen_layers do not learn where that is above 0, and the rest learns at pace times the
    learning rate: it has more to forget than to learn. With lora.rank above 0 only adapters of it learn. reading is
    how texts are compared, "both_ways" or "causal" (models/configs.py).
    """

    pretrained: str | None = None
    vocab_size: int = 3000
    width: int = 128
    num_layers: int = 2
    num_heads: int = 4
    dropout: float = 0.1
    frozen_layers: int = 0
    pace: float = 1.0
    reading: str = "both_ways"
    lora: LoraPlan = field(default_factory=LoraPlan)


@dataclass(frozen=True, kw_only=True)
class DecoderPlan:
    """The report decoder (models/decoder_config.py), which is built where the token level has a weight."""

    num_queries: int = 128
    num_layers: int = 6
    num_heads: int = 8
    expansion: int = 4
    dropout: float = 0.1


@dataclass(frozen=True, kw_only=True)
class ModelPlan:
    """The two towers, what makes a vector of an ECG, the decoder, the width of the space all meet in, and how the model

    is asked (models/configs.py).
    """

    ecg: EcgTower = field(default_factory=EcgTower)
    text: TextTower = field(default_factory=TextTower)
    ecg_head: str = "summary"
    num_beats: int = 13
    beat_heads: int = 8
    decoder: DecoderPlan = field(default_factory=DecoderPlan)
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
    levels: Levels = RHYTHM_ALONE
    model: ModelPlan = field(default_factory=ModelPlan)
    data: DataPlan = field(default_factory=DataPlan)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    prompts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.data.batch_size < 2:
            raise ConfigError(f"data.batch_size is {self.data.batch_size}; a contrastive batch needs at least 2")
        check_rendering(self.data.rendering)
        if self.method == "clip" and self.levels.reads_reports:
            raise ConfigError("method clip has the rhythm level alone; give method melp for the token and beat levels")

    @property
    def seed(self) -> int:
        """The one seed of a run: of its first weights, its batches and its dropout."""
        return self.training.seed
