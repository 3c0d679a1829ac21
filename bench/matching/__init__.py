"""How well repeats are found: recall and precision beside two yardsticks, Splink and recordlinkage.

`scores` measures, `febrl` and `population` bring the data with its truth, `ours` runs the project's
own search, and `yardsticks` (a program of its own, in .venv-bench) runs the other two.
"""
