"""The task of ecg-text evaluate that asks a model which learned labels."""

from __future__ import annotations

from ecg_text.cli.common import progress, quiet_libraries
from ecg_text.cli.evaluate_asked import Answers, Asked
from ecg_text.cli.evaluate_probes import label_sets


def fine_tune(asked: Asked) -> Answers:
    """The labels that the classifier learned, or those that are named; one result a set."""
    quiet_libraries()
    from ecg_text.evaluation.fine_tuned import fine_tune_result, told_labels
    from ecg_text.hub.ecg_classifier import load_classifier

    classifier = load_classifier(asked.model)
    files = asked.files_of(label_sets(asked) if asked.labels else [classifier.labels])
    for labels in files.values():
        told_labels(labels, classifier.labels)  # what was not learned is refused before anything is predicted
    rows = asked.store.catalogue.where_split(asked.split)
    with progress("predict") as advance:
        answers = classifier.predict_store(asked.store, rows, advance)
    began = {"start_revision": classifier.start_revision} if classifier.start_revision else {}
    return Answers(
        results={
            path: fine_tune_result(
                classifier,
                asked.store,
                asked.split,
                answers,
                labels,
                generator=asked.generator(),
                num_resamples=asked.resamples,
                facts={**began, **asked.facts},
            )
            for path, labels in files.items()
        }
    )
