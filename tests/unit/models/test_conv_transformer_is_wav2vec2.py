"""conv_transformer is wav2vec 2.0 of transformers with the same weights: values, gradients, sizes and lengths."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2ForPreTraining

from ecg_text.leads import STANDARD_12
from ecg_text.models.conv_transformer import TYPICAL_MV, ConvTransformer
from ecg_text.recipes.run import melp_tower
from ecg_text.recipes.towers import ecg_config
from tests.unit.models.wav2vec2_twin import (
    SAMPLES,
    Pair,
    assert_near,
    ecgs,
    gradient,
    in_our_names,
    pair,
    pulled,
    read_leads,
    some,
    tiny,
    wav2vec2_config,
)

PRECISIONS = [torch.float32, torch.float64]


def on_meta() -> tuple[ConvTransformer, Wav2Vec2ForPreTraining]:
    """melp_base and theirs, without values."""
    config = ecg_config(melp_tower("melp_base"), STANDARD_12)
    with torch.device("meta"):
        theirs = Wav2Vec2ForPreTraining(wav2vec2_config(config, codevector_dim=256, proj_codevector_dim=256))
        read_leads(theirs, len(config.leads))
        return ConvTransformer(config), theirs


def test_melp_base_has_the_weights_of_wav2vec2_one_for_one() -> None:
    ours, theirs = on_meta()
    shapes = {name: parameter.shape for name, parameter in ours.named_parameters()}
    assert {name: value.shape for name, value in in_our_names(theirs.wav2vec2).items()} == shapes
    assert theirs.wav2vec2.num_parameters() == 90_374_016
    assert theirs.num_parameters() == 90_883_072  # with the codebooks and two projections


def test_ecgs_of_any_length_have_the_tokens_of_wav2vec2() -> None:
    ours, theirs = on_meta()
    for samples in (*range(16, 600), 2500, 4999, 5000, 5001, 15_000):
        assert ours.stem.num_tokens(samples) == theirs._get_feat_extract_output_lengths(samples)
    times = torch.arange(5000) < torch.tensor([[5000], [4999], [2500], [31], [16]])
    _, mask = ConvTransformer(tiny()).stem(torch.zeros(5, 12, 5000), times)
    assert mask.shape == (5, 312)
    assert torch.equal(mask, theirs._get_feature_vector_attention_mask(312, times.long()))


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("kernel", [7, 8])
def test_positions_and_trunk_are_its_encoder_where_some_tokens_are_padding(
    kernel: int, attention: str, dtype: torch.dtype
) -> None:
    both = pair(tiny(position_kernel=kernel), dtype, attention)
    features, mask = torch.randn(3, 11, 12, dtype=dtype), torch.arange(11) < torch.tensor([[11], [6], [1]])
    made = both.ours.contextualise(features, mask)[mask]
    projected = both.theirs.feature_projection.projection(features)
    expected = both.theirs.encoder(projected, attention_mask=mask).last_hidden_state[mask]
    assert_near(made, expected)
    pulled(made).backward()
    pulled(expected).backward()
    theirs = in_our_names(both.theirs, lambda parameter: parameter.grad)
    for name, parameter in both.ours.named_parameters():
        if name.startswith(("projection.", "positions.", "norm.", "layers.")):
            assert_near(gradient(parameter), theirs[name], name)


def assert_they_agree(both: Pair, ecg: Tensor, leads: Tensor, times: Tensor, hidden: Tensor) -> None:
    """Features, tokens, and what a loss of both has for gradients, of weights and of samples."""
    ours, theirs = ecg.clone().requires_grad_(), ecg.clone().requires_grad_()
    features, mask = both.ours.features(ours, leads, times)
    tokens = both.ours.contextualise(features, mask, hidden)
    expected = both.theirs(theirs / TYPICAL_MV, mask_time_indices=hidden)
    assert mask.all()
    assert_near(features, expected.extract_features, "features")
    assert_near(tokens, expected.last_hidden_state, "tokens")
    pulled(features, tokens).backward()
    pulled(expected.extract_features, expected.last_hidden_state).backward()
    both.assert_gradients_near()
    assert_near(gradient(ours), gradient(theirs), "gradient of the samples")


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_from_twelve_leads_to_tokens_values_and_gradients_agree(attention: str, dtype: torch.dtype) -> None:
    assert_they_agree(pair(tiny(), dtype, attention), *ecgs(3, dtype=dtype), some(3))


def at_melps_width(dtype: torch.dtype) -> Pair:
    """Two layers of melp_base."""
    sizes = {"widths": [256] * 4, "trunk_width": 768, "num_heads": 12, "position_kernel": 128, "position_groups": 16}
    return pair(tiny(**sizes), dtype)


@pytest.mark.slow
def test_at_melps_width_they_agree() -> None:
    both, hidden = at_melps_width(torch.float32), some(1, 312, 0.35)
    ecg, leads, times = ecgs(1, 5000)
    with torch.no_grad():
        for masked in (None, hidden):
            expected = both.theirs(ecg / TYPICAL_MV, mask_time_indices=masked).last_hidden_state
            torch.testing.assert_close(both.ours(ecg, leads, times, masked)[0], expected, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_at_melps_width_their_gradients_agree() -> None:
    assert_they_agree(at_melps_width(torch.float64), *ecgs(1, 2500, torch.float64), some(1, 156, 0.35))


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_in_training_dropout_falls_where_theirs_does(dtype: torch.dtype) -> None:
    both = pair(tiny(dropout=0.3), dtype)
    ecg, leads, times = ecgs(3, dtype=dtype)
    torch.manual_seed(4)
    made, _ = both.ours.train()(ecg, leads, times, some(3))
    torch.manual_seed(4)
    expected = both.theirs.train()(ecg / TYPICAL_MV, mask_time_indices=some(3)).last_hidden_state
    assert_near(made, expected)
    pulled(made).backward()
    pulled(expected).backward()
    both.assert_gradients_near()


def test_each_ecg_of_a_padded_batch_is_what_theirs_makes_of_it_alone() -> None:
    """Theirs would let padding into the mean and variance behind the first convolution."""
    both = pair(tiny())
    ecg, leads, _ = ecgs(4)
    lengths = (SAMPLES, 90, 16, 31)
    times = torch.arange(SAMPLES) < torch.tensor(lengths)[:, None]
    with torch.no_grad():
        made, mask = both.ours(ecg.where(times[:, None], torch.nan), leads, times)
        for row, length in enumerate(lengths):
            alone = both.theirs(ecg[row : row + 1, :, :length] / TYPICAL_MV).last_hidden_state[0]
            assert mask[row].sum() == len(alone) == length // 16
            assert_near(made[row, : len(alone)], alone)
