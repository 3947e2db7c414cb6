import json
import math
from typing import Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

import weightwidgets as ww
from tests.widgets.fixture import check_fixture, state_of
from weightwidgets.sources.open import open_source
from weightwidgets.widgets.statistics import WeightStatistics

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    'it\'s "quoted"',
    "line\nbreak\\n",
    "\u202egnp.weight",
    "a['b'].weight",
    "layer." * 300,
    "",
]


def page(frame: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(frame["page"].decode())
    return content


def numbers(view: WeightStatistics) -> list[tuple[float, str]]:
    """Give every number that the strip shows, with the Python line that it offers."""
    layer, unit = page(view.frame), page(view.unit)
    cells = [*layer["cells"].values(), *unit["cells"].values()]
    cells += [cell for ranked in unit["ranked"] for cell in ranked["cells"]]
    return [(float(cell["exact"]), cell["code"]) for cell in cells if cell["code"]]


def zoo() -> dict[str, object]:
    torch.manual_seed(3)
    poisoned = nn.Linear(5, 3)
    with torch.no_grad():
        poisoned.weight[0] = torch.tensor([float("nan"), float("inf"), -float("inf"), 1.0, -2.0])
        poisoned.bias[0] = float("nan")
    return {
        "convolutions": nn.Sequential(
            nn.Conv1d(2, 4, 5), nn.Conv2d(3, 8, 3, groups=1), nn.BatchNorm2d(8), nn.Conv3d(2, 3, 2)
        ),
        "grouped": nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.ConvTranspose2d(4, 6, 3, groups=2)),
        "dense": nn.Sequential(nn.Linear(30, 4), nn.Embedding(5, 6), nn.LayerNorm((2, 3)), nn.LSTM(3, 2)),
        "half": nn.Linear(7, 3).half(),
        "brain": nn.Conv2d(1, 2, 3).bfloat16(),
        "constant": {"w.weight": torch.full((3, 4), 0.5), "w.bias": torch.zeros(3)},
        "integers": {"codes": np.arange(-6, 6, dtype=np.int8).reshape(3, 4)},
        "complex": {"c": torch.randn(2, 3, dtype=torch.complex64)},
        "scalar": {"s": torch.tensor(2.5)},
        "empty": {"e": torch.empty(2, 0)},
        "poisoned": nn.Sequential(poisoned),
        "hostile": {name: torch.randn(2, 3) for name in HOSTILE if name},
        "attention": nn.MultiheadAttention(8, 2),
    }


@pytest.mark.parametrize("kind", zoo())
def test_every_python_line_gives_the_number_beside_it(kind: str) -> None:
    model = zoo()[kind]
    checked = 0
    with WeightStatistics(model) as view:
        for name, layer in open_source(model).items():
            for filter_index in sorted({0, layer.out_channels - 1}):
                view.layer, view.filter_index = name, filter_index
                assert view.error == ""
                for shown, code in numbers(view):
                    again = eval(code, {"ww": ww, "model": model})  # noqa: S307
                    assert again == shown or (math.isnan(again) and math.isnan(shown)), code
                    checked += 1
    assert checked >= 26


def test_what_is_shown_is_what_numpy_gives() -> None:
    convolution = nn.Conv2d(3, 6, 5)
    model = nn.Sequential(convolution)
    weight = convolution.weight.detach().double().numpy()
    with WeightStatistics(model, filter_index=4) as view:
        layer, unit = page(view.frame)["cells"], page(view.unit)["cells"]
    for cells, values in ((layer, weight), (unit, weight[4])):
        exact = {key: float(cell["exact"]) for key, cell in cells.items()}
        assert exact["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert exact["std"] == pytest.approx(values.std(), rel=1e-12)
        assert exact["l2"] == pytest.approx(np.linalg.norm(values), rel=1e-12)
        assert (exact["min"], exact["max"]) == (values.min(), values.max())
        assert exact["positive"] == (values > 0).mean()
    assert float(unit["bias"]["exact"]) == convolution.get_parameter("bias")[4].item()
    assert "bias" not in layer


def test_the_strongest_inputs_are_named_by_channel_row_and_column() -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Conv1d(2, 2, 4), nn.Linear(4, 2), nn.Conv3d(1, 1, 2))
    with torch.no_grad():
        for index, place in (("0", (1, 2, 0, 1)), ("1", (1, 1, 3)), ("2", (1, 3)), ("3", (0, 0, 1, 0, 1))):
            model.get_parameter(f"{index}.weight")[place] = 9.0
    names = {}
    with WeightStatistics(model) as view:
        for layer, filter_index in (("0", 1), ("1", 1), ("2", 1), ("3", 0)):
            view.layer, view.filter_index = layer, filter_index
            ranked = page(view.unit)["ranked"][0]
            names[layer] = (ranked["places"][0], ranked["short_places"][0])
            assert float(ranked["cells"][0]["exact"]) == 9
            assert ranked["lengths"][0] == 1
    assert names == {
        "0": ("channel 2, row 0, column 1", "ch 2, row 0, col 1"),
        "1": ("channel 1, position 3", "ch 1, pos 3"),
        "2": ("input 3", "input 3"),
        "3": ("channel 0, depth 1, row 0, column 1", "ch 0, depth 1, row 0, col 1"),
    }


def test_channels_of_a_grouped_convolution_are_counted_over_the_whole_layer() -> None:
    model = nn.Sequential(nn.Conv2d(6, 4, 1, groups=2))
    with torch.no_grad():
        model.get_parameter("0.weight")[3, 1] = 9.0
    with WeightStatistics(model, filter_index=3) as view:
        assert page(view.unit)["ranked"][0]["places"][0] == "channel 4, row 0, column 0"


