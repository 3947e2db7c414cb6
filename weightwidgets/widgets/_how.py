"""The words of the statistics strip: what each number is, where it comes from, what it says and does not say.

Every text that `WeightStatistics` shows stands here once; its numbers come in as they are measured.
"""

# ruff: noqa: RUF001 -- formulas are written with true minus and multiplication signs

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightwidgets.pictures._numbers import in_table, number, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightwidgets.analysis.summary import Summary

FEW = 50

_NORM = "Euclidean norm; Golub and Van Loan, Matrix Computations, section 2.2."
_COUNT = "A count of the finite weights, divided by their number n."
_JOANES = "Joanes and Gill, The Statistician 47 (1998), 183-189."


@dataclass(frozen=True)
class Words:
    """What is said about one statistic.

    `symbol` is its formula; `numbers` is the formula with places for the measured quantities, "" where there
    is nothing to compute.
    """

    label: str
    symbol: str
    numbers: str
    meaning: str
    source: str


GROUPS: Mapping[str, tuple[str, ...]] = {
    "Spread": ("mean", "std", "min", "max"),
    "Size": ("l1", "l2", "linf"),
    "Shape": ("skewness", "kurtosis"),
    "Shares": ("positive", "negative", "zero", "near_zero"),
}

STATISTICS: Mapping[str, Words] = {
    "mean": Words(
        "mean",
        "Σw ÷ n",
        "{sum} ÷ {n}",
        "The average weight: where the distribution is centred. It does not say that weights near it are "
        "common: half of them may lie at +1 and half at −1.",
        "Arithmetic mean of the finite weights.",
    ),
    "std": Words(
        "std",
        "√(Σ(w − mean)² ÷ n)",
        "√({sum_squares} ÷ {n})",
        "How far weights typically lie from their mean. It does not say whether many lie a little apart or "
        "a few far out.",
        "Population standard deviation, divisor n (torch.std divides by n − 1 unless told otherwise); K. "
        "Pearson, Phil. Trans. R. Soc. A 185 (1894), 71-110.",
    ),
    "min": Words(
        "min",
        "the smallest w",
        "",
        "The lowest weight. A single weight decides it; it says nothing about the others.",
        "Minimum of the finite weights.",
    ),
    "max": Words(
        "max",
        "the largest w",
        "",
        "The highest weight. A single weight decides it; it says nothing about the others.",
        "Maximum of the finite weights.",
    ),
    "l1": Words(
        "L1",
        "Σ|w|",
        "{n} × {mean_magnitude}",
        "All magnitudes together: n times the average magnitude. It grows with the number of weights, so "
        "it does not compare layers of different size.",
        "Sum norm; Golub and Van Loan, Matrix Computations, section 2.2.",
    ),
    "l2": Words(
        "L2",
        "√Σw²",
        "√{squares}",
        "The length of all weights as one vector; of a matrix, its Frobenius norm. It grows with the "
        "square root of the number of weights: a larger value does not mean stronger weights.",
        _NORM,
    ),
    "linf": Words(
        "L∞",
        "max(|min|, |max|)",
        "max(|{min}|, |{max}|)",
        "The largest magnitude. A single weight decides it; it does not say that any other comes near.",
        "Maximum norm; Golub and Van Loan, Matrix Computations, section 2.2.",
    ),
    "skewness": Words(
        "skewness",
        "Σ((w − mean) ÷ std)³ ÷ n",
        "{cubes} ÷ {n}",
        "Above 0 where the far deviations lie mostly on the high side, below 0 where on the low side. 0 "
        "does not mean symmetric: unlike tails can cancel.",
        f"Moment coefficient of skewness, g₁; {_JOANES}",
    ),
    "kurtosis": Words(
        "excess kurtosis",
        "Σ((w − mean) ÷ std)⁴ ÷ n − 3",
        "{fourths} ÷ {n} − 3",
        "How much of the spread comes from weights far out: 0 as in a normal distribution, −1.2 as in a "
        "uniform one, above 0 with heavier tails. It does not say how pointed the peak is.",
        f"Excess kurtosis, g₂; {_JOANES} On tails and peaks: Westfall, The American Statistician 68 (2014), "
        "191-195.",
    ),
    "positive": Words(
        "positive",
        "count(w > 0) ÷ n",
        "{positive} ÷ {n}",
        "How many weights are above zero. It does not say how large they are: most weights can be positive "
        "and their sum negative.",
        _COUNT,
    ),
    "negative": Words(
        "negative",
        "count(w < 0) ÷ n",
        "{negative} ÷ {n}",
        "How many weights are below zero. It does not say how large they are: most weights can be negative "
        "and their sum positive.",
        _COUNT,
    ),
    "zero": Words(
        "zero",
        "count(w = 0) ÷ n",
        "{zero} ÷ {n}",
        "Weights that are exactly zero, as pruning leaves them. It leaves out weights that are merely tiny.",
        _COUNT,
    ),
    "near_zero": Words(
        "near zero",
        "count(|w| ≤ 0.001 max|w|) ÷ n",
        "count(|w| ≤ {threshold}) ÷ {n} = {near_zero} ÷ {n}",
        "Weights of at most a thousandth of the largest magnitude, exact zeros included. It does not say "
        "that they can be removed: that depends on the inputs they meet.",
        "A convention of this package: the layer and the filter each have a threshold of their own.",
    ),
}

