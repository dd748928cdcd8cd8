"""Which channels of a file are the leads of an ECG: the others are left out, and the trail says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ecg_text.errors import LeadError, SignalError
from ecg_text.leads import find_lead, normalise_leads
from ecg_text.signal.units import mv_per_unit

# Voltages that are no ECG.
_OTHER_VOLTAGES = re.compile(r"(EEG|EOG|EMG|ECOG|ERG|EGG)\b", re.IGNORECASE)
# Only these words of a channel's name, and these units, are repeated on a trail: a label is free text, and may name
# a person.
_TOLD_WORD = re.compile(
    r"abd(omen)?|abp|acc(el)?|activity|(air)?flow|annotations?|ao(rta)?|art|bdf|beat|body|bp|chan(nel)?|co|counter|cvp|"
    r"e?co2|edf|e[ceomgr]+g|effort|events?|gyro|heart|hr|icp|imp(edance)?|[lr][av]|mag|map|marker|mean|nasal|nibp|"
    r"o2|oxygen|p|pap?|pleth|pos(ition)?|pr|press(ure)?|pulse|rate|resp(iration)?|sat(uration)?|sa?o|snore|so|sound|"
    r"spo|status|step|stim|temp(erature)?|thor(ax)?|time|trig(ger)?|vent|volume|[a-z]",
    re.IGNORECASE,
)
_TOLD_UNIT = re.compile(
    r"[munpkMµμ]?(ohm|g|V|s|m|A|L|Hz|Pa|l/s|L/s|m/s)|mmHg|cmH2O|%|bpm|rpm|/min|[°]?C|degC|deg|adu|NU|pm|Boolean",
    re.IGNORECASE,
)
_MOST_DIGITS = 3  # a day or a number of a patient has more
_UNTOLD = "a channel"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The rows that are leads, the names of these leads in the same order, and lines of the trail for the rest."""

    rows: tuple[int, ...]
    leads: tuple[str, ...]
    told: tuple[str, ...]


def choose_leads(
    where: object, names: Sequence[str], units: Sequence[str], *, stated: tuple[str, ...] | None = None
) -> Choice:
    """The channels that are leads, by their names and units; where is the file, for the message of an error.

    A channel that is no lead and no voltage of the heart (respiration, pressure, EEG) is left out. stated are the
    caller's names of those voltages that have no lead's name ('ECG', 'CM5'), in the order of the file. Raises
    LeadError for a voltage without a name, a lead given twice or another number of stated names, SignalError where
    a lead is no voltage or no lead is there at all.
    """
    found = [find_lead(name) for name in names]
    unnamed = [
        row
        for row, (name, unit) in enumerate(zip(names, units, strict=True))
        if found[row] is None and mv_per_unit(unit) is not None and not _OTHER_VOLTAGES.match(name.strip())
    ]
    _check_unnamed(where, [f"{row + 1}{_told(names[row], units[row])}" for row in unnamed], stated)
    for row, given in zip(unnamed, normalise_leads(stated or ()), strict=True):
        found[row] = given
    chosen: dict[str, int] = {}
    left_out = []
    for row, (lead, name, unit) in enumerate(zip(found, names, units, strict=True)):
        if lead is None:
            left_out.append(told_channel(name, unit))
        elif mv_per_unit(unit) is None:
            raise SignalError(f"{where}: lead {lead} has {told_unit(unit)}; give mV, uV or V in the file")
        elif lead in chosen:
            raise LeadError(f"{where}: lead {lead} is given more than once; name each lead once")
        else:
            chosen[lead] = row
    if not chosen:
        raise SignalError(f"{where}: it holds {', '.join(left_out) or 'nothing'}, no ECG lead; give a recording of one")
    named = [f"take the voltages without a lead's name for {' '.join(stated)}, as stated"] if stated else []
    told = [f"leave out channels {', '.join(left_out)}"] if left_out else []
    return Choice(rows=tuple(chosen.values()), leads=tuple(chosen), told=(*named, *told))


def told_channel(name: str, unit: str) -> str:
    """A channel as a trail may name it: 'RESP (ohm)', or 'a channel' where its name is no word for a signal."""
    words = re.findall(r"[^\W\d_]+", name)
    is_short = len(name) <= 32 and len(re.findall(r"\d", name)) <= _MOST_DIGITS and [*map(len, words)].count(1) <= 1
    is_plain = is_short and name.isprintable() and bool(words) and all(_TOLD_WORD.fullmatch(word) for word in words)
    told = name.strip() if is_plain else _UNTOLD
    return f"{told} ({unit.strip()})" if _TOLD_UNIT.fullmatch(unit.strip()) else told


def _told(name: str, unit: str) -> str:
    told = told_channel(name, unit).removeprefix(_UNTOLD).strip()
    return f" {told}" if told else ""


def told_unit(unit: str) -> str:
    """A unit as a message may tell it: "the unit 'bpm'", or "an unknown unit" where it is none, but free text."""
    return f"the unit {unit.strip()!r}" if _TOLD_UNIT.fullmatch(unit.strip()) else "an unknown unit"


def leads_in_file(where: object, names: Sequence[str]) -> tuple[str, ...]:
    """The canonical names of the leads that a file names in order.

    Raises LeadError by the place of a name that is no lead's, for such a word may be anything, or of a second one.
    """
    found = [find_lead(name) for name in names]
    if None in found:
        place = found.index(None)
        raise LeadError(
            f"{where}: name {place + 1} of its {len(names)} leads is no known lead; name it as the lead it is "
            "(I, aVR, V1 ...), or name all leads when reading (--leads)"
        )
    return normalise_leads(names)


def _check_unnamed(where: object, unnamed: Sequence[str], stated: tuple[str, ...] | None) -> None:
    if stated is None and unnamed:
        raise LeadError(
            f"{where}: channel {unnamed[0]} is a voltage but no known lead; name it in the file as the lead it is "
            "(I, aVR, V1 ...), or state its lead when reading (--leads)"
        )
    if stated is not None and len(stated) != len(unnamed):
        raise LeadError(
            f"{where}: {len(stated)} leads are stated, but {len(unnamed)} voltages in it have no lead's name; "
            "state a lead for each of these only"
        )