def test_rows_without_inputs_are_not_said_to_excite() -> None:
    with WeightStatistics(nn.Sequential(nn.Embedding(4, 3), nn.Linear(3, 2))) as view:
        unit = page(view.unit)
        assert [ranked["label"] for ranked in unit["ranked"]] == ["Highest values", "Lowest values"]
        assert unit["label"] == "row 0"
        assert all("column" in place for ranked in unit["ranked"] for place in ranked["places"])
        assert unit["ranked_caution"] == ""


def cautions(view: WeightStatistics) -> dict[str, list[str]]:
    found = {group["label"]: group["cautions"] for group in page(view.frame)["groups"]}
    for label, more in page(view.unit)["cautions"].items():
        found[label] = [*found[label], *more]
    return found


def test_cautions_stand_where_the_numbers_mislead() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 64, 3))
    with WeightStatistics(model) as view:
        found = cautions(view)
        assert "norm layer 1 is registered right after" in found["Size"][0]
        assert "takes this bias away" in found["Bias"][0]
        assert [text.split(" has only ")[0] for text in found["Shape"]] == ["The layer", "Filter 0"]
        assert page(view.unit)["ranked_caution"] == ""
        view.layer = "2"
        found = cautions(view)
        assert found["Size"] == found["Bias"] == found["Spread"] == []
        assert [text.split(" has only ")[0] for text in found["Shape"]] == ["Filter 0"]
        assert page(view.unit)["ranked_caution"].startswith("Not the first layer")


def test_weights_left_out_are_counted_for_layer_and_filter() -> None:
    weight = torch.ones(2, 60)
    weight[1, :3] = torch.tensor([float("nan"), float("inf"), float("inf")])
    with WeightStatistics({"w": weight}) as view:
        assert cautions(view)["Spread"] == ["The layer has 1 NaN, 2 +∞: left out of every number here."]
        view.filter_index = 1
        assert cautions(view)["Spread"][1] == "Row 1 has 1 NaN, 2 +∞: left out of every number here."


def test_a_filter_step_leaves_the_layers_page_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightStatistics(nn.Sequential(nn.Conv2d(3, 6, 5))) as view:
        frame = view.frame
        sent: list[set[str]] = []
        monkeypatch.setattr(
            view, "send_state", lambda key: sent.append({key} if isinstance(key, str) else key)
        )
        view.filter_index = 2
        assert view.frame is frame
        assert page(view.unit)["label"] == "filter 2"
        sent.clear()
        view.answer()
        assert set().union(*sent) == set()


def test_changed_weights_and_a_changed_bias_are_seen() -> None:
    model = nn.Sequential(nn.Linear(4, 2))
    with WeightStatistics(model) as view, torch.no_grad():
        model.get_parameter("0.bias")[0] = 7.0
        view.answer()
        assert page(view.unit)["cells"]["bias"]["exact"] == "7.0"
        model.get_parameter("0.weight").fill_(0.25)
        view.answer()
        assert page(view.frame)["cells"]["max"]["exact"] == "0.25"
        assert page(view.unit)["cells"]["skewness"]["text"] == "–"  # noqa: RUF001


def test_a_layer_without_bias_says_so_and_offers_no_formula() -> None:
    with WeightStatistics(nn.Sequential(nn.Linear(4, 2, bias=False))) as view:
        assert page(view.unit)["cells"]["bias"] == {"text": "none", "exact": "", "formula": "", "code": ""}


@pytest.mark.parametrize("model", [nn.Sequential(nn.Linear(2, 2, device="meta")), nn.ReLU()])
def test_what_cannot_be_shown_is_said_and_nothing_is_drawn(model: nn.Module) -> None:
    with WeightStatistics(model) as view:
        assert view.error
        assert view.frame == view.unit == {}
        assert view.picture() is None


def test_an_unknown_layer_or_argument_is_refused() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    with pytest.raises(t.TraitError, match="nope"):
        WeightStatistics(model, layer="nope")
    with pytest.raises(TypeError, match="filter_index"):
        WeightStatistics(model, filter_indx=1)


def test_a_running_cell_is_named_and_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    from weightwidgets.widgets import _watch

    with WeightStatistics(nn.Sequential(nn.Linear(4, 2))) as view:
        monkeypatch.setattr(_watch._Watch, "cell_runs", property(lambda _self: True))
        view.answer()
        assert page(view.frame)["notes"][-1].startswith("Read while a cell was running")
        monkeypatch.undo()
        view.answer()
        assert page(view.frame)["notes"] == []


def test_a_page_stays_small_also_for_a_long_name() -> None:
    with WeightStatistics({"x" * 100_000: torch.randn(4, 500)}) as view:
        assert len(view.frame["page"]) + len(view.unit["page"]) < 60_000


def test_the_picture_shows_the_filter() -> None:
    model = nn.Sequential(nn.Conv2d(3, 6, 5))
    with WeightStatistics(model) as view:
        first = view.picture()
        view.filter_index = 1
        second = view.picture()
        assert first is not None
        assert second is not None
        assert first.size == second.size
        assert first.tobytes() != second.tobytes()


def fixture_model() -> nn.Module:
    """Weights that every version of torch gives alike."""
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Linear(3, 2))
    with torch.no_grad():
        for parameter in model.parameters():
            ramp = torch.arange(parameter.numel()).reshape(parameter.shape)
            parameter.copy_((ramp * 7 % 23 - 11) / 32)
    return model


def test_the_browser_tests_have_these_frames() -> None:
    with WeightStatistics(fixture_model(), filter_index=1) as view:
        states = {"first": state_of(view)}
        view.filter_index = 3
        states["filter"] = {"filter_index": 3, "unit": state_of(view)["unit"]}
        view.layer = "2"
        states["dense"] = state_of(view)
    check_fixture("statistics", states)
