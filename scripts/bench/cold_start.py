"""How long a person waits for one answer: `ecg-text classify` of one file by a new process, beside importing torch.

Prints one JSON line each: the median wall-clock and CPU seconds of several fresh processes, and the ratio of the wall
clocks to `python -c "import torch, transformers"` measured in turn with them. The model is an untrained one of the
clip_nano recipe's size, unless a folder is given; the file is a synthetic WFDB record of ten seconds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ecg_text.hub.checkpoint import save_checkpoint
from ecg_text.models.processor import EcgTextProcessor
from ecg_text.recipes.table import RECIPES, recipe
from ecg_text.recipes.towers import build_model, build_tokenizer
from ecg_text.signal.formats.wfdb_files import write_wfdb
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import synthesise
from ecg_text.text.prompt_files import load_prompt_set

BARE = "import torch, transformers"
PROMPTS = "ptbxl-rhythm"


def seconds_of(command: Sequence[str]) -> tuple[float, float]:
    """Wall-clock and CPU seconds (user and system) of one fresh process."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu


def save_untrained(name: str, folder: Path) -> Path:
    """A checkpoint folder of a recipe's size whose model has learned nothing."""
    plan = recipe(name).model
    texts = [text for label in load_prompt_set(PROMPTS).labels for text in label.texts]
    processor = EcgTextProcessor.of(standard_preprocess(), build_tokenizer(plan.text, texts))
    save_checkpoint(folder, build_model(plan, processor, seed=0), processor, provenance={"name": "untrained"})
    return folder


def measure(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Each command in turn, so that a busy moment falls on all alike, after one round that warms the disk."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for measured in range(-1, rounds):
        for name, command in commands.items():
            seconds = seconds_of(command)
            if measured >= 0:
                times[name].append(seconds)
    return times


def main() -> None:
    """Make a file and a model, and ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="fresh processes of each kind (default 5)")
    parser.add_argument("--recipe", default="clip_nano", choices=sorted(RECIPES), help="size of the untrained model")
    parser.add_argument("--model", type=Path, help="a checkpoint folder, in place of the untrained model")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        header = write_wfdb(synthesise("atrial fibrillation", np.random.default_rng(0)).record, Path(work) / "ecg")
        model = asked.model or save_untrained(asked.recipe, Path(work) / "model")
        question = ("classify", str(header), "--model", str(model), "--prompts", PROMPTS)
        commands = {
            BARE: (sys.executable, "-c", BARE),
            "import torch": (sys.executable, "-c", "import torch"),
            "ecg-text classify": (sys.executable, "-m", "ecg_text", *question),
            "ecg-text classify --json": (sys.executable, "-m", "ecg_text", *question, "--json"),
        }
        times = measure(commands, asked.rounds)
    bare = statistics.median(wall for wall, _ in times[BARE])
    for name, seconds in times.items():
        wall, cpu = (statistics.median(column) for column in zip(*seconds, strict=True))
        line = {"bench": "cold_start", "what": name, "seconds": round(wall, 3), "cpu_s": round(cpu, 3)}
        line["rounds"] = asked.rounds
        if name != BARE:
            line |= {"ratio": round(wall / bare, 2), "baseline": BARE}
        print(json.dumps(line))


if __name__ == "__main__":
    main()
