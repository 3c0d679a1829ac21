"""Domain errors beside the fields of a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import forms

from common.errors import DomainError, FieldProblem


def add_domain_error(
    form: forms.BaseForm,
    error: DomainError,
    *,
    rows: Mapping[str, Sequence[forms.BaseForm]] | None = None,
    fields: Mapping[str, str] | None = None,
) -> None:
    """Put every problem of `error` beside the field it is about, or on top of the form.

    `rows` gives, for a list in the input (`members`), the forms in the order in which they were
    handed to the service, so that `members.2.birth` lands in the third of them. `fields` renames
    paths of the service to fields of the form (`{"arrival.entry_point": "entry_point"}`).
    """
    if not error.problems:
        form.add_error(None, str(error.message))
    for problem in error.problems:
        _place(form, problem, rows or {}, fields or {})


def _place(
    form: forms.BaseForm,
    problem: FieldProblem,
    rows: Mapping[str, Sequence[forms.BaseForm]],
    fields: Mapping[str, str],
) -> None:
    detail = str(problem.detail)
    path = problem.field
    listed, _, rest = path.partition(".")
    index, _, inner = rest.partition(".")
    if listed in rows and index.isdecimal() and int(index) < len(rows[listed]):
        row = rows[listed][int(index)]
        row.add_error(_field_of(row, inner, fields), detail)
        return
    name = _field_of(form, path, fields)
    form.add_error(name, detail if name or not path else f"{path}: {detail}")


def _field_of(form: forms.BaseForm, path: str, fields: Mapping[str, str]) -> str | None:
    """The form's field for a path: renamed, the same, its first or its last part, or none."""
    for name in (fields.get(path, path), path.split(".")[0], path.split(".")[-1]):
        if name in form.fields:
            return name
    return None


def mark_errors(*forms_shown: forms.BaseForm) -> None:
    """Tell assistive technology which fields are wrong, and where that is said."""
    for form in forms_shown:
        for bound in form:
            if bound.errors:
                bound.field.widget.attrs["aria-invalid"] = "true"
                bound.field.widget.attrs["aria-describedby"] = f"{bound.auto_id}_error"
