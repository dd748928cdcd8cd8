"""The stem against loops and against wav2vec 2.0's, its norm and its mask where padding ends."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import Wav2Vec2Config
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2FeatureEncoder

from ecg_text.errors import SignalError
from ecg_text.nn.conv_stem import ConvStem, MaskedGroupNorm


def ragged(batch: int, length: int) -> Tensor:
    """Masks (B, T) with gaps, the last row of nothing."""
    mask = torch.rand(batch, length) < 0.7
    mask[-1] = False
    return mask


def slow_norm(x: Tensor, mask: Tensor, norm: MaskedGroupNorm) -> Tensor:
    """Each channel of each row by the mean and variance of its real positions."""
    out = x.clone()
    for row in range(len(x)):
        for channel in range(x.shape[1]):
            real = x[row, channel][mask[row]]
            scale = norm.weight[channel] / (real.var(correction=0) + norm.eps).sqrt()
            out[row, channel] = (x[row, channel] - real.mean()) * scale + norm.bias[channel]
    return out


def test_the_norm_is_that_of_the_real_positions() -> None:
    torch.manual_seed(0)
    norm = MaskedGroupNorm(4)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    x, mask = torch.randn(3, 4, 20) * 5 + 3, ragged(3, 20)
    real = mask.unsqueeze(1).expand_as(x)
    torch.testing.assert_close(norm(x, mask)[:2][real[:2]], slow_norm(x[:2], mask[:2], norm)[real[:2]])
    assert torch.isfinite(norm(x, mask)).all()
    torch.testing.assert_close(norm(x, torch.ones_like(mask)), F.group_norm(x, 4, norm.weight, norm.bias))


def test_the_gradient_of_the_norm_is_that_of_finite_differences() -> None:
    torch.manual_seed(1)
    norm = MaskedGroupNorm(2).double()
    mask = ragged(3, 6)[:2]
    x = torch.randn(2, 2, 6, dtype=torch.float64, requires_grad=True)
    real = mask.unsqueeze(1)
    assert torch.autograd.gradcheck(lambda x: norm(x, mask) * real, (x,))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_norm_keeps_the_dtype_and_computes_in_float32(dtype: torch.dtype) -> None:
    torch.manual_seed(2)
    norm, x = MaskedGroupNorm(3), (torch.randn(2, 3, 3000) + 1).to(dtype)
    mask = torch.ones(2, 3000, dtype=torch.bool)
    normed = norm(x, mask)
    assert normed.dtype is dtype
    torch.testing.assert_close(normed, norm(x.float(), mask).to(dtype))


def test_the_stem_is_that_of_wav2vec2_on_one_channel() -> None:
    torch.manual_seed(3)
    config = Wav2Vec2Config(
        conv_dim=(6, 8, 10), conv_kernel=(2, 2, 2), conv_stride=(2, 2, 2), conv_bias=False, feat_extract_norm="group"
    )
    theirs, ours = Wav2Vec2FeatureEncoder(config).eval(), ConvStem(1, (6, 8, 10), 2)
    for conv, layer in zip(ours.convs, theirs.conv_layers, strict=True):
        conv.load_state_dict(layer.conv.state_dict())
    ours.norm.load_state_dict(theirs.conv_layers[0].layer_norm.state_dict())
    x = torch.randn(2, 101)
    features, mask = ours(x.unsqueeze(1), torch.ones(2, 101, dtype=torch.bool))
    assert mask.all()
    torch.testing.assert_close(features, theirs(x).transpose(1, 2), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("kernel", "layers"), [(2, 1), (2, 3), (2, 4), (3, 3), (4, 2)])
def test_a_token_is_real_where_all_samples_that_it_reads_are(kernel: int, layers: int) -> None:
    stem = ConvStem(1, (2,) * layers, kernel)
    for num_samples in (stem.reach, 50, 77):
        for missing in (None, 0, 20, num_samples - 1):
            mask = torch.ones(1, num_samples, dtype=torch.bool)
            if missing is not None:
                mask[0, min(missing, num_samples - 1)] = False
            features, real = stem(torch.randn(1, 1, num_samples), mask)
            assert features.shape[1] == real.shape[1] == stem.num_tokens(num_samples)
            for token in range(real.shape[1]):
                start = token * stem.samples_per_token
                assert real[0, token] == mask[0, start : start + stem.reach].all()


def test_padding_is_not_read_and_makes_no_token() -> None:
    torch.manual_seed(4)
    stem = ConvStem(3, (4, 5, 6, 7), 2)
    x = torch.randn(2, 3, 173)
    padded = torch.cat([x, torch.full((2, 3, 90), 50.0)], dim=2)
    real = torch.arange(263).expand(2, -1) < 173
    short, _ = stem(x, torch.ones(2, 173, dtype=torch.bool))
    long, mask = stem(padded, real)
    assert mask.sum(dim=1).tolist() == [173 // 16] * 2
    torch.testing.assert_close(long[:, : 173 // 16], short, atol=1e-5, rtol=1e-5)


def test_too_short_an_ecg_is_refused_with_the_length_it_needs() -> None:
    with pytest.raises(SignalError, match="15 samples makes no token; give at least 16"):
        ConvStem(1, (2,) * 4, 2)(torch.zeros(1, 1, 15), torch.ones(1, 15, dtype=torch.bool))
