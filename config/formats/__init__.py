"""Dates and times as staff read them, by language."""
