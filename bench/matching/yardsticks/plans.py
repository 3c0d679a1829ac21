"""What is compared: the fields of each plan, for both yardsticks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Fields by how they are compared, and the groups of fields by which pairs are found.

    `names` by likeness of strings, `exact` by equality, `weighed` by equality with the frequency
    of the value, `numbers` by at most two slips. `birth` holds dates written as `date_format`.
    `blocks` are SQL expressions of one record or fields; `deterministic` are blocks that hardly
    ever join two different records, and `trained_on` those within which EM is run, as in
    Splink's example.
    """

    names: tuple[str, ...]
    birth: str
    date_format: str
    blocks: tuple[tuple[str, ...], ...]
    deterministic: tuple[tuple[str, ...], ...]
    trained_on: tuple[tuple[str, ...], ...]
    numbers: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    weighed: tuple[str, ...] = ()
    swapped: bool = False  # given name and surname may have changed places
    # Records of one group are known to be different persons and are never paired.
    apart: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that are compared."""
        return (*self.names, self.birth, *self.numbers, *self.exact, *self.weighed)


_FEBRL_WHOLE = ("given_name", "surname", "date_of_birth")
PLANS = {
    # The fields that Panah has as well.
    "febrl": Plan(
        names=("given_name", "surname"),
        birth="date_of_birth",
        date_format="%Y%m%d",
        blocks=(("given_name",), ("surname",), ("date_of_birth",)),
        deterministic=(_FEBRL_WHOLE,),
        trained_on=(("date_of_birth",), ("surname",)),
        swapped=True,
    ),
    "febrl-document": Plan(
        names=("given_name", "surname"),
        birth="date_of_birth",
        date_format="%Y%m%d",
        numbers=("soc_sec_id",),
        blocks=(("soc_sec_id",), ("given_name",), ("surname",), ("date_of_birth",)),
        deterministic=(("soc_sec_id",), _FEBRL_WHOLE),
        trained_on=(("date_of_birth",), ("surname",)),
        swapped=True,
    ),
    # Splink's example to the letter: with an address, which Panah does not ask for.
    "febrl-all": Plan(
        names=("given_name", "surname"),
        birth="date_of_birth",
        date_format="%Y%m%d",
        numbers=("soc_sec_id",),
        weighed=("street_number", "postcode"),
        blocks=(("soc_sec_id",), ("given_name",), ("surname",), ("date_of_birth",), ("postcode",)),
        deterministic=(("soc_sec_id",), _FEBRL_WHOLE),
        trained_on=(("date_of_birth",), ("postcode",)),
        swapped=True,
    ),
    # Persons of a generated population. Names alone are too common to find pairs by.
    "population": Plan(
        names=("name", "father"),
        birth="birth",
        date_format="%Y-%m-%d",
        numbers=("document",),
        exact=("sex", "phone"),
        weighed=("origin",),
        blocks=(
            ("document",),
            ("phone", "sex", "birth_year"),
            ("name", "father"),
            ("name", "birth_year"),
            ("name_start", "birth_year", "sex"),
            ("father_start", "birth_year", "sex"),
            ("name_start", "father_start", "sex"),
        ),
        deterministic=(("document",), ("name", "father", "birth_year")),
        trained_on=(("name", "father"), ("birth", "sex")),
        apart="household",
    ),
}
