"""The folder through which the two environments speak.

`records.csv` and `truth.csv` (pairs of ids) come in; `pairs.csv` (two ids, probability, weight)
and `summary.json` (candidates, those of them that are true, seconds, memory) go out.
"""

from __future__ import annotations

import csv
import json
import resource
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Pairs less likely than this are not written: neither a queue nor a best threshold needs them.
LEAST = 0.001


def write_pairs(folder: Path, pairs: Iterable[tuple[str, str, float, float]]) -> None:
    """Scored pairs; of ids, the smaller first."""
    with (folder / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("left", "right", "probability", "weight"))
        for left, right, probability, weight in pairs:
            row = (min(left, right), max(left, right))
            writer.writerow((*row, f"{probability:.6f}", f"{weight:.4f}"))


def write_summary(folder: Path, **values: Any) -> None:
    """What is not a pair; `memory` is the most that was in use, in MiB."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    text = json.dumps({**values, "memory": memory}, indent=1)
    (folder / "summary.json").write_text(text, encoding="utf-8")


def read_truth(folder: Path) -> set[tuple[str, str]]:
    """True pairs, the smaller id first."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        return {(min(row), max(row)) for row in map(tuple, csv.reader(file))}