BIAS = Words(
    "bias",
    "",
    "",
    "Added to the output of this unit, whatever its inputs are. It does not say how often the unit is "
    "active: that depends on the inputs.",
    "The constant b of z = Σ w x + b (torch.nn.Linear and the convolutions) or of a norm's affine step.",
)
_TERMS = "The terms of z = Σ w x + b (torch.nn.Linear and the convolutions), ordered by w, ties by place."
_ORDER = "The finite numbers of the row, ordered by size, ties by place."
EXCITING = Words(
    "Exciting inputs",
    "",
    "",
    "This input raises the sum of the unit when it is positive. It does not say that it matters more than "
    "another: how large the input gets on real data counts as much as its weight.",
    _TERMS,
)
INHIBITING = Words(
    "Inhibiting inputs",
    "",
    "",
    "This input lowers the sum of the unit when it is positive. It does not say that it matters more than "
    "another: how large the input gets on real data counts as much as its weight.",
    _TERMS,
)
HIGHEST = Words(
    "Highest values",
    "",
    "",
    "A high number of this row. It does not say what it excites: it is not the weight of an input.",
    _ORDER,
)
LOWEST = Words(
    "Lowest values",
    "",
    "",
    "A low number of this row. It does not say what it inhibits: it is not the weight of an input.",
    _ORDER,
)
FEATURES = (
    "Not the first layer: these inputs are features made by earlier layers, not pixels or other raw data."
)


def written(key: str, value: float) -> str:
    """Write the statistic `key` as the strip shows it."""
    return share(value) if key in GROUPS["Shares"] else in_table(value)


def quantities(summary: Summary) -> dict[str, str]:
    """Give the measured quantities that stand in the formulas, six digits each.

    A quantity that float64 cannot hold (the squares of 1e200) is left out, and with it the step that would
    show it.
    """
    n = summary.finite
    measured = {
        "sum": summary.mean * n,
        "sum_squares": n * summary.std * summary.std,
        "mean_magnitude": summary.l1 / n if n else math.nan,
        "squares": summary.l2 * summary.l2,
        "min": summary.min,
        "max": summary.max,
        "cubes": summary.skewness * n,
        "fourths": (summary.kurtosis + 3) * n,
        "threshold": summary.near_zero_threshold,
    }
    lost = {
        "sum_squares": measured["sum_squares"] == 0 < summary.std,
        "squares": measured["squares"] == 0 < summary.l2,
    }
    counts = {key: f"{round(getattr(summary, key) * n):,}" for key in GROUPS["Shares"] if n}
    shown = {
        key: number(value, 6)
        for key, value in measured.items()
        if math.isfinite(value) and not lost.get(key, False)
    }
    return {"n": f"{n:,}", **counts, **shown}


def formula(key: str, summary: Summary) -> str:
    """Write the formula of the statistic `key` with its actual values, up to the result."""
    words = STATISTICS[key]
    value = float(getattr(summary, key))
    if math.isnan(value):
        why = "there are no finite weights" if summary.finite == 0 else "all weights are equal: the std is 0"
        return f"{words.symbol}: not defined, because {why}"
    steps = [words.symbol, words.numbers, written(key, value)]
    known = quantities(summary)
    try:
        steps[1] = words.numbers.format_map(known)
    except KeyError:
        steps[1] = ""
    return " = ".join(step for step in steps if step)


def few_values(subject: str, summary: Summary) -> str:
    """Warn where skewness, kurtosis and shares come from so few weights that chance decides them; "" else."""
    n = summary.finite
    if n >= FEW or n == 0:
        return ""
    if n == 1:
        return f"{subject} has one weight: spread, shape and shares say nothing."
    scatter = number(math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3))), 2)
    by_chance = f" Chance alone gives {n} normal draws a skewness of about ±{scatter}." if n > 2 else ""
    return f"{subject} has only {n} weights: shape and shares are rough.{by_chance}"


def left_out(subject: str, summary: Summary) -> str:
    """Say how many weights are no numbers and left out; "" where none is."""
    counted = ((summary.nan, "NaN"), (summary.posinf, "+∞"), (summary.neginf, "−∞"))
    parts = [f"{count:,} {name}" for count, name in counted if count]
    return f"{subject} has {', '.join(parts)}: left out of every number here." if parts else ""


def scale_is_arbitrary(norm: str) -> str:
    """Warn that the norm layer `norm` hides the scale of the weights; "" where none is registered."""
    if not norm:
        return ""
    return (
        f"The norm layer {norm} is registered right after: where it acts on this output, it undoes the scale "
        "of the weights, and no number with their unit (mean, std, min, max, norms) says much."
    )


def bias_is_taken_away(norm: str) -> str:
    """Warn that a batch norm cancels the bias; "" where no norm layer is registered."""
    return (
        f"If {norm}, registered right after, is a batch norm, it takes this bias away again." if norm else ""
    )
