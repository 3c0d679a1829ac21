"""Running a yardstick in its own environment, and reading what it found."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.matching.scores import Pair, pair_of

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-bench" / "bin" / "python"
# Each tool's own threshold: more likely than not. For recordlinkage's guide, which has no
# probabilities, the same number says that more than half of the fields agree.
NATURAL = 0.5


@dataclass(frozen=True)
class Linked:
    """What a yardstick found: pairs with a score (log odds), and those above its own threshold.

    `candidates` is how many pairs it compared, `true` how many of those are true; `memory` in MiB.
    """

    scored: dict[Pair, float]
    offered: set[Pair]
    candidates: int
    true: int
    seconds: float
    memory: int


def run(tool: str, plan: str, folder: Path, threads: int = 1) -> Linked:
    """Link `records.csv` of a folder. Raises CalledProcessError with the tool's own words."""
    _call("run", tool, plan, str(folder), "--threads", str(threads))
    scored, offered = {}, set()
    with (folder / "pairs.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            pair = pair_of(row["left"], row["right"])
            scored[pair] = float(row["weight"])
            if float(row["probability"]) > NATURAL:
                offered.add(pair)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return Linked(scored, offered, **summary)


def export_febrl(folder: Path) -> None:
    """Have the FEBRL data sets written into the folder."""
    _call("febrl", str(folder))


def write_records(
    folder: Path, records: Sequence[Mapping[str, str]], truth: Iterable[Pair]
) -> None:
    """What a yardstick reads."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "records.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(sorted(truth))


def read_records(folder: Path) -> list[dict[str, str]]:
    """The records of a folder, as text."""
    with (folder / "records.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_truth(folder: Path) -> set[Pair]:
    """The true pairs of a folder."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        return {pair_of(*row) for row in csv.reader(file)}


def _call(*arguments: str) -> None:
    if not PYTHON.exists():
        raise RuntimeError("the yardsticks are not installed: run `make bench`")
    subprocess.run(
        [str(PYTHON), "-m", "bench.matching.yardsticks", *arguments],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
