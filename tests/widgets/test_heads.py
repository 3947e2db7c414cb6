from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

import weightwidgets as ww
from tests.sources.attentions import HEADS, MODEL, SIZE, Llama, make_attention
from tests.widgets.fixture import check_fixture, state_of, thaw
from weightwidgets.analysis.heads import ROLES, head_factors, head_picture, heads
from weightwidgets.widgets import _heads_frames as frames
from weightwidgets.widgets._watch import watch
from weightwidgets.widgets.heads import AttentionHeads

if TYPE_CHECKING:
    from weightwidgets.analysis.heads import HeadFactors, Role


def model() -> nn.ModuleDict:
    """Give two blocks of attention, with shared keys and without, and something else between them."""
    return nn.ModuleDict(
        {"first": make_attention("llama"), "mlp": nn.Linear(3, 3), "second": make_attention("gpt-neox")}
    )


def factors_of(module: nn.Module) -> HeadFactors:
    q, k, v, o = (module.get_submodule(f"{part}_proj").get_parameter("weight") for part in "qkvo")
    return head_factors(q, k, v, o, HEADS)


def listed(view: AttentionHeads) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(view.blocks["blocks"])
    return found


def test_the_frame_holds_the_numbers_of_the_analysis() -> None:
    source = model()
    expected = heads(factors_of(source["first"]))
    with AttentionHeads(source) as view:
        frame = thaw(view.frame)
        assert (view.layer, view.error) == ("first.q_proj", "")
        assert (frame["heads"], frame["kv_heads"], frame["title"]) == (4, 2, "first")
        np.testing.assert_array_equal(frame["norms"], expected.norms)
        np.testing.assert_array_equal(frame["qk"], expected.qk.astype(np.float32))
        np.testing.assert_array_equal(frame["ov"], expected.ov.astype(np.float32))
        np.testing.assert_array_equal(frame["ranks"][:2], expected.effective_rank)
        np.testing.assert_array_equal(frame["ranks"][2:], expected.stable_rank)
        assert (
            frame["description"] == "4 heads of 3 · 2 key/value heads · model width 14 · separate projections"
        )
        assert frame["notes"][0] == "Each key/value head serves 2 query heads."
        assert any("Biases, rotary" in note for note in frame["notes"])


@pytest.mark.parametrize("role", ROLES)
def test_tiles_and_the_enlarged_head_are_drawn_on_one_scale(role: Role) -> None:
    source = model()
    factors = factors_of(source["first"])
    with AttentionHeads(source, head=3, role=role) as view:
        tiles, enlarged = thaw(view.tiles), thaw(view.enlarged)
        count = 2 if role in ("k", "v") else 4
        step = 4 // count
        values = np.stack([head_picture(factors, place * step, role).values for place in range(count)])
        limit = np.abs(values).max()
        assert tiles["count"] == count
        assert tiles["limit"][0] == pytest.approx(limit, rel=1e-12)
        levels = 128 + np.rint(127 * values / limit)
        np.testing.assert_allclose(tiles["levels"], levels, atol=1)
        assert tiles["levels"].shape == (count, tiles["height"], tiles["width"])
        shown = head_picture(factors, 3, role).values
        np.testing.assert_allclose(enlarged["values"], shown, rtol=1e-6)
        np.testing.assert_array_equal(enlarged["levels"], tiles["levels"][-1])
        assert (enlarged["head"], enlarged["rows"], enlarged["cols"]) == (3, *shown.shape)
        assert tiles["token"] == enlarged["token"] == view.frame["token"]


def test_all_blocks_are_listed_with_the_layers_that_select_them() -> None:
    with AttentionHeads(model()) as view:
        assert [(block["label"], block["choices"]) for block in listed(view)] == [
            ("first", []),
            ("second", []),
        ]
        assert listed(view)[1]["layers"] == ["second.query_key_value", "second.dense"]
        view.set_state({"layer": b"second.dense"})
        assert thaw(view.frame)["title"] == "second"
        assert "q, k and v of each head together" in thaw(view.frame)["description"]


def test_a_layer_outside_of_attention_says_so_and_coming_back_shows_it_again() -> None:
    with AttentionHeads(model(), head=2) as view:
        view.layer = "mlp"
        assert "no projection of an attention block" in view.error
        assert view.frame == view.tiles == view.enlarged == {}
        assert len(listed(view)) == 2
        view.layer = "first.o_proj"
        assert (view.error, view.head) == ("", 2)
        assert view.enlarged["head"] == 2


