"""What every model card of a trained model says, whatever its figures: uses, limits, and how figures are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NOTICE = "**Research use only, not a medical device.**"

INTENDED = """\
- For researchers who ask their own resting ECGs for findings in words, search an archive by a sentence or by an ECG,
  or train further on their data.
- It gives similarities, which rank records; a probability only for a label that was calibrated, and for nothing else.
  A person who reads ECGs looks at the trace before anything is concluded.
"""
USE = """\
```python
import ecg_text as et

model = et.load("this-folder-or-hub-name", revision=None)  # give the commit of a hub name, to pin it
record = et.read("patient/0001.hea")
similarities = model.zero_shot([record], model.prompts[0])
```
"""
OUT_OF_SCOPE = """\
- No diagnosis, triage, monitoring, alarm or treatment, and no decision about a patient, with or without a clinician
  beside it: it has not been tried in care, and no authority has cleared it.
- No ECGs of children, of exercise, or of minutes to hours (Holter, telemetry, intensive care), and no photographs or
  scans of paper, unless the tables below say that they were tried.
- No finding that was not tested: what is not in the tables is not known, however plausible an answer looks.
"""
PROTOCOL = """\
- The split beside each figure says where it was taken: val is what choices were made by, which flatters it, test is
  what is reported.
- Figures are fractions, in brackets their 95 % interval over resampled patients. AUROC is one label against the rest,
  macro the mean over the labels that have both values.
- Base lines stand beside each figure: chance is what no information gives, a random encoder the same model before it
  learned anything.
"""
PUBLISHED = """\
- Figures published by others are those of their papers, and marked: a model that learned from the tested data set
  (in-domain) and one that did not (cross-data-set) are not to be ranked against each other.
"""
LEADS = """\
The same records with leads taken away, at evaluation only. A lead that was not recorded is masked, and no flat line.
"""
ROBUSTNESS = """\
The same records, disturbed in a stated way before they are prepared.
"""
SUBGROUPS = """\
For whom it is better and worse; groups with too few records are left out. A small difference between groups can hide a
large one for a single finding.
"""
CALIBRATION = """\
Probabilities were fitted on the records of another split, with the thresholds of the operating points (se90: a
sensitivity of 0.90 there, sp95: a specificity of 0.95), and are tested here on other patients. They hold where a
finding is as common as it was there, and nowhere else; a text of your own has none. ECE, the expected calibration
error, is how far the told probability and the observed share lie apart, over records in bins of like probability.
"""
LIMITS = """\
- A similarity is high for what the training reports wrote often, and says nothing of how sure a finding is.
- The labels are what was written of an ECG, in part by machines, and no outcome: what the writers missed the model
  learns to miss, and to agree with them is not to be right.
- Figures of other patients of the training hospitals are better than those that a new hospital, country or device will
  see. Try it on your own records with known findings before you believe it.
- Rare labels have few positive records: their intervals are wide, and a threshold chosen on them may not hold.
- An answer invites agreement. Whoever labels with its help should see the trace first, and the answer after.
"""
# What a task is called in a heading.
TASKS: Mapping[str, str] = MappingProxyType(
    {
        "zero-shot": "Findings asked in words, with no training (zero-shot)",
        "retrieval": "Reports and ECGs, each found by the other",
        "captions": "Drafts of reports against the reports",
        "text-probe": "Which phrases mean the same",
        "linear-probe": "Linear probe: labels told from frozen features",
        "knn-probe": "Nearest-neighbour probe of frozen features",
        "attentive-probe": "Attentive probe: labels told by a learned query over frozen tokens",
        "fine-tune": "Fine-tuned with labels",
        "patient-id": "The same patient found again",
        "lead-subsets": "Fewer leads",
        "robustness": "Robustness",
        "subgroups": "Subgroups",
        "calibration": "Calibration",
    }
)
