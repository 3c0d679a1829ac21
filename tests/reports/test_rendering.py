"""The report as page, PDF, workbook and charts: same figures, no leak, no executed text."""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pypdf
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.template.loader import render_to_string
from django.utils.translation import trans_real
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from reports.rendering import pyramid_spec, render_pdf, render_svg, render_xlsx, report_context
from reports.rendering.charts import font_directory
from reports.rendering.formats import Formatter
from reports.rendering.tables import occupancy_level
from tests.reports.sample_report import make_figures, make_meta

ROOT = Path(__file__).parents[2]
CATALOGUES = sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))
LANGUAGES = ("en", "fa-af", "tg", "ru")
HOSTILE = '=cmd()|#let x = 1 <script>alert(1)</script> $x$ #read("/etc/passwd")'


@pytest.fixture(autouse=True)
def compiled(settings: Any, tmp_path_factory: Any) -> Iterator[None]:
    """The catalogues of this checkout, compiled aside, whatever lies in locale/."""
    root = tmp_path_factory.getbasetemp() / "locale"
    for po in CATALOGUES:
        target = root / po.relative_to(ROOT / "locale").with_suffix(".mo")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with po.open("rb") as source, target.open("wb") as compiled_file:
                write_mo(compiled_file, read_po(source, locale=po.parents[1].name))
    settings.LOCALE_PATHS = [root]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    trans_real._translations.clear()
    yield
    trans_real._translations.clear()


def page(figures: Any, meta: Any, language: str = "en", urls: Any = None) -> str:
    """The page's HTML."""
    context = report_context(figures, meta, language=language, urls=urls)
    return render_to_string("reports/report.html", {"report": context})


def words(markup: str) -> str:
    """The text of a page without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", " ", markup))


def pdf_text(data: bytes) -> str:
    """The text of all pages, with the spaces of numbers made plain."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    return " ".join(page.extract_text() for page in reader.pages).replace("\xa0", " ")


def sheets(data: bytes) -> dict[str, list[list[Any]]]:
    """The rows of every sheet."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def numbers(value: Any) -> Iterator[float]:
    """Every number in nested figures."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, int | float):
        yield value


def chart_rows(value: Any) -> Iterator[dict[str, Any]]:
    """Every row of data in a chart's specification."""
    if isinstance(value, dict):
        if isinstance(value.get("values"), list):
            yield from value["values"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from chart_rows(part)


def withheld_figures() -> dict[str, Any]:
    """A public edition with withheld cells in every block that can have them."""
    figures = make_figures()
    figures["age_sex"][4]["female"] = None
    figures["age_sex"][5]["male"] = None
    figures["key_figures"]["unaccompanied_children"] = None
    figures["sites"][6]["present"] = None
    figures["arrivals_by_day"][3]["persons"] = None
    figures["aid_by_sector"][0]["open"] = None
    figures["flow"]["births"] = None
    return figures


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_is_on_page_paper_and_sheet(language: str) -> None:
    figures, meta = make_figures(), make_meta()
    fmt = Formatter(language)
    shown = words(page(figures, meta, language))
    printed = pdf_text(render_pdf(figures, meta, language=language))
    stored = {
        round(cell, 6)
        for rows in sheets(render_xlsx(figures, meta, language=language)).values()
        for row in rows
        for cell in row
        if isinstance(cell, int | float)
    }
    for value in set(numbers(figures)):
        text = fmt.percent(value) if value == 43.2 else fmt.number(value)
        assert text in shown, value
        text = text.replace("\xa0", " ")
        # pypdf turns runs of Persian digits round.
        assert text in printed or (fmt.persian and text[::-1] in printed), value
        assert value in stored or round(value / 100, 6) in stored, value


def test_header_states_cut_off_with_zone_period_and_next_report() -> None:
    shown = words(page(make_figures(), make_meta()))
    assert "Situation report No. 3" in shown
    assert "as of 7 July 2021, 18:00" in shown
    assert "Asia/Dushanbe (UTC+5)" in shown
    assert "from 6 July 2021, 18:00 to 7 July 2021, 18:00" in shown
    assert "on or around 8 July 2021, 18:00" in shown


def test_cut_off_in_utc_is_stated_in_the_operations_zone() -> None:
    meta = make_meta(as_of="2021-07-07T13:00:00Z")
    assert "as of 7 July 2021, 18:00" in words(page(make_figures(), meta))


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_has_at_most_three_pages_and_a_title(language: str) -> None:
    data = render_pdf(make_figures(), make_meta(exercise=True), language=language)
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert data.startswith(b"%PDF-")
    assert 1 < len(reader.pages) <= 3
    assert reader.metadata is not None
    assert reader.metadata.title is not None
    assert "Reception in Gorno-Badakhshan" in reader.metadata.title


def test_pdf_claims_pdf_ua_and_names_its_language() -> None:
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(make_figures(), make_meta(), language="fa-af")))
    assert reader.root_object["/Lang"] == "fa-AF"
    assert b"pdfuaid" in reader.root_object["/Metadata"].get_object().get_data()


