"""Every ECG encoder: shapes, masks that hide, padding that changes nothing, and records that do not meet."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ecg_text.errors import ConfigError
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.ecg_encoders import ECG_ENCODERS, build_ecg_encoder

LEADS, SAMPLES = ["I", "II", "V1"], 173


def encoder_and_ecg(name: str) -> tuple[torch.nn.Module, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    config = EcgEncoderConfig(
        encoder=name,
        leads=LEADS,
        widths=[8, 12, 16],
        depths=[1, 2, 2],
        num_heads=2,
        kernel=3,
        trunk_width=16,
        position_kernel=8,
        position_groups=2,
    )
    encoder = build_ecg_encoder(config).eval()
    for parameter in encoder.parameters():  # no parameter may hide behind a zero it starts at
        parameter.data.add_(0.05 * torch.randn(parameter.shape))
    ecg = torch.randn(5, len(LEADS), SAMPLES)
    return encoder, ecg, torch.ones(5, len(LEADS), dtype=torch.bool), torch.ones(5, SAMPLES, dtype=torch.bool)


@pytest.mark.parametrize("name", sorted(ECG_ENCODERS))
def test_tokens_have_the_width_they_say_and_a_mask(name: str) -> None:
    encoder, ecg, leads, times = encoder_and_ecg(name)
    tokens, mask = encoder(ecg, leads, times)
    assert tokens.shape == (5, mask.shape[1], encoder.width)
    assert mask.dtype is torch.bool
    assert mask.all()


@pytest.mark.parametrize("name", sorted(ECG_ENCODERS))
def test_padding_at_the_end_changes_nothing(name: str) -> None:
    encoder, ecg, leads, times = encoder_and_ecg(name)
    padded = torch.cat([ecg, torch.full((5, len(LEADS), 91), 7.0)], dim=2)
    padded_times = torch.cat([times, torch.zeros(5, 91, dtype=torch.bool)], dim=1)
    short, _ = encoder(ecg, leads, times)
    long, mask = encoder(padded, leads, padded_times)
    torch.testing.assert_close(long[:, : short.shape[1]], short, atol=1e-5, rtol=1e-5)
    assert mask.sum(dim=1).tolist() == [short.shape[1]] * 5


@pytest.mark.parametrize("name", sorted(ECG_ENCODERS))
def test_a_masked_lead_is_not_read(name: str) -> None:
    encoder, ecg, leads, times = encoder_and_ecg(name)
    leads[:, 1] = False
    changed = ecg.clone()
    changed[:, 1] = 5.0
    torch.testing.assert_close(encoder(changed, leads, times)[0], encoder(ecg, leads, times)[0])


@pytest.mark.parametrize(("name", "is_flat"), [("conv_transformer", True), ("resnet1d", False)])
def test_a_masked_lead_is_a_flat_line_to_one_encoder_and_not_to_the_other(name: str, is_flat: bool) -> None:
    """Random lead masking sets leads to zero, so that is what a lead that is not there is to conv_transformer."""
    encoder, ecg, leads, times = encoder_and_ecg(name)
    ecg[:, 1] = 0.0
    flat, _ = encoder(ecg, leads, times)
    leads[:, 1] = False
    assert torch.allclose(encoder(ecg, leads, times)[0], flat, atol=1e-4) == is_flat


@pytest.mark.parametrize("name", sorted(ECG_ENCODERS))
def test_a_record_is_encoded_the_same_alone_and_in_company(name: str) -> None:
    encoder, ecg, leads, times = encoder_and_ecg(name)
    times[2, 100:] = False
    together, _ = encoder(ecg, leads, times)
    for row in range(5):
        alone, _ = encoder(ecg[row : row + 1], leads[row : row + 1], times[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "is_seen"), [("conv_transformer", False), ("resnet1d", True)])
def test_the_gain_of_a_recording_is_seen_by_one_encoder_and_not_by_the_other(name: str, is_seen: bool) -> None:
    """wav2vec 2.0 normalises each recording: of amplitudes, only those of leads and waves beside others are left."""
    encoder, ecg, leads, times = encoder_and_ecg(name)
    large, _ = encoder(ecg, leads, times)
    assert torch.allclose(encoder(ecg * 0.3, leads, times)[0], large, atol=1e-2) != is_seen
    ecg[:, 1] *= 0.3
    assert not torch.allclose(encoder(ecg, leads, times)[0], large, atol=1e-2)


@pytest.mark.parametrize("name", sorted(ECG_ENCODERS))
def test_every_parameter_gets_a_gradient(name: str) -> None:
    encoder, ecg, leads, times = encoder_and_ecg(name)
    leads[0, 0] = False
    encoder(ecg, leads, times)[0].square().sum().backward()
    without = [name for name, parameter in encoder.named_parameters() if parameter.grad is None]
    assert not without


def test_an_unknown_encoder_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"resnet9.*conv_transformer.*resnet1d"):
        build_ecg_encoder(EcgEncoderConfig(encoder="resnet9"))
