"""The report's tables, laid out once for page, paper and workbook."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reports.rendering import labels
from reports.rendering.formats import Formatter, clean, parse_moment, total, zone_of

Figures = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One cell: ``text`` as printed, ``value`` as stored in a workbook.

    ``kind`` is ``text``, ``number``, ``percent``, ``suppressed`` or ``status``. ``bar`` holds the
    present and reserved shares of a site's capacity, in per cent and together at most 100.
    """

    text: str
    value: str | float | None
    kind: str = "text"
    bar: tuple[float, float] | None = None
    level: str = ""


@dataclass(frozen=True)
class Column:
    """A column heading; ``numeric`` columns are set to the end of the cell."""

    label: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table with a caption. The first cell of a row names the row."""

    key: str
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    total: list[Cell] = field(default_factory=list)
    note: str = ""

    @property
    def suppressed(self) -> bool:
        """True when a cell of the table is withheld."""
        return any(cell.kind == "suppressed" for row in [*self.rows, self.total] for cell in row)


def text_cell(value: Any) -> Cell:
    """A cell of text that somebody may have typed."""
    text = clean(value)
    return Cell(text, text)


def number_cell(fmt: Formatter, value: Any) -> Cell:
    """A count or quantity; ``None`` is withheld."""
    if value is None:
        return Cell(fmt.number(None), None, "suppressed")
    return Cell(fmt.number(value), value, "number")


def percent_cell(fmt: Formatter, value: float | None) -> Cell:
    """A share in per cent; ``None`` is withheld."""
    if value is None:
        return Cell(fmt.percent(None), None, "suppressed")
    return Cell(fmt.percent(value), value / 100, "percent")


def _columns(*names: str, text: Sequence[str] = ()) -> list[Column]:
    return [Column(str(labels.COLUMNS[name]), name not in text) for name in names]


def _title(key: str) -> str:
    return str(labels.TITLES[key])


def _share(part: Any, whole: Any) -> float | None:
    if part is None or not whole:
        return None
    return float(part) * 100 / float(whole)


def code_label(known: dict[str, Any], code: Any) -> str:
    """The translated label of a code, or the code itself when the report does not know it."""
    return str(known[code]) if code in known else clean(code).replace("_", " ")


def bracket_label(fmt: Formatter, bracket: str) -> str:
    """``5-11`` as the readers write a range of ages, ``60+`` as "60 and over"."""
    if bracket == "unknown":
        return str(labels.AGE_UNKNOWN)
    low, dash, high = clean(bracket).partition("-")
    if dash:
        return fmt.native(str(labels.AGE_RANGE) % {"low": low, "high": high})
    if low.endswith("+"):
        return fmt.native(str(labels.AGE_FROM) % {"low": low[:-1]})
    return low


def arrivals_by_day(figures: Figures, meta: Figures, fmt: Formatter) -> Table:
    """Persons and households a day, with the sum when nothing in it is withheld."""
    rows = figures.get("arrivals_by_day") or []
    cells = [
        [
            day_cell(fmt, row["date"], meta),
            number_cell(fmt, row.get("persons")),
            number_cell(fmt, row.get("households")),
        ]
        for row in rows
    ]
    sums = [total(row.get(name) for row in rows) for name in ("persons", "households")]
    return Table(
        "arrivals_by_day",
        _title("arrivals_by_day"),
        _columns("date", "persons", "households", text=("date",)),
        cells,
        _total_row(fmt, sums) if len(rows) > 1 else [],
    )


def day_cell(fmt: Formatter, value: Any, meta: Figures) -> Cell:
    """A day in words; the workbook gets the ISO date."""
    day = parse_moment(value, zone_of(meta))
    return Cell(fmt.day(day, year=False), day.isoformat()[:10]) if day else text_cell(value)


def _total_row(fmt: Formatter, sums: Sequence[Any]) -> list[Cell]:
    return [text_cell(labels.COLUMNS["total"]), *(number_cell(fmt, value) for value in sums)]


def arrivals_by_entry_point(figures: Figures, meta: Figures, fmt: Formatter) -> Table:
    """Persons by entry point, with their share of all arrivals."""
    rows = figures.get("arrivals_by_entry_point") or []
    whole = total(row.get("persons") for row in rows)
    cells = [
        [
            text_cell(row.get("name") or row.get("code")),
            number_cell(fmt, row.get("persons")),
            percent_cell(fmt, _share(row.get("persons"), whole)),
        ]
        for row in rows
    ]
    return Table(
        "arrivals_by_entry_point",
        _title("arrivals_by_entry_point"),
        _columns("entry_point", "persons", "share", text=("entry_point",)),
        cells,
        [*_total_row(fmt, [whole]), percent_cell(fmt, _share(whole, whole))]
        if len(rows) > 1
        else [],
    )


def arrivals_by_day_and_entry_point(figures: Figures, meta: Figures, fmt: Formatter) -> Table:
    """A row a day, a column for each entry point; a pair that is not listed had no arrivals."""
    rows = figures["arrivals_by_day_and_entry_point"]
    points = {row["code"]: row.get("name") or row["code"] for row in rows}
    counts = {(str(row["date"])[:10], row["code"]): row.get("persons") for row in rows}
    cells = []
    for day in sorted({day for day, _code in counts}):
        values = [counts.get((day, code), 0) for code in points]
        cells.append(
            [
                day_cell(fmt, day, meta),
                *(number_cell(fmt, value) for value in values),
                number_cell(fmt, total(values)),
            ]
        )
    sums = [total(row.get("persons") for row in rows if row["code"] == code) for code in points]
    return Table(
        "arrivals_by_day_and_entry_point",
        _title("arrivals_by_day_and_entry_point"),
        [
            *_columns("date", text=("date",)),
            *(Column(clean(name), True) for name in points.values()),
            *_columns("total"),
        ],
        cells,
        _total_row(fmt, [*sums, total(sums)]),
    )


def age_sex(figures: Figures, meta: Figures, fmt: Formatter) -> Table:
    """Age brackets by sex. A sum with a withheld part is withheld too."""
    rows = figures.get("age_sex") or []
    sexes = ("female", "male", "other")
    cells = []
    for row in rows:
        values = [row.get(sex) for sex in sexes]
        label = bracket_label(fmt, str(row["bracket"]))
        numbers = [number_cell(fmt, value) for value in [*values, total(values)]]
        cells.append([text_cell(label), *numbers])
    sums = [total(row.get(sex) for row in rows) for sex in sexes]
    return Table(
        "age_sex",
        _title("age_sex"),
        _columns("age", *sexes, "total", text=("age",)),
        cells,
        _total_row(fmt, [*sums, total(sums)]),
    )


def occupancy_level(capacity: Any, present: Any, reserved: Any) -> str:
    """``available``, ``nearly_full`` (90 % or more taken), ``full``, ``over`` or not known."""
    if present is None or reserved is None:
        return "withheld"
    if not capacity:
        return "unknown"
    taken = present + reserved
    if taken > capacity:
        return "over"
    if taken == capacity:
        return "full"
    return "nearly_full" if taken * 10 >= capacity * 9 else "available"


def _occupancy_cells(row: Figures, fmt: Formatter) -> list[Cell]:
    capacity, present, reserved = (row.get(key) for key in ("capacity", "present", "reserved"))
    level = occupancy_level(capacity, present, reserved)
    status = str(labels.OCCUPANCY[level])
    share = _share(present, capacity)
    if level in ("withheld", "unknown") or share is None:
        occupancy = (
            Cell(fmt.percent(None), None, "suppressed") if level == "withheld" else (text_cell("–"))
        )
    else:
        solid = min(share, 100.0)
        held = min((_share(reserved, capacity) or 0.0), 100.0 - solid)
        bar = (round(solid, 1), round(held, 1))
        occupancy = replace(percent_cell(fmt, share), bar=bar, level=level)
    return [occupancy, Cell(status, status, "status", level=level)]


def sites(figures: Figures, meta: Figures, fmt: Formatter) -> Table:
    """Each site's capacity, persons present, places reserved, and occupancy with its status."""
    rows = figures.get("sites") or []
    names = ["capacity", "present", "reserved"]
    if any("free" in row for row in rows):
        names.append("free")
    cells = [
        [
            text_cell(row.get("name") or row.get("code")),
            *(number_cell(fmt, row.get(name)) for name in names),
            *_occupancy_cells(row, fmt),
        ]
        for row in rows
    ]
    sums = {name: total(row.get(name) for row in rows) for name in names}
    share = _share(sums["present"], sums["capacity"])
    return Table(
        "sites",
        _title("sites"),
        _columns("site", *names, "occupancy", "status", text=("site", "occupancy", "status")),
        cells,
        [*_total_row(fmt, list(sums.values())), percent_cell(fmt, share), text_cell("")]
        if len(rows) > 1
        else [],
        str(labels.PHRASES["occupancy"]),
    )


