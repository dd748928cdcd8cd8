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
- Figures are fractions, in brackets their 95 % interval over resampled patients. It tells the chance in who was tested,
  and not how far another training, seed or choice of texts would move the figure.
- Base lines stand beside each figure: chance is what no information gives, a random encoder the same model before it
  learned anything: one draw, which may lie below chance.
"""
PUBLISHED = """\
- Figures published by others are quoted from the source beside each, and marked: a model that learned from the tested
  data set (in-domain) and one that did not (cross-data-set) are not to be ranked against each other.
"""
KEY_FIGURES = "Fractions with their 95 % interval; how they were taken, and every other figure, stands below."
SHOWN_BY = "`ecg-text prompts show SET` prints the texts of a set that comes with ecg_text."
ONE_DATA_SET = "**No other data set was tried**: how it does in another hospital, country or device is not known."
# What a measure means, for each that stands in the tables, by what its name holds.
MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "auroc": "AUROC is how often a record with the label scores above one without it: 0.5 by chance. Macro is the "
        "mean over the labels that have both values.",
        "average_precision": "Average precision is the area under the curve of precision (ppv) against recall "
        "(sensitivity). By chance it is the share of records with the label: compare it with that, and not between "
        "labels.",
        "recall@": "Recall@k is how often a right answer is among the first k; a report that is equal word for word is "
        "a right answer, too.",
        "median_rank": "Median rank is the place of the first right answer: 1 is the best, and less is better.",
        "ndcg@": "nDCG@10 is how many labels the first ten answers share with the question, the first counting most; 1 "
        "where no others share more.",
        "equal_error_rate": "Equal error rate is where as many strangers are taken for the same patient as the same "
        "patient for a stranger: less is better.",
        "bleu": "BLEU and ROUGE-L count the words that a draft has in common with the report, and not whether it is "
        "true; label F1 compares the findings that both name.",
    }
)
# How a task was asked, in words: by what its provenance says.
HOW: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("rule", "contrast"): "each label by its texts, less a share of its opposite's (rule contrast)",
        ("rule", "cosine"): "each label by its texts alone (rule cosine)",
        ("rule", "single"): "each label by one text, less a share of one of its opposite's (rule single)",
        ("rows", "labelled"): "of records that bear a label of the set",
        ("rows", "all"): "of every record of the split",
    }
)
LEADS = """\
The same records with leads taken away, at evaluation only. A lead that was not recorded is masked, and no flat line.
A change is against all leads, of the same patients.
"""
ROBUSTNESS = """\
The same records, disturbed in a stated way before they are prepared. A change is against the clean ones, of the same
patients. Noise is artificial, and what of it lies outside the filter is removed before the model sees it.
"""
SUBGROUPS = """\
For whom it is better and worse, on the labels that each group has enough records of; a difference is that to all others
of known age, sex, device or site. Groups with too few records are left out. A small difference can hide a large one for
a single finding, none says why groups differ, and of twenty differences that are chance one lies outside its interval.
In the table of groups the macro AUROC is over all labels that a group has records of, which are others in another
group: it is not for comparing them.
"""
CALIBRATION = """\
Probabilities were fitted on the records of another split, with the thresholds of the operating points (se90: a
sensitivity of 0.90 there, sp95: a specificity of 0.95), and are tested here on other patients. They hold where a
finding is as common as it was there, and nowhere else, ppv and npv first of all; a text of your own has none. ECE, the
expected calibration error, is how far the told probability and the observed share lie apart, over records in bins of
like probability; less is better. The base line prevalence tells every record how common the finding was: its error is
small, and it knows nothing.
"""
LIMITS = """\
- A similarity is high for what the training reports wrote often, and says nothing of how sure a finding is.
- The labels are what was written of an ECG, in part by machines, and no outcome: what the writers missed the model
  learns to miss, and to agree with them is not to be right.
- Figures of other patients of the training hospitals are better than those that a new hospital, country or device will
  see. Try it on your own records with known findings before you believe it.
- Rare labels have few positive records. An interval of fewer than ten tells of these few alone, and not of others; a
  threshold chosen on them may not hold.
- An answer invites agreement. Whoever labels with its help should see the trace first, and the answer after.
- Nobody watches it in use, and the weights of a revision never change: what becomes of its answers as patients, devices
  and reports change is for its users to watch.
"""
# What a task is called in a heading.
TASKS: Mapping[str, str] = MappingProxyType(
    {
        "zero-shot": "Findings asked in words, without a label in training (zero-shot)",
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
# The tasks with a section of their own, and what it begins with.
SECTIONS: Mapping[str, str] = MappingProxyType(
    {"lead-subsets": LEADS, "robustness": ROBUSTNESS, "subgroups": SUBGROUPS, "calibration": CALIBRATION}
)