def test_long_tables_are_cut_on_paper_and_say_so() -> None:
    figures = make_figures()
    figures["sites"] = [{**figures["sites"][0], "name": f"Site {i}"} for i in range(60)]
    figures["aid_delivered"] *= 40
    figures["arrivals_by_entry_point"] *= 10
    figures["arrivals_by_day"] = [
        {"date": f"2021-07-{day:02d}", "persons": day, "households": 1} for day in range(1, 31)
    ]
    data = render_pdf(figures, make_meta(), language="en")
    text = pdf_text(data)
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) <= 3
    assert "40 more rows are in the page and the spreadsheet." in text
    assert "Site 19" in text
    assert "Site 20" not in text
    assert "Site 59" in words(page(figures, make_meta()))


@pytest.mark.parametrize(("language", "starts_right"), [("en", False), ("fa-af", True)])
def test_rows_start_at_the_readers_side(language: str, starts_right: bool) -> None:
    found: list[float] = []

    def visit(text: str, cm: list[float], tm: list[float], _font: Any, _size: Any) -> None:
        if "Rushan" in text:
            found.append(cm[4] + tm[4])

    data = render_pdf(make_figures(), make_meta(), language=language)
    for sheet in pypdf.PdfReader(io.BytesIO(data)).pages:
        sheet.extract_text(visitor_text=visit)
    width = 595
    assert found
    assert all((x > width / 2) is starts_right for x in found)


