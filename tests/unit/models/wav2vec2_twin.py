"""wav2vec 2.0 of transformers for recordings of many leads, beside our encoder with the same weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Wav2Vec2Config
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2Model, Wav2Vec2PreTrainedModel

from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.conv_transformer import ConvTransformer

SAMPLES, TOKENS = 173, 10
# How far a value may be off, as a share of the largest of its tensor.
ERROR = {torch.float32: 1e-5, torch.float64: 1e-10}

# The first pattern that fits their name tells ours.
_NAMES = (
    (r"feature_extractor\.conv_layers\.(\d+)\.conv\.", r"stem.convs.\1."),
    (r"feature_extractor\.conv_layers\.0\.layer_norm\.", "stem.norm."),
    (r"feature_projection\.layer_norm\.", "feature_norm."),
    (r"feature_projection\.", ""),
    (r"masked_spec_embed", "mask_vector"),
    (r"encoder\.pos_conv_embed\.conv\.parametrizations\.weight\.original0", "positions.gain"),
    (r"encoder\.pos_conv_embed\.conv\.parametrizations\.weight\.original1", "positions.direction"),
    (r"encoder\.pos_conv_embed\.conv\.", "positions."),
    (r"encoder\.layer_norm\.", "norm."),
    (r"encoder\.(layers\.\d+\.)attention\.out_proj\.", r"\1attention.out."),
    (r"encoder\.(layers\.\d+\.)layer_norm\.", r"\1attention_norm."),
    (r"encoder\.(layers\.\d+\.)feed_forward\.intermediate_dense\.", r"\1mlp.0."),
    (r"encoder\.(layers\.\d+\.)feed_forward\.output_dense\.", r"\1mlp.2."),
    (r"encoder\.(layers\.\d+\.)final_layer_norm\.", r"\1mlp_norm."),
)


def wav2vec2_config(ours: EcgEncoderConfig, **changes: Any) -> Wav2Vec2Config:
    """Our encoder in transformers' terms; it has dropout in one place more, between the layers of the inner network."""
    sizes: dict[str, Any] = {
        "hidden_size": ours.trunk_width,
        "num_hidden_layers": ours.num_layers,
        "num_attention_heads": ours.num_heads,
        "intermediate_size": ours.expansion * ours.trunk_width,
        "conv_dim": tuple(ours.widths),
        "conv_kernel": (ours.kernel,) * len(ours.widths),
        "conv_stride": (2,) * len(ours.widths),
        "conv_bias": False,
        "feat_extract_norm": "group",
        "num_conv_pos_embeddings": ours.position_kernel,
        "num_conv_pos_embedding_groups": ours.position_groups,
        "do_stable_layer_norm": False,
        "activation_dropout": 0.0,
        "layerdrop": 0.0,
        "mask_time_prob": 0.65,
    }
    dropouts = ("hidden_dropout", "attention_dropout", "feat_proj_dropout")
    return Wav2Vec2Config(**sizes, **dict.fromkeys(dropouts, ours.dropout), **changes)


def read_leads(theirs: Wav2Vec2PreTrainedModel, num_leads: int) -> None:
    """Gives the first convolution, which has one channel, as many as there are leads."""
    model = theirs if isinstance(theirs, Wav2Vec2Model) else theirs.wav2vec2
    first = model.feature_extractor.conv_layers[0]
    one = first.conv
    first.conv = nn.Conv1d(num_leads, one.out_channels, one.kernel_size[0], one.stride[0], bias=False)
    # The channel that the feature encoder puts before the samples is taken away again.
    first.register_forward_pre_hook(lambda _, arguments: (arguments[0].squeeze(1),))


def wav2vec2(ours: EcgEncoderConfig, **changes: Any) -> Wav2Vec2Model:
    """The model of transformers with our encoder's sizes, no weight of which is one that it could hide behind."""
    theirs = Wav2Vec2Model(wav2vec2_config(ours, **changes))
    read_leads(theirs, len(ours.leads))
    for parameter in theirs.parameters():
        parameter.data.add_(0.05 * torch.randn(parameter.shape))
    return theirs.eval()


