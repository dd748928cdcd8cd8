"""Method melp: each level against its slow truth, any level left out, chunks and processes like one whole batch."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from transformers import BertConfig

from ecg_text.data.batch import Batch, Texts
from ecg_text.errors import ConfigError, DataError
from ecg_text.methods.levels import Levels
from ecg_text.methods.melp import Melp
from ecg_text.models.auto import register
from ecg_text.models.causal_text import causal_config
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.training.gradient_cache import GradientCache
from tests.support.processes import on_two

ALL = Levels()
LEFT_OUT = [
    Levels(token=0, beat=0),
    Levels(token=0),
    Levels(beat=0),
    Levels(rhythm=0),
    Levels(rhythm=0, token=0, beat=1),
    Levels(rhythm_loss="sigmoid"),
    Levels(beat_variant="single", attention_sharpness=2, sentence_sharpness=3, beat_scale=7),
    ALL,
]


def tiny_melp(levels: Levels = ALL, *, head: str = "beat_queries", reading: str = "both_ways") -> Melp:
    register()
    torch.manual_seed(0)
    ecg = EcgEncoderConfig(
        encoder="conv_transformer",
        leads=["I", "II"],
        num_heads=2,
        dropout=0.0,
        widths=[8, 8],
        kernel=2,
        trunk_width=16,
        position_kernel=5,
        position_groups=2,
    )
    text = BertConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    config = EcgTextConfig(
        ecg_config=ecg,
        text_config=causal_config(text),
        embedding_width=12,
        ecg_head=head,
        num_beats=3,
        beat_heads=2,
        text_reading=reading,
        rate_hz=100 if head == "r_peaks" else None,
        has_sentences=levels.beat > 0,
        decoder_config=DecoderConfig(num_queries=4, num_layers=2, num_heads=2, dropout=0.0)
        if levels.token > 0
        else None,
    )
    return Melp(EcgTextModel(config), levels)


def batch_of(num: int) -> Batch:
    """num records; 0 and num - 1 share their report, the finding of report 1 is in report 2, some texts are views."""
    chance = torch.Generator().manual_seed(1)
    ids = torch.randint(5, 30, (num + 1, 8), generator=chance)
    lengths = torch.randint(4, 9, (num + 1,), generator=chance)
    mask = torch.arange(8) < lengths[:, None]
    ids = ids.masked_fill(~mask, 0)
    # Of 1 to 3 sentences of two pieces; the first and the last piece are special.
    sentence = torch.where(mask & (torch.arange(8) > 0) & (torch.arange(8) < lengths[:, None] - 1), 0, -1)
    sentence = torch.where(sentence == 0, ((torch.arange(8) - 1) // 2).clamp(max=2), sentence)
    report = torch.arange(num)
    report[num - 1] = 0
    row = report.clone()
    row[1:3] = torch.tensor([num - 1, num])  # views that are no whole reports
    reported = torch.zeros(num, 4, dtype=torch.int64)
    reported[:, 0] = report + 1
    reported[2, 1] = int(reported[1, 0])
    stated = reported.clone()
    stated[2, 1] = 0
    return Batch(
        ecg=0.3 * torch.randn(num, 2, 200, generator=chance),
        lead_mask=torch.rand(num, 2, generator=chance) < 0.8,
        time_mask=torch.arange(200) < torch.randint(150, 201, (num, 1), generator=chance),
        record_ids=tuple(map(str, range(num))),
        patient_ids=tuple(map(str, range(num))),
        texts=Texts(
            strings=tuple(map(str, range(num + 1))),
            input_ids=ids,
            attention_mask=mask.long(),
            sentence=sentence,
            row=row,
            stated=stated,
            reported=reported,
            report=report,
        ),
        peaks=torch.tensor([[20, 90, 160], [40, 120, -1]])[torch.arange(num) % 2],
    )


def gradients(method: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.grad for name, p in method.named_parameters() if p.grad is not None}


def says(batch: Batch, text: torch.Tensor, ecg: int) -> bool:
    """Whether all findings of a text are in the report of an ECG."""
    assert batch.texts is not None
    findings = {n for n in text.tolist() if n}
    return bool(findings) and findings <= set(batch.texts.reported[ecg].tolist())


@torch.no_grad()
def slow_losses(method: Melp, batch: Batch) -> dict[str, float]:
    """The three levels one pair, one sentence and one word at a time, each ECG and each text encoded alone."""
    model, texts, num = method.model, batch.texts, len(batch)
    assert texts is not None
    assert texts.report is not None
    levels = method.levels
    rhythm, beat = torch.zeros(num, num), torch.zeros(num, num)
    word_losses = []
    for b in range(num):
        one = slice(b, b + 1)
        peaks = None if batch.peaks is None else batch.peaks[one]
        ecg = model.encode_ecg(batch.ecg[one], batch.lead_mask[one], batch.time_mask[one], peaks)
        for r in range(num):
            length = int(texts.attention_mask[texts.row[r]].sum())
            text = model.encode_text(texts.input_ids[texts.row[r], :length][None])
            rhythm[b, r] = model.scale * (ecg.pooled @ text.pooled.T).squeeze()
            whole = int(texts.attention_mask[texts.report[r]].sum())
            ids = texts.input_ids[texts.report[r], :whole][None]
            report = model.encode_text(ids, sentence=texts.sentence[texts.report[r], :whole][None])
            assert ecg.beats is not None
            assert ecg.beat_mask is not None
            assert report.sentences is not None
            assert report.sentence_mask is not None
            beats = ecg.beats[0][ecg.beat_mask[0]]
            sentences = report.sentences[0][report.sentence_mask[0]]
            beat[b, r] = levels.beat_scale * slow_score(beats, sentences, levels)
            if b == r:
                assert model.decoder is not None
                logits = model.decoder(model.told_words(ids, torch.ones_like(ids)), model.read_memory(ecg))[0]
                word_losses += [F.cross_entropy(logits[i], ids[0, i + 1]) for i in range(whole - 1)]
    also = torch.tensor([[says(batch, texts.stated[r], b) for r in range(num)] for b in range(num)])
    whole_also = torch.tensor([[says(batch, texts.reported[r], b) for r in range(num)] for b in range(num)])
    return {
        "rhythm": slow_contrast(rhythm, also),
        "token": torch.stack(word_losses).mean().item(),
        "beat": slow_contrast(beat, whole_also),
    }


def slow_score(beats: torch.Tensor, sentences: torch.Tensor, levels: Levels) -> torch.Tensor:
    dots = beats @ sentences.T
    energy = dots.softmax(dim=1) if levels.beat_variant == "exact" else dots
    attention = (levels.attention_sharpness * energy).softmax(dim=0)
    cosines = [
        F.cosine_similarity(attention[:, s] @ beats, sentences[s], dim=0, eps=1e-12) for s in range(len(sentences))
    ]
    return torch.stack([levels.sentence_sharpness * cosine for cosine in cosines]).logsumexp(dim=0)


def slow_contrast(logits: torch.Tensor, also_true: torch.Tensor) -> float:
    total = 0.0
    for b in range(len(logits)):
        texts = [r for r in range(len(logits)) if r == b or not also_true[b, r]]
        ecgs = [e for e in range(len(logits)) if e == b or not also_true[e, b]]
        total += math.log(sum(math.exp(logits[b, r]) for r in texts)) - float(logits[b, b])
        total += math.log(sum(math.exp(logits[e, b]) for e in ecgs)) - float(logits[b, b])
    return total / (2 * len(logits))


@pytest.mark.parametrize("head", ["beat_queries", "r_peaks"])
@pytest.mark.parametrize("variant", ["exact", "single"])
@pytest.mark.parametrize("reading", ["both_ways", "causal"])
def test_each_level_is_its_slow_truth_and_the_total_their_weighted_sum(head: str, variant: str, reading: str) -> None:
    method, batch = tiny_melp(Levels(beat_variant=variant), head=head, reading=reading).eval(), batch_of(5)
    losses = method(batch)
    wanted = slow_losses(method, batch)
    found = {name: losses.parts[name].item() for name in wanted}
    assert found == pytest.approx(wanted, rel=1e-4)
    assert losses.total.item() == pytest.approx(wanted["rhythm"] + 2 * wanted["token"] + 0.2 * wanted["beat"], rel=1e-4)


def test_the_sigmoid_loss_of_the_rhythm_level_judges_every_pair_by_itself() -> None:
    method, batch = tiny_melp(Levels(token=0, beat=0, rhythm_loss="sigmoid")), batch_of(5)
    features = method.encode(batch)
    texts = batch.texts
    assert texts is not None
    assert method.bias is not None
    total = 0.0
    for b in range(5):
        for r in range(5):
            if r != b and says(batch, texts.stated[r], b):
                continue
            logit = (method.model.scale * features.ecg[b] @ features.text[r] + method.bias).item()
            total += math.log1p(math.exp(-logit if b == r else logit))
    assert method(batch).total.item() == pytest.approx(total / 5, rel=1e-5)


@pytest.mark.parametrize("levels", LEFT_OUT, ids=str)
def test_whatever_is_left_out_every_weight_that_may_learn_has_a_gradient(levels: Levels) -> None:
    method = tiny_melp(levels)
    losses = method(batch_of(6))
    losses.total.backward()
    assert [name for name, p in method.named_parameters() if p.requires_grad and p.grad is None] == []
    wanted = {name for name in ("rhythm", "token", "beat") if getattr(levels, name)}
    assert set(losses.parts) - {"scale"} == wanted
    weighted = sum(getattr(levels, name) * losses.parts[name] for name in wanted)
    torch.testing.assert_close(losses.total.detach(), weighted)


@pytest.mark.parametrize("levels", LEFT_OUT, ids=str)
@pytest.mark.parametrize(("head", "reading"), [("beat_queries", "causal"), ("r_peaks", "both_ways")])
def test_chunks_have_the_loss_and_gradients_of_the_whole_batch(levels: Levels, head: str, reading: str) -> None:
    whole, cut = (tiny_melp(levels, head=head, reading=reading) for _ in range(2))
    batch = batch_of(8)
    one, other = whole(batch), GradientCache(cut, 3)(batch)
    one.total.backward()
    other.total.backward()
    torch.testing.assert_close(other.total, one.total, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(gradients(cut), gradients(whole), atol=1e-5, rtol=1e-5)


def test_no_word_of_a_report_is_told_by_itself_or_by_a_later_one() -> None:
    for reading in ("both_ways", "causal"):
        method, batch = tiny_melp(Levels(rhythm=0, beat=0, token=1), reading=reading), batch_of(4)
        texts = batch.texts
        assert texts is not None
        assert method.model.decoder is not None
        ids = texts.input_ids[:1, :6]
        memory = method.model.read_memory(method.model.encode_ecg(batch.ecg[:1]))
        before = method.model.decoder(method.model.told_words(ids, torch.ones_like(ids)), memory)
        for place in range(1, 6):
            other = ids.clone()
            other[0, place] = 29 if ids[0, place] != 29 else 28
            after = method.model.decoder(method.model.told_words(other, torch.ones_like(ids)), memory)
            torch.testing.assert_close(after[:, :place], before[:, :place])
            assert not torch.allclose(after[:, place:], before[:, place:])


def test_one_batch_is_learned_at_every_level() -> None:
    method, batch = tiny_melp(), batch_of(8)
    optimizer = torch.optim.Adam(method.parameters(), lr=1e-2)
    first, last = {}, {}
    for _ in range(60):
        losses = method(batch)
        first, last = first or losses.parts, losses.parts
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
    for name in ("rhythm", "token", "beat"):
        assert last[name] < 0.7 * first[name], name


def test_a_step_in_bfloat16_is_close_to_the_one_in_full_precision() -> None:
    losses, norms = [], []
    for enabled in (False, True):
        method = tiny_melp()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            loss = method(batch_of(8)).total
        loss.backward()
        norms.append(torch.nn.utils.get_total_norm(list(gradients(method).values())).item())
        losses.append(loss.item())
    assert losses[1] == pytest.approx(losses[0], rel=0.03)
    assert norms[1] == pytest.approx(norms[0], rel=0.1)


def with_texts(batch: Batch, **changes: Any) -> Batch:
    assert batch.texts is not None
    return replace(batch, texts=replace(batch.texts, **changes))


def finite_step(method: Melp, batch: Batch) -> dict[str, float]:
    losses = method(batch)
    losses.total.backward()
    assert torch.isfinite(losses.total)
    assert all(torch.isfinite(gradient).all() for gradient in gradients(method).values())
    return {name: value.item() for name, value in losses.parts.items()}


def test_reports_that_are_all_equal_have_nothing_to_tell_apart_but_words() -> None:
    batch = batch_of(5)
    parts = finite_step(
        tiny_melp(),
        with_texts(
            batch,
            row=torch.zeros(5, dtype=torch.int64),
            report=torch.zeros(5, dtype=torch.int64),
            stated=torch.ones(5, 2, dtype=torch.int64),
            reported=torch.ones(5, 2, dtype=torch.int64),
        ),
    )
    assert parts["rhythm"] == pytest.approx(0, abs=1e-6)
    assert parts["beat"] == pytest.approx(0, abs=1e-6)
    assert parts["token"] > 0


def test_where_no_report_has_a_sentence_the_beat_level_is_silent() -> None:
    batch = batch_of(5)
    assert batch.texts is not None
    parts = finite_step(tiny_melp(), with_texts(batch, sentence=torch.full_like(batch.texts.sentence, -1)))
    assert parts["beat"] == 0
    assert parts["rhythm"] > 0


def test_a_report_without_a_sentence_moves_no_other_report() -> None:
    batch = batch_of(5)
    assert batch.texts is not None
    assert batch.texts.report is not None
    sentence = batch.texts.sentence.clone()
    sentence[3] = -1
    without = with_texts(batch, sentence=sentence)
    kept = without.rows(torch.tensor([0, 1, 2, 4]))
    method = tiny_melp()
    assert finite_step(method, without)["beat"] == pytest.approx(method(kept).parts["beat"].item(), rel=1e-5)


@pytest.mark.parametrize("head", ["beat_queries", "r_peaks"])
def test_one_record_alone_is_a_batch(head: str) -> None:
    parts = finite_step(tiny_melp(head=head), batch_of(5).rows(torch.tensor([1])))
    assert (parts["rhythm"], parts["beat"]) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))
    assert parts["token"] > 0


def test_more_beats_than_tokens_are_no_trouble() -> None:
    batch = batch_of(4)
    short = replace(batch, ecg=batch.ecg[..., :8], time_mask=torch.ones(4, 8, dtype=torch.bool), peaks=None)
    finite_step(tiny_melp(), short)  # three beats of two tokens


def test_an_ecg_without_a_beat_is_one_beat_as_a_whole() -> None:
    batch = batch_of(4)
    method = tiny_melp(head="r_peaks")
    finite_step(method, replace(batch, peaks=torch.full((4, 1), -1)))
    features = method.encode(replace(batch, peaks=torch.full((4, 1), -1)))
    assert features.beat_mask is not None
    assert features.beat_mask.tolist() == [[True]] * 4


def test_a_batch_that_lacks_what_the_levels_read_is_refused() -> None:
    batch = batch_of(4)
    with pytest.raises(DataError, match="needs texts"):
        tiny_melp()(replace(batch, texts=None))
    with pytest.raises(DataError, match="needs whole reports"):
        tiny_melp()(with_texts(batch, report=None))


def test_a_model_has_the_parts_of_its_levels_and_no_others() -> None:
    model = tiny_melp(Levels(token=0)).model
    with pytest.raises(ConfigError, match=r"levels.token is 2.0, but the model was built without its parts"):
        Melp(model, Levels())
    with pytest.raises(ConfigError, match=r"levels.beat is 0, but the model was built with its parts"):
        Melp(model, Levels(token=0, beat=0))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"rhythm": 0, "token": 0, "beat": 0}, "one above 0"),
        ({"beat": -1.0}, "give 0 or more"),
        ({"beat_scale": 0}, "temperatures"),
        ({"rhythm_loss": "clip"}, "choose one of info_nce, sigmoid"),
        ({"beat_variant": "double"}, "choose one of exact, single"),
    ],
)
def test_levels_that_cannot_be_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Levels(**wrong)


SHARED = [(ALL, "beat_queries", 1), (ALL, "r_peaks", 2), (Levels(rhythm=0), "beat_queries", 1)]


def _half_on_each(rank: int, folder: str) -> None:
    for number, (levels, head, chunks) in enumerate(SHARED):
        method = tiny_melp(levels, head=head)
        wrapped = DistributedDataParallel(method if chunks == 1 else GradientCache(method, chunks))
        losses = wrapped(batch_of(8).rows(torch.arange(4 * rank, 4 * rank + 4)))
        losses.total.backward()
        # A loss that compares nothing is of each process's own words: their mean is that of all.
        total = losses.total.detach().clone()
        dist.all_reduce(total)
        if rank == 0:
            torch.save({"loss": total / 2, "gradients": gradients(method)}, f"{folder}/{number}.pt")


@pytest.fixture(scope="module")
def of_two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the first of two processes saw, each with half of the batch."""
    folder = tmp_path_factory.mktemp("two")
    on_two(_half_on_each, str(folder))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SHARED)))
def test_two_processes_with_half_the_batch_give_the_loss_and_gradients_of_one(
    of_two_processes: Path, number: int
) -> None:
    levels, head, _ = SHARED[number]
    whole = tiny_melp(levels, head=head)
    loss = whole(batch_of(8)).total
    loss.backward()
    seen = torch.load(of_two_processes / f"{number}.pt", weights_only=True)
    torch.testing.assert_close(seen["loss"], loss.detach(), atol=1e-5, rtol=1e-5)
    assert len(seen["gradients"]) > 20
    torch.testing.assert_close(seen["gradients"], gradients(whole), atol=1e-5, rtol=1e-5)