def test_a_model_without_attention_says_how_to_name_it() -> None:
    with AttentionHeads(nn.Linear(3, 3)) as view:
        assert "ww.AttentionHeads(source, projections={'q': ..." in view.error
        assert view.picture() is None
    with AttentionHeads(nn.ReLU()) as view:
        assert view.error == "This model has no weights to show."


def test_a_state_dict_asks_for_the_number_of_heads_and_offers_those_that_fit() -> None:
    state = make_attention("llama").state_dict()
    with AttentionHeads(state) as view:
        assert view.error.startswith("The number of heads is not stored")
        assert listed(view)[0]["choices"] == [2, 4, 6, 12]
        view.set_state({"num_heads": 4})
        assert (view.error, view.frame["heads"]) == ("", 4)
        view.set_state({"num_heads": 5})
        assert "5 heads do not fit 12 rows of queries and 6 of keys" in view.error
        view.set_state({"num_heads": None})
        assert view.frame == {}
    with AttentionHeads(state, num_heads=6, num_kv_heads=3) as view:
        assert (view.frame["heads"], view.frame["kv_heads"]) == (6, 3)


def test_a_user_may_name_the_projections() -> None:
    state = {f"x.{key[0]}": value for key, value in make_attention("llama").state_dict().items()}
    named = {part: f"x.{part}" for part in "qkvo"}
    with AttentionHeads(state, num_heads=HEADS, projections=named) as view:
        assert (view.layer, view.error, thaw(view.frame)["title"]) == ("x.q", "", "x")
    with pytest.raises(t.TraitError, match=r"no layer called 'x\.z'"):
        AttentionHeads(state, projections={**named, "q": "x.z"})
    with pytest.raises(ValueError, match='must name "q", "k"'):
        AttentionHeads(state, projections={"q": "x.q"})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("head", 4, "head must be 0 to 3, got 4"),
        ("head", -1, "head must be 0 to 3, got -1"),
        ("num_heads", 5, "5 heads do not fit 12 rows"),
        ("num_heads", 0, "num_heads must be None or at least 1"),
        ("num_kv_heads", -2, "num_kv_heads must be None or at least 1"),
        ("role", "w", "role"),
        ("order", "size", "order"),
        ("layer", "third", "no layer called 'third'"),
    ],
)
def test_python_values_out_of_range_are_refused(name: str, value: object, sentence: str) -> None:
    with AttentionHeads(model(), head=1) as view:
        before = getattr(view, name)
        with pytest.raises(t.TraitError, match=sentence):
            setattr(view, name, value)
        assert getattr(view, name) == before
        assert (view.head, view.error) == (1, "")
    with pytest.raises(TypeError, match="did you mean 'head'"):
        AttentionHeads(model(), heads=1)


def test_browser_values_are_brought_within_bounds() -> None:
    with AttentionHeads(model()) as view:
        view.set_state({"head": 99})
        assert view.head == 3
        view.set_state({"head": -5})
        assert view.head == 0
        for name, value in (("head", "2"), ("head", True), ("role", "w"), ("order", 3), ("num_heads", 0)):
            view.set_state({name: value})
        assert (view.head, view.role, view.order, view.num_heads, view.error) == (0, "q", "index", None, "")
        view.set_state({"num_kv_heads": "two", "order": "norm"})
        assert (view.num_kv_heads, view.order) == (None, "norm")


def test_fewer_heads_take_the_selection_with_them() -> None:
    with AttentionHeads(make_attention("llama").state_dict(), num_heads=12, head=11) as view:
        view.num_heads = 4
        assert (view.head, view.enlarged["head"]) == (3, 3)


def test_key_heads_that_contradict_the_shapes_are_an_error() -> None:
    with AttentionHeads(model(), num_kv_heads=3) as view:
        assert "make 2 key/value heads, not 3" in view.error


def test_any_projection_that_changes_is_seen() -> None:
    source = model()
    with AttentionHeads(source) as view, torch.no_grad():
        before = thaw(view.frame)["norms"]
        source["first"].get_submodule("o_proj").get_parameter("weight").mul_(2)
        view.look(cell_ended=True)
        np.testing.assert_allclose(thaw(view.frame)["norms"][3], 2 * before[3])
        np.testing.assert_array_equal(thaw(view.frame)["norms"][:3], before[:3])


def test_a_block_that_a_cell_adds_is_listed() -> None:
    source = model()
    with AttentionHeads(source) as view:
        source["third"] = nn.MultiheadAttention(MODEL, HEADS)
        view.look(cell_ended=True)
        assert [block["label"] for block in listed(view)] == ["first", "second", "third"]
        del source["third"]
        view.refresh()
        assert len(listed(view)) == 2


