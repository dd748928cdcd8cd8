"""Convolutional positions against loops, and the weight norm behind them against torch's."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.nn.positions import ConvPositions


def slow_positions(positions: ConvPositions, x: Tensor, mask: Tensor) -> Tensor:
    """Each token from its neighbours, one weight matrix an offset and group."""
    width, per_group, kernel = positions.direction.shape
    out = positions.bias.expand(x.shape).clone()
    for row in range(len(x)):
        for token in range(x.shape[1]):
            for offset in range(kernel):
                other = token + offset - kernel // 2
                if not 0 <= other < x.shape[1] or not mask[row, other]:
                    continue
                direction = positions.direction[..., offset]
                weight = positions.gain[0, 0, offset] * direction / direction.square().sum().sqrt()
                for channel in range(width):
                    first = channel // (width // positions.groups) * per_group
                    out[row, token, channel] += weight[channel] @ x[row, other, first : first + per_group]
    return F.gelu(out)


@pytest.mark.parametrize("kernel", [1, 4, 5, 16])
def test_positions_are_the_sum_over_neighbours_that_are_real(kernel: int) -> None:
    torch.manual_seed(0)
    positions = ConvPositions(6, kernel, 3)
    nn.init.normal_(positions.gain)
    nn.init.normal_(positions.bias)
    x, mask = torch.randn(2, 9, 6), torch.rand(2, 9) < 0.7
    torch.testing.assert_close(positions(x, mask), slow_positions(positions, x, mask), atol=1e-5, rtol=1e-5)


def test_the_weight_is_torchs_weight_norm_along_the_kernel() -> None:
    torch.manual_seed(1)
    conv = nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 8, 4, padding=2, groups=2), dim=2)
    theirs = conv.parametrizations.weight
    positions = ConvPositions(8, 4, 2)
    assert positions.gain.shape == theirs.original0.shape
    positions.load_state_dict(
        {"gain": torch.rand(1, 1, 4), "direction": theirs.original1.detach(), "bias": conv.bias.detach()}
    )
    theirs.original0.data.copy_(positions.gain.data)
    x = torch.randn(3, 10, 8)
    around = F.gelu(conv(x.transpose(1, 2))[..., :10].transpose(1, 2))
    torch.testing.assert_close(positions(x, torch.ones(3, 10, dtype=torch.bool)), around, atol=1e-6, rtol=1e-5)


def test_a_new_weight_is_its_direction() -> None:
    positions = ConvPositions(32, 8, 4)
    torch.testing.assert_close(positions.gain, positions.direction.square().sum(dim=(0, 1), keepdim=True).sqrt())
    assert positions.direction.std().item() == pytest.approx(2 * (8 * 32) ** -0.5, rel=0.1)


def test_positions_can_be_pickled() -> None:
    positions = pickle.loads(pickle.dumps(ConvPositions(4, 3, 2)))
    assert sorted(positions.state_dict()) == ["bias", "direction", "gain"]


def test_gradients_are_those_of_finite_differences() -> None:
    torch.manual_seed(2)
    positions = ConvPositions(2, 4, 1).double()
    x = torch.randn(1, 3, 2, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[True, True, False]])

    def of(x: Tensor, direction: Tensor, gain: Tensor) -> Tensor:
        return torch.func.functional_call(positions, {"direction": direction, "gain": gain}, (x, mask))

    assert torch.autograd.gradcheck(of, (x, positions.direction, positions.gain))
