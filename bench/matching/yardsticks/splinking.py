"""Splink over one folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from bench.matching.yardsticks.files import LEAST, write_pairs, write_summary
from bench.matching.yardsticks.plans import Plan

SEED = 2
# What the example takes for the recall of its deterministic rules.
RECALL = 0.9


def run(folder: Path, plan: Plan, threads: int) -> None:
    """Train without the truth, predict, and write what was found."""
    began = time.perf_counter()
    con = duckdb.connect()
    # One thread: sampling with a seed is only then the same in every run.
    con.execute(f"SET threads = {threads}")
    con.execute(f"SET temp_directory = '{folder / 'spill'}'")
    con.execute(
        "CREATE TABLE records AS"
        " SELECT * FROM read_csv(?, all_varchar = true, header = true, nullstr = '')",
        [str(folder / "records.csv")],
    )
    linker = trained(DuckDBAPI(connection=con).register(con.table("records")), plan)
    blocked = linker.inference.compute_blocked_pairs_for_predict()
    candidates, true = _counted(con, blocked.physical_name, plan, folder)
    found = linker.inference.predict(threshold_match_probability=LEAST)
    columns = "id_l, id_r, match_probability, match_weight"
    rows = con.table(found.physical_name).project(columns).order(columns).fetchall()
    write_pairs(folder, rows)
    write_summary(
        folder, candidates=candidates, true=true, seconds=round(time.perf_counter() - began, 1)
    )


def trained(records: Any, plan: Plan) -> Any:
    """A linker with its parameters estimated from the records alone."""
    linker = Linker(records, settings(plan), log_level="ERROR")
    rules = [rule(plan, fields) for fields in plan.deterministic]
    if plan.swapped:
        first, last = plan.names
        rules.append(
            f"l.{first} = r.{last} and l.{last} = r.{first} and l.{plan.birth} = r.{plan.birth}"
        )
    training = linker.training
    training.estimate_probability_two_random_records_match(rules, recall=RECALL)
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=SEED)
    for fields in plan.trained_on:
        training.estimate_parameters_using_expectation_maximisation(rule(plan, fields))
    return linker


def rule(plan: Plan, fields: tuple[str, ...]) -> Any:
    """Pairs that agree in all the fields, and are not of one group that is known to be apart."""
    if not plan.apart:
        return block_on(*fields)
    equal = " AND ".join(f"l.{name} = r.{name}" for name in fields)
    return f"{equal} AND l.{plan.apart} <> r.{plan.apart}"


def settings(plan: Plan) -> SettingsCreator:
    """The comparisons of Splink's febrl3 example for the plan's fields."""
    comparisons: list[Any] = [cl.NameComparison(name) for name in plan.names]
    comparisons.append(
        cl.DateOfBirthComparison(plan.birth, input_is_string=True, datetime_format=plan.date_format)
    )
    comparisons += [cl.DamerauLevenshteinAtThresholds(name, [2]) for name in plan.numbers]
    comparisons += [cl.ExactMatch(name) for name in plan.exact]
    comparisons += [
        cl.ExactMatch(name).configure(term_frequency_adjustments=True) for name in plan.weighed
    ]
    return SettingsCreator(
        unique_id_column_name="id",
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[rule(plan, fields) for fields in plan.blocks],
        comparisons=comparisons,
    )


def _counted(
    con: duckdb.DuckDBPyConnection, blocked: str, plan: Plan, folder: Path
) -> tuple[int, int]:
    """How many pairs (of groups, where there are any) blocking found, and how many are true."""
    con.execute(
        "CREATE TEMP TABLE truth AS SELECT * FROM read_csv(?, all_varchar = true, header = false,"
        " names = ['a', 'b'])",
        [str(folder / "truth.csv")],
    )
    con.table(blocked).create_view("blocked")
    con.table("records").project(f"id, {plan.apart or 'id'} AS home").create("homes")
    con.execute(
        "CREATE TEMP TABLE found AS"
        " SELECT DISTINCT least(l.home, r.home) AS a, greatest(l.home, r.home) AS b FROM blocked"
        " JOIN homes l ON l.id = join_key_l JOIN homes r ON r.id = join_key_r"
    )
    (candidates,) = con.sql("SELECT count(*) FROM found").fetchall()[0]
    (true,) = con.sql(
        "SELECT count(*) FROM found f JOIN truth t"
        " ON f.a = least(t.a, t.b) AND f.b = greatest(t.a, t.b)"
    ).fetchall()[0]
    return candidates, true
