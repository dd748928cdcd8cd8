"""The table of scripts/ablate_melp.sh: a row of MELP's levels a line, the mean over its seeds, and their spread.

    python scripts/ablation_table.py OUT

Reads OUT/ROW-SEED/*.json. AUROC and recall in per cent, on the validation fold; where a row has several seeds, the
least and the most follow the mean. Prints Markdown.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean

TASKS = ("superclass", "subclass", "form", "rhythm")
COLUMNS = (*TASKS, "mean", "recall@10", "BLEU-4", "ROUGE-L", "label F1")
ORDER = ("rhythm", "beat", "token", "all", "wav2vec", "r-peaks")


def scores(run: Path) -> dict[str, float]:
    """What was measured of a run, by column; drafts only where the run writes any."""
    auroc = {task: _metrics(run / f"zero-shot-ptbxl-{task}.json")["macro_auroc"] for task in TASKS}
    found = {**auroc, "mean": mean(auroc.values())}
    found["recall@10"] = _metrics(run / "retrieval.json")["report_to_ecg_recall@10"]
    if (run / "captions.json").is_file():
        drafts = _metrics(run / "captions.json")
        found |= {"BLEU-4": drafts["bleu_4"], "ROUGE-L": drafts["rouge_l"]}
        found["label F1"] = mean(value for name, value in drafts.items() if name.startswith("report_label_f1_micro/"))
    return found


def _metrics(path: Path) -> dict[str, float]:
    table = json.loads(path.read_text(encoding="utf-8"))
    return {name: metric["value"] for name, metric in table["metrics"].items()}


def cell(values: list[float]) -> str:
    """The mean in per cent, and the least and the most of several seeds."""
    if not values:
        return ""
    told = f"{100 * mean(values):.1f}"
    return told if len(values) == 1 else f"{told} ({100 * min(values):.1f} to {100 * max(values):.1f})"


def main() -> None:
    """Prints the table of a folder of runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    for run in sorted(parser.parse_args().out.iterdir()):
        if (run / "retrieval.json").is_file():
            rows[run.name.rpartition("-")[0]].append(scores(run))
    print("| row | seeds |", " | ".join(COLUMNS), "|")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for name in sorted(rows, key=lambda row: (ORDER.index(row.partition(":")[0]), row)):
        cells = (cell([one[column] for one in rows[name] if column in one]) for column in COLUMNS)
        print(f"| {name} | {len(rows[name])} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
