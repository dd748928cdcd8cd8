"""conv_transformer is MELP's encoder: its sizes, and what masks must not change."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ecg_text.errors import ConfigError, SignalError
from ecg_text.leads import STANDARD_12
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.conv_transformer import ConvTransformer
from ecg_text.recipes.run import melp_tower
from ecg_text.recipes.towers import ecg_config

SAMPLES, TOKENS = 173, 10


def tiny(**changes: Any) -> ConvTransformer:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "leads": ["I", "II", "V1"],
        "widths": [8, 8, 8, 12],
        "kernel": 2,
        "num_layers": 2,
        "num_heads": 4,
        "trunk_width": 32,
        "position_kernel": 8,
        "position_groups": 4,
        "dropout": 0.0,
    }
    encoder = ConvTransformer(EcgEncoderConfig(encoder="conv_transformer", **sizes | changes))
    for parameter in encoder.parameters():
        parameter.data.add_(0.05 * torch.randn(parameter.shape))
    return encoder.eval()


def ecg_and_masks(samples: int = SAMPLES) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    ecg = 0.2 * torch.randn(3, 3, samples)
    return ecg, torch.ones(3, 3, dtype=torch.bool), torch.ones(3, samples, dtype=torch.bool)


def on_meta(size: str) -> ConvTransformer:
    with torch.device("meta"):
        return ConvTransformer(ecg_config(melp_tower(size), STANDARD_12)).eval()


def weights(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


def test_every_part_of_melp_base_has_the_published_size() -> None:
    encoder = on_meta("melp_base")
    assert weights(encoder.stem) == 399_872
    assert weights(encoder.feature_norm) == 512
    assert weights(encoder.projection) == 197_376
    assert weights(encoder.positions) == 4_719_488
    assert weights(encoder.layers) == 85_054_464
    assert weights(encoder.norm) == 1_536
    assert encoder.mask_vector.shape == (768,)
    assert weights(encoder) == 90_374_016


@pytest.mark.parametrize(
    ("size", "number"),
    [
        ("melp_small", 62_022_528),
        ("melp_large", 311_365_760),
        ("melp_nano", 1_519_641),
        ("melp_tiny", 3_728_665),
    ],
)
def test_the_other_sizes(size: str, number: int) -> None:
    assert weights(on_meta(size)) == number


@pytest.mark.parametrize(
    ("size", "samples", "tokens"),
    [("melp_base", 5000, 312), ("melp_large", 2500, 156), ("melp_nano", 1000, 62), ("melp_tiny", 500, 31)],
)
def test_as_many_tokens_as_whole_cuts_of_the_stride(size: str, samples: int, tokens: int) -> None:
    masks = (torch.ones(2, length, dtype=torch.bool, device="meta") for length in (12, samples))
    encoder = on_meta(size)
    made, mask = encoder(torch.empty(2, 12, samples, device="meta"), *masks)
    assert made.shape == (2, tokens, encoder.width)
    assert mask.shape == (2, tokens)
    assert encoder.token_grid(samples).num_tokens == tokens


def test_an_unknown_size_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"melp_huge.*melp_base, melp_large, melp_nano"):
        melp_tower("melp_huge")


def test_a_padded_recording_is_the_shorter_one() -> None:
    encoder, (ecg, leads, times) = tiny(), ecg_and_masks()
    padded = torch.cat([ecg, torch.full((3, 3, 96), torch.nan)], dim=2)
    real = torch.arange(SAMPLES + 96).expand(3, -1) < SAMPLES
    short, _ = encoder(ecg, leads, times)
    long, mask = encoder(padded, leads, real)
    assert short.shape[1] == TOKENS
    assert mask.sum(dim=1).tolist() == [TOKENS] * 3
    torch.testing.assert_close(long[:, :TOKENS], short, atol=1e-5, rtol=1e-5)
    assert torch.isfinite(long).all()


def test_padding_and_absent_leads_change_no_gradient_and_have_none() -> None:
    encoder, (ecg, leads, times) = tiny().double().train(), ecg_and_masks()
    leads[:, 1] = False
    flat = ecg.masked_fill(~leads.unsqueeze(2), 0).double()
    padded = torch.cat([ecg.masked_fill(~leads.unsqueeze(2), 8.0), torch.full((3, 3, 96), 7.0)], dim=2).double()
    real = torch.arange(SAMPLES + 96).expand(3, -1) < SAMPLES
    found = []
    for inputs in ((flat, torch.ones_like(leads), times), (padded, leads, real)):
        inputs[0].requires_grad_()
        encoder.zero_grad()
        tokens, mask = encoder(*inputs)
        (tokens[mask] * torch.linspace(-1, 1, encoder.width)).square().sum().backward()
        found.append({name: parameter.grad for name, parameter in encoder.named_parameters()})
    assert padded.grad is not None
    assert (padded.grad[:, 1] == 0).all()
    assert (padded.grad[..., SAMPLES:] == 0).all()
    assert (padded.grad[:, 0, : TOKENS * 16] != 0).all()
    torch.testing.assert_close(found[1], found[0])


@pytest.mark.slow
def test_melp_base_makes_312_tokens_and_those_of_a_shorter_ecg_are_the_same_padded() -> None:
    torch.manual_seed(0)
    encoder = ConvTransformer(ecg_config(melp_tower("melp_base"), STANDARD_12)).eval()
    ecg, leads = 0.2 * torch.randn(2, 12, 5000), torch.ones(2, 12, dtype=torch.bool)
    leads[1, 6:] = False
    times = torch.arange(5000) < torch.tensor([[5000], [3210]])
    with torch.no_grad():
        tokens, mask = encoder(ecg, leads, times)
        alone, _ = encoder(ecg[1:, :, :3210], leads[1:], times[1:, :3210])
    assert mask.sum(dim=1).tolist() == [312, 200]
    torch.testing.assert_close(tokens[1:, :200], alone, rtol=0, atol=1e-5)


def test_a_masked_lead_is_a_zeroed_one() -> None:
    encoder, (ecg, leads, times) = tiny(), ecg_and_masks()
    zeroed = ecg.clone()
    zeroed[:, 1] = 0.0
    expected, _ = encoder(zeroed, leads, times)
    leads[:, 1] = False
    assert torch.equal(encoder(ecg, leads, times)[0], expected)


def test_millivolts_and_the_0_to_1_of_melp_make_the_same_tokens() -> None:
    encoder, (ecg, leads, times) = tiny().double(), ecg_and_masks(400)
    ecg = ecg.double()
    low, high = ecg.amin(dim=(1, 2), keepdim=True), ecg.amax(dim=(1, 2), keepdim=True)
    scaled, _ = encoder((ecg - low) / (high - low), leads, times)
    torch.testing.assert_close(encoder(ecg, leads, times)[0], scaled, atol=1e-3, rtol=1e-3)


def test_nothing_real_gives_finite_tokens_and_gradients() -> None:
    encoder, (ecg, leads, times) = tiny().train(), ecg_and_masks()
    leads[0], times[1], times[2, 20] = False, False, False
    tokens, mask = encoder(ecg, leads, times)
    tokens.square().sum().backward()
    assert mask.sum(dim=1).tolist() == [TOKENS, 0, TOKENS - 1]
    assert torch.isfinite(tokens).all()
    for parameter in encoder.parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()


def test_an_ecg_shorter_than_a_token_is_refused() -> None:
    with pytest.raises(SignalError, match="at least 16 samples"):
        tiny()(*ecg_and_masks(15))
