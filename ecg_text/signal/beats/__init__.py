"""Beats: where they are, how they follow each other, and which tokens of a model they cover."""