def test_another_head_works_out_the_enlarged_picture_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with AttentionHeads(model()) as view:
        monkeypatch.setattr(frames, "numbers_frame", None)
        monkeypatch.setattr(frames, "tiles_frame", None)
        tiles = view.tiles
        view.head = 2
        assert (view.error, view.enlarged["head"]) == ("", 2)
        assert view.tiles is tiles


def test_while_a_cell_runs_weights_are_copied_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(watch), "cell_runs", True)
    with AttentionHeads(model()) as view:
        assert any("may mix two training steps" in note for note in thaw(view.frame)["notes"])
        assert view.error == ""


def test_products_that_are_too_large_are_not_drawn_and_their_spectra_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "LARGEST_PRODUCT", 13)
    with AttentionHeads(model(), role="ov") as view:
        tiles = thaw(view.tiles)
        assert (tiles["count"], view.enlarged, view.error) == (0, {}, "")
        assert "OV has 14 x 14 entries for each head" in tiles["refusal"]
        assert np.isfinite(thaw(view.frame)["ov"]).all()
        assert view.picture() is not None
        view.role = "v"
        assert view.tiles["count"] == 2


def test_a_head_with_nan_is_told_and_drawn_as_such() -> None:
    source = model()
    with torch.no_grad():
        source["first"].get_submodule("q_proj").get_parameter("weight")[0, 0] = float("nan")
    with AttentionHeads(source) as view:
        frame, tiles = thaw(view.frame), thaw(view.tiles)
        assert any("1 of 4 heads hold NaN" in note for note in frame["notes"])
        assert tiles["flags"][0, 0, 0] == 1
        assert tiles["flags"].sum() == 1
        assert np.isnan(frame["qk"][0]).all()
        assert np.isfinite(frame["qk"][1:]).all()


def test_a_block_on_meta_says_why_it_shows_nothing() -> None:
    with AttentionHeads(nn.MultiheadAttention(MODEL, HEADS, device="meta")) as view:
        assert "`meta`" in view.error


def test_bfloat16_and_many_heads_stay_below_a_megabyte() -> None:
    state = {f"{part}_proj.weight": torch.randn(2048, 64).bfloat16() for part in "qkv"}
    state["o_proj.weight"] = torch.randn(64, 2048).bfloat16()
    with AttentionHeads(state, num_heads=256, role="qk") as view:
        assert view.error == ""
        parts = [view.frame, view.tiles, view.enlarged]
        size = sum(len(part["data"]) for frame in parts for part in frame.values() if isinstance(part, dict))
        assert size < 500_000


def test_blocks_that_take_long_are_worked_out_beside_the_message_thread() -> None:
    with AttentionHeads(nn.ModuleList([nn.MultiheadAttention(256, 4), nn.MultiheadAttention(8, 2)])) as view:
        source = view._source
        assert view.is_long(source["0.out_proj"])
        assert not view.is_long(source["1.out_proj"])


def test_the_public_name_is_the_view() -> None:
    assert ww.AttentionHeads is AttentionHeads


def test_the_browser_tests_have_these_frames() -> None:
    llama = Llama(2).double()
    steps = {"q": 1.0, "k": 2.0, "v": 3.0, "o": 4.0}
    with torch.no_grad():
        for part, start in steps.items():
            weight = llama.get_submodule(f"{part}_proj").get_parameter("weight")
            # Plain numbers, the same on every machine; the third head's are the largest.
            weight.copy_(((torch.arange(weight.numel()) * start) % 7 - 3).reshape(weight.shape))
        llama.q_proj.weight[2 * SIZE : 3 * SIZE] *= 2
    states = {}
    with AttentionHeads(nn.ModuleDict({"<img src=x>": llama})) as view:
        states["q"] = state_of(view)
        view.role = "k"
        states["k"] = state_of(view)
    with AttentionHeads(llama.state_dict()) as view:
        states["asking"] = state_of(view)
    for state in (states["q"], states["k"]):
        for name in ("frame", "tiles", "enlarged"):
            # The token says where the weights lie in memory.
            state[name] = {**state[name], "token": 1}
        for name, digits in (("qk", 3), ("ov", 3), ("ranks", 6), ("norms", 6)):
            # Singular values differ in their last digits from one LAPACK to another.
            rounded = np.round(thaw(state["frame"][name]), digits)
            state["frame"][name] = {**state["frame"][name], "data": rounded.tobytes()}
    check_fixture("heads", states)
