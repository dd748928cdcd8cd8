"""How conv_transformer learns: hidden tokens, a slow stem, checkpoints of activations, autocast and compilation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.conv_transformer import ConvTransformer

SAMPLES, TOKENS = 165, 10


def tiny(**changes: Any) -> ConvTransformer:
    torch.manual_seed(0)
    sizes = {"widths": [8] * 4, "kernel": 2, "num_layers": 2, "trunk_width": 32, "position_kernel": 4} | changes
    return ConvTransformer(EcgEncoderConfig(encoder="conv_transformer", leads=["I", "II"], **sizes))


def ecg_and_masks() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    ecg, times = 0.2 * torch.randn(3, 2, SAMPLES), torch.ones(3, SAMPLES, dtype=torch.bool)
    times[1, 90:] = False
    return ecg, torch.ones(3, 2, dtype=torch.bool), times


def gradients(encoder: ConvTransformer, masked: Tensor | None = None) -> dict[str, Tensor]:
    """The gradient of each weight, for a loss that all real tokens take part in."""
    encoder.zero_grad()
    torch.manual_seed(2)
    tokens, mask = encoder(*ecg_and_masks(), masked)
    (tokens * mask.unsqueeze(-1) * torch.linspace(-1, 1, encoder.width)).square().sum().backward()
    learned = {name: parameter.grad for name, parameter in encoder.named_parameters()}
    return {name: grad.clone() for name, grad in learned.items() if grad is not None}


def test_forward_is_features_then_context() -> None:
    encoder, inputs = tiny().eval(), ecg_and_masks()
    masked = torch.rand(3, TOKENS) < 0.5
    features, mask = encoder.features(*inputs)
    tokens, token_mask = encoder(*inputs, masked)
    assert features.shape == (3, TOKENS, encoder.feature_width)
    assert torch.equal(mask, token_mask)
    assert torch.equal(encoder.contextualise(features, mask, masked), tokens)
    bare, _ = encoder.convolve(*inputs)
    assert torch.equal(encoder.feature_norm(bare), features)


def test_a_hidden_token_is_replaced_before_anything_reads_it() -> None:
    encoder = tiny().eval()
    features, mask = encoder.features(*ecg_and_masks())
    masked = torch.rand(3, TOKENS) < 0.5
    changed = torch.where(masked.unsqueeze(-1), torch.full_like(features, 9.0), features)
    hidden = encoder.contextualise(features, mask, masked)
    assert torch.equal(encoder.contextualise(changed, mask, masked), hidden)
    assert not torch.allclose(encoder.contextualise(features, mask), hidden, atol=1e-3)
    before = hidden.clone()
    encoder.mask_vector.data.neg_()
    assert not torch.allclose(encoder.contextualise(features, mask, masked), before, atol=1e-3)


def test_the_mask_vector_learns_where_tokens_are_hidden_and_else_has_a_gradient_of_zero() -> None:
    encoder = tiny(dropout=0.0).train()
    assert (gradients(encoder)["mask_vector"] == 0).all()
    assert gradients(encoder, torch.rand(3, TOKENS) < 0.5)["mask_vector"].abs().max() > 0


def test_the_gradient_of_the_stem_alone_is_a_tenth_in_training() -> None:
    scaled, whole = tiny(dropout=0.0).train(), tiny(dropout=0.0, feature_gradient=1).train()
    slow, fast = gradients(scaled), gradients(whole)
    assert slow.keys() == fast.keys() == dict(scaled.named_parameters()).keys()
    for name in slow:
        factor = 0.1 if name.startswith("stem.") else 1.0
        torch.testing.assert_close(slow[name], factor * fast[name], msg=name)
    for name, grad in gradients(scaled.eval()).items():
        torch.testing.assert_close(grad, fast[name], msg=name)


def test_checkpointed_activations_give_the_same_gradients_under_dropout() -> None:
    encoder = tiny(dropout=0.3).train()
    kept = gradients(encoder)
    encoder.checkpoint_activations()
    for name, grad in gradients(encoder).items():
        torch.testing.assert_close(grad, kept[name], msg=name)
    encoder.checkpoint_activations(False)
    torch.testing.assert_close(gradients(encoder), kept)


def test_dropout_is_of_training_alone() -> None:
    encoder, inputs = tiny(dropout=0.5).eval(), ecg_and_masks()
    assert torch.equal(encoder(*inputs)[0], encoder(*inputs)[0])
    encoder.train()
    assert not torch.equal(encoder(*inputs)[0], encoder(*inputs)[0])


def test_bfloat16_autocast_is_finite_and_near_float32() -> None:
    encoder, inputs = tiny(dropout=0.0).train(), ecg_and_masks()
    expected, mask = encoder(*inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        tokens, _ = encoder(*inputs, torch.zeros(3, TOKENS, dtype=torch.bool))
        tokens.float().square().sum().backward()
    torch.testing.assert_close(tokens.float()[mask], expected[mask], atol=0.1, rtol=0.1)
    for parameter in encoder.parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()


@pytest.mark.slow
def test_it_compiles_as_one_graph() -> None:
    encoder, inputs = tiny().eval(), ecg_and_masks()
    masked = torch.rand(3, TOKENS) < 0.5
    with torch.no_grad():
        compiled = torch.compile(encoder, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(*inputs), encoder(*inputs))
        torch.testing.assert_close(compiled(*inputs, masked), encoder(*inputs, masked))


@pytest.mark.slow
@pytest.mark.parametrize("is_checkpointed", [False, True])
def test_a_training_step_compiles_as_one_graph(is_checkpointed: bool) -> None:
    encoder = tiny(dropout=0.0).train()
    expected = gradients(encoder)
    encoder.checkpoint_activations(is_checkpointed)
    encoder.compile(backend="aot_eager", fullgraph=True)
    for name, grad in gradients(encoder).items():
        torch.testing.assert_close(grad, expected[name], msg=name)


@pytest.mark.slow
def test_one_compiled_graph_serves_ecgs_of_all_lengths() -> None:
    """The first length makes a graph of its own, the second one that all that follow use."""
    graphs: list[torch.fx.GraphModule] = []

    def keep(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Any:
        graphs.append(graph)
        return graph.forward

    encoder = tiny().eval()
    compiled = torch.compile(encoder, backend=keep, fullgraph=True)
    with torch.no_grad():
        for samples in (165, 240, *range(333, 349), 999, 5000):
            inputs = torch.randn(3, 2, samples), torch.ones(3, 2, dtype=torch.bool), torch.rand(3, samples) < 0.99
            torch.testing.assert_close(compiled(*inputs), encoder(*inputs))
    assert len(graphs) == 2
