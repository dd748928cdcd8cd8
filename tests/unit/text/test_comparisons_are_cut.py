"""What compares a trace with an earlier one goes; what is said of this trace stays. All reports here are invented."""

from __future__ import annotations

import pytest

from ecg_text.text.cleaning.comparisons import cut_comparison
from ecg_text.text.cleaning.steps import tidy


@pytest.mark.parametrize(
    ("report", "left"),
    [
        # English: dates as they are typed, and what they are compared with
        ("sinus rhythm. compared with tracing of 9:11:91, it is unchanged. lvh.", "sinus rhythm. lvh."),
        ("compared with tracing of 9:11:91, t waves are now flat in v5,6.", "t waves are now flat in v5,6."),
        ("compared with tracing of 9:11,91. there is now lbbb.", "there is now lbbb."),
        ("compared with tracings of 7 & 9:11:91, rate is slower.", "rate is slower."),
        ("compared to the previous ecg dated 3/4/2010, qrs is wider.", "qrs is wider."),
        ("when compared with ecg of 12-mar-2010 09:14, no significant change was found", ""),
        ("when compared with ecg of 01-jan-2001 10:00, atrial fibrillation has replaced sinus rhythm",
         "atrial fibrillation has replaced sinus rhythm"),
        ("compared to ecg of 2015-03-02: st elevation is less.", "st elevation is less."),
        ("since previous tracing of ___, t wave inversion is deeper", "t wave inversion is deeper"),
        ("the rhythm has changed, compared with recent tracings.", "the rhythm has changed."),
        ("sinus rhythm. no change since yesterday. rbbb.", "sinus rhythm. rbbb."),
        ("sinus rhythm. no significant change since trace of 2.3.92.", "sinus rhythm."),
        ("no change in t wave inversion in iii, since 1/8/92.", "no change in t wave inversion in iii."),
        ("rate 63 has developed since ecg of 11/8/92.", "rate 63 has developed."),
        ("tracing is very similar to that of 2:6:92, but rate is slower.", "rate is slower."),
        ("findings are very similar to 17:6:92.", ""),
        ("qt interval is shorter than on 1:7:92. u waves.", "qt interval is shorter. u waves."),
        ("compared with tracing of 2:3:92, it is similar to the latter, but v2 is inverted.", "v2 is inverted."),
        ("compared with tracing of 2:3:92. it closely resembles the former. lvh.", "lvh."),
        ("compared with tracing of 2:3:92, it is similar, with q waves in iii.", "q waves in iii."),
        ("compared with tracing of 2:3:92. t is upright in v5, but otherwise it is very similar.",
         "t is upright in v5."),
        ("no previous ecgs available. normal ecg", "normal ecg"),
        ("old inferior infarct, as before.", "old inferior infarct."),
        # how it was before
        ("compared with tracing of 4:7:92, rhythm was previously atrial fibrillation. rbbb.", "rbbb."),
        ("rhythm is now sinus (previously atrial flutter.) normal axis.", "rhythm is now sinus. normal axis."),
        ("st segments are isoelectric, whereas previously there was elevation, in v1.",
         "st segments are isoelectric, in v1."),
        # a report that its source cut off
        ("lvh. compared with tracing of 2:3:92, it", "lvh."),
        ("lvh. compared with tracing of 2:3:92, it is not significantly", "lvh."),
        # German and Swedish, which have no stops
        ("steiltyp verglichen mit 28.12.93 kein vorhofflimmern mehr path. ekg",
         "steiltyp kein vorhofflimmern mehr path. ekg"),
        ("im vergleich zum vor-ekg neu aufgetretenes vorhofflimmern", "neu aufgetretenes vorhofflimmern"),
        ("im vergleich zum vor-ekg vom 12.03.2019 keine wesentliche änderung. linkstyp", "linkstyp"),
        ("linkstyp, unverändert gegenüber dem vorbefund. lvh", "linkstyp. lvh"),
        ("steiltyp seit dem letzten ekg unverändert", "steiltyp"),
        ("vgl. ekg vom 1.2.03: t negativ in v1", "t negativ in v1"),
        ("gammal inferior infarkt oförändrat jmf med ekg 910307", "gammal inferior infarkt"),
        ("jämfört med tidigare ekg från 2015-03-02 ny q-våg i iii", "ny q-våg i iii"),
        ("normal el-axel, oförändrat sedan 2019-01-02", "normal el-axel"),
        ("i jämförelse med föregående oförändrat. sinusrytm", "sinusrytm"),
    ],
)  # fmt: skip
def test_a_comparison_goes_and_the_finding_stays(report: str, left: str) -> None:
    assert tidy(cut_comparison(report)) == left


@pytest.mark.parametrize(
    "report",
    [
        "poor r progression may be due to previous anteroseptal infarction.",
        "the previously noted st depression is now negligible.",
        "t waves were inverted in v2.",
        "on standing, rate rose to 70/min. but the tracing was unchanged.",
        "t wave changes in chest leads are not significantly changed.",
        "no change in axis.",
        "similar q waves in ii and iii.",
        "the changed pattern suggests recent ischaemia.",
        "both tracings show artifact.",
        "seit geburt linkstyp",
        "sonst unverändert",
        "keine st-veränderung",
        "tidigare infarkt",
        "oförändrat lågt st",
        "st elevation from v1 to v4.",
        "sinus rhythm. normal ecg.",
    ],
)
def test_what_is_said_of_this_trace_is_no_comparison(report: str) -> None:
    assert cut_comparison(report) == report


def test_how_it_was_before_stays_where_the_next_sentence_needs_it() -> None:
    report = "compared with tracing of 1:6:92, t waves were previously inverted in v2. now they are flat."
    assert cut_comparison(report) == "t waves were previously inverted in v2. now they are flat."
