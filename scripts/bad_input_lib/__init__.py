"""Damaged ECG files, made with a fixed seed, and a guarded process that reads them."""
