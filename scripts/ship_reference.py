"""The model of a run becomes the one that ships: float16 weights, named reference, in ecg_text/bundled/reference.

    python scripts/ship_reference.py RUN/model

A calibration is another step, since it belongs to the rounded weights: ecg-text calibrate ecg_text/bundled/reference.
"""

import argparse
import shutil
from pathlib import Path

from ecg_text.hub.bundled import REFERENCE
from ecg_text.hub.checkpoint import load_checkpoint, save_checkpoint

SHELF = Path(__file__).parents[1] / "ecg_text" / "bundled"


def ship(model: Path, folder: Path) -> str:
    """Write the folder anew, and return the revision of its weights."""
    checkpoint = load_checkpoint(model)
    if folder.exists():
        shutil.rmtree(folder)
    return save_checkpoint(
        folder,
        checkpoint.model,
        checkpoint.processor,
        prompt_sets=checkpoint.prompts,
        provenance={**checkpoint.provenance, "name": REFERENCE, "rounded_from": checkpoint.revision},
        half=True,
    )


def main() -> None:
    """Ship the model that is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="the model's folder, as RUN/model")
    asked = parser.parse_args()
    print(f"{SHELF / REFERENCE} {ship(asked.model, SHELF / REFERENCE)}")


if __name__ == "__main__":
    main()
