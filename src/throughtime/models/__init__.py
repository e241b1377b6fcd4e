"""Models: from a batch to hidden sequences, outputs and losses; what is measured; the baselines; the tasks."""
