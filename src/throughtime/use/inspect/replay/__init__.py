"""The batch at which training stopped, run again."""
