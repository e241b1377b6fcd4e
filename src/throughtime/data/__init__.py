"""Data: from files to batches of tensors."""