def aid_by_sector(figures: Figures, meta: Figures, fmt: Formatter) -> Table:
    """Requests open, overdue and fulfilled, and persons reached, by sector.

    The sectors' persons are not added up: one person may be reached by several.
    """
    names = ("open", "overdue", "fulfilled", "persons_reached")
    cells = [
        [
            text_cell(code_label(labels.SECTORS, row["sector"])),
            *(number_cell(fmt, row.get(name)) for name in names),
        ]
        for row in figures.get("aid_by_sector") or []
    ]
    return Table(
        "aid_by_sector",
        _title("aid_by_sector"),
        _columns("sector", *names, text=("sector",)),
        cells,
        note=str(labels.PHRASES["reached"]),
    )


def aid_delivered(figures: Figures, meta: Figures, fmt: Formatter) -> Table:
    """What was delivered, by whom, to how many."""
    cells = [
        [
            text_cell(row.get("item")),
            text_cell(code_label(labels.SECTORS, row.get("sector"))),
            number_cell(fmt, row.get("quantity")),
            text_cell(code_label(labels.UNITS, row.get("unit"))),
            text_cell(row.get("agency")),
            number_cell(fmt, row.get("households_reached")),
            number_cell(fmt, row.get("persons_reached")),
        ]
        for row in figures["aid_delivered"]
    ]
    texts = ("item", "sector", "unit", "agency")
    return Table(
        "aid_delivered",
        _title("aid_delivered"),
        _columns(
            *("item", "sector", "quantity", "unit", "agency"),
            *("households_reached", "persons_reached"),
            text=texts,
        ),
        cells,
    )


def data_quality(figures: Figures, meta: Figures, fmt: Formatter) -> Table:
    """How far the figures can be trusted."""
    block = figures["data_quality"]
    cells = [
        [
            text_cell(label),
            percent_cell(fmt, block[key]) if key.endswith("_pct") else number_cell(fmt, block[key]),
        ]
        for key, label in labels.DATA_QUALITY.items()
        if key in block
    ]
    return Table(
        "data_quality",
        _title("data_quality"),
        _columns("figure", "value", text=("figure",)),
        cells,
    )


Builder = Callable[[Figures, Figures, Formatter], Table]
ALWAYS: tuple[Builder, ...] = (
    arrivals_by_day,
    arrivals_by_entry_point,
    age_sex,
    sites,
    aid_by_sector,
)
WHEN_PRESENT: tuple[Builder, ...] = (arrivals_by_day_and_entry_point, aid_delivered, data_quality)


def build_tables(figures: Figures, meta: Figures, fmt: Formatter) -> dict[str, Table]:
    """Every table of the report by its key; optional blocks only when the figures hold them."""
    builders = [*ALWAYS, *(build for build in WHEN_PRESENT if figures.get(build.__name__))]
    return {build.__name__: build(figures, meta, fmt) for build in builders}
