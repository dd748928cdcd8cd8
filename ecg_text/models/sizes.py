"""What a model is made of, by numbers and names, and which of them no network can have; transformers is not needed.

The configurations that are saved with the weights (models/configs.py) are these, as transformers wants them.
"""

# No `from __future__ import annotations` here: @strict checks values against types, and cannot against their names.
from dataclasses import dataclass
from typing import Any

from ecg_text.leads import STANDARD_12, normalise_leads
from ecg_text.models.config_checks import require, require_heads

# What each kind is called in a config.json.
ECG_TEXT, ECG_ENCODER, REPORT_DECODER = "ecg_text", "ecg_text_ecg_encoder", "ecg_text_decoder"
TEXT_READINGS = ("both_ways", "causal")


@dataclass(kw_only=True, repr=False, eq=False)
class EcgEncoderSizes:
    """The ECG tower: encoder name, the leads it reads in order, and its sizes.

    widths are those of the strided convolutions, kernel their size, num_layers and num_heads those of the attention
    layers on top. Of resnet1d alone: depths, the blocks of each stage. Of conv_transformer alone: trunk_width, the
    width of its attention layers; expansion, how much wider their inner layer is; position_kernel, in tokens, and
    position_groups, of its convolutional positions; feature_gradient, by which the gradient of its stem is multiplied.
    validate_* raise ConfigError for an impossible size, LeadError for a lead that is unknown or given twice.
    """

    encoder: str = "resnet1d"
    leads: tuple[str, ...] | list[str] = STANDARD_12
    widths: tuple[int, ...] | list[int] = (64, 96, 160, 256)
    depths: tuple[int, ...] | list[int] = (2, 2, 2, 2)
    kernel: int = 5
    num_layers: int = 1
    num_heads: int = 4
    dropout: float | int = 0.1
    trunk_width: int = 256
    expansion: int = 4
    position_kernel: int = 128
    position_groups: int = 16
    feature_gradient: float | int = 0.1

    def validate_leads(self) -> None:
        """Raises LeadError where a lead is unknown or given twice, ConfigError where there is none."""
        normalise_leads(self.leads)
        require(len(self.leads) > 0, "leads is empty; name the leads that the encoder reads")

    def validate_sizes(self) -> None:
        """Raises ConfigError where no network has these sizes."""
        sizes = (*self.widths, *self.depths, self.kernel, self.num_heads)
        require(len(self.widths) > 0 and len(self.depths) > 0, "widths and depths need at least one number each")
        require(min(sizes) > 0, "widths, depths, kernel and num_heads must be above 0")
        require(self.num_layers >= 0, f"num_layers is {self.num_layers}; give 0 or more")
        require(0 <= self.dropout < 1, f"dropout is {self.dropout}; give a number from 0 to below 1")
        if self.encoder == "conv_transformer":
            self._validate_trunk()
        else:
            self._validate_stages()

    def _validate_stages(self) -> None:
        require(self.kernel % 2 == 1, f"kernel is {self.kernel}; give an odd number")
        require_heads(self.widths[-1], self.num_heads)
        require(
            self.encoder != "resnet1d" or len(self.widths) == len(self.depths),
            f"resnet1d has {len(self.widths)} widths and {len(self.depths)} depths; give one of each for a stage",
        )

    def _validate_trunk(self) -> None:
        sizes = (self.trunk_width, self.expansion, self.position_kernel, self.position_groups)
        require(min(sizes) > 0, "trunk_width, expansion, position_kernel and position_groups must be above 0")
        require(self.kernel > 1, f"kernel is {self.kernel}; a stem of stride 2 reads every sample with 2 or more")
        require_heads(self.trunk_width, self.num_heads)
        require(
            self.trunk_width % self.position_groups == 0,
            f"a width of {self.trunk_width} cannot be split into {self.position_groups} groups; "
            "give position_groups a divisor",
        )
        require(
            0 < self.feature_gradient <= 1,
            f"feature_gradient is {self.feature_gradient}; give 0 < feature_gradient <= 1 (to freeze the stem, "
            "take its requires_grad away)",
        )


