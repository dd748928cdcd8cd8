"""The model card of a checkpoint or an ECG encoder, rendered from its provenance and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FRONT_MATTER = """---
library_name: ecg_text
pipeline_tag: feature-extraction
tags: [ecg, electrocardiogram, zero-shot-classification, contrastive, research-use-only]
---
"""
_ENCODER_FRONT_MATTER = """---
library_name: ecg_text
pipeline_tag: feature-extraction
tags: [ecg, electrocardiogram, self-supervised-learning, wav2vec2, research-use-only]
---
"""


def render_card(provenance: Mapping[str, Any]) -> str:
    """Markdown with the hub's front matter: what made the model, on what, and that it is for research only."""
    own = list(provenance.get("prompt_sets") or ())
    prompts = f"model.prompts[0])  # {_cell(own[0])}" if own else 'et.load_prompt_set("synthetic"))'
    return f"""{_FRONT_MATTER}
# ECG-text model {provenance.get("name", "")}

**Research use only, not a medical device.** Scores are similarities, not probabilities.

An ECG encoder and a text encoder that share one space: findings are asked in words, archives searched by a sentence.

{_table(provenance)}

```python
import ecg_text as et

model = et.load("this-folder-or-hub-name")
record = et.read("patient/0001.hea")
similarities = model.zero_shot([record], {prompts}
```
"""


def render_encoder_card(provenance: Mapping[str, Any]) -> str:
    """The same of an ECG encoder alone."""
    return f"""{_ENCODER_FRONT_MATTER}
# ECG encoder {provenance.get("name", "")}

**Research use only, not a medical device.** It learned from ECGs alone, and names no finding.

Its weights are a beginning for a model that does, trained on ECGs with reports that were prepared in the same way:

```
ecg-text train RECIPE --data STORE --out RUN --set model.ecg.init=this-folder-or-hub-name
```

{_table(provenance)}
"""


def _table(provenance: Mapping[str, Any]) -> str:
    rows = (
        f"| {_cell(name.replace('_', ' '))} | {_cell(_told(value))} |" for name, value in sorted(provenance.items())
    )
    return "\n".join(("| fact | value |", "|---|---|", *rows))


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_told(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
