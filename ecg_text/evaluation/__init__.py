"""Scores of a model's answers: arrays go in, metrics with patient-clustered intervals come out."""
