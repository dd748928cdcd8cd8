"""The model card of a checkpoint or an ECG encoder, rendered from its provenance and its results, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecg_text.hub.card_checks import check_results
from ecg_text.hub.card_facts import facts_of
from ecg_text.hub.card_metadata import front_matter
from ecg_text.hub.card_sections import sections
from ecg_text.hub.card_tables import facts_table, in_line, table
from ecg_text.hub.card_told import Told
from ecg_text.hub.card_words import NOTICE
from ecg_text.hub.results_file import Results

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
_CLASSIFIER_FRONT_MATTER = """---
library_name: ecg_text
pipeline_tag: feature-extraction
tags: [ecg, electrocardiogram, multi-label-classification, research-use-only]
---
"""


def render_card(provenance: Mapping[str, Any], results: Results | None = None) -> str:
    """Markdown with the hub's front matter: what made the model, on what, its results, that it is for research only.

    The same values give the same bytes. Raises CheckpointError for results of other weights, of mixed protocols, or
    without a number that the card tells.
    """
    if results is not None:
        return _render_results(provenance, results)
    own = list(provenance.get("prompt_sets") or ())
    prompts = f"model.prompts[0])  # {in_line(own[0])}" if own else 'et.load_prompt_set("synthetic"))'
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


def render_classifier_card(provenance: Mapping[str, Any], labels: Sequence[str]) -> str:
    """The same of an ECG encoder that learned labels."""
    return f"""{_CLASSIFIER_FRONT_MATTER}
# ECG classifier {provenance.get("name", "")}

**Research use only, not a medical device.** Its scores lie between 0 and 1, and are no calibrated probabilities.

An ECG encoder with a linear layer for {len(labels)} labels: {in_line(", ".join(labels))}.

```
ecg-text evaluate this-folder-or-hub-name --data STORE --task fine-tune --out result.json
```

{_table(provenance)}
"""


def _render_results(provenance: Mapping[str, Any], results: Results) -> str:
    facts = facts_of(results.facts)
    check_results(results.results, provenance)
    about = {
        "weights": provenance["revision"],
        "version": facts.version,
        "released": facts.released,
        "began with": facts.base_model,
        "reads texts in": ", ".join(facts.languages),
        "developed by": facts.developer,
        "questions to": facts.contact,
        "stage": "research; cleared by no authority, clinical risk not assessed",
    }
    title = facts.title or f"ECG-text model {provenance['name']}"
    return f"""{front_matter(results.results, facts, provenance)}
# {title}

{NOTICE}

{facts_table(about)}

{sections(Told(provenance=provenance, results=results.results, facts=facts))}
Rendered from provenance.json and results.json by `ecg-text card`. {NOTICE}
"""


def _table(provenance: Mapping[str, Any]) -> str:
    rows = [(name.replace("_", " "), _told(value)) for name, value in sorted(provenance.items())]
    return table(("fact", "value"), rows)


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_told(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
