"""Training: one loop for every method, which can be stopped at any moment and goes on bit for bit."""
