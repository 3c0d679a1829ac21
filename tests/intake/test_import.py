"""Importing spreadsheets: formats, words in five languages, refused rows and their return."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter
from django.utils import translation
from python_calamine import CalamineWorkbook

from accounts.models import User
from audit.models import AccessRecord, Event
from common.errors import InvalidInput, NotPermitted
from intake.choices import ExitReason, ImportStatus
from intake.imports import batches, import_spreadsheet, refused_rows_file
from intake.imports.vocabulary import states_handover
from intake.models import Household, ImportBatch, ImportRow, Person, ScreeningOutcome
from tests.factories.desk import COLUMNS, ROW, make_entry_points, sheet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def entry_points(operation: Any) -> None:
    """The crossings."""
    make_entry_points()


def run(actor: User, rows: list[dict[str, Any]], **how: Any) -> ImportBatch:
    """Import rows as a CSV file."""
    return import_spreadsheet(actor=actor, filename="x.csv", content=sheet(rows, **how))


def problems(batch: ImportBatch) -> list[tuple[int, str, str]]:
    """Row, field and code of everything that was refused."""
    return [
        (row.number, problem["field"], problem["code"])
        for row in batch.refused_rows.all()
        for problem in row.problems
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_csv_is_read(alice: User, delimiter: str, encoding: str) -> None:
    batch = run(alice, [{"name": "Зарғуна", "sex": "زن"}], delimiter=delimiter, encoding=encoding)
    assert problems(batch) == []
    assert Person.objects.get().identity.open().name == "Зарғуна"


@pytest.mark.parametrize(
    ("encoding", "name", "sex"),
    [("cp1251", "Саидова Мария", "женщина"), ("cp1256", "محمد", "مذكر")],
)
def test_old_code_pages_are_read(alice: User, encoding: str, name: str, sex: str) -> None:
    batch = run(alice, [{"name": name, "father_name": name, "sex": sex}], encoding=encoding)
    assert problems(batch) == []
    assert Person.objects.get().identity.open().name == name


def workbook(rows: list[dict[str, Any]]) -> bytes:
    """An Excel workbook with a cover sheet, numbers as numbers."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet("Cover").write(0, 0, "Arrivals")
        page = book.add_worksheet("Data")
        page.write_row(0, 0, COLUMNS)
        for number, row in enumerate(rows, 1):
            page.write_row(number, 0, [{**ROW, **row}.get(column, "") for column in COLUMNS])
    return file.getvalue()


