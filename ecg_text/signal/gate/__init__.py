"""The gate: what is doubtful or impossible about a recording, with its evidence in numbers, before a model sees it."""
