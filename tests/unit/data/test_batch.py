"""Rows of a batch keep what is theirs, and a batch is cut where few texts are cut in two."""

from __future__ import annotations

import pytest
import torch

from ecg_text.data.batch import Batch, Texts

ROW = [0, 1, 0, 2, 3, 1, 0, 4]  # the text of each record


def batch_of(row: list[int]) -> Batch:
    """Records whose every tensor tells their number, and texts whose every tensor tells theirs."""
    number, text = torch.arange(len(row)), torch.arange(max(row) + 1)
    return Batch(
        ecg=number[:, None, None].expand(-1, 2, 6).float(),
        lead_mask=number[:, None] > torch.tensor([0, 3]),
        time_mask=number[:, None] > torch.arange(6),
        record_ids=tuple(f"r{n}" for n in number.tolist()),
        patient_ids=tuple(f"p{n}" for n in number.tolist()),
        texts=Texts(
            strings=tuple(f"t{n}" for n in text.tolist()),
            input_ids=text[:, None].repeat(1, 3),
            attention_mask=text[:, None] + torch.tensor([10, 20, 30]),
            sentence=text[:, None] + torch.tensor([40, 50, 60]),
            row=torch.tensor(row),
            stated=number[:, None] + 100,
            reported=number[:, None] + 200,
        ),
        labels=number[:, None] + 300,
    )


@pytest.mark.parametrize("chosen", [[5], [6, 1, 3], list(range(8)), [7, 7, 0]])
def test_rows_are_those_of_a_loop_over_records(chosen: list[int]) -> None:
    batch = batch_of(ROW)
    part = batch.rows(torch.tensor(chosen))
    assert part.texts is not None
    assert batch.texts is not None
    assert part.texts.strings == tuple(f"t{n}" for n in sorted({ROW[n] for n in chosen}))
    assert len(part) == len(chosen)
    assert part.labels is not None
    for at, number in enumerate(chosen):
        assert part.record_ids[at] == f"r{number}"
        assert part.patient_ids[at] == f"p{number}"
        assert torch.equal(part.ecg[at], batch.ecg[number])
        assert torch.equal(part.lead_mask[at], batch.lead_mask[number])
        assert torch.equal(part.time_mask[at], batch.time_mask[number])
        assert part.texts.stated[at].item() == number + 100
        assert part.texts.reported[at].item() == number + 200
        assert part.labels[at].item() == number + 300
        mine, text = int(part.texts.row[at]), ROW[number]
        assert part.texts.strings[mine] == f"t{text}"
        for name in ("input_ids", "attention_mask", "sentence"):
            assert torch.equal(getattr(part.texts, name)[mine], getattr(batch.texts, name)[text])


@pytest.mark.parametrize("num", [1, 2, 3, 5, 8, 20])
def test_chunks_hold_every_row_once_and_few_texts_twice(num: int) -> None:
    batch = batch_of(ROW)
    chunks = batch.row_chunks(num)
    sizes = [len(rows) for rows in chunks]
    assert len(chunks) == min(num, len(batch))
    assert max(sizes) - min(sizes) <= 1
    assert sorted(torch.cat(chunks).tolist()) == list(range(len(batch)))
    texts = [batch.rows(rows).texts for rows in chunks]
    assert sum(len(part.strings) for part in texts if part is not None) <= 5 + len(chunks) - 1


def test_without_texts_rows_stay_in_their_order() -> None:
    batch = batch_of(ROW)
    bare = Batch(
        ecg=batch.ecg,
        lead_mask=batch.lead_mask,
        time_mask=batch.time_mask,
        record_ids=batch.record_ids,
        patient_ids=batch.patient_ids,
    )
    assert [rows.tolist() for rows in bare.row_chunks(3)] == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert bare.rows(torch.tensor([2, 3])).texts is None