def test_dari_is_right_to_left_with_persian_digits_everywhere() -> None:
    figures, meta = make_figures(), make_meta()
    markup = page(figures, meta, "fa-af")
    assert '<html lang="fa-af" dir="rtl">' in markup
    assert "۱٬۱۵۰" in markup
    assert "گزارش وضعیت شماره ۳" in markup
    assert "۷ جولای ۲۰۲۱ (۱۶ سرطان ۱۴۰۰)" in markup
    assert "1,150" not in words(markup)
    archive = zipfile.ZipFile(io.BytesIO(render_xlsx(figures, meta, language="fa-af")))
    for name in archive.namelist():
        if name.startswith("xl/worksheets/sheet"):
            assert b'rightToLeft="1"' in archive.read(name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_copied_from_the_pdf_holds_no_stray_marks(language: str) -> None:
    text = pdf_text(render_pdf(make_figures(), make_meta(), language=language))
    assert not re.findall("[\u200e\u200f\u2066-\u2069\ufffd]", text)


def test_latin_digits_can_be_kept_in_dari() -> None:
    markup = words(page(make_figures(), make_meta(digits="latin"), "fa-af"))
    assert "1,150" in markup or "1٬150" in markup
    assert "۱٬۱۵۰" not in markup


@pytest.mark.parametrize(("language", "mark"), [("en", "·"), ("ru", "·"), ("fa-af", "*")])
def test_withheld_cells_print_as_a_mark_with_a_footnote(language: str, mark: str) -> None:
    """Persian zero is a dot too, so Dari uses an asterisk."""
    figures, meta = withheld_figures(), make_meta(edition="public")
    context = report_context(figures, meta, language=language)
    assert context["footnotes"][0].startswith(mark)
    assert context["tables"]["age_sex"].rows[4][1].text == mark
    assert context["footnotes"][0] in words(page(figures, meta, language))
    rows = sheets(render_xlsx(figures, meta, language=language))
    assert any(mark in row for table in rows.values() for row in table)
    if language == "en":
        assert "fewer than 5, withheld" in pdf_text(render_pdf(figures, meta, language=language))


def test_withheld_cells_cannot_be_worked_out_from_totals_shares_or_bars() -> None:
    """A sum of which one part is withheld would give the part away by subtraction."""
    tables = report_context(withheld_figures(), make_meta(), language="en")["tables"]
    age = tables["age_sex"]
    assert age.rows[4][4].value is None, "row total"
    assert [cell.value for cell in age.total[1:]] == [None, None, 0, None]
    site = tables["sites"].rows[6]
    assert site[4].bar is None
    assert site[4].value is None
    assert site[5].level == "withheld"
    assert tables["sites"].total[2].value is None
    assert tables["sites"].total[4].value is None
    assert tables["arrivals_by_day"].total[1].value is None


def test_withheld_bars_have_one_length_and_no_number() -> None:
    figures = withheld_figures()
    fmt = Formatter("en")
    ages = {row["bracket"]: row["bracket"] for row in figures["age_sex"]}
    labels = {"fmt": fmt, "ages": ages, "female": "Female", "male": "Male"}
    spec = pyramid_spec(figures, labels, False)
    rows = [row for row in chart_rows(spec) if row.get("withheld") and "value" in row]
    assert {row["text"] for row in rows} == {"·"}
    assert {round(abs(row["value"]), 3) for row in rows} == {round(216 * 0.06, 3)}


def test_charts_speak_to_screen_readers_without_giving_withheld_figures_away() -> None:
    context = report_context(withheld_figures(), make_meta(), language="en")
    svg = context["charts"]["pyramid"]
    assert 'role="img"' in svg
    assert "<title>Population pyramid" in svg
    assert "60 and over: withheld female, 36 male" in svg
    assert "42" not in re.findall(r">(\d+)<", svg)


def test_pyramid_starts_with_the_same_sex_at_the_readers_side() -> None:
    figures = make_figures()
    ages = {row["bracket"]: row["bracket"] for row in figures["age_sex"]}
    labels = {"fmt": Formatter("en"), "ages": ages, "female": "F", "male": "M"}
    for rtl, sign in ((False, -1), (True, 1)):
        rows = list(chart_rows(pyramid_spec(figures, labels, rtl)))
        women = {row["side"] for row in rows if row["sex"] == "female" and "side" in row}
        assert women == {sign}


def test_hostile_text_stays_text_in_all_three() -> None:
    figures = make_figures()
    figures["sites"][0]["name"] = HOSTILE
    figures["arrivals_by_entry_point"][0]["name"] = HOSTILE
    figures["aid_delivered"][0].update(item=HOSTILE, agency=HOSTILE, unit=HOSTILE)
    figures["aid_by_sector"][0]["sector"] = HOSTILE
    figures["age_sex"][0]["bracket"] = HOSTILE
    meta = make_meta(
        operation_name=HOSTILE,
        prepared_by=HOSTILE,
        narrative={"highlights": [HOSTILE], "notes": HOSTILE},
    )
    markup = page(figures, meta)
    assert "<script" not in markup
    assert markup.count("&lt;script&gt;") >= 6
    printed = pdf_text(render_pdf(figures, meta, language="en"))
    assert "#let x = 1 <script>" in printed
    assert '#read("/etc/passwd")' in printed.replace("\n", " ").replace("”", '"').replace("“", '"')
    workbook = render_xlsx(figures, meta, language="en")
    assert sheets(workbook)["Sites and occupancy"][1][0] == HOSTILE
    archive = zipfile.ZipFile(io.BytesIO(workbook))
    assert not [name for name in archive.namelist() if b"<f>" in archive.read(name)]


def test_letters_that_no_font_has_do_not_stop_the_report() -> None:
    meta = make_meta(operation_name="演習 🚩 \x00\x07\u202eabc")
    data = render_pdf(make_figures(), meta, language="en")
    assert "abc" in pdf_text(data)
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) <= 3


@given(st.text(max_size=40))
@hypothesis_settings(max_examples=15, deadline=None)
def test_no_text_becomes_a_formula_or_markup(text: str) -> None:
    figures = {"key_figures": {}, "as_of": "2021-07-07", "sites": []}
    figures["arrivals_by_entry_point"] = [{"code": "X", "name": "=" + text, "persons": 1}]
    workbook = zipfile.ZipFile(io.BytesIO(render_xlsx(figures, make_meta(), language="en")))
    assert not [name for name in workbook.namelist() if b"<f>" in workbook.read(name)]
    cell = report_context(figures, make_meta(), language="en", with_charts=False)["tables"][
        "arrivals_by_entry_point"
    ].rows[0][0]
    assert cell.kind == "text"


@pytest.mark.parametrize("language", LANGUAGES)
def test_exercise_and_draft_are_marked_on_every_page(language: str) -> None:
    meta = make_meta(exercise=True, status="draft")
    context = report_context(make_figures(), meta, language=language, with_charts=False)
    markup = page(make_figures(), meta, language)
    assert context["header"]["exercise"] in markup
    assert context["header"]["draft"] in markup
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(make_figures(), meta, language=language)))
    if language == "en":
        assert all("EXERCISE" in sheet.extract_text() for sheet in reader.pages)
    assert "EXERCISE" not in page(make_figures(), make_meta())


def test_balance_that_does_not_add_up_is_said() -> None:
    figures = make_figures()
    warning = "The terms of the balance do not add up to the stock."
    assert warning not in page(figures, make_meta())
    figures["flow"]["departures"] += 1
    assert warning in page(figures, make_meta())
    assert warning in pdf_text(render_pdf(figures, make_meta(), language="en"))


