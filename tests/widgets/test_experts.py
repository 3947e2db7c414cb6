import json
from typing import Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, state_of
from tests.widgets.fixture import thaw as decoded
from weightwidgets.analysis.similarity import similarity
from weightwidgets.widgets import _experts_frames as frames
from weightwidgets.widgets.experts import ExpertGrid

PATTERN = "net.layers.*.mlp.experts.*.up"


def mixture(layers: int = 3, experts: int = 4) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    return {
        f"net.layers.{layer}.mlp.experts.{expert}.{part}.weight": torch.randn(3, 5, generator=generator)
        * (1 + layer)
        for layer in range(layers)
        for expert in range(experts)
        for part in ("up", "down")
    }


def fused(layers: int = 2, experts: int = 5) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(6)
    return {
        f"l.{layer}.experts.w": torch.randn(experts, 2, 3, generator=generator) for layer in range(layers)
    }


def read(view: ExpertGrid) -> ExpertGrid:
    view.start()
    assert view.wait(30)
    return view


def told(view: ExpertGrid) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(view.rows["text"])
    return found


def experts_of(source: dict[str, torch.Tensor], layer: int, count: int = 4) -> list[np.ndarray]:
    return [
        source[f"net.layers.{layer}.mlp.experts.{expert}.up.weight"].double().numpy().ravel()
        for expert in range(count)
    ]


def test_every_expert_has_its_norm_and_its_mean_cosine_to_the_others() -> None:
    source = mixture()
    with read(ExpertGrid(source)) as view:
        assert (view.pattern, view.error) == (PATTERN, "")
        assert [row["depth"] for row in told(view)["rows"]] == ["0", "1", "2"]
        assert told(view)["shape"] == "3 × 5"  # noqa: RUF001
        grid = decoded(view.grid)
        for layer in range(3):
            rows = np.stack(experts_of(source, layer))
            lengths = np.linalg.norm(rows, axis=1)
            cosine = rows @ rows.T / np.outer(lengths, lengths)
            assert np.allclose(grid["norm"]["values"][layer], lengths, rtol=1e-12)
            mean = (cosine.sum(axis=1) - 1) / 3
            assert np.allclose(grid["similarity"]["values"][layer], mean, rtol=0, atol=1e-12)


def test_the_colours_span_the_lowest_to_the_highest_norm_and_cosines_about_zero() -> None:
    with read(ExpertGrid(mixture())) as view:
        grid = decoded(view.grid)
        norms, cosines = grid["norm"], grid["similarity"]
        low, high = norms["values"].min(), norms["values"].max()
        assert norms["ends"].tolist() == [low, high]
        expected = 128 + np.rint(127 * (norms["values"] - low) / (high - low))
        assert norms["levels"].tolist() == expected.tolist()
        limit = np.abs(cosines["values"]).max()
        assert cosines["ends"].tolist() == [-limit, limit]
        assert cosines["levels"].tolist() == (128 + np.rint(127 * cosines["values"] / limit)).tolist()


def test_the_selected_layer_s_experts_are_compared_two_by_two() -> None:
    source = mixture()
    with read(ExpertGrid(source)) as view:
        view.layer = "net.layers.2.mlp.experts.1.up"
        assert (view.expert, view.selected, view.pairs["place"]) == (1, (2, 1), 2)
        cosine = similarity(experts_of(source, 2)).cosine
        expected = cosine[np.triu_indices(4, 1)].astype(np.float32)
        assert decoded(view.pairs)["cosines"].tolist() == expected.tolist()
        assert decoded(view.pairs)["limit"] == np.abs(cosine[np.triu_indices(4, 1)]).max()


def test_the_expert_and_the_layer_are_one_selection() -> None:
    with ExpertGrid(mixture()) as view:
        view.expert = 3
        assert view.layer == "net.layers.0.mlp.experts.3.up"
        view.set_state({"layer": b"net.layers.1.mlp.experts.2.up", "expert": 2})
        assert (view.layer, view.expert) == ("net.layers.1.mlp.experts.2.up", 2)
        view.layer = "net.layers.1.mlp.experts.0.down"
        assert view.selected is None


def test_fused_experts_are_told_apart_by_their_place() -> None:
    source = fused()
    with read(ExpertGrid(source, expert=3)) as view:
        assert (view.layer, view.selected) == ("l.0.experts.w", (0, 3))
        view.layer = "l.1.experts.w"
        assert view.selected == (1, 3)
        view.expert = 4
        assert (view.layer, view.selected) == ("l.1.experts.w", (1, 4))
        expected = np.linalg.norm(source["l.1.experts.w"].double().numpy().reshape(5, -1), axis=1)
        assert np.allclose(decoded(view.grid)["norm"]["values"][1], expected, rtol=1e-12)
        assert told(view)["shape"] == "2 × 3"  # noqa: RUF001


