"""The demo models' architectures: what they take, what they give, and that no place sees a later one."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from weightwidgets.sources.demo import demo_model
from weightwidgets.sources.demo_nets import ALPHABET, CONTEXT, Attention


@pytest.mark.parametrize("size", [(28, 28), (28, 61), (40, 40)])
def test_edges_takes_pictures_of_28_pixels_or_more(size: tuple[int, int]) -> None:
    assert demo_model("edges")(torch.rand(2, 3, *size)).shape == (2, 3)


def test_edges_refuses_pictures_that_are_too_small() -> None:
    with pytest.raises(RuntimeError):
        demo_model("edges")(torch.rand(2, 3, 27, 28))


def test_digits_gives_ten_logits_and_refuses_other_sizes() -> None:
    model = demo_model("digits")
    assert model(torch.rand(2, 1, 8, 8)).shape == (2, 10)
    with pytest.raises(RuntimeError):
        model(torch.rand(2, 1, 10, 10))


def test_the_alphabet_is_the_line_feed_and_printable_ascii_each_once() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 96
    assert all(character == "\n" or character.isprintable() for character in ALPHABET)
    assert "".join(ALPHABET).isascii()


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_what_comes_later_changes_no_earlier_guess(name: str) -> None:
    model = demo_model(name)
    text = torch.arange(CONTEXT).remainder(96)[None]
    other = text.clone()
    other[:, 70:] = 5
    with torch.no_grad():
        one, two = model(text), model(other)
    assert one.shape == (1, CONTEXT, 96)
    assert torch.allclose(one[:, :70], two[:, :70], atol=1e-5)
    assert not torch.allclose(one[:, 70:], two[:, 70:], atol=1e-2)


def test_the_transformer_refuses_a_text_that_is_too_long() -> None:
    with pytest.raises(RuntimeError):
        demo_model("transformer")(torch.zeros(1, CONTEXT + 1, dtype=torch.int64))


def test_each_two_query_heads_share_a_key_and_a_value_head() -> None:
    attention = demo_model("transformer").get_submodule("layers.1.attention").double()
    assert isinstance(attention, Attention)
    hidden = torch.randn(1, 9, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    weights = {name: parameter.detach() for name, parameter in attention.named_parameters()}
    mask = torch.ones(9, 9).tril().bool()
    read = []
    for head in range(4):
        rows, shared = slice(16 * head, 16 * head + 16), slice(16 * (head // 2), 16 * (head // 2) + 16)
        query, key = hidden @ weights["q_proj.weight"][rows].T, hidden @ weights["k_proj.weight"][shared].T
        scores = (query @ key.transpose(1, 2) / 4).masked_fill(~mask, -torch.inf).softmax(-1)
        read.append(scores @ hidden @ weights["v_proj.weight"][shared].T)
    expected = torch.cat(read, -1) @ weights["o_proj.weight"].T
    with torch.no_grad():
        assert torch.allclose(attention(hidden), expected, atol=1e-12)


def test_an_lstm_cell_by_hand_gives_the_same_logits() -> None:
    model = demo_model("lstm").double()
    lstm = model.get_submodule("lstm")
    assert isinstance(lstm, nn.LSTM)
    text = torch.tensor([[40, 3, 77, 1, 60]])
    stream = model.get_parameter("embedding.weight")[text[0]]
    with torch.no_grad():
        for layer in range(2):
            w_ih, w_hh, b_ih, b_hh = (getattr(lstm, f"{part}_l{layer}") for part in
                                      ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))  # fmt: skip
            hidden = cell = torch.zeros(96, dtype=torch.float64)
            outputs = []
            for step in stream:
                i, f, g, o = (w_ih @ step + b_ih + w_hh @ hidden + b_hh).split(96)
                cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
                hidden = o.sigmoid() * cell.tanh()
                outputs.append(hidden)
            stream = torch.stack(outputs)
        head = model.get_submodule("head")
        assert torch.allclose(model(text)[0], head(stream), atol=1e-12)