def test_optional_blocks_may_be_absent() -> None:
    figures = make_figures()
    for block in ("aid_delivered", "flow", "data_quality"):
        del figures[block]
    assert "Aid delivered" not in page(figures, make_meta())
    assert "Aid delivered" not in pdf_text(render_pdf(figures, make_meta(), language="en"))
    assert "Aid delivered" not in sheets(render_xlsx(figures, make_meta(), language="en"))


def test_arrivals_can_be_crossed_by_day_and_entry_point() -> None:
    figures = make_figures()
    figures["arrivals_by_day_and_entry_point"] = [
        {"date": "2021-07-05", "code": "TEM", "name": "Tem", "persons": 234},
        {"date": "2021-07-06", "code": "RUZVAI", "name": "Ruzvai", "persons": None},
    ]
    table = report_context(figures, make_meta(), language="en")["tables"][
        "arrivals_by_day_and_entry_point"
    ]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["5 Jul", "234", "0", "234"],
        ["6 Jul", "0", "·", "·"],
    ]
    assert "234" in pdf_text(render_pdf(figures, make_meta(), language="en"))


def test_page_has_captions_scopes_and_the_links_it_was_given() -> None:
    urls = {"pdf": "/r/3.pdf", "xlsx": "/r/3.xlsx", "json": "/r/3.json", "other": "/no"}
    markup = page(make_figures(), make_meta(), urls=urls)
    assert markup.count("<table") == markup.count("<caption") == 7
    assert markup.count('scope="row"') > 20
    assert not re.findall(r"<th(?![^>]*scope)[ >]", markup)
    assert all(f'href="{urls[name]}"' in markup for name in ("pdf", "xlsx", "json"))
    assert "/no" not in markup
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', markup), "no other server is asked"
    assert " style=" not in re.sub(r"<svg.*?</svg>", "", markup, flags=re.S)


def test_threads_print_the_same_bytes() -> None:
    figures, meta = make_figures(), make_meta()
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(render_pdf, figures, meta, language="fa-af") for _ in range(3)]
        assert len({job.result() for job in jobs}) == 1


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 500))
def test_occupancy_is_over_exactly_when_more_are_taken_than_fit(
    present: int, reserved: int, capacity: int
) -> None:
    level = occupancy_level(capacity, present, reserved)
    assert (level == "over") == (present + reserved > capacity)
    assert (level == "full") == (present + reserved == capacity)
    assert (level == "available") == (present + reserved < 0.9 * capacity)


@pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: po.parents[1].name)
def test_every_word_of_the_report_is_translated(po: Path) -> None:
    with po.open("rb") as source:
        catalogue = read_po(source, locale=po.parents[1].name)
    keywords = {"_": None, "pgettext_lazy": ((1, "c"), 2)}
    found = extract_from_dir(ROOT / "reports" / "rendering", keywords=keywords)
    missing = []
    for _file, _line, message, _comments, context in found:
        entry = catalogue.get(message, context)
        if entry is None or not entry.string:
            missing.append(message)
            continue
        expected = set(re.findall(r"%\(\w+\)s", message))
        assert set(re.findall(r"%\(\w+\)s", entry.string)) == expected, message
    assert not missing


@pytest.mark.parametrize("letters", ["ғӣқӯҳҷҒӢҚӮҲҶ", "پچژگکیئؤأۀ۰۱۲۳۴۵۶۷۸۹،؛؟٪", "ټډړږښڼېۍځڅ"])
def test_fonts_draw_the_letters_of_tajik_dari_and_pashto(letters: str) -> None:
    """PDF/UA refuses a letter without a glyph, so the claim to conform proves there is none."""
    meta = make_meta(operation_name=letters)
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(make_figures(), meta, language="fa-af")))
    assert b"pdfuaid" in reader.root_object["/Metadata"].get_object().get_data()


def test_fonts_come_with_their_licence() -> None:
    names = {path.name for path in font_directory().iterdir()}
    assert "OFL.txt" in names
    assert {name for name in names if name.endswith(".woff2")} == {
        name.replace(".ttf", ".woff2") for name in names if name.endswith(".ttf")
    }
    assert "SIL OPEN FONT LICENSE Version 1.1" in (font_directory() / "OFL.txt").read_text()


def test_svg_title_is_escaped() -> None:
    figures = make_figures()
    ages = {row["bracket"]: "<b>&" for row in figures["age_sex"]}
    labels = {"fmt": Formatter("en"), "ages": ages, "female": "<script>", "male": "M"}
    svg = render_svg(pyramid_spec(figures, labels, False), title="<i>", description="&")
    assert "<script>" not in svg
    assert "<title>&lt;i&gt;</title><desc>&amp;</desc>" in svg
