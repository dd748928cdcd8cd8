"""A causal text encoder: each word piece reads those before it, and one more piece, behind the last, reads them all.

So the states of the words serve a decoder that tells the next word, and the summary serves a contrast, in one pass
(Yu et al., 2022, CoCa, section 3.2; MELP). A text is `[CLS] pieces [SEP]`, padded at the end, and the piece behind it
is its first again, [CLS]. It is numbered as if no padding were between, so a text is read alike in every batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from ecg_text.errors import ConfigError, TextError
from ecg_text.nn.attention import readable

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedConfig, PreTrainedModel

# The architectures that read causally with is_decoder=True and take the numbers of positions, and whether they number
# positions on from that of padding (RoBERTa and its kin) or from 0. Others ignore the one or the other without a word.
CAUSAL_KINDS: Mapping[str, bool] = MappingProxyType(
    {
        "bert": False,
        "camembert": True,
        "data2vec-text": True,
        "electra": False,
        "ernie": False,
        "megatron-bert": False,
        "rembert": False,
        "roberta": True,
        "roberta-prelayernorm": True,
        "xlm-roberta": True,
    }
)


@dataclass(frozen=True, eq=False, kw_only=True)
class TextStates:
    """Texts read causally: words (R, L, W) and summary (R, W), which has read all words of its text."""

    words: Tensor
    summary: Tensor


def causal_config(config: PreTrainedConfig) -> PreTrainedConfig:
    """A copy of an encoder's configuration, from which AutoModel makes or loads it with causal attention.

    Raises ConfigError for an architecture that has none.
    """
    _refuse_other_kinds(config)
    causal = deepcopy(config)
    causal.is_decoder = True
    causal.add_cross_attention = False
    return causal


def text_window(config: PreTrainedConfig) -> int:
    """How many word pieces a text may have, special ones included: one fewer than positions, the last is the summary's.

    An encoder of our own is made with one position more than its window; of a published one with 512, texts have up to
    511 pieces. Raises ConfigError for an architecture that has no causal attention.
    """
    return _num_positions(config) - 1


def read_text(encoder: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor | None = None) -> TextStates:
    """Read texts: word pieces (R, L), mask (R, L) -> TextStates.

    Raises ConfigError for an encoder that is not causal, TextError for a text that is longer than the window.
    """
    mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
    rows, length = input_ids.shape
    places = torch.arange(length, device=input_ids.device).expand(rows, -1)
    states = word_states(
        encoder,
        torch.cat([input_ids, input_ids[:, :1]], dim=1),
        torch.cat([mask, mask.new_ones(rows, 1)], dim=1),
        torch.cat([places, mask.sum(dim=1, keepdim=True)], dim=1),
    )
    return TextStates(words=states[:, :length], summary=states[:, length])


def read_both_ways(encoder: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
    """States of words that see their whole text, whatever the encoder does by itself: (R, L), (R, L) -> (R, L, W).

    A causal encoder is handed which word sees which: so one set of weights serves a contrast as it was tuned to, and a
    decoder without telling it the words to come (Dong et al., 2019, UniLM).
    """
    if not getattr(encoder.config, "is_decoder", False):
        return cast(Tensor, encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state)
    _, attend = readable(attention_mask.bool())
    sees = attend.expand(-1, 1, input_ids.shape[1], -1)
    if encoder.config._attn_implementation == "eager":  # adds what it is given; sdpa takes it in any precision
        sees = torch.zeros(sees.shape, device=sees.device).masked_fill(~sees, torch.finfo(torch.float32).min)
    places = torch.arange(input_ids.shape[1], device=input_ids.device).unsqueeze(0)
    made = encoder(
        input_ids=input_ids,
        attention_mask=sees,
        position_ids=places + _first_position(encoder.config),
        use_cache=False,
    )
    return cast(Tensor, made.last_hidden_state)


def word_states(
    encoder: PreTrainedModel,
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    places: Tensor | None = None,
    cache: Cache | None = None,
) -> Tensor:
    """The states of pieces alone, with no summary behind them: (R, L), mask (R, P + L), places (R, L) -> (R, L, W).

    P pieces were read before: their keys and values are in the cache, which takes up those of the L. places count
    from 0, and follow each other where they are left out. Raises as read_text does.
    """
    if not encoder.config.is_decoder:
        raise ConfigError("this text encoder reads in both directions; make or load it with causal_config(config)")
    seen = 0 if cache is None else cache.get_seq_length()
    end = seen + input_ids.shape[1]
    if end > _num_positions(encoder.config):
        raise TextError(
            f"texts of {end} places, the summary's included, are too long for a text encoder that has "
            f"{_num_positions(encoder.config)}; cut them to its window (text_window)"
        )
    if places is None:
        places = torch.arange(seen, end, device=input_ids.device).unsqueeze(0)
    states: Tensor = encoder(
        input_ids=input_ids,
        attention_mask=attention_mask,
        position_ids=places + _first_position(encoder.config),
        past_key_values=cache,
        use_cache=cache is not None,  # left out, a decoder of transformers keeps keys and values in training, too
    ).last_hidden_state
    return states


def _num_positions(config: PreTrainedConfig) -> int:
    return int(config.max_position_embeddings) - _first_position(config)


def _first_position(config: PreTrainedConfig) -> int:
    _refuse_other_kinds(config)
    return int(config.pad_token_id) + 1 if CAUSAL_KINDS[config.model_type] else 0


def _refuse_other_kinds(config: PreTrainedConfig) -> None:
    if config.model_type not in CAUSAL_KINDS:
        raise ConfigError(
            f"a text encoder {config.model_type!r} cannot read causally; choose one of {', '.join(CAUSAL_KINDS)}"
        )
