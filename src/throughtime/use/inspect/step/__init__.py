"""One step of one unit in numbers."""
