"""The one family of errors: every refusal says what was got, what was wanted and what to do."""

from __future__ import annotations


class EcgTextError(Exception):
    """A wrong input, told in one line; the command line prints it and exits with status 1."""


class LeadError(EcgTextError):
    """A lead name is unknown, missing or given twice."""


class SignalError(EcgTextError):
    """A recording cannot be read, or its samples cannot be an ECG."""


class TextError(EcgTextError):
    """A report, a tokenizer or a text cannot be used."""


class PromptError(EcgTextError):
    """A prompt set, or a label asked of it, is wrong."""


class DataError(EcgTextError):
    """A catalogue, a split or a store is wrong."""


class FingerprintError(EcgTextError):
    """Two things that must come from one preprocessing, or one model, do not."""


class ConfigError(EcgTextError):
    """A configuration has an unknown name or an impossible value."""


class CheckpointError(EcgTextError):
    """A model or run folder is incomplete, damaged or of another kind."""


class TrainingError(EcgTextError):
    """Training cannot go on."""


class MissingPackageError(EcgTextError):
    """An optional package is needed and absent; the message says what to install."""
