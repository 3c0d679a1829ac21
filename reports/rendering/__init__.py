"""The situation report on paper, on screen and in a spreadsheet.

Pure functions over a frozen snapshot: they read no model and no database, so that a report
printed a year later says what it said on its day. Numbers and words are laid out once, in
:func:`report_context`; the PDF, the page and the workbook only draw them.

Start-up is kept cheap: Altair, vl-convert, Typst and XlsxWriter are imported when first used.
vl-convert and Typst keep threads of their own, which do not survive a fork, so they must not
be used before a prefork server has forked its workers.
"""

from reports.rendering.charts import arrivals_spec, pyramid_spec, render_svg
from reports.rendering.context import report_context
from reports.rendering.pdf import RenderError, render_pdf
from reports.rendering.xlsx import render_xlsx

__all__ = [
    "RenderError",
    "arrivals_spec",
    "pyramid_spec",
    "render_pdf",
    "render_svg",
    "render_xlsx",
    "report_context",
]