def test_a_workbook_is_read_with_numbers_as_typed(alice: User) -> None:
    content = workbook([{"birth": 1360, "household_no": 7, "phone": "+93700000001"}])
    batch = import_spreadsheet(actor=alice, filename="x.xlsx", content=content)
    assert problems(batch) == []
    person = Person.objects.get()
    assert person.identity.open().birth_text == "1360"
    assert str(person.birth_earliest) == "1981-03-21"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n", "file_empty"),
        (b"household_no,name\n", "file_empty"),
        (b"PK\x03\x04 not a workbook", "file_unreadable"),
        (bytes(range(256)) * 8, "file_unreadable"),
        (b"one,two\n1,2\n", "columns_missing"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_whole(alice: User, content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        import_spreadsheet(actor=alice, filename="x", content=content)
    assert caught.value.code == code
    assert not ImportBatch.objects.exists()


def test_headers_and_words_in_dari_and_russian(alice: User) -> None:
    dari = "نمبر خانوار,زمان ورود,محل ورود,نام,جنس,تاریخ تولد,نسبت,تابعیت,نیازهای خاص\n"
    dari += "۱,۱۴۰۰/۰۴/۱۴ 08:21,تیم,شبنم,زن,۱۳۶۰,همسر,افغانستان,حامله\n"
    russian = "Номер семьи;Дата прибытия;Пункт въезда;ФИО;Пол;Возраст;Родство;Особые потребности\n"
    russian += "1;05.07.2021 08:21;Тем ;Фарҳод;муж;35;сын;диабет, коляска\n"
    for text in (dari, russian):
        content = text.encode()
        batch = import_spreadsheet(actor=alice, filename="x", content=content)
        assert problems(batch) == []
    woman, man = Person.objects.order_by("sex")
    assert {(woman.sex, woman.relationship, woman.nationality_id), (man.sex, man.relationship)} == {
        ("F", "spouse", "AFG"),
        ("M", "child"),
    }
    assert woman.arrived_at == man.arrived_at
    assert set(woman.needs.exclude(status="suggested").values_list("type", flat=True)) == {"PG-HR"}
    assert set(man.needs.exclude(status="suggested").values_list("type", flat=True)) == {
        "SM-CI",
        "DS-PM",
    }


def test_a_bad_row_is_refused_alone_with_every_problem(alice: User) -> None:
    bad = {"name": " ", "sex": "?7", "birth": "soon", "specific_needs": "dragon", "phone": "12"}
    batch = run(alice, [{"name": "Amir"}, bad, {"name": "Zia", "relationship": "son"}])
    assert sorted(problems(batch)) == [
        (3, "birth", "unreadable"),
        (3, "name", "required"),
        (3, "phone", "unreadable"),
        (3, "sex", "unreadable"),
        (3, "specific_needs", "unknown"),
    ]
    assert (batch.rows, batch.persons, batch.refused, batch.households_count) == (3, 2, 1, 1)
    row = ImportRow.objects.get()
    assert b"dragon" not in bytes(
        ImportRow.objects.extra(select={"raw": "values"}).values_list("raw", flat=True)[0]
    )
    assert "dragon" in row.values["cells"]
    assert "dragon" not in str(row.problems)


def test_rows_of_one_household_must_agree_about_the_arrival(alice: User) -> None:
    other = {"name": "Zia", "arrived_at": "2021-07-06 05:26", "relationship": "son"}
    batch = run(alice, [{"name": "Amir"}, {"name": "Sara", "relationship": "wife"}, other])
    assert problems(batch) == [(4, "arrived_at", "differs")]


def test_two_heads_are_no_reason_to_refuse(alice: User) -> None:
    batch = run(alice, [{"name": "Amir", "birth": "1320"}, {"name": "Sara", "sex": "f"}])
    assert batch.refused == 0
    assert Person.objects.filter(is_focal_point=True).count() == 1


def test_only_at_entry_points_of_ones_own(bob: User) -> None:
    batch = run(bob, [{"name": "Amir"}, {"household_no": "2", "entry_point": "Ruzvai"}])
    assert problems(batch) == [(3, "entry_point", "not_permitted")]


@pytest.mark.parametrize("who", ["omar", "carol", "dana"])
def test_nobody_else_imports(who: str, request: pytest.FixtureRequest) -> None:
    actor = request.getfixturevalue(who)
    with pytest.raises(NotPermitted):
        run(actor, [{}])
    assert not ImportBatch.objects.exists()
    assert not Household.objects.exists()


def test_a_crash_in_the_middle_is_continued_without_doubles(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"household_no": str(n), "name": f"Amir {n}"} for n in range(6)]
    rows.append({"household_no": "9", "name": ""})
    monkeypatch.setattr(batches, "HOUSEHOLDS_AT_ONCE", 2)
    real = batches.register_many
    calls = []

    def breaks(**kwargs: Any) -> Any:
        calls.append(kwargs)
        if len(calls) == 3:
            raise RuntimeError("the power went")
        return real(**kwargs)

    monkeypatch.setattr(batches, "register_many", breaks)
    with pytest.raises(RuntimeError):
        run(alice, rows)
    batch = ImportBatch.objects.get()
    assert (batch.status, batch.persons) == (ImportStatus.RECEIVED, 4)
    again = run(alice, rows)
    assert (again.pk, again.status, again.persons, again.refused) == (batch.pk, "done", 6, 1)
    assert Person.objects.count() == Household.objects.count() == 6
    assert ImportRow.objects.count() == 1
    assert Event.objects.filter(kind="import.done").count() == 1


def corrected(content: bytes, **changes: str) -> bytes:
    """The file of refused rows with cells changed, as a spreadsheet program would save it."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    table = book.get_sheet_by_index(0).to_python()
    for line in table[1:]:
        for column, value in changes.items():
            line[table[0].index(column)] = value
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False}
    with xlsxwriter.Workbook(file, options) as saved:
        page = saved.add_worksheet()
        for number, line in enumerate(table):
            page.write_row(number, 0, line)
    return file.getvalue()


def test_a_corrected_row_joins_its_household(alice: User) -> None:
    first = run(
        alice,
        [
            {"name": "Amir"},
            {"name": "Sara", "relationship": "wife", "sex": "?7", "phone": "+99200"},
        ],
    )
    with translation.override("en"):
        file = refused_rows_file(first, user=alice)
    second = import_spreadsheet(
        actor=alice, filename="y.xlsx", content=corrected(file, sex="f", phone="+992001234")
    )
    assert problems(second) == []
    assert (second.rows, second.persons, second.refused) == (1, 1, 0)
    household = Household.objects.get()
    assert household.members.count() == 2
    assert first.refused_rows.get().corrected_in == second


def test_a_row_that_is_still_wrong_comes_back_once_more(alice: User) -> None:
    first = run(alice, [{"name": "Amir"}, {"name": "Sara", "relationship": "wife", "sex": "?7"}])
    file = refused_rows_file(first, user=alice)
    second = import_spreadsheet(actor=alice, filename="y", content=corrected(file, sex="?8"))
    assert problems(second) == [(2, "sex", "unreadable")]
    header = csv_lines(refused_rows_file(second, user=alice, kind="csv"))[0]
    assert len(header) == len(set(header))
    third = import_spreadsheet(
        actor=alice,
        filename="z",
        content=corrected(refused_rows_file(second, user=alice), sex="f"),
    )
    assert third.persons == 1
    assert Household.objects.get().members.count() == 2


def csv_lines(content: bytes) -> list[list[str]]:
    """The cells of a CSV file."""
    import csv

    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_exported_cells_are_no_formulas_and_come_back_as_they_were(alice: User) -> None:
    evil = '=HYPERLINK("http://x")'
    batch = run(alice, [{"name": evil, "sex": "?7", "phone": "+93700000001"}])
    header, line = csv_lines(refused_rows_file(batch, user=alice, kind="csv"))
    assert line[header.index("name")] == f"'{evil}"
    assert line[header.index("phone")] == "'+93700000001"
    file = refused_rows_file(batch, user=alice)
    import_spreadsheet(actor=alice, filename="y", content=corrected(file, sex="m"))
    assert Person.objects.get().identity.open().name == evil


def test_problems_are_in_the_users_language_and_the_export_is_recorded(alice: User) -> None:
    batch = run(alice, [{"sex": "?7"}])
    header, line = csv_lines(refused_rows_file(batch, user=alice, kind="csv"))
    assert line[header.index("problem_fields")] == "sex"
    assert "sex cannot be read" in line[header.index("problem")]
    assert AccessRecord.objects.filter(user=alice, action="export", subject_id=batch.pk).exists()


def test_others_do_not_get_the_refused_rows(alice: User, bob: User, omar: User) -> None:
    batch = run(alice, [{"sex": "?7"}])
    for other in (bob, omar):
        with pytest.raises(NotPermitted):
            refused_rows_file(batch, user=other)


HANDED_OVER = [
    "border guard in uniform, rifle handed over, to border service",
    "Передан пограничной службе",
    "به مرزبانی تسلیم شد",
    "ба хадамоти сарҳадӣ супорида шуд",
]


@pytest.mark.parametrize("remark", HANDED_OVER)
def test_a_stated_handover_separates(alice: User, remark: str) -> None:
    run(alice, [{"remarks": remark}])
    person = Person.objects.get()
    assert person.exit_reason == ExitReason.SEPARATED
    assert ScreeningOutcome.objects.get().sealed["remarks"] == remark
    assert person.identity.open().notes == ""


@pytest.mark.parametrize(
    "remark", ["was a soldier years ago", "not handed over to border service", "has a rifle"]
)
def test_a_hint_alone_separates_nobody(alice: User, remark: str) -> None:
    run(alice, [{"remarks": remark}])
    person = Person.objects.get()
    assert person.left_at is None
    assert person.identity.open().notes == ""
    assert ScreeningOutcome.objects.get().sealed["to_review"] is True


def test_a_possible_child_is_never_separated(alice: User) -> None:
    run(alice, [{"remarks": HANDED_OVER[0], "birth": "about 17"}])
    person = Person.objects.get()
    assert person.left_at is None
    assert person.identity.open().notes == ""
    assert ScreeningOutcome.objects.count() == 1


def test_an_ordinary_remark_is_a_note(alice: User) -> None:
    run(alice, [{"remarks": "has two goats"}])
    assert Person.objects.get().identity.open().notes == "has two goats"
    assert not ScreeningOutcome.objects.exists()


def test_handover_words() -> None:
    assert all(states_handover(remark) for remark in HANDED_OVER)
    assert not states_handover("rifle handed over")
