# ruff: noqa: RUF001 -- formulas are written with true minus and multiplication signs
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from weightwidgets.analysis.summary import Summary, summary
from weightwidgets.widgets import _how

PLAIN = str.maketrans({"−": "-", "×": "*", "÷": "/", "√": "root", ",": "", "%": ""})
WEIGHTS = npst.arrays(
    np.float64,
    st.integers(2, 60),
    elements=st.floats(-100, 100).map(lambda value: round(value, 3)),
)


def results(formula: str) -> list[float]:
    """Work out every step of a formula that consists of numbers, in order."""
    worked = []
    for step in formula.split(" = "):
        text = step if step.startswith("max") else step.translate(PLAIN)
        text = text.replace("−", "-")
        text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
        text = re.sub(r"root([\d.e+-]+)", r"root(\1)", text)
        if re.fullmatch(r"(?:root|max|abs|[\d\s().,*/e+-])+", text):
            value = eval(text, {"root": math.sqrt, "max": max, "abs": abs})  # noqa: S307
            worked.append(value / 100 if step.endswith("%") else value)
    return worked


@pytest.mark.parametrize("key", _how.STATISTICS)
@given(weights=WEIGHTS)
def test_each_step_of_a_formula_comes_to_the_number_shown(key: str, weights: np.ndarray) -> None:
    found = summary(weights)
    value = getattr(found, key)
    formula = _how.formula(key, found)
    if math.isnan(value):
        assert formula.endswith("not defined, because all weights are equal: the std is 0")
        return
    steps = results(formula)
    assert len(steps) == (1 if key in ("min", "max") else 2)
    spread = 3 if key == "kurtosis" else 0
    # Four digits are shown, three of a share; the 3 of the excess kurtosis costs its last digits.
    digits = 3 if key in _how.GROUPS["Shares"] else 4
    for step in steps:
        assert step == pytest.approx(value, rel=0.51 * 10 ** (1 - digits), abs=1e-4 * spread)


def test_the_formula_names_the_quantities_that_were_measured() -> None:
    found = summary(np.array([1.0, 2.0, 3.0, -2.0]))
    assert _how.formula("mean", found) == "Σw ÷ n = 4 ÷ 4 = 1"
    assert _how.formula("std", found) == "√(Σ(w − mean)² ÷ n) = √(14 ÷ 4) = 1.871"
    assert _how.formula("l1", found) == "Σ|w| = 4 × 2 = 8"
    assert _how.formula("linf", found) == "max(|min|, |max|) = max(|−2|, |3|) = 3"
    assert _how.formula("negative", found) == "count(w < 0) ÷ n = 1 ÷ 4 = 25%"
    assert _how.formula("near_zero", found) == (
        "count(|w| ≤ 0.001 max|w|) ÷ n = count(|w| ≤ 0.003) ÷ 4 = 0 ÷ 4 = 0%"
    )


def test_squares_that_float64_cannot_hold_are_not_shown() -> None:
    for scale in (1e200, 1e-200):
        found = summary(np.array([1.0, -2.0]) * scale)
        formula = _how.formula("l2", found)
        assert formula.count("=") == 1
        assert formula.startswith("√Σw² = 2.236e")
        assert _how.formula("std", found).count("=") == 1


def test_without_finite_weights_nothing_is_defined_but_the_norms() -> None:
    found = summary(np.array([np.nan]))
    assert _how.formula("mean", found) == "Σw ÷ n: not defined, because there are no finite weights"
    assert _how.formula("l1", found) == "Σ|w| = 0"


def test_every_statistic_says_what_it_is_and_what_it_does_not_say() -> None:
    assert {key for keys in _how.GROUPS.values() for key in keys} == set(_how.STATISTICS)
    said = [*_how.STATISTICS.values(), _how.BIAS, _how.EXCITING, _how.INHIBITING, _how.HIGHEST, _how.LOWEST]
    for words in said:
        assert words.label
        assert words.source.endswith(".")
        assert re.search(r"\b(not|nothing|leaves out)\b", words.meaning)
    assert all(
        hasattr(Summary, "__annotations__") and key in Summary.__annotations__ for key in _how.STATISTICS
    )


@pytest.mark.parametrize(
    ("size", "warned"), [(0, ""), (1, "one weight"), (2, "only 2 weights"), (49, "only 49 weights"), (50, "")]
)
def test_few_weights_are_warned_of(size: int, warned: str) -> None:
    caution = _how.few_values("Filter 3", summary(np.arange(float(size))))
    assert warned in caution
    assert bool(caution) == bool(warned)


def test_the_scatter_of_a_normal_sample_is_as_stated() -> None:
    caution = _how.few_values("Filter 0", summary(np.arange(20.0)))
    stated = float(caution.rsplit("±", 1)[1].rstrip("."))
    samples = np.random.default_rng(0).normal(size=(20_000, 20))
    deviations = samples - samples.mean(axis=1, keepdims=True)
    skewness = (deviations**3).mean(axis=1) / (deviations**2).mean(axis=1) ** 1.5
    assert stated == pytest.approx(skewness.std(), rel=0.03)


def test_weights_that_are_not_finite_are_counted_by_kind() -> None:
    found = summary(np.array([1.0, np.nan, np.nan, -np.inf]))
    assert _how.left_out("The layer", found) == "The layer has 2 NaN, 1 −∞: left out of every number here."
    more = summary(np.array([1.0, np.inf]))
    assert _how.left_out("The layer", more) == "The layer has 1 +∞: left out of every number here."
    assert _how.left_out("The layer", summary(np.ones(3))) == ""


def test_a_norm_layer_is_only_said_to_be_registered() -> None:
    for caution in (_how.scale_is_arbitrary("bn1"), _how.bias_is_taken_away("bn1")):
        assert "bn1" in caution
        assert "registered right after" in caution
    assert _how.scale_is_arbitrary("") == _how.bias_is_taken_away("") == ""
