"""A step of pre-training is that of wav2vec 2.0 of transformers: the same weights and chance, loss and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2ForPreTraining

from ecg_text.models.conv_transformer import TYPICAL_MV
from ecg_text.models.ecg_pretraining import EcgPretrainingModel, Hidden, TargetPlan, hidden_tokens
from ecg_text.nn.quantiser import gumbel_noise
from ecg_text.objectives.masked_contrast import codebook_diversity, distractor_counts, masked_contrast, wav2vec_loss
from tests.unit.models.wav2vec2_twin import (
    TOKENS,
    Pair,
    assert_near,
    ecgs,
    gradient,
    in_our_names,
    read_leads,
    some,
    tiny,
    wav2vec2_config,
)

TEMPERATURE, NUM_NEGATIVES = 0.7, 20


def models(num_entries: int) -> tuple[EcgPretrainingModel, Wav2Vec2ForPreTraining]:
    """Ours and theirs with the same weights, in training, without dropout."""
    torch.manual_seed(0)
    config = wav2vec2_config(
        tiny(),
        num_codevectors_per_group=num_entries,
        codevector_dim=10,
        proj_codevector_dim=6,
        feat_quantizer_dropout=0.0,
    )
    theirs = Wav2Vec2ForPreTraining(config)
    read_leads(theirs, 12)
    theirs.set_gumbel_temperature(TEMPERATURE)
    ours = EcgPretrainingModel(tiny(), TargetPlan(num_entries=num_entries, code_width=10, final_width=6, dropout=0.0))
    ours.encoder.load_state_dict(in_our_names(theirs.wav2vec2))
    ours.quantiser.to_logits.load_state_dict(theirs.quantizer.weight_proj.state_dict())
    ours.quantiser.entries.data.copy_(theirs.quantizer.codevectors.view_as(ours.quantiser.entries))
    ours.context_head.load_state_dict(theirs.project_hid.state_dict())
    ours.code_head.load_state_dict(theirs.project_q.state_dict())
    return ours.train(), theirs.train()


def our_loss(model: EcgPretrainingModel, masked: Tensor, hidden: Hidden, counts: Tensor) -> Tensor:
    features, real = model.encoder.convolve(*ecgs(len(masked)))
    found = model(features, real, masked, hidden, TEMPERATURE)
    contrast = masked_contrast(found.context, found.targets, found.quantised.choices, counts)
    diversity = codebook_diversity(found.quantised.prob_perplexity, model.quantiser.num_codes)
    return wav2vec_loss(contrast, diversity, torch.zeros(()))


def drawn_places(counts: Tensor, hidden: Hidden) -> Tensor:
    """Their distractors: the place of each that was drawn, as often as it was, numbered through the batch."""
    found = torch.zeros(len(counts), TOKENS, NUM_NEGATIVES, dtype=torch.int64)
    for b, n in hidden.is_there.nonzero().tolist():
        found[b, hidden.places[b, n]] = b * TOKENS + hidden.places[b].repeat_interleave(counts[b, n])
    return found


@pytest.mark.parametrize("num_entries", [2, 320])
def test_the_loss_and_its_gradients_agree(num_entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two entries many distractors have chosen what the step itself has chosen; with 320 next to none."""
    ours, theirs = models(num_entries)
    masked = some(4, share=0.6)
    hidden = hidden_tokens(masked)
    counts = distractor_counts(hidden.is_there, NUM_NEGATIVES, torch.Generator().manual_seed(5))

    # They draw noise for every token, ours for the hidden ones alone.
    noise = gumbel_noise(torch.empty(4, TOKENS, 2, num_entries), torch.Generator().manual_seed(6))
    at_hidden = noise[torch.arange(4)[:, None], hidden.places]
    monkeypatch.setattr("ecg_text.nn.quantiser.gumbel_noise", lambda *_: at_hidden)
    loss = our_loss(ours, masked, hidden, counts)
    torch.manual_seed(6)
    negatives = drawn_places(counts, hidden)
    summed = theirs(ecgs(4)[0] / TYPICAL_MV, mask_time_indices=masked, sampled_negative_indices=negatives).loss
    expected = summed / masked.sum()
    assert_near(loss, expected, "loss")

    loss.backward()
    expected.backward()
    Pair(ours=ours.encoder, theirs=theirs.wav2vec2).assert_gradients_near()
    entries = ours.quantiser.entries
    assert_near(gradient(entries), gradient(theirs.quantizer.codevectors).view_as(entries), "gradient of the entries")
    for mine, other in (
        (ours.quantiser.to_logits, theirs.quantizer.weight_proj),
        (ours.context_head, theirs.project_hid),
        (ours.code_head, theirs.project_q),
    ):
        assert_near(gradient(mine.weight), gradient(other.weight), "gradient of a weight")
        assert_near(gradient(mine.bias), gradient(other.bias), "gradient of a bias")
