"""A trained run opened up: what it remembers, how far back it learns, and why it answered so."""
