"""The sizes of a model, read from its config.json without transformers: all that is there is known, or nothing is read.

What is not read here is left to EcgTextConfig, which knows more, and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from ecg_text.models.sizes import (
    ECG_ENCODER,
    ECG_TEXT,
    REPORT_DECODER,
    DecoderSizes,
    EcgEncoderSizes,
    EcgTextSizes,
)
from ecg_text.nn.bert import BertSizes

Sizes = TypeVar("Sizes", EcgEncoderSizes, EcgTextSizes, DecoderSizes, BertSizes)

# What transformers writes of itself, or for training, which changes nothing that a model answers.
_NO_MATTER = frozenset(
    {
        *("architectures", "dtype", "transformers_version", "_name_or_path", "use_cache", "initializer_range"),
        *("bos_token_id", "eos_token_id", "classifier_dropout", "tie_word_embeddings", "chunk_size_feed_forward"),
        *("attention_probs_dropout_prob", "hidden_dropout_prob", "is_encoder_decoder", "output_hidden_states"),
        *("return_dict", "id2label", "label2id", "problem_type"),
    }
)
# Settings that have one value here, and with another would make another network.
_BERT = {"model_type": "bert", "hidden_act": "gelu", "add_cross_attention": False}


def plain_sizes(config: Mapping[str, Any]) -> EcgTextSizes | None:
    """What config.json holds, checked; None where any of it is not known here, or texts are not read by a BERT.

    Raises ConfigError or LeadError for an impossible size.
    """
    towers = {name: config.get(name) for name in ("ecg_config", "text_config", "decoder_config")}
    ecg = _read(EcgEncoderSizes, towers["ecg_config"], {"model_type": ECG_ENCODER})
    text = _read(BertSizes, towers["text_config"], _BERT)
    decoder = _read(DecoderSizes, towers["decoder_config"], {"model_type": REPORT_DECODER})
    whole = _read(EcgTextSizes, {**config, **dict.fromkeys(towers)}, {"model_type": ECG_TEXT})
    if ecg is None or text is None or whole is None or (decoder is None and towers["decoder_config"] is not None):
        return None
    if whole.text_reading != "both_ways":  # nn/bert.py reads nothing else
        return None
    if text.num_attention_heads < 1 or text.hidden_size % text.num_attention_heads:
        return None
    whole.ecg_config, whole.text_config, whole.decoder_config = ecg, text, decoder
    ecg.validate_leads()
    ecg.validate_sizes()
    whole.validate_sizes()
    whole.validate_levels()
    if decoder is not None:
        decoder.validate_sizes()
    return whole


def _read(kind: type[Sizes], written: Any, fixed: Mapping[str, Any]) -> Sizes | None:
    """The sizes in an object of config.json; None where it misses one, has a wrong type, or holds what is not known."""
    fixed = {**fixed, "output_attentions": False}
    if not isinstance(written, Mapping) or any(written.get(name, value) != value for name, value in fixed.items()):
        return None
    known: dict[str, Field[Any]] = {field.name: field for field in fields(kind) if field.name not in fixed}
    known.pop("_attn_implementation", None)
    if not written.keys() <= {*known, *fixed, *_NO_MATTER}:
        return None
    for name, field in known.items():
        if name not in written:
            if field.default is MISSING:
                return None
        elif not _fits(written[name], field.type):
            return None
    return kind(**{name: written[name] for name in known if name in written})


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value of JSON is of a type; a truth value is no number."""
    if kind is Any:
        return True
    if isinstance(kind, UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if get_origin(kind) in (tuple, list):
        return isinstance(value, list) and all(_fits(item, get_args(kind)[0]) for item in value)
    return type(value) is kind
