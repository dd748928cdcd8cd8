"""What a sentence denies is told from what it says, thinks possible, or only seems to deny."""

import pytest

from ecg_text.text.denial import is_denied


def denied(marked: str) -> bool:
    """Whether the finding in square brackets is denied."""
    start, end = marked.index("["), marked.index("]") - 1
    return is_denied(marked.replace("[", "").replace("]", ""), start, end)


@pytest.mark.parametrize(
    "marked",
    [
        "no [ischaemia]",
        "no definite ecg evidence to suggest recent [ischaemia]",
        "without [st segment depression]",
        "no signs of [ischaemia] or infarction",
        "no signs of ischaemia or [infarction]",
        "no ischaemia, [infarction] or hypertrophy",
        "no ischaemia, infarction or [hypertrophy]",
        "neither [ischaemia] nor infarction",
        "neither ischaemia nor [infarction]",
        "[left ventricular hypertrophy] absent",
        "[infarction] is ruled out",
        "previous [infarction] unlikely",
        "[premature beats] are not recorded on this occasion",
        "[st elevation] no longer present",
        "trace advised to exclude [acute infarction]",
        "suggest exclude [hypokalaemia] particularly as prolonged qt interval",
        "septal hypertrophy rather than [old infarction]",
        "no [p wave abnormality]",
        "no [abnormal p waves]",
        "no longer [atrial fibrillation], ischaemia regressing",
        "acute pericarditis unlikely in the absence of [tachycardia]",
    ],
)
def test_denied(marked: str) -> None:
    assert denied(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "[ischaemia]",
        "possible [ischaemia]",
        "[infarction] cannot be entirely excluded",
        "cannot exclude prior [infarction]",
        "[ischaemia] is not excluded",
        "no p waves recognised, [atrial fibrillation] or flutter",
        "no ischaemia, [left axis deviation]",
        "no ischaemia but [left axis deviation]",
        "no ischaemia with [left bundle branch block]",
        "no change in [t wave inversion] in lead iii",
        "[myocardial ischaemia] is likely but hypokalaemia should be excluded",
        "[prolonged qt interval], suggest exclude hypokalaemia",
        "[prolonged qt interval]: exclude hypokalaemia",
        "suggest exclude hypokalaemia particularly as [prolonged qt interval]",
        "the cause of the [bradycardia] is not evident",
        "[t wave inversion], this is not necessarily of pathological significance",
        "[t wave inversion] is not quite so deep",
        "ischaemia, with or without [infarction]",
        "septal activation and not infarction, [left axis]",
        "nodal [rhythm]",
    ],
)
def test_not_denied(marked: str) -> None:
    assert not denied(marked)
