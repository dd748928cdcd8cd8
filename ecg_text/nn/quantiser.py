"""Product quantisation with Gumbel-softmax choices: what the targets of wav2vec 2.0 are made by."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ecg_text.errors import ConfigError
from ecg_text.nn.gather import gather_rows, gather_with_gradient


@dataclass(frozen=True, eq=False, kw_only=True)
class Quantised:
    """Tokens in codebook entries: codes (B, N, D), and choices (B, N, G) int64, the entry each group has chosen.

    code_perplexity () is that of the arg-max choices, prob_perplexity () that of the mean probabilities; both are
    summed over groups, from G (one entry serves all) to V = G x entries (all serve alike). Only the latter has a
    gradient.
    """

    codes: Tensor
    choices: Tensor
    code_perplexity: Tensor
    prob_perplexity: Tensor


class GumbelQuantiser(nn.Module):
    """G codebooks of equally many entries, whose chosen entries stand side by side (Baevski et al., 2020, section 2).

    In training the choice is drawn (hard Gumbel softmax; the gradient is that of the soft one), in evaluation it is the
    arg-max. Initial values are those of the published code. Computed in float32 at least, under autocast too. Raises
    ConfigError where the codes' width cannot be divided by the number of groups.
    """

    def __init__(self, in_width: int, *, num_groups: int = 2, num_entries: int = 320, code_width: int = 256) -> None:
        super().__init__()
        if num_groups < 1 or code_width % num_groups:
            raise ConfigError(
                f"codes {code_width} wide cannot be made of {num_groups} groups; give a multiple of the groups"
            )
        self.num_groups = num_groups
        self.num_entries = num_entries
        self.to_logits = nn.Linear(in_width, num_groups * num_entries)
        self.entries = nn.Parameter(torch.empty(num_groups, num_entries, code_width // num_groups))
        nn.init.normal_(self.to_logits.weight)
        nn.init.zeros_(self.to_logits.bias)
        nn.init.uniform_(self.entries)

    @property
    def num_codes(self) -> int:
        """V, the entries of all groups together: what the perplexity is at most."""
        return self.num_groups * self.num_entries

    def forward(
        self, features: Tensor, counted: Tensor, temperature: float, generator: torch.Generator | None = None
    ) -> Quantised:
        """Features (B, N, W) before any masking, counted (B, N) bool -> Quantised.

        counted marks the tokens whose choices the perplexities describe; in wav2vec 2.0 these are the masked steps, the
        only ones that become targets. The generator, of the features' device, draws the noise. In evaluation neither
        the temperature nor the generator is used. Raises ConfigError for a temperature that is not above 0.
        """
        if not temperature > 0:
            raise ConfigError(f"the quantiser's temperature is {temperature!r}; give one above 0")
        # Bfloat16 logits tie: their arg-max, and so the target, would hang on the order of the entries.
        with torch.autocast(device_type=features.device.type, enabled=False):
            logits = self.to_logits(features.to(self.to_logits.weight.dtype))
            logits = logits.unflatten(-1, (self.num_groups, self.num_entries))
            logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
            likeliest = logits.detach().argmax(dim=-1)
            choices, weights = likeliest, one_hot(likeliest, logits)
            if self.training:
                noise = gumbel_noise(logits, generator)
                choices, weights = gumbel_choice(logits, noise, temperature)
            codes = torch.einsum("bngv,gvd->bngd", weights, self.entries.to(logits.dtype)).flatten(2)
            return Quantised(
                codes=codes,
                choices=choices,
                code_perplexity=perplexity(one_hot(likeliest, logits), counted),
                prob_perplexity=perplexity(logits.softmax(dim=-1), counted),
            )


def gumbel_noise(like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Standard Gumbel noise, minus the log of an exponential variate, of the shape, type and device of `like`."""
    # exponential_ never gives 0, hence the logarithm is finite.
    return -torch.empty_like(like, memory_format=torch.contiguous_format).exponential_(generator=generator).log()


def gumbel_choice(logits: Tensor, noise: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Straight-through Gumbel softmax (Jang et al., 2017): (..., V) twice -> choices (...), weights (..., V).

    The weights are one-hot, to the bit, and have the gradient of softmax((logits + noise) / temperature).
    """
    soft = ((logits + noise) / temperature).softmax(dim=-1)
    choices = soft.detach().argmax(dim=-1)
    # The difference is exactly 0: a code is its entries to the bit, and only the gradient is soft.
    return choices, one_hot(choices, soft) + (soft - soft.detach())


def one_hot(choices: Tensor, like: Tensor) -> Tensor:
    """1 at the chosen entry, 0 elsewhere, of the shape and type of `like`: (...), (..., V) -> (..., V)."""
    return torch.zeros_like(like).scatter_(-1, choices.unsqueeze(-1), 1.0)


def perplexity(probabilities: Tensor, counted: Tensor) -> Tensor:
    """exp(entropy) of the mean over counted tokens, summed over groups: (B, N, G, V), (B, N) -> ().

    Tokens of all processes are counted, so all must ask: an entry that only one of them uses is in use. Where nothing
    is counted it is G, the least.
    """
    weight = counted.to(probabilities.dtype)
    total = gather_with_gradient(torch.einsum("bn,bngv->gv", weight, probabilities)[None]).sum(dim=0)
    mean = total / gather_rows(weight.sum()[None]).sum().clamp(min=1)
    # p log p is 0 at 0, but its gradient is not finite there, and softmax underflows to 0.
    entropy = -(mean * mean.clamp(min=torch.finfo(mean.dtype).tiny).log()).sum(dim=-1)
    return entropy.exp().sum()


def gumbel_temperature(step: int, *, start: float = 2.0, end: float = 0.5, decay: float = 0.999995) -> float:
    """The temperature after `step` updates: start x decay^step, but at least end (at 277,258 updates, as published)."""
    return max(start * decay**step, end)
