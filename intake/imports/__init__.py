"""Spreadsheets of arrivals: import, and the refused rows to correct."""

from intake.imports.batches import import_spreadsheet
from intake.imports.households import household_id
from intake.imports.refused import describe_problems, refused_rows_file

__all__ = ["describe_problems", "household_id", "import_spreadsheet", "refused_rows_file"]
