"""PTB-XL (Wagner et al. 2020): 21,799 ten-second 12-lead ECGs with reports, SCP codes and patient-disjoint folds."""

from __future__ import annotations

import ast
import csv
from pathlib import Path
from typing import Any

from ecg_text.data.catalogue import Catalogue
from ecg_text.errors import DataError
from ecg_text.text.cleaning.sources import clean_reports, describe

TABLE = "ptbxl_database.csv"
SIGNALS = {100: ("records100", "filename_lr"), 500: ("records500", "filename_hr")}  # rate in Hz -> folder, column
VALIDATION_FOLD, TEST_FOLD = 9, 10
SEX = {"0": "male", "1": "female"}
AGE_ABOVE_89 = 300.0  # PTB-XL writes 300 where the age is withheld because it is above 89
AGE_CAP = 90.0


def ptbxl(folder: Path, *, rate_hz: int | None = None) -> Catalogue:
    """The catalogue of PTB-XL from the folder that contains ptbxl_database.csv.

    Signals are taken at rate_hz (100 or 500), or, by default, at 100 Hz where these are there and at 500 Hz
    otherwise. Every row of the table is in the catalogue, whether its signal is there or not. Labels are all SCP
    codes with their likelihoods (0 means not stated). Folds 1-8 train, 9 validation, 10 test.
    Raises DataError where the table or the signals are missing.
    """
    table = Path(folder) / TABLE
    if not table.is_file():
        raise DataError(f"{folder} has no {TABLE}; point at the folder that contains {TABLE} and records100")
    path_column = SIGNALS[_choose_rate(Path(folder), rate_hz)][1]
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    try:
        columns, notes = _columns(rows, path_column)
    except (KeyError, ValueError, SyntaxError) as error:
        raise DataError(f"{table} is not PTB-XL's table ({error!r}); take the file as published") from error
    return Catalogue.from_columns(columns, source="ptbxl", notes=notes)


def _choose_rate(folder: Path, rate_hz: int | None) -> int:
    if rate_hz is not None and rate_hz not in SIGNALS:
        raise DataError(f"PTB-XL has no signals at {rate_hz} Hz; choose one of {', '.join(map(str, SIGNALS))}")
    wanted = SIGNALS if rate_hz is None else (rate_hz,)
    for rate in wanted:
        if (folder / SIGNALS[rate][0]).is_dir():
            return rate
    names = " nor ".join(SIGNALS[rate][0] for rate in wanted)
    raise DataError(f"{folder} has {TABLE} but not {names}; put the signals beside the table")


def _columns(rows: list[dict[str, str]], path_column: str) -> tuple[dict[str, list[Any]], list[str]]:
    """The catalogue's columns, and notes on what became of the reports."""
    raw = [row["report"] or None for row in rows]
    reports = clean_reports(raw, "ptbxl")
    codes = [ast.literal_eval(row["scp_codes"]) for row in rows]
    folds = [int(float(row["strat_fold"])) for row in rows]
    columns: dict[str, list[Any]] = {
        "record_id": [row["ecg_id"] for row in rows],
        "patient_id": [str(int(float(row["patient_id"]))) for row in rows],
        "path": [row[path_column] for row in rows],
        "age": [_age(row["age"]) for row in rows],
        "sex": [SEX.get(row["sex"]) for row in rows],
        "report": [report.text or None if report else None for report in reports],
        "raw_report": raw,
        "labels": [list(of_record) for of_record in codes],
        "likelihoods": [[float(value) for value in of_record.values()] for of_record in codes],
        "split": [_split(fold) for fold in folds],
        "fold": folds,
        "site": [str(int(float(row["site"]))) if row["site"] else None for row in rows],
        "device": [" ".join(row["device"].split()) or None for row in rows],
    }
    return columns, describe(reports, "ptbxl")


def _age(text: str) -> float | None:
    if not text:
        return None
    age = float(text)
    return AGE_CAP if age == AGE_ABOVE_89 else age


def _split(fold: int) -> str:
    return {VALIDATION_FOLD: "val", TEST_FOLD: "test"}.get(fold, "train")
