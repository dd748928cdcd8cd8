"""The quantiser against loops, and against the published one of transformers."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ecg_text.errors import ConfigError
from ecg_text.nn.quantiser import (
    GumbelQuantiser,
    gumbel_choice,
    gumbel_noise,
    gumbel_temperature,
    one_hot,
    perplexity,
)

WIDTH, GROUPS, ENTRIES, CODE = 16, 2, 12, 10


def chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(width: int = WIDTH, entries: int = ENTRIES, code: int = CODE) -> GumbelQuantiser:
    torch.manual_seed(0)
    return GumbelQuantiser(width, num_groups=GROUPS, num_entries=entries, code_width=code)


def drawn(batch: int = 3, tokens: int = 7, width: int = WIDTH) -> tuple[Tensor, Tensor]:
    features = torch.randn(batch, tokens, width, generator=chance(1)) / width**0.5
    return features, torch.rand(batch, tokens, generator=chance(2)) < 0.6


def slow_perplexity(probabilities: Tensor, counted: Tensor) -> float:
    total = 0.0
    for group in range(probabilities.shape[2]):
        rows = [probabilities[b, n, group].tolist() for b, n in counted.nonzero().tolist()]
        means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        total += math.exp(-sum(p * math.log(p) for p in means if p > 0))
    return total


def published(ours: GumbelQuantiser) -> nn.Module:
    """The quantiser of transformers with the weights of ours."""
    from transformers import Wav2Vec2Config
    from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2GumbelVectorQuantizer

    groups, entries, group_width = ours.entries.shape
    config = Wav2Vec2Config(
        num_codevector_groups=groups,
        num_codevectors_per_group=entries,
        codevector_dim=groups * group_width,
        conv_dim=(ours.to_logits.in_features,),
        conv_stride=(2,),
        conv_kernel=(2,),
    )
    theirs = Wav2Vec2GumbelVectorQuantizer(config)
    theirs.weight_proj.load_state_dict(ours.to_logits.state_dict())
    theirs.codevectors.data = ours.entries.detach().reshape(theirs.codevectors.shape).clone()
    return theirs


@pytest.mark.slow  # the import of transformers
@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_in_evaluation_it_equals_that_of_transformers(dtype: torch.dtype, error: float) -> None:
    ours = made(64, 320, 256).eval().to(dtype)
    theirs = published(ours).eval().to(dtype)
    features, counted = drawn(2, 20, 64)
    result = ours(features.to(dtype), counted, 1.0)
    codes, hard = theirs(features.to(dtype), counted)
    torch.testing.assert_close(result.codes, codes, rtol=0, atol=error)
    torch.testing.assert_close(result.code_perplexity, hard, rtol=0, atol=error)
    _, of_all = theirs(features.to(dtype))
    result = ours(features.to(dtype), torch.ones_like(counted), 1.0)
    torch.testing.assert_close(result.code_perplexity, of_all, rtol=0, atol=error)


@pytest.mark.slow  # the import of transformers
def test_in_training_it_equals_that_of_transformers_with_the_same_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = made(64, 320, 256).train()
    theirs = published(ours).train()
    theirs.temperature = 0.7
    features, counted = drawn(2, 20, 64)
    shape = (2, 20, GROUPS, 320)
    noise = gumbel_noise(torch.empty(shape), chance(5))

    def with_that_noise(logits: Tensor, tau: float, hard: bool) -> Tensor:
        assert hard
        soft = ((logits + noise.view_as(logits)) / tau).softmax(-1)
        return F.one_hot(soft.argmax(-1), 320) - soft.detach() + soft

    monkeypatch.setattr(nn.functional, "gumbel_softmax", with_that_noise)
    inputs = [features.clone().requires_grad_() for _ in range(2)]
    result = ours(inputs[0], counted, 0.7, chance(5))
    codes, soft = theirs(inputs[1], counted)
    torch.testing.assert_close(result.codes, codes, rtol=0, atol=1e-5)
    torch.testing.assert_close(result.prob_perplexity, soft, rtol=1e-5, atol=0)

    weight = torch.randn(codes.shape, generator=chance(6))
    for found, ppl in ((result.codes, result.prob_perplexity), (codes, soft)):
        ((found * weight).sum() + ppl).backward()
    for mine, other in (
        (inputs[0].grad, inputs[1].grad),
        (ours.to_logits.weight.grad, theirs.weight_proj.weight.grad),
        (ours.entries.grad.flatten(), theirs.codevectors.grad.flatten()),
    ):
        torch.testing.assert_close(mine, other, rtol=0, atol=1e-5 * other.abs().max().item())


def test_it_draws_what_torch_draws_from_the_same_seed() -> None:
    logits = torch.randn(50, 9, generator=chance(0))
    torch.manual_seed(11)
    theirs = F.gumbel_softmax(logits, tau=0.8, hard=True)
    _, ours = gumbel_choice(logits, gumbel_noise(logits, chance(11)), 0.8)
    torch.testing.assert_close(ours, theirs)


def test_choices_are_as_frequent_as_their_probabilities() -> None:
    logits = torch.tensor([0.0, 1.0, -1.0, 0.5])
    choices, _ = gumbel_choice(logits.expand(20000, 4), gumbel_noise(torch.empty(20000, 4), chance(3)), 2.0)
    shares = torch.bincount(choices, minlength=4) / 20000
    torch.testing.assert_close(shares, logits.softmax(0), rtol=0, atol=0.015)  # four standard errors


@pytest.mark.parametrize("training", [False, True])
def test_codes_are_the_chosen_entries_side_by_side_to_the_bit(training: bool) -> None:
    quantiser = made().train(training)
    features, counted = drawn()
    result = quantiser(features, counted, 0.5, chance(4))
    for b in range(3):
        for n in range(7):
            slow = torch.cat([quantiser.entries[g, result.choices[b, n, g]] for g in range(GROUPS)])
            assert torch.equal(result.codes[b, n], slow)


def test_in_evaluation_the_largest_logit_is_chosen() -> None:
    quantiser = made().eval()
    features, counted = drawn()
    logits = (features @ quantiser.to_logits.weight.T + quantiser.to_logits.bias).view(3, 7, GROUPS, ENTRIES)
    result = quantiser(features, counted, 1.0)
    assert torch.equal(result.choices, logits.argmax(-1))
    hard = F.one_hot(logits.argmax(-1), ENTRIES).float()
    assert result.code_perplexity.item() == pytest.approx(slow_perplexity(hard, counted), rel=1e-5)
    assert result.prob_perplexity.item() == pytest.approx(slow_perplexity(logits.softmax(-1), counted), rel=1e-5)


def test_the_perplexities_of_training_hang_on_no_noise() -> None:
    features, counted = drawn()
    quantiser = made()
    quiet, noisy = quantiser.eval()(features, counted, 1.0), quantiser.train()(features, counted, 2.0, chance(1))
    assert not torch.equal(quiet.choices, noisy.choices)
    assert quiet.code_perplexity == noisy.code_perplexity
    assert quiet.prob_perplexity == noisy.prob_perplexity


def test_tokens_that_are_not_counted_change_no_perplexity() -> None:
    features, counted = drawn()
    other = features.where(counted.unsqueeze(-1), 9 * torch.randn(features.shape, generator=chance(8)))
    first, second = (made().eval()(x, counted, 1.0) for x in (features, other))
    assert first.code_perplexity == second.code_perplexity
    torch.testing.assert_close(first.prob_perplexity, second.prob_perplexity)


def test_perplexity_lies_between_the_groups_and_all_entries() -> None:
    counted = torch.ones(1, ENTRIES, dtype=torch.bool)
    same = one_hot(torch.zeros(1, ENTRIES, GROUPS, dtype=torch.int64), torch.zeros(1, ENTRIES, GROUPS, ENTRIES))
    each = torch.eye(ENTRIES)[None, :, None, :].expand(1, ENTRIES, GROUPS, ENTRIES)
    assert perplexity(same, counted).item() == pytest.approx(GROUPS)
    assert perplexity(each, counted).item() == pytest.approx(GROUPS * ENTRIES)
    assert perplexity(each, torch.zeros_like(counted)).item() == pytest.approx(GROUPS)


def test_the_generator_alone_decides() -> None:
    quantiser = made().train()
    features, counted = drawn()
    first, again, other = (quantiser(features, counted, 1.0, chance(seed)).choices for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_weights_are_one_hot_to_the_bit() -> None:
    logits = torch.randn(2000, 9, generator=chance(0))
    choices, weights = gumbel_choice(logits, gumbel_noise(logits, chance(1)), 1.3)
    assert torch.equal(weights, F.one_hot(choices, 9).float())


def test_the_weights_have_the_gradient_of_the_soft_choice() -> None:
    logits = torch.randn(3, 5, generator=chance(0), dtype=torch.float64).requires_grad_()
    noise, pull = gumbel_noise(logits.detach(), chance(1)), torch.randn(3, 5, generator=chance(2), dtype=torch.float64)
    choices, weights = gumbel_choice(logits, noise, 0.6)
    assert torch.equal(weights.detach(), F.one_hot(choices, 5).double())
    (straight,) = torch.autograd.grad((weights * pull).sum(), logits)
    (soft,) = torch.autograd.grad((((logits + noise) / 0.6).softmax(-1) * pull).sum(), logits)
    torch.testing.assert_close(straight, soft)


def test_the_gradients_of_perplexity_and_entries_are_those_of_finite_differences() -> None:
    quantiser = made(3, 4, 4).double().train()
    features = torch.randn(2, 3, 3, generator=chance(0), dtype=torch.float64).requires_grad_()
    counted = torch.tensor([[True, True, False], [False, True, True]])

    def perplexity_of(features: Tensor, weight: Tensor) -> Tensor:
        parameters = {"to_logits.weight": weight}
        result = torch.func.functional_call(quantiser, parameters, (features, counted, 1.0, chance(3)))
        return result.prob_perplexity

    def codes_of(entries: Tensor) -> Tensor:
        arguments = (features.detach(), counted, 1.0, chance(3))
        return torch.func.functional_call(quantiser, {"entries": entries}, arguments).codes

    assert torch.autograd.gradcheck(perplexity_of, (features, quantiser.to_logits.weight.detach().requires_grad_()))
    assert torch.autograd.gradcheck(codes_of, (quantiser.entries.detach().requires_grad_(),))


def test_certain_choices_have_a_finite_gradient() -> None:
    """Far-off logits underflow to probability 0, where the logarithm has no gradient."""
    quantiser = made()
    features, counted = drawn()
    features = (1000 * features).requires_grad_()
    quantiser(features, counted, 1.0, chance(0)).prob_perplexity.backward()
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()


def test_nothing_counted_gives_defined_numbers() -> None:
    features, _ = drawn(1, 4)
    result = made()(features.requires_grad_(), torch.zeros(1, 4, dtype=torch.bool), 1.0, chance(0))
    result.prob_perplexity.backward()
    assert (result.code_perplexity.item(), result.prob_perplexity.item()) == (GROUPS, GROUPS)
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()


def test_under_autocast_it_is_that_of_full_precision() -> None:
    quantiser = made()
    features, counted = drawn()
    plain = quantiser(features, counted, 1.0, chance(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = quantiser(features, counted, 1.0, chance(0))
        rounded = quantiser(features.bfloat16(), counted, 1.0, chance(0))
    assert torch.equal(result.codes, plain.codes)
    assert torch.equal(result.prob_perplexity, plain.prob_perplexity)
    assert rounded.codes.dtype == rounded.prob_perplexity.dtype == torch.float32


def test_a_copy_in_half_precision_still_reckons_in_float32() -> None:
    quantiser = copy.deepcopy(made()).bfloat16()
    result = quantiser(*drawn(), 1.0, chance(0))
    assert result.codes.dtype == torch.float32
    assert torch.isfinite(result.prob_perplexity)


def test_the_initial_values_are_the_published_ones() -> None:
    quantiser = GumbelQuantiser(256)
    assert quantiser.entries.shape == (2, 320, 128)
    assert quantiser.num_codes == 640
    assert quantiser.to_logits.weight.std().item() == pytest.approx(1, abs=0.02)
    assert (quantiser.to_logits.bias == 0).all()
    assert quantiser.entries.mean().item() == pytest.approx(0.5, abs=0.02)
    assert sum(p.numel() for p in quantiser.parameters()) == 256 * 640 + 640 + 640 * 128


def test_the_temperature_falls_by_a_factor_an_update_down_to_its_end() -> None:
    temperature, steps = 2.0, [gumbel_temperature(step) for step in range(4)]
    for found in steps:
        assert found == pytest.approx(temperature)
        temperature *= 0.999995
    assert gumbel_temperature(277_258) > 0.5
    assert gumbel_temperature(277_259) == gumbel_temperature(10**7) == 0.5


def test_impossible_values_are_refused() -> None:
    with pytest.raises(ConfigError, match="multiple of the groups"):
        GumbelQuantiser(8, num_groups=3, code_width=256)
    with pytest.raises(ConfigError, match="above 0"):
        made()(*drawn(), 0.0)
