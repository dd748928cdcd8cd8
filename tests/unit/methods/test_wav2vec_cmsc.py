"""Method wav2vec_cmsc against its terms one by one, one process against two, and what must not break it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from ecg_text.data.batch import Batch
from ecg_text.errors import ConfigError, DataError, SignalError
from ecg_text.methods import wav2vec_cmsc
from ecg_text.methods.wav2vec_cmsc import Wav2vecCmsc, Wav2vecPlan, patient_numbers
from ecg_text.models.configs import EcgEncoderConfig
from ecg_text.models.ecg_pretraining import EcgPretrainingModel, TargetPlan, hidden_tokens
from ecg_text.nn import quantiser
from ecg_text.nn.span_masks import SpanMasking, span_mask
from ecg_text.objectives.masked_contrast import distractor_counts
from ecg_text.training.gradient_cache import GradientCache
from tests.support.processes import on_two

PLAN = Wav2vecPlan(spans=SpanMasking(length=2), num_negatives=7, pair_weight=0.5)
PARTS = {"contrast", "diversity", "penalty", "pairs", "temperature", "masked_rate", "accuracy", "code_perplexity"}
SAMPLES = 64  # 16 tokens


def tiny(plan: Wav2vecPlan = PLAN, dropout: float = 0.0, **changes: Any) -> Wav2vecCmsc:
    torch.manual_seed(0)
    config = EcgEncoderConfig(
        encoder="conv_transformer",
        leads=["I", "II"],
        widths=[8, 8],
        kernel=2,
        trunk_width=16,
        position_kernel=5,
        position_groups=2,
        num_heads=2,
        dropout=dropout,
    )
    targets = TargetPlan(num_groups=2, num_entries=6, code_width=8, final_width=8, dropout=dropout)
    return Wav2vecCmsc(EcgPretrainingModel(config, targets), replace(plan, **changes))


def halves_of(num: int, samples: int = SAMPLES) -> Batch:
    """num records in halves: 0 and the last are of one patient, 1 has none, 2 is shorter, 3 lacks a lead."""
    chance = torch.Generator().manual_seed(1)
    patients = ["p0", None, *(f"p{number}" for number in range(2, num))][:num]
    patients[-1] = "p0"
    time_mask = torch.ones(2 * num, samples, dtype=torch.bool)
    lead_mask = torch.ones(2 * num, 2, dtype=torch.bool)
    if num > 3:
        time_mask[2, samples // 2 :] = time_mask[num + 2, samples // 2 :] = False
        lead_mask[3, 1] = lead_mask[num + 3, 0] = False
    return Batch(
        ecg=0.2 * torch.randn(2 * num, 2, samples, generator=chance),
        lead_mask=lead_mask,
        time_mask=time_mask,
        record_ids=tuple(f"r{number}" for number in range(num)) * 2,
        patient_ids=tuple(patients) * 2,
    )


@torch.no_grad()
def slow_losses(method: Wav2vecCmsc, batch: Batch, seed: int) -> dict[str, float]:
    """All terms as loops over tokens and pairs, of the sequences as a whole."""
    model, plan = method.model, method.plan
    features, real = model.encoder.convolve(batch.ecg, batch.lead_mask, batch.time_mask)
    torch.manual_seed(seed)
    masked = span_mask(real, plan.spans)
    hidden = hidden_tokens(masked)
    counts = distractor_counts(hidden.is_there, plan.num_negatives)
    normed = model.encoder.feature_norm(features)
    made = model.quantiser(normed, masked, 1.0)
    targets, choices = model.code_head(made.codes), made.choices
    tokens = model.encoder.contextualise(normed, real, masked)
    context = model.context_head(tokens)

    costs, hits = [], []
    for b in range(len(batch)):
        places = masked[b].nonzero()[:, 0].tolist()
        for i, n in enumerate(places):
            own = F.cosine_similarity(context[b, n], targets[b, n], dim=0)
            others = [
                F.cosine_similarity(context[b, n], targets[b, m], dim=0)
                for j, m in enumerate(places)
                for _ in range(int(counts[b, i, j]))
                if not torch.equal(choices[b, m], choices[b, n])
            ]
            if counts[b, i].sum():
                scores = torch.stack([own, *others]) / plan.temperature
                costs.append(float(scores.logsumexp(0) - scores[0]))
                hits.append(bool(others) and all(own > other for other in others))
    penalty = torch.stack([features[b, n].square().mean() for b, n in real.nonzero().tolist()]).mean()
    found = {
        "contrast": sum(costs) / len(costs),
        "accuracy": sum(hits) / len(hits),
        "diversity": (12 - float(made.prob_perplexity)) / 12,
        "code_perplexity": float(made.code_perplexity),
        "penalty": float(penalty),
        "pairs": slow_pairs([token[mask].mean(0) for token, mask in zip(tokens, real, strict=True)], batch),
        "masked_rate": float(masked.sum() / real.sum()),
        "temperature": method.temperature,
    }
    found["total"] = (
        found["contrast"] + 0.1 * found["diversity"] + 10 * found["penalty"] + plan.pair_weight * found["pairs"]
    )
    return found


def slow_pairs(means: list[Tensor], batch: Batch) -> float:
    num = len(means) // 2
    who = [batch.patient_ids[row] or f"only {row}" for row in range(num)]
    total = 0.0
    for left, right in ((means[:num], means[num:]), (means[num:], means[:num])):
        costs = []
        for i in range(num):
            scores = [math.exp(float(F.cosine_similarity(left[i], right[j], dim=0)) / 0.1) for j in range(num)]
            costs += [-math.log(scores[j] / sum(scores)) for j in range(num) if who[i] == who[j]]
        total += sum(costs) / len(costs) / 2
    return total


@pytest.mark.parametrize("trim", [True, False])
def test_it_is_the_sum_of_its_terms_written_as_loops(trim: bool) -> None:
    method, batch = tiny(spans=SpanMasking(length=2, trim=trim)).eval(), halves_of(5)
    torch.manual_seed(3)
    losses = method(batch)
    assert losses.parts.keys() == PARTS
    truth = slow_losses(method, batch, 3)
    found = {name: float(value) for name, value in losses.parts.items()} | {"total": float(losses.total.detach())}
    assert found == pytest.approx(truth, rel=1e-4)


@pytest.mark.slow
def test_one_batch_is_learned() -> None:
    method, batch = tiny(), halves_of(6)
    optimizer = torch.optim.Adam(method.parameters(), lr=5e-3)
    torch.manual_seed(0)
    totals, pairs = [], []
    for _ in range(100):
        losses = method(batch)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        totals.append(float(losses.total.detach()))
        pairs.append(float(losses.parts["pairs"]))
    assert sum(totals[-10:]) < 0.75 * sum(totals[:10])
    assert sum(pairs[-10:]) < 0.8 * sum(pairs[:10])


def test_every_parameter_gets_a_gradient() -> None:
    method = tiny(dropout=0.1)
    method(halves_of(4)).total.backward()
    assert [name for name, parameter in method.named_parameters() if parameter.grad is None] == []


def test_a_step_in_bfloat16_is_close_to_the_one_in_full_precision() -> None:
    totals = []
    for enabled in (False, True):
        method = tiny()
        torch.manual_seed(1)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            losses = method(halves_of(6))
        losses.total.backward()
        assert all(torch.isfinite(p.grad).all() for p in method.parameters() if p.grad is not None)
        totals.append(float(losses.parts["pairs"] + losses.parts["penalty"] + losses.parts["diversity"]))
    assert totals[1] == pytest.approx(totals[0], rel=0.05)


def test_the_temperature_falls_with_every_step_and_is_part_of_the_state() -> None:
    method = tiny(quantiser_start=2.0, quantiser_end=0.5, quantiser_decay=0.5)
    seen = []
    for _ in range(4):
        seen.append(method.temperature)
        assert float(method(halves_of(2)).parts["temperature"]) == seen[-1]
        method.after_step()
    assert seen == [2.0, 1.0, 0.5, 0.5]
    other = tiny(quantiser_decay=0.5)
    other.load_state_dict(method.state_dict())
    assert int(other.updates) == 4
    assert "updates" not in dict(method.named_parameters())


def test_patients_have_the_same_number_everywhere_and_nobody_shares_none() -> None:
    numbers = patient_numbers(["a", None, "a", None, "", "b"], ["r0", "r1", "r2", "r3", "r4", "a"]).tolist()
    assert numbers[0] == numbers[2]
    assert len(set(numbers)) == 5
    assert numbers[0] == 1577002641672704767


def test_halves_of_one_patient_are_no_negatives() -> None:
    method, batch = unhidden(), halves_of(3)
    batch = replace(batch, ecg=batch.ecg[[0, 1, 0, 0, 1, 0]])  # two records are the same
    strangers, alike = (
        float(method(replace(batch, patient_ids=patients * 2)).parts["pairs"])
        for patients in (("p", "q", "r"), ("p", "q", "p"))
    )
    means = method.model.encoder(batch.ecg, batch.lead_mask, batch.time_mask)[0].mean(dim=1)
    for ids, found in ((("p", "q", "r"), strangers), (("p", "q", "p"), alike)):
        assert found == pytest.approx(slow_pairs(list(means.detach()), replace(batch, patient_ids=ids * 2)), rel=1e-4)
    assert strangers != pytest.approx(alike, rel=0.01)


def unhidden() -> Wav2vecCmsc:
    """A method without chance: its spans are as long as its halves, which therefore hide nothing."""
    return tiny(spans=SpanMasking(length=SAMPLES // 4)).eval()


def finite(method: Wav2vecCmsc, batch: Batch) -> dict[str, float]:
    method.zero_grad()
    losses = method(batch)
    losses.total.backward()
    assert torch.isfinite(losses.total)
    assert all(torch.isfinite(p.grad).all() for p in method.parameters() if p.grad is not None)
    return {name: float(value) for name, value in losses.parts.items()}


def test_one_record_costs_no_pair() -> None:
    assert finite(tiny(), halves_of(1))["pairs"] == 0


def test_halves_too_short_for_a_span_hide_nothing_and_are_still_paired() -> None:
    parts = finite(unhidden(), halves_of(4))
    assert (parts["contrast"], parts["masked_rate"], parts["accuracy"]) == (0, 0, 0)
    assert parts["pairs"] > 0
    assert parts["code_perplexity"] == 2  # of two groups, the least there is


def test_one_record_too_short_for_a_span_takes_nothing_from_the_others() -> None:
    batch = halves_of(4)
    batch.time_mask[[0, 4], 8:] = False  # two tokens, where a span is two
    parts = finite(tiny(), batch)
    assert parts["contrast"] > 0
    assert parts["masked_rate"] > 0


def test_a_record_without_a_token_has_no_part_in_either_term() -> None:
    batch, method = halves_of(5), unhidden()
    batch.time_mask[4] = False  # a first half alone
    rest = batch.rows(torch.tensor([0, 1, 2, 3, 5, 6, 7, 8]))
    parts = finite(method, batch)
    assert parts["pairs"] == pytest.approx(finite(method, rest)["pairs"], rel=1e-4)
    batch.time_mask[:] = False
    parts = finite(method, batch)
    assert (parts["contrast"], parts["pairs"], parts["penalty"], parts["masked_rate"]) == (0, 0, 0, 0)


def test_equal_ecgs_are_no_trouble() -> None:
    batch = halves_of(4)
    finite(tiny(), replace(batch, ecg=torch.zeros_like(batch.ecg)))


def test_too_few_samples_for_a_token_are_refused() -> None:
    with pytest.raises(SignalError, match="2 samples makes no token"):
        tiny()(halves_of(2, samples=2))


def test_a_batch_that_is_not_of_halves_is_refused() -> None:
    batch = halves_of(4)
    whole = replace(batch, record_ids=tuple(f"r{number}" for number in range(8)))
    for wrong in (whole, batch.rows(torch.arange(7))):
        with pytest.raises(DataError, match=r"compares halves of ECGs.*HalvesCollate"):
            tiny()(wrong)


def test_chunks_are_refused_for_it_encodes_a_batch_as_a_whole() -> None:
    with pytest.raises(ConfigError, match="cached_chunks is 2, but method Wav2vecCmsc"):
        GradientCache(tiny(), 2)


@pytest.mark.slow
def test_compiled_parts_compute_the_same() -> None:
    plain, compiled, batch = tiny(), tiny(), halves_of(4)
    for part in compiled.parts_to_compile():
        part.compile(backend="eager")  # what is traced, without the time that machine code takes
    totals = []
    for method in (plain, compiled):
        torch.manual_seed(0)
        totals.append(method(batch).total)
        totals[-1].backward()
    torch.testing.assert_close(*totals)
    for one, other in zip(plain.parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"num_negatives": 0}, "wav2vec.num_negatives is 0"),
        ({"temperature": 0.0}, "wav2vec.temperature is 0.0"),
        ({"penalty_weight": -1.0}, "wav2vec.penalty_weight is -1.0"),
        ({"pair_weight": math.nan}, "wav2vec.pair_weight is nan"),
        ({"quantiser_start": 0.1}, "not below the end"),
        ({"quantiser_decay": 1.5}, "decay in"),
    ],
)
def test_an_impossible_plan_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Wav2vecPlan(**wrong)


# What is hidden on all processes together: unlike numbers of tokens on each.
HIDDEN = (
    torch.rand(16, SAMPLES // 4, generator=torch.Generator().manual_seed(4)) < torch.linspace(0.2, 0.8, 16)[:, None]
)


def part_of(batch: Batch, rank: int) -> tuple[Batch, Tensor]:
    """The records of one of two processes, in halves, and their rows."""
    rows = torch.cat([torch.arange(4 * rank, 4 * rank + 4), torch.arange(8 + 4 * rank, 12 + 4 * rank)])
    return batch.rows(rows), rows


def without_chance(patch: Any, rows: Tensor) -> None:
    """Hides HIDDEN; each hidden token is told from all the others of its half, once; no noise."""
    patch(wav2vec_cmsc, "span_mask", lambda real, _spans: HIDDEN[rows] & real)
    patch(
        wav2vec_cmsc,
        "distractor_counts",
        lambda here, _num: (here[:, :, None] & here[:, None] & ~torch.eye(here.shape[1], dtype=torch.bool)).int(),
    )
    patch(quantiser, "gumbel_noise", lambda like, _generator: torch.zeros_like(like))


def _half_on_each(rank: int, folder: str) -> None:
    batch, rows = part_of(halves_of(8), rank)
    without_chance(setattr, rows)
    method = tiny()
    wrapped = DistributedDataParallel(method)  # named, for its hooks die with it
    losses = wrapped(batch)
    losses.total.backward()
    gradients = {name: p.grad for name, p in method.named_parameters()}
    torch.save({"total": losses.total.detach(), **losses.parts}, f"{folder}/parts-{rank}.pt")
    torch.save(gradients, f"{folder}/gradients-{rank}.pt")


@pytest.mark.slow
def test_two_processes_give_the_losses_and_gradients_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_two(_half_on_each, str(tmp_path))
    without_chance(monkeypatch.setattr, torch.arange(16))
    method = tiny()
    losses = method(halves_of(8))
    losses.total.backward()
    parts = [torch.load(tmp_path / f"parts-{rank}.pt", weights_only=True) for rank in range(2)]
    means = {name: (value + parts[1][name]) / 2 for name, value in parts[0].items()}
    whole = {"total": losses.total.detach(), **losses.parts}
    torch.testing.assert_close(means, whole, atol=1e-5, rtol=1e-5)
    assert not torch.equal(parts[0]["contrast"], parts[1]["contrast"])
    truth = {name: p.grad for name, p in method.named_parameters()}
    assert all(value.abs().max() > 0 for value in truth.values())
    for rank in range(2):
        found = torch.load(tmp_path / f"gradients-{rank}.pt", weights_only=True)
        torch.testing.assert_close(found, truth, atol=1e-5, rtol=1e-4)
