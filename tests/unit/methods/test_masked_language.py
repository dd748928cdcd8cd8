"""The masked-language method against a loop over single texts, and on two processes against one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from ecg_text.data.synonym_batch import SynonymBatch
from ecg_text.data.text_batches import TextBatch
from ecg_text.errors import DataError
from ecg_text.methods.masked_language import MaskedLanguage
from ecg_text.models.text_encoder import new_text_encoder
from tests.support.processes import on_two

PIECES = 30


def method_of(**options):
    torch.manual_seed(0)
    model = new_text_encoder(
        vocab_size=PIECES, pad_id=0, width=16, num_layers=2, num_heads=2, dropout=0.0, num_positions=16
    )
    return MaskedLanguage(model, **options)


def texts(num, length, seed):
    chance = torch.Generator().manual_seed(seed)
    lengths = torch.randint(3, length + 1, (num,), generator=chance)
    mask = (torch.arange(length) < lengths[:, None]).long()
    return torch.randint(5, PIECES, (num, length), generator=chance) * mask, mask


def batch_of(seed=0, num=5, pairs=True):
    ids, mask = texts(num, 9, seed)
    real = mask.flatten().nonzero().flatten()
    chosen = real[:: 3 + seed]
    targets = torch.randint(5, PIECES, (len(chosen),), generator=torch.Generator().manual_seed(seed))
    rows = SynonymBatch(
        blocks=(texts(4, 5, seed + 10), texts(3, 8, seed + 20)),
        a=torch.tensor([0, 5, 2]),
        b=torch.tensor([1, 3, 6]),
        negatives=torch.tensor([[4, -1], [-1, -1], [0, 1]]),
        meaning=torch.tensor([1, 2, 1]),
        label_a=torch.tensor([6, 1, 3]),
        label_b=torch.tensor([2, 0, 5]),
    )
    return TextBatch(input_ids=ids, attention_mask=mask, chosen=chosen, targets=targets, pairs=rows if pairs else None)


def slow_masked_loss(method, batch):
    """Text by text, without padding, place by place."""
    total = 0.0
    length = batch.input_ids.shape[1]
    for place, target in zip(batch.chosen.tolist(), batch.targets.tolist(), strict=True):
        row, column = divmod(place, length)
        real = int(batch.attention_mask[row].sum())
        logits = method.model(input_ids=batch.input_ids[row : row + 1, :real]).logits[0, column].tolist()
        total += math.log(sum(math.exp(value) for value in logits)) - logits[target]
    return total / len(batch.targets)


def slow_vectors(method, blocks):
    vectors = []
    for ids, mask in blocks:
        for text, real in zip(ids, mask.sum(dim=1).tolist(), strict=True):
            states = method.model.base_model(input_ids=text[None, :real]).last_hidden_state[0]
            vectors.append(F.normalize(states.mean(dim=0), dim=-1))
    return vectors


def slow_synonym_loss(method, pairs, temperature):
    vectors = slow_vectors(method, pairs.blocks)
    total, num = 0.0, len(pairs.a)
    for left, right in ((pairs.a, pairs.b), (pairs.b, pairs.a)):
        for i in range(num):
            one = vectors[left[i]]
            against = [right[j] for j in range(num) if pairs.meaning[j] != pairs.meaning[i]]
            against += [k for k in pairs.negatives[i] if k >= 0]
            own = math.exp(float(one @ vectors[right[i]]) / temperature)
            total -= math.log(own / (own + sum(math.exp(float(one @ vectors[k]) / temperature) for k in against)))
    return total / (2 * num)


@torch.no_grad()
def test_the_masked_loss_is_that_of_a_loop_over_places():
    method, batch = method_of().eval(), batch_of(pairs=False)
    losses = method(batch)
    assert losses.total.item() == pytest.approx(slow_masked_loss(method, batch), rel=1e-5)
    assert losses.parts.keys() == {"masked_words"}


@torch.no_grad()
def test_the_synonym_term_is_that_of_a_loop_over_texts():
    method, batch = method_of(synonym_weight=0.7, temperature=0.2).eval(), batch_of()
    losses = method(batch)
    masked, synonyms = slow_masked_loss(method, batch), slow_synonym_loss(method, batch.pairs, 0.2)
    assert losses.parts["masked_words"].item() == pytest.approx(masked, rel=1e-5)
    assert losses.parts["synonyms"].item() == pytest.approx(synonyms, rel=1e-4)
    assert losses.total.item() == pytest.approx(masked + 0.7 * synonyms, rel=1e-4)


@torch.no_grad()
def test_the_label_term_is_that_of_a_loop_over_the_labels_of_a_set():
    method = method_of(synonym_weight=1.0, label_weight=0.3, label_temperature=0.5).eval()
    batch = batch_of()
    losses = method(batch)
    vectors, pairs = slow_vectors(method, batch.pairs.blocks), batch.pairs
    total, num = 0.0, len(pairs.label_a)
    for left, right in ((pairs.label_a, pairs.label_b), (pairs.label_b, pairs.label_a)):
        for i in range(num):
            against = [math.exp(float(vectors[left[i]] @ vectors[right[j]]) / 0.5) for j in range(num)]
            total -= math.log(against[i] / sum(against)) / (2 * num)
    assert losses.parts["labels"].item() == pytest.approx(total, rel=1e-4)
    rest = losses.parts["masked_words"] + losses.parts["synonyms"]
    assert losses.total.item() == pytest.approx(rest.item() + 0.3 * total, rel=1e-4)


def test_vectors_are_pooled_as_the_two_tower_pools_them():
    method = method_of().eval()
    ids, mask = texts(4, 7, 3)
    with torch.no_grad():
        found = F.normalize(method.encode(ids, mask), dim=-1)
        assert torch.allclose(found, torch.stack(slow_vectors(method, [(ids, mask)])), atol=1e-5)


def test_a_batch_without_pairs_is_refused_where_they_are_wanted():
    with pytest.raises(DataError, match="needs pairs"):
        method_of(synonym_weight=1.0)(batch_of(pairs=False))


def test_without_its_weight_the_synonym_term_costs_nothing():
    method = method_of()
    assert torch.equal(method(batch_of()).total, method(batch_of(pairs=False)).total)


def work(rank: int, out: Path) -> None:
    """What each of two processes does: half of the texts, hidden places of its own, its own pairs."""
    from torch.nn.parallel import DistributedDataParallel

    method = method_of(synonym_weight=0.5)
    wrapped = DistributedDataParallel(method)
    wrapped(batch_of(seed=rank)).total.backward()
    if rank == 0:
        torch.save({name: p.grad for name, p in method.named_parameters()}, out)


@pytest.mark.slow
def test_two_processes_have_the_gradient_of_one(tmp_path):
    on_two(work, tmp_path / "gradients.pt")
    found = torch.load(tmp_path / "gradients.pt")
    method = method_of(synonym_weight=0.5)
    one_batch_of_both(method).backward()
    for name, parameter in method.named_parameters():
        assert torch.allclose(found[name], parameter.grad, atol=1e-6), name


def one_batch_of_both(method):
    """The loss of one process that holds what the two hold."""
    from ecg_text.objectives.synonyms import synonym_loss

    parts = [batch_of(seed=rank) for rank in range(2)]
    num = sum(len(part.targets) for part in parts)
    masked = sum(
        F.cross_entropy(
            method.model(input_ids=part.input_ids, attention_mask=part.attention_mask).logits.flatten(0, 1)[
                part.chosen
            ],
            part.targets,
            reduction="sum",
        )
        for part in parts
    )
    vectors = [torch.cat([method.encode(ids, mask) for ids, mask in part.pairs.blocks]) for part in parts]
    joined = [
        torch.cat([one[getattr(part.pairs, name).clamp(min=0)] for one, part in zip(vectors, parts, strict=True)])
        for name in ("a", "b", "negatives")
    ]
    synonyms = synonym_loss(
        joined[0],
        joined[1],
        torch.cat([part.pairs.meaning for part in parts]),
        method.temperature,
        joined[2],
        torch.cat([part.pairs.negatives >= 0 for part in parts]),
    )
    return masked / num + 0.5 * synonyms
