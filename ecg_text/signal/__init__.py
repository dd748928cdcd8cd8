"""Millivolts: reading and writing recordings, preparing them for a model, and synthetic ECGs with known truth."""
