"""The version of this code, which every checkpoint, run and result carries."""

__version__ = "0.1.0"
