"""Millivolts: files of every format, the gate, beats, the way to a model, and synthetic ECGs with known truth."""
