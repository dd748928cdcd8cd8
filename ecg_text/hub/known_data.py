"""What a card says of a data set, for those that ecg_text knows; of another one it says that nothing was stated."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecg_text.hub.card_facts import DataSet

UNSTATED = "not stated"

_KNOWN: Mapping[str, DataSet] = MappingProxyType(
    {
        one.source: one
        for one in (
            DataSet(
                source="ptbxl",
                id="ptb-xl",
                name="PTB-XL",
                version="1.0.3",
                licence="CC BY 4.0",
                link="https://physionet.org/content/ptb-xl/1.0.3/",
                use="folds 1-8 to learn, 9 to choose, 10 to report",
                labels="SCP-ECG statements by up to two cardiologists, some begun from the recorder's own reading; "
                "which of them a person looked at stands in its column validated_by_human.",
                citation="Wagner et al., Scientific Data 2020, 7:154, doi 10.1038/s41597-020-0495-6.",
            ),
            DataSet(
                source="mimic-iv-ecg",
                id="mimic-iv-ecg",
                name="MIMIC-IV-ECG",
                version="1.0",
                licence="ODbL 1.0",
                link="https://physionet.org/content/mimic-iv-ecg/1.0/",
                use="to learn",
                labels="none; its reports are the recorders' own statements.",
                citation="Gow et al., PhysioNet 2023, doi 10.13026/4nqg-sb35.",
            ),
        )
    }
)


def data_set(source: str) -> DataSet:
    """What is known of the data set of this source in a store's catalogue."""
    return _KNOWN.get(source) or DataSet(
        source=source, id=source, name=source, version="", licence=UNSTATED, link="", use=UNSTATED
    )
