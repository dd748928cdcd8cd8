"""What is asked of the model: formulas of tensors, nothing else."""
