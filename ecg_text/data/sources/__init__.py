"""The collections that can be prepared: each turns a folder, as its publisher ships it, into a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from ecg_text.data.catalogue import Catalogue
from ecg_text.data.sources.folder import folder
from ecg_text.data.sources.mimic_iv_ecg import mimic_iv_ecg
from ecg_text.data.sources.ptbxl import ptbxl

Source = Callable[[Path], Catalogue]

SOURCES: Mapping[str, Source] = MappingProxyType({"ptbxl": ptbxl, "mimic-iv-ecg": mimic_iv_ecg, "folder": folder})
