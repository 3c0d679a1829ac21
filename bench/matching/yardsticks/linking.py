"""recordlinkage over one folder."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pandas as pd
import recordlinkage
from recordlinkage.index import Block

from bench.matching.yardsticks.files import LEAST, read_truth, write_pairs, write_summary
from bench.matching.yardsticks.plans import Plan

# The guide's threshold of two strings that are alike.
ALIKE = 0.85


def run(folder: Path, plan: Plan, *, guide: bool) -> None:
    """Compare and classify, and write what was found.

    With `guide` as in its guide "Data deduplication": one block on the first name, and a pair
    that agrees in more than half of the fields; the share of fields is then the probability.
    Otherwise by all blocks of the plan and the unsupervised ECM classifier.
    """
    began = time.perf_counter()
    records = pd.read_csv(folder / "records.csv", dtype=str, index_col="id", keep_default_na=True)
    blocks = ((plan.names[0],),) if guide else plan.blocks
    candidates = indexed(records, blocks, plan.apart)
    grouped = _grouped(records, candidates, plan.apart)
    true = len(grouped & read_truth(folder))
    features = compared(records, plan, candidates)
    scored = agreeing(features) if guide else classified(features)
    write_pairs(folder, (row for row in scored if row[2] >= LEAST))
    seconds = round(time.perf_counter() - began, 1)
    write_summary(folder, candidates=len(grouped), true=true, seconds=seconds)


def indexed(records: pd.DataFrame, blocks: tuple[tuple[str, ...], ...], apart: str) -> Any:
    """Pairs that agree in any of the blocks; a field that is missing agrees with nothing."""
    indexer = recordlinkage.Index()
    for fields in blocks:
        indexer.add(Block(list(fields)))
    pairs = indexer.index(records)
    if not apart:
        return pairs
    group = records[apart]
    left, right = (group.loc[pairs.get_level_values(level)].to_numpy() for level in (0, 1))
    return pairs[left != right]


def _grouped(records: pd.DataFrame, candidates: Any, apart: str) -> set[tuple[str, str]]:
    """Pairs of groups, where there are any; the smaller id first."""
    left, right = (candidates.get_level_values(level) for level in (0, 1))
    if apart:
        left, right = (records.loc[each, apart] for each in (left, right))
    return {(min(pair), max(pair)) for pair in zip(left, right, strict=True)}


def compared(records: pd.DataFrame, plan: Plan, candidates: Any) -> pd.DataFrame:
    """1 where two values agree, 0 where they do not or where one is missing."""
    compare = recordlinkage.Compare()
    for name in plan.names:
        compare.string(name, name, method="jarowinkler", threshold=ALIKE, label=name)
    for name in (plan.birth, *plan.numbers, *plan.exact, *plan.weighed):
        compare.exact(name, name, label=name)
    return compare.compute(candidates, records)


def agreeing(features: pd.DataFrame) -> list[tuple[str, str, float, float]]:
    """Every pair with the share of fields that agree, as its probability and its weight."""
    shares = features.sum(axis=1) / len(features.columns)
    return [(left, right, share, share) for (left, right), share in shares.items()]


def classified(features: pd.DataFrame) -> list[tuple[str, str, float, float]]:
    """Every pair with the classifier's probability and its logarithm of odds."""
    binary = features.fillna(0).astype(int)
    # What always or never agrees among the candidates says nothing and cannot be estimated.
    binary = binary.loc[:, binary.nunique() > 1]
    classifier = recordlinkage.ECMClassifier()
    classifier.fit(binary)
    probabilities = classifier.prob(binary)
    return [
        (left, right, probability, _weight(probability))
        for (left, right), probability in probabilities.items()
    ]


def _weight(probability: float) -> float:
    bounded = min(max(probability, 1e-12), 1 - 1e-12)
    return math.log2(bounded / (1 - bounded))
