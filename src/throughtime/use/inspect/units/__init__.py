"""Units of a language model that stand for something, found by annotations of a text and measured on held-out text."""
