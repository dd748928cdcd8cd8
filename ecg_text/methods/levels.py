"""What MELP asks at its three levels, and how much each counts; plain numbers, without torch."""

from __future__ import annotations

from dataclasses import dataclass

from ecg_text.errors import ConfigError

RHYTHM_LOSSES = ("info_nce", "sigmoid")
BEAT_VARIANTS = ("exact", "single")


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Weights of the rhythm, token and beat level, the published ones by default; a level of weight 0 is not built.

    rhythm_loss is InfoNCE, or the pairwise sigmoid loss of SigLIP. The beat level is GLoRIA's: beat_variant tells
    whether its attention begins with a softmax over sentences ("exact") or not ("single"), attention_sharpness,
    sentence_sharpness and beat_scale are its three temperatures (objectives/beat_alignment.py). Raises ConfigError for
    a negative weight, no level at all, or an unknown name.
    """

    rhythm: float = 1.0
    token: float = 2.0
    beat: float = 0.2
    rhythm_loss: str = "info_nce"
    beat_variant: str = "exact"
    attention_sharpness: float = 4.0
    sentence_sharpness: float = 5.0
    beat_scale: float = 10.0

    def __post_init__(self) -> None:
        weights = (self.rhythm, self.token, self.beat)
        if min(weights) < 0 or max(weights) == 0:
            raise ConfigError(f"levels weigh {weights} (rhythm, token, beat); give 0 or more, and one above 0 at least")
        sharpness = (self.attention_sharpness, self.sentence_sharpness, self.beat_scale)
        if min(sharpness) <= 0:
            raise ConfigError(f"the temperatures of the beat level are {sharpness}; give numbers above 0")
        for name, value, known in (
            ("rhythm_loss", self.rhythm_loss, RHYTHM_LOSSES),
            ("beat_variant", self.beat_variant, BEAT_VARIANTS),
        ):
            if value not in known:
                raise ConfigError(f"levels.{name} is {value!r}; choose one of {', '.join(known)}")

    @property
    def reads_reports(self) -> bool:
        """Whether a level reads whole reports, whatever view of them the rhythm level is shown."""
        return self.token > 0 or self.beat > 0


RHYTHM_ALONE = Levels(token=0.0, beat=0.0)
