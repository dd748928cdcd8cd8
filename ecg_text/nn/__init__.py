"""Tensors become tensors: parts that know no ECG and no text."""
