"""Measurements: `python -m bench`. Each is a function registered by name."""
