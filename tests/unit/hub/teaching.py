"""A tiny model that is taught a report for each of a few ECGs, so that it writes words and not noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import BertConfig

from ecg_text.models.auto import register
from ecg_text.models.causal_text import causal_config
from ecg_text.models.configs import EcgEncoderConfig, EcgTextConfig
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.models.two_tower import EcgTextModel
from ecg_text.objectives.captioning import captioning_loss
from ecg_text.signal.preprocess import Prepared


def writing_model(processor: EcgTextProcessor, **settings: Any) -> EcgTextModel:
    """A two-tower with a decoder, of some thousand weights, that knows nothing."""
    register()
    torch.manual_seed(0)
    ecg = EcgEncoderConfig(widths=[8, 16], depths=[1, 1], num_heads=2, kernel=3)
    text = BertConfig(
        vocab_size=len(processor.tokenizer),
        hidden_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=41,
    )
    decoder = DecoderConfig(num_queries=5, num_layers=2, num_heads=4, expansion=2)
    config = EcgTextConfig(
        ecg_config=ecg, text_config=causal_config(text), embedding_width=12, decoder_config=decoder, **settings
    )
    model = EcgTextModel(config).eval()
    # As they begin, all ECGs are much alike to the encoder, and the decoder hardly looks at them.
    for parameter in model.ecg_encoder.parameters():
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    for layer in model.report_parts()[1].layers:
        layer.memory_out.weight.data.mul_(8.0)
    return model


def teach(
    model: EcgTextModel, processor: EcgTextProcessor, windows: Sequence[Prepared], reports: Sequence[str], steps: int
) -> None:
    """Have the model learn each window's report by heart; its ECG encoder stays as it is."""
    names = ("signal", "lead_mask", "time_mask")
    inputs = [torch.from_numpy(np.stack([getattr(each, name) for each in windows])) for name in names]
    texts = processor.tokenize_as_is(reports)
    ids, mask = texts["input_ids"], texts["attention_mask"]
    pool, decoder = model.report_parts()
    learning = [weight for part in (pool, decoder, model.text_encoder) for weight in part.parameters()]
    optimizer = torch.optim.Adam(learning, lr=1e-2)
    with torch.no_grad():
        features = model.encode_ecg(*inputs)
    for _ in range(steps):
        memory = model.read_memory(features)
        captioning_loss(decoder(model.told_words(ids, mask), memory), ids, mask).backward()
        optimizer.step()
        optimizer.zero_grad()
