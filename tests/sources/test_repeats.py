import pytest

from weightwidgets.sources.repeats import repeated_groups, repeated_pattern, sibling_pattern, stars


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("layers.3.q_proj", "layers.*.q_proj"),
        ("layer1.0.conv1", "layer1.*.conv1"),
        ("h.11.mlp.2.fc", "h.*.mlp.*.fc"),
        ("blocks.0.1", "blocks.*.1"),
        ("features.0", ""),
        ("0", ""),
        ("conv1", ""),
        ("", ""),
    ],
)
def test_numbers_in_the_path_of_a_name_make_its_pattern(name: str, pattern: str) -> None:
    assert repeated_pattern(name) == pattern
    assert not pattern or stars(pattern, name) is not None


def test_three_names_of_one_pattern_and_kind_are_a_group() -> None:
    named = [(f"l.{block}.{part}", "linear") for block in range(3) for part in ("q", "k")]
    assert repeated_groups(named) == {("l.*.q", "linear"): [0, 2, 4], ("l.*.k", "linear"): [1, 3, 5]}
    assert repeated_groups(named[:4]) == {}
    assert repeated_groups([("l.0.q", "linear"), ("l.1.q", "linear"), ("l.2.q", "norm")]) == {}


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("layers.*.q", "layers.11.q", ("11",)),
        ("layers.*.q", "layers.1.2.q", None),
        ("layers.*.q", "layers.1.q.b", None),
        ("layers.*.q", "xlayers.1.q", None),
        ("h.*.mlp.*.fc", "h.3.mlp.0.fc", ("3", "0")),
        ("conv*", "conv2", ("2",)),
        ("conv*", "conv", None),
        ("a.b", "a.b", ()),
        ("a.b", "axb", None),
        ("(.*", "(.7", ("7",)),
        ("l.*", "l.two\nlines", ("two\nlines",)),
    ],
)
def test_a_star_stands_for_a_part_of_a_name_without_dots(
    pattern: str, name: str, found: tuple[str, ...] | None
) -> None:
    assert stars(pattern, name) == found


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("features.3", "features.*"), ("0", "*"), ("a.1.b", ""), ("a.b1", ""), ("", ""), ("a.1.2", "a.1.*")],
)
def test_a_number_at_the_end_counts_siblings(name: str, pattern: str) -> None:
    assert sibling_pattern(name) == pattern
