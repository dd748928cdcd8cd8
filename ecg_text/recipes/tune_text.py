"""TuneRun: all that the tuning of a text encoder is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecg_text.data.masking import Masking
from ecg_text.errors import ConfigError
from ecg_text.recipes.compositions import Compositions
from ecg_text.recipes.lora import LoraPlan
from ecg_text.recipes.synonym_pairs import SOURCES
from ecg_text.text.rendering import ORIGINAL, check_rendering
from ecg_text.training.config import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class EncoderPlan:
    """The encoder: a folder, hub name or package in pretrained, or else a new BERT with a vocabulary of its own."""

    pretrained: str | None = None
    vocab_size: int = 4000
    width: int = 256
    num_layers: int = 4
    num_heads: int = 4
    dropout: float = 0.1
    max_pieces: int = 128  # word pieces that are read of a text, special ones included


@dataclass(frozen=True, kw_only=True)
class TextPlan:
    """Which texts are read, and how they become batches.

    rendering is that of the reports (text/rendering.py). Whole reports and single findings are sequences. pack_long
    makes several texts of one that is longer than the window, which is otherwise cut. held_out is the share of the
    distinct texts, chosen by their hash, that is only ever evaluated; a finding that is held out may still be part of a
    report that is learned.
    """

    rendering: str = ORIGINAL
    reports: bool = True
    findings: bool = True
    pack_long: bool = True
    held_out: float = 0.05
    pieces_per_batch: int = 2048
    window: int = 4096  # texts that are sorted by length together
    masking: Masking = field(default_factory=Masking)

    def __post_init__(self) -> None:
        if not 0 <= self.held_out < 1:
            raise ConfigError(f"data.held_out is {self.held_out}; give a fraction from 0 to below 1")
        if not (self.reports or self.findings):
            raise ConfigError("data.reports and data.findings are both false, so there is no text; set one to true")
        check_rendering(self.rendering)


@dataclass(frozen=True, kw_only=True)
class SynonymPlan:
    """The synonym term: its weight (0: off), and which wordings meet.

    sources are names of recipes/synonym_pairs.py; negatives is the most hard negatives a row has, drawn from minimal
    contrasts and from `near` wordings that look alike (recipes/near_wordings.py). label_weight is that of the texts of
    one label of a packaged prompt set within the term, of which labels_per_batch labels are drawn
    (recipes/label_pairs.py; 0: off).
    """

    weight: float = 0.0
    temperature: float = 0.05
    pairs_per_batch: int = 64
    negatives: int = 3
    sources: tuple[str, ...] = SOURCES
    compositions: Compositions = field(default_factory=Compositions)
    near: int = 6
    label_weight: float = 0.2
    label_temperature: float = 0.1
    labels_per_batch: int = 16

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.sources) - set(SOURCES)):
            raise ConfigError(f"synonyms.sources has {unknown[0]!r}; there are {', '.join(SOURCES)}")
        if self.weight < 0 or self.temperature <= 0 or self.pairs_per_batch < 2 or self.negatives < 0:
            raise ConfigError(
                f"synonyms.weight is {self.weight}, temperature {self.temperature}, pairs_per_batch "
                f"{self.pairs_per_batch} and negatives {self.negatives}; give at least 0, above 0, at least 2 and 0"
            )
        if self.near < 0 or self.label_weight < 0 or self.label_temperature <= 0 or self.labels_per_batch < 2:
            raise ConfigError(
                f"synonyms.near is {self.near}, label_weight {self.label_weight}, label_temperature "
                f"{self.label_temperature} and labels_per_batch {self.labels_per_batch}; give at least 0, at least 0, "
                "above 0 and at least 2"
            )


@dataclass(frozen=True, kw_only=True)
class TuneRun:
    """A tuning by name; init, where given, is the folder of an earlier one that this one goes on from."""

    name: str
    init: str | None = None
    encoder: EncoderPlan = field(default_factory=EncoderPlan)
    lora: LoraPlan = field(default_factory=LoraPlan)
    data: TextPlan = field(default_factory=TextPlan)
    synonyms: SynonymPlan = field(default_factory=SynonymPlan)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    @property
    def seed(self) -> int:
        """The one seed of a run: of its first weights, its batches and its dropout."""
        return self.training.seed
