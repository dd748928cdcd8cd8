"""The tasks of ecg-text evaluate that rank: reports and ECGs found by each other, and patients by their ECGs."""

from __future__ import annotations

from ecg_text.cli.common import progress
from ecg_text.cli.evaluate_asked import Answers, Asked, needed


def retrieval(asked: Asked) -> Answers:
    """Reports and ECGs both ways, and ECGs among themselves, graded by the prompt sets."""
    from ecg_text.evaluation.retrieval_task import retrieval_result

    result = retrieval_result(
        asked.embedded,
        asked.prompt_sets,
        keep_same_patient=asked.same_patient,
        random_twin=asked.embedded_untrained,
        generator=asked.generator(),
        num_resamples=asked.resamples,
        facts=asked.facts,
    )
    return Answers(results={asked.out: result})


def patient_id(asked: Asked) -> Answers:
    """Each probe ECG against a gallery of one ECG a patient."""
    from ecg_text.evaluation.patient_lists import read_lists
    from ecg_text.evaluation.patient_task import embed_lineup, patient_id_result

    gallery, probe = needed(asked.gallery, "gallery"), needed(asked.probe, "probe")
    lists = read_lists(gallery, probe, asked.store)
    split = None if asked.all_splits else asked.split
    with progress("embed") as advance:
        lineup = embed_lineup(asked.embedder, asked.store, lists, split, advance)
    twin = None
    if asked.untrained is not None:
        with progress("embed with a random encoder") as advance:
            twin = embed_lineup(asked.untrained, asked.store, lists, split, advance)
    result = patient_id_result(
        lineup,
        random_twin=twin,
        generator=asked.generator(),
        num_resamples=asked.resamples,
        facts={"gallery": gallery.name, "probe": probe.name, **asked.facts},
    )
    return Answers(results={asked.out: result})