def test_layers_with_fewer_experts_leave_cells_without_a_number() -> None:
    source = mixture()
    del source["net.layers.1.mlp.experts.3.up.weight"]
    with read(ExpertGrid(source)) as view:
        norms = decoded(view.grid)["norm"]
        assert np.isnan(norms["values"][1]).tolist() == [False, False, False, True]
        assert norms["known"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]]


def test_another_pattern_is_read_when_it_is_asked_for() -> None:
    with read(ExpertGrid(mixture())) as view:
        assert [choice["pattern"] for choice in told(view)["choices"]] == [PATTERN, PATTERN[:-2] + "down"]
        view.set_state({"pattern": (PATTERN[:-2] + "down").encode()})
        assert view.wait(30)
        assert told(view)["pattern"].endswith("down")
        assert view.grid["token"] == view.rows["token"]
        assert view.selected is None
        assert view.pairs["place"] == 0


def test_experts_of_other_names_are_named_by_a_pattern() -> None:
    source = {f"b.{a}.ffn.{b}.w": torch.ones(2, 2) * (a + b + 1) for a in (0, 1) for b in (0, 1)}
    with ExpertGrid(source) as view:
        assert "pattern=" in view.error
        assert view.picture() is None
    with read(ExpertGrid(source, "b.*.ffn.*.w")) as view:
        assert decoded(view.grid)["norm"]["values"].tolist() == [[2, 4], [4, 6]]


def test_a_cell_that_changed_an_expert_is_seen() -> None:
    experts = nn.ModuleList([nn.Linear(2, 2, bias=False) for _ in range(3)])
    model = nn.ModuleDict({"experts": experts})
    with read(ExpertGrid(model)) as view, torch.no_grad():
        model.get_parameter("experts.2.weight").fill_(3.0)
        view.look(cell_ended=True)
        assert view.wait(30)
        assert decoded(view.grid)["norm"]["values"][0, 2] == 6


def test_a_layer_that_cannot_be_compared_says_why() -> None:
    source = mixture()
    source["net.layers.1.mlp.experts.3.up.weight"] = torch.ones(2, 2)
    source["net.layers.2.mlp.experts.0.up.weight"][0, 0] = float("nan")
    with read(ExpertGrid(source)) as view:
        grid = decoded(view.grid)
        assert grid["state"].tolist() == [frames.MEASURED, frames.FAILED, frames.MEASURED]
        assert "cannot be compared" in json.loads(grid["sentences"])["1"]
        assert grid["non_finite"] == 1
        view.layer = "net.layers.1.mlp.experts.0.up"
        assert view.pairs == {}


def test_wrong_values_are_refused_in_python_and_bounded_from_the_browser() -> None:
    with ExpertGrid(mixture()) as view:
        with pytest.raises(t.TraitError, match="expert must be 0 to 3, got 4"):
            view.expert = 4
        with pytest.raises(t.TraitError, match="recognised here"):
            view.pattern = "net.*.zap"
        view.set_state({"expert": 99, "pattern": b"zap.*", "measure": "size"})
        assert (view.expert, view.pattern, view.measure) == (3, PATTERN, "norm")
        view.set_state({"expert": "x", "measure": "similarity"})
        assert (view.expert, view.measure) == (3, "similarity")
    with pytest.raises(t.TraitError, match="no layer has a name"):
        ExpertGrid(mixture(), pattern="zap.*")
    with pytest.raises(TypeError, match="did you mean 'measure'"):
        ExpertGrid(mixture(), measur="norm")


def test_two_by_two_stays_below_a_megabyte() -> None:
    rows = similarity(list(torch.randn(frames.MOST_COMPARED, 4)))
    pairs = frames.pairs_frame([], 0, rows)
    assert 0 < sum(len(part["data"]) for part in pairs.values() if isinstance(part, dict)) < 1_000_000
    assert frames.pairs_frame([], 0, similarity(list(torch.randn(frames.MOST_COMPARED + 1, 2)))) == {}


def test_closing_in_the_middle_publishes_nothing_more() -> None:
    view = ExpertGrid(mixture())
    view.close()
    view.start()
    assert view.grid == {}


def test_the_picture_reads_what_was_not_read_yet() -> None:
    with ExpertGrid(mixture()) as view:
        norms = np.asarray(view.picture())
        view.measure = "similarity"
        assert not np.array_equal(norms, np.asarray(view.picture()))


def test_the_browser_tests_have_these_frames() -> None:
    with ExpertGrid(mixture(), layer="net.layers.1.mlp.experts.2.up") as view:
        before = state_of(view)
        separate = state_of(read(view))
    with read(ExpertGrid({"<u>.0.experts.w": torch.ones(3, 2, 2), **fused()}, "l.*.experts.w")) as view:
        check_fixture("experts", {"before": before, "separate": separate, "fused": state_of(view)})