def twin(theirs: Wav2Vec2Model, ours: EcgEncoderConfig) -> ConvTransformer:
    """Our encoder with their weights, all of them and no other."""
    encoder = ConvTransformer(ours)
    encoder.load_state_dict(in_our_names(theirs))
    return encoder.eval()


def in_our_names(theirs: Wav2Vec2Model, of: Callable[[nn.Parameter], Any] = nn.Parameter.detach) -> dict[str, Tensor]:
    """Their weights, or what `of` makes of each, under our names: query, key and value are one matrix of ours."""
    told = {name: of(parameter) for name, parameter in theirs.named_parameters()}
    found = {_our_name(name): value for name, value in told.items() if not re.search(r"[qkv]_proj", name)}
    for name in told:
        if "q_proj" in name:
            ours = name.removeprefix("encoder.").replace("q_proj", "query_key_value")
            found[ours] = torch.cat([told[name.replace("q_proj", f"{part}_proj")] for part in "qkv"])
    return found


def _our_name(name: str) -> str:
    for pattern, ours in _NAMES:
        if re.match(pattern, name):
            return re.sub(pattern, ours, name)
    raise KeyError(name)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two encoders with the same weights."""

    ours: ConvTransformer
    theirs: Wav2Vec2Model

    def assert_gradients_near(self) -> None:
        """Raises where the gradient of a weight differs, or where it has one in one of the two alone."""
        expected = in_our_names(self.theirs, gradient)
        assert expected.keys() == dict(self.ours.named_parameters()).keys()
        for name, parameter in self.ours.named_parameters():
            assert_near(gradient(parameter), expected[name], name)


def pair(config: EcgEncoderConfig, dtype: torch.dtype = torch.float32, attention: str = "sdpa") -> Pair:
    """Both encoders, in evaluation."""
    torch.manual_seed(0)
    theirs = wav2vec2(config, attn_implementation=attention)
    return Pair(ours=twin(theirs, config).to(dtype), theirs=theirs.to(dtype))


def tiny(**changes: Any) -> EcgEncoderConfig:
    """An encoder of two layers, all of whose widths differ where they may, with no dropout and no slower stem."""
    sizes: dict[str, Any] = {
        "widths": [8, 8, 8, 12],
        "kernel": 2,
        "num_layers": 2,
        "trunk_width": 32,
        "position_kernel": 8,
        "position_groups": 4,
        "dropout": 0.0,
        "feature_gradient": 1.0,
    }
    return EcgEncoderConfig(encoder="conv_transformer", **sizes | changes)


def ecgs(batch: int, samples: int = SAMPLES, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    """ECGs in mV, all of whose leads and samples are real, and their masks."""
    ecg = 0.2 * torch.randn(batch, 12, samples, generator=torch.Generator().manual_seed(1))
    return ecg.to(dtype), torch.ones(batch, 12, dtype=torch.bool), torch.ones(batch, samples, dtype=torch.bool)


def some(batch: int, tokens: int = TOKENS, share: float = 0.4) -> Tensor:
    """Tokens to hide."""
    return torch.rand(batch, tokens, generator=torch.Generator().manual_seed(3)) < share


def pulled(*outputs: Tensor) -> Tensor:
    """A loss in which each value counts by chance."""
    chance = torch.Generator().manual_seed(2)
    return torch.stack([(made * torch.randn(made.shape, generator=chance).to(made)).sum() for made in outputs]).sum()


def gradient(of: Tensor) -> Tensor:
    """Its gradient, which must be there."""
    assert of.grad is not None
    return of.grad


def assert_near(found: Tensor, expected: Tensor, what: str = "it") -> None:
    """Raises where a value is off by more than ERROR."""
    worst, most = (found - expected).abs().max().item(), expected.abs().max().item()
    assert worst <= ERROR[expected.dtype] * most, f"{what} is off by {worst}, the largest is {most}"
