"""Spreadsheets of arrivals: import, and the refused rows to correct."""

from intake.imports.batches import import_spreadsheet
from intake.imports.refused import describe_problems, refused_rows_file

__all__ = ["describe_problems", "import_spreadsheet", "refused_rows_file"]
