"""Forecasters: what has been, read by recurrent layers, and what is to come, written by others."""
