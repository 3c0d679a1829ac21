"""Splink and recordlinkage over a folder of CSV files: `python -m bench.matching.yardsticks`.

Runs in .venv-bench (requirements/bench.txt) and imports nothing of the project, so that neither
side's libraries bind the other. Splink is under the MIT licence, recordlinkage under BSD-3-Clause;
neither is part of what Panah ships.

On FEBRL both get the settings of their own guides, less the fields that Panah has not: Splink's
example "Deduplicating the febrl3 dataset" (blocking rules, comparisons, random sampling for u, two
EM sessions), recordlinkage's guide "Data deduplication" (block on the given name, compare, keep
what agrees in more than half of the fields) and its unsupervised ECM classifier. On a generated
population the comparisons are the same and the blocks are ours (`plans`). The truth is used only
to count.
"""
