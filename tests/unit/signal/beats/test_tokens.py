"""Beat-to-token spans against every token tried in turn, and the grids of the encoders themselves."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_text.errors import ConfigError
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.conv_transformer import ConvTransformer
from ecg_text.models.ecg_encoders import build_ecg_encoder
from ecg_text.signal.beats.tokens import TokenGrid, beat_token_spans


def slow_span(
    number: int, peaks: list[int], rate: float, grid: TokenGrid, before: float, after: float, *, free: bool
) -> list[int]:
    """The tokens of one beat, each asked by itself."""
    covered = []
    for token in range(grid.num_tokens):
        centre = grid.first_centre + token * grid.samples_per_token
        inside = -Fraction(before) * Fraction(rate) <= centre - peaks[number] < Fraction(after) * Fraction(rate)
        if not free and number > 0:
            inside = inside and 2 * centre >= peaks[number - 1] + peaks[number]
        if not free and number + 1 < len(peaks):
            inside = inside and 2 * centre < peaks[number] + peaks[number + 1]
        if inside:
            covered.append(token)
    return covered


@pytest.mark.slow
@settings(max_examples=40)
@given(
    peaks=st.lists(st.integers(0, 4999), unique=True, max_size=12).map(sorted),
    rate=st.sampled_from([100.0, 250.0, 400.0, 500.0]),
    num_tokens=st.integers(1, 400),
    before=st.floats(0, 1),
    after=st.floats(0, 1),
    free=st.booleans(),
)
def test_spans_are_the_tokens_asked_one_by_one(
    peaks: list[int], rate: float, num_tokens: int, before: float, after: float, free: bool
) -> None:
    grid = TokenGrid.of(5000, num_tokens)
    spans = beat_token_spans(np.array(peaks, dtype=np.int64), rate, grid, before, after, overlapping=free)
    assert spans.shape == (len(peaks), 2)
    for number, (start, stop) in enumerate(spans.tolist()):
        assert list(range(start, stop)) == slow_span(number, peaks, rate, grid, before, after, free=free)
    if not free and len(peaks):
        assert (spans[1:, 0] >= spans[:-1, 1]).all()


@pytest.mark.parametrize("num_samples", [1000, 1001, 2500])
def test_the_grid_of_a_padded_encoder_starts_at_its_first_sample(num_samples: int) -> None:
    network = build_ecg_encoder(EcgEncoderConfig(encoder="resnet1d")).eval()
    masks = torch.ones(1, 12, dtype=torch.bool), torch.ones(1, num_samples, dtype=torch.bool)
    with torch.no_grad():
        tokens, _ = network(torch.zeros(1, 12, num_samples), *masks)
    grid = TokenGrid.of(num_samples, tokens.shape[1])
    assert grid.first_centre == 0
    assert grid.samples_per_token == Fraction(2 ** round(np.log2(num_samples / tokens.shape[1])))
    assert (grid.num_tokens - 1) * grid.samples_per_token < num_samples


@pytest.mark.parametrize("kernel", [2, 3, 4])
@pytest.mark.parametrize("num_samples", [100, 101, 103])
def test_the_grid_of_an_unpadded_encoder_is_amid_what_its_tokens_read(kernel: int, num_samples: int) -> None:
    """A sample that is missing makes those tokens unreal that read it, and their centres lie around it."""
    config = EcgEncoderConfig(
        encoder="conv_transformer", widths=[4, 4, 4], kernel=kernel, trunk_width=4, position_groups=1
    )
    network = build_ecg_encoder(config).eval()
    assert isinstance(network, ConvTransformer)
    rows_without_one = ~torch.eye(num_samples, dtype=torch.bool)
    with torch.no_grad():
        leads = torch.ones(num_samples, 12, dtype=torch.bool)
        _, mask = network(torch.zeros(num_samples, 12, num_samples), leads, rows_without_one)
    grid = network.token_grid(num_samples)
    assert mask.shape[1] == grid.num_tokens
    for token in range(grid.num_tokens):
        read = torch.nonzero(~mask[:, token]).flatten().tolist()
        assert Fraction(read[0] + read[-1], 2) == grid.first_centre + token * grid.samples_per_token


def test_cuts_of_equal_length_are_centred_in_their_cut() -> None:
    grid = TokenGrid.of(5000, 50)
    assert grid.samples_per_token == 100
    assert grid.first_centre == Fraction(99, 2)
    assert TokenGrid.patches(64, 1).first_centre == Fraction(63, 2)


def test_impossible_grids_and_beats_are_refused() -> None:
    with pytest.raises(ConfigError, match="1 to 10"):
        TokenGrid.of(10, 11)
    with pytest.raises(ConfigError, match="above 0"):
        TokenGrid(num_tokens=0, samples_per_token=Fraction(1))
    grid = TokenGrid.of(5000, 79)
    with pytest.raises(ConfigError, match="order"):
        beat_token_spans(np.array([10, 5]), 500.0, grid)
    with pytest.raises(ConfigError, match="above 0"):
        beat_token_spans(np.array([10]), 500.0, grid, before_s=-1.0)
