"""Leads are told from other channels by name and unit, and a trail repeats no free text of a label."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ecg_text.errors import LeadError, SignalError
from ecg_text.signal.formats.channels import choose_leads, told_channel


def test_leads_are_taken_and_the_rest_is_told() -> None:
    choice = choose_leads("f", ["MLII", "RESP", "V1", "EDF Annotations", "EEG Fpz"], ["mV", "ohm", "uV", "", "uV"])
    assert (choice.rows, choice.leads) == ((0, 2), ("II", "V1"))
    assert choice.told == ("leave out channels RESP (ohm), EDF Annotations, a channel (uV)",)


@pytest.mark.parametrize("label", ["Zyxwell", "RESP Zyxwell", "Zyxwell ABP", "4711", "", "Resp " * 9])
def test_a_label_that_may_name_a_person_is_not_repeated(label: str) -> None:
    assert told_channel(label, "Quuxford") == "a channel"


def test_stated_leads_name_the_voltages_without_a_name() -> None:
    choice = choose_leads("f", ["ECG", "RESP", "V1"], ["mV", "ohm", "mV"], stated=("DII",))
    assert choice.leads == ("II", "V1")
    with pytest.raises(LeadError, match="2 leads are stated, but 1 voltages"):
        choose_leads("f", ["ECG", "V1"], ["mV", "mV"], stated=("I", "II"))


@pytest.mark.parametrize(
    ("names", "units", "message"),
    [
        (["ECG"], ["uV"], "is a voltage but no known lead"),
        (["V1", "V1"], ["mV", "mV"], "given more than once"),
        (["V1"], ["bpm"], "has the unit 'bpm'"),
        (["RESP"], ["ohm"], "no ECG lead"),
        ([], [], "it holds nothing"),
    ],
)
def test_channels_that_cannot_be_an_ecg(names: list[str], units: list[str], message: str) -> None:
    with pytest.raises((LeadError, SignalError), match=message):
        choose_leads("f", names, units)


def test_the_readers_are_there_before_their_packages() -> None:
    code = (
        "import sys; from ecg_text.signal.formats.vendor import VENDOR_READERS as readers;"
        "from pathlib import Path; [reader.recognises(Path('a'), bytes(4096)) for reader in readers];"
        "print(sorted({'ecgdatakit', 'pydicom', 'defusedxml', 'xmltodict'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_name_with_signs_for_the_terminal_is_not_told() -> None:
    assert told_channel("\x1b[2J", "mV") == "a channel (mV)"
    assert told_channel("RESP", "mV") == "RESP (mV)"
