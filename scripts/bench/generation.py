"""Reports for a batch of ECGs with a cache of keys and values, against reading all words again for each new one.

    python scripts/bench/generation.py [--words 64] [--ecgs 16] [--beams 1] [--width 256] [--layers 4] [--rounds 3]

Prints one JSON line. Both ways are transformers' generate() over the same writer, its weights untrained, and must write
the same word pieces, as many as --words for each ECG; they take turns, after one report of each that warms everything,
and the figures are medians. The ECGs' keys and values are computed once in both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import torch
from torch import Tensor
from transformers import AutoModel, BertConfig, GenerationConfig

from ecg_text.models.causal_text import causal_config
from ecg_text.models.decoder_config import DecoderConfig
from ecg_text.models.report_decoder import ReportDecoder
from ecg_text.models.report_writer import ReportWriter

PAD, BEGIN, END = 0, 2, 3
WINDOW = 128
QUERIES = 128


def untrained(options: argparse.Namespace) -> ReportWriter:
    """A writer of the size that is asked for, of a vocabulary as large as clip_nano's."""
    config = BertConfig(
        vocab_size=3000,
        hidden_size=options.width,
        num_hidden_layers=options.layers,
        num_attention_heads=4,
        intermediate_size=4 * options.width,
        max_position_embeddings=WINDOW + 1,
    )
    encoder = AutoModel.from_config(causal_config(config))
    decoder = ReportDecoder(DecoderConfig(num_layers=options.layers), options.width, config.vocab_size)
    settings = GenerationConfig(
        bos_token_id=BEGIN,
        eos_token_id=END,
        pad_token_id=PAD,
        max_length=options.words + 1,
        min_new_tokens=options.words,
        num_beams=options.beams,
    )
    return ReportWriter(encoder.eval(), decoder.eval(), settings)


def written(writer: ReportWriter, memory: Tensor, is_cached: bool) -> tuple[float, Tensor]:
    """Seconds of this one thread, whatever else the machine does meanwhile, and the word pieces."""
    start = time.process_time()
    pieces = writer.write(memory, GenerationConfig(use_cache=is_cached))
    return time.process_time() - start, pieces


def main() -> None:
    """Measure both by turns, and see that they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("words", 64), ("ecgs", 16), ("beams", 1), ("width", 256), ("layers", 4), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    writer = untrained(options)
    memory = torch.randn(options.ecgs, QUERIES, options.width)
    times: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(options.rounds + 1):
        (cached, pieces), (plain, again) = (written(writer, memory, is_cached) for is_cached in (True, False))
        if pieces.shape != (options.ecgs, options.words + 1) or not torch.equal(pieces, again):
            raise SystemExit("the two ways do not write the same")
        if turn:
            times[True].append(cached)
            times[False].append(plain)
    ratios = [plain / cached for cached, plain in zip(times[True], times[False], strict=True)]
    print(
        json.dumps(
            {
                "bench": "generation",
                "baseline": "generate() without a cache",
                "what": f"{options.words} word pieces for each of {options.ecgs} ECGs",
                "s": round(statistics.median(times[True]), 3),
                "baseline_s": round(statistics.median(times[False]), 3),
                "ratio": round(statistics.median(ratios), 2),
                "aim": 4,
                "beams": options.beams,
                "layers": options.layers,
                "width": options.width,
                "rounds": options.rounds,
            }
        )
    )


if __name__ == "__main__":
    main()