@dataclass(kw_only=True, repr=False, eq=False)
class DecoderSizes:
    """The report decoder: the queries that make its memory of an ECG, its layers, their heads, and its dropout.

    Its width is the text encoder's, and its inner layers are expansion times as wide. The defaults are MELP's, but for
    the dropout. validate_sizes raises ConfigError for an impossible size.
    """

    num_queries: int = 128
    num_layers: int = 6
    num_heads: int = 8
    expansion: int = 4
    dropout: float | int = 0.1

    def validate_sizes(self) -> None:
        """Raises ConfigError where no network has these sizes."""
        sizes = (self.num_queries, self.num_layers, self.num_heads, self.expansion)
        require(min(sizes) > 0, "num_queries, num_layers, num_heads and expansion must be above 0")
        require(0 <= self.dropout < 1, f"dropout is {self.dropout}; give a number from 0 to below 1")


@dataclass(kw_only=True, repr=False, eq=False)
class EcgTextSizes:
    """A two-tower model: an ECG encoder, any transformers encoder for text, and the width they meet in.

    ecg_head names what makes one vector of the tokens (models/ecg_heads.py): num_beats and beat_heads are the queries
    of beat_queries and the attention heads of both heads with beats, rate_hz the samples a second that r_peaks counts
    in. text_reading is how texts are compared: "both_ways", by the mean of words that see each other, or "causal", by a
    summary behind words that see those before them. With has_sentences each sentence of a text has a vector in the
    space of the beats. decoder_config is the report decoder's, None for a model that writes no reports. Both causal
    reading and the decoder need a text encoder that can (is_decoder, see models/causal_text.py). opposite_share is how
    much of its opposite is taken away from a finding that is asked (models/contrast.py): a model that was trained on
    whole reports alone wants all of it, one that has seen single findings a fifth or less. validate_* raise ConfigError
    for an impossible size.
    """

    ecg_config: Any = None
    text_config: Any = None
    embedding_width: int = 256
    initial_scale: float | int = 14.285714285714286
    max_scale: float | int = 100.0
    opposite_share: float | int = 0.2
    ecg_head: str = "summary"
    num_beats: int = 13
    beat_heads: int = 8
    rate_hz: float | int | None = None
    text_reading: str = "both_ways"
    has_sentences: bool = False
    decoder_config: Any = None

    def validate_sizes(self) -> None:
        """Raises ConfigError where no model has these sizes."""
        require(self.embedding_width > 0, f"embedding_width is {self.embedding_width}; give a number above 0")
        require(
            0 < self.initial_scale <= self.max_scale,
            f"initial_scale is {self.initial_scale}, max_scale {self.max_scale}; give 0 < initial_scale <= max_scale",
        )
        require(0 <= self.opposite_share <= 1, f"opposite_share is {self.opposite_share}; give a fraction, 0 to 1")
        if self.ecg_head != "summary":
            require(min(self.num_beats, self.beat_heads) > 0, "num_beats and beat_heads must be above 0")
            require(
                self.embedding_width % self.beat_heads == 0,
                f"an embedding_width of {self.embedding_width} cannot be split among {self.beat_heads} heads; give "
                "beat_heads a divisor",
            )
        require(
            self.ecg_head != "r_peaks" or (self.rate_hz is not None and self.rate_hz > 0),
            f"rate_hz is {self.rate_hz}; the head r_peaks finds beats at a known number of samples a second: give it",
        )

    def validate_levels(self) -> None:
        """Raises ConfigError where a level has not what it needs."""
        require(
            not self.has_sentences or self.ecg_head != "summary",
            "has_sentences is true, but the ECG head summary makes no beats to align them with; give another ecg_head",
        )
        require(
            self.text_reading in TEXT_READINGS,
            f"text_reading is {self.text_reading!r}; choose one of {', '.join(TEXT_READINGS)}",
        )
        require(
            getattr(self.text_config, "is_decoder", False)
            or (self.decoder_config is None and self.text_reading != "causal"),
            "a report decoder and a causal reading need a text encoder that can read causally, or words would tell "
            "themselves; make text_config with causal_config()",
        )
