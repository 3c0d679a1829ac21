"""How many people to expect: a range for the next days from the counts of the last three.

Pure arithmetic, no database. The counts come in slots of six hours, whole days back from now, so
that nights are compared with nights. With `D` days of history and `d` days ahead:

- expected      mu = d * (sum over the four slots of the day of the slot's mean)
- overdispersion  phi = Pearson chi-square / degrees of freedom, at least 1: people come in families
  and buses, so counts vary more than single persons would (quasi-Poisson: McCullagh and Nelder,
  Generalized Linear Models, 2nd ed. 1989, 4.5 and 6.2)
- variance of what will be counted  V = phi * mu * (1 + d/D): the scatter of the days to come, and
  that the rate itself is only known from D days (prediction variance of a Poisson count: Nelson,
  Applied Life Data Analysis, 1982, 6.2)
- range: the 10 % and 90 % points of the negative binomial with that mean and variance, which is
  the predictive distribution of a Poisson count whose rate is gamma distributed (Gelman et al.,
  Bayesian Data Analysis, 3rd ed. 2013, 2.6). phi is itself estimated from few slots: the distance
  from the mean is stretched by t / z.

It says what follows if the coming days are like the last three. It knows no road that closes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

SLOT_HOURS = 6
SLOTS_A_DAY = 24 // SLOT_HOURS
HISTORY_DAYS = 3
COVERAGE = 0.8
# The 90 % points of Student's t by degrees of freedom, over that of the normal distribution.
_Z90 = 1.2816
_T90 = {1: 3.078, 2: 1.886, 3: 1.638, 4: 1.533, 5: 1.476, 6: 1.440, 7: 1.415, 8: 1.397, 9: 1.383}


@dataclass(frozen=True)
class Stream:
    """What came in the slots of the last days, and how it scatters."""

    means: tuple[float, ...]
    days: int
    dispersion: float
    freedom: int

    def expected(self, hours: float) -> float:
        """Expected in the next `hours`, by the profile of the day."""
        whole, rest = divmod(hours, 24)
        slots, part = divmod(rest, SLOT_HOURS)
        some = sum(self.means[: int(slots)])
        if part:
            some += self.means[int(slots)] * part / SLOT_HOURS
        return whole * sum(self.means) + some

    def variance(self, hours: float) -> float:
        """Variance of what will be counted in the next `hours`."""
        return self.dispersion * self.expected(hours) * (1 + hours / 24 / self.days)


@dataclass(frozen=True)
class Range:
    """A figure that is an estimate: expected, and the ends of the 80 % range."""

    expected: int
    low: int
    high: int


def stream_of(counts: Sequence[int]) -> Stream:
    """A stream from counts of six-hour slots, oldest first, whole days; ValueError otherwise.

    The first slot of the profile is the first after now, since the history is whole days.
    """
    days, rest = divmod(len(counts), SLOTS_A_DAY)
    if rest or not days:
        raise ValueError("whole days of slots are needed")
    means = tuple(sum(counts[slot::SLOTS_A_DAY]) / days for slot in range(SLOTS_A_DAY))
    if days == 1:
        # One day says nothing about how a slot differs from day to day: compare the slots.
        fitted = [sum(means) / SLOTS_A_DAY] * SLOTS_A_DAY
        freedom = SLOTS_A_DAY - 1
    else:
        fitted = [means[index % SLOTS_A_DAY] for index in range(len(counts))]
        freedom = (days - 1) * sum(mean > 0 for mean in means)
    pearson = sum((y - m) ** 2 / m for y, m in zip(counts, fitted, strict=True) if m)
    dispersion = max(1.0, pearson / freedom) if freedom else 1.0
    return Stream(means, days, dispersion, max(freedom, 1))


def predict(coming: Sequence[Stream], leaving: Sequence[Stream], hours: float) -> Range:
    """How many more people there will be in `hours`: those who come less those who leave.

    Those who leave shift the range by what is expected of them and widen it by their scatter.
    `low` may be below zero where more leave than come.
    """
    mean = sum(each.expected(hours) for each in coming)
    gone = sum(each.expected(hours) for each in leaving)
    variance = sum(each.variance(hours) for each in (*coming, *leaving))
    freedom = min((each.freedom for each in coming), default=1)
    low, high = _ends(mean, variance, freedom)
    return Range(
        expected=round(mean - gone), low=math.floor(low - gone), high=math.ceil(high - gone)
    )


def _ends(mean: float, variance: float, freedom: int) -> tuple[float, float]:
    """The 10 % and 90 % points, stretched for the few slots behind the dispersion."""
    if mean <= 0:
        return 0.0, 0.0
    stretch = (_T90.get(freedom, _T90[9]) / _Z90) if variance > mean else 1.0
    tail = (1 - COVERAGE) / 2
    low, high = count_quantiles(mean, variance * stretch**2, (tail, 1 - tail))
    return float(low), float(high)


@lru_cache(maxsize=256)
def count_quantiles(mean: float, variance: float, shares: tuple[float, ...]) -> tuple[int, ...]:
    """The smallest counts that are not exceeded with the given chances (ascending).

    Negative binomial with this mean and variance; Poisson where the variance is not above the mean.
    """
    size = mean * mean / (variance - mean) if variance > mean * 1.0001 else None

    def step(count: int) -> float:
        """P(count + 1) / P(count)."""
        if size is None:
            return mean / (count + 1)
        return (count + size) / (count + 1) * mean / (mean + size)

    # Relative weights from the most likely count outwards: the first one may be too small to hold.
    mode = max(0, int(mean if size is None else mean * (size - 1) / size))
    below: list[float] = []
    weight = 1.0
    for count in range(mode - 1, -1, -1):
        weight /= step(count)
        below.append(weight)
        if weight < 1e-12:
            break
    weights = [*reversed(below), 1.0]
    start, weight, count = mode - len(below), 1.0, mode
    while weight > 1e-12 and count - start < 1_000_000:
        weight *= step(count)
        count += 1
        weights.append(weight)
    total, so_far, found = sum(weights), 0.0, []
    wanted = list(shares)
    for index, each in enumerate(weights):
        so_far += each
        while wanted and so_far >= wanted[0] * total:
            found.append(start + index)
            wanted.pop(0)
    found += [start + len(weights) - 1] * len(wanted)
    return tuple(found)
