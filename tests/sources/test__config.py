import json
from pathlib import Path

import pytest

from weightwidgets.sources._config import config_beside
from weightwidgets.sources._limits import Limits, WeightFile

CONFIG = {"model_type": "llama", "num_attention_heads": 8, "text_config": {"head_dim": 64}}


def weights(folder: Path) -> WeightFile:
    (folder / "model.safetensors").touch()
    return WeightFile(str(folder / "model.safetensors"))


@pytest.mark.parametrize("limits", [Limits(), Limits.none()])
def test_the_configuration_beside_the_weights_is_read(limits: Limits, tmp_path: Path) -> None:
    assert config_beside(weights(tmp_path), limits) == {}
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    assert config_beside(weights(tmp_path), limits) == CONFIG


USELESS = {
    "damaged": b'{"model_type": ',
    "no text": b"\xff\xfe",
    "a list": b'["model_type"]',
    "of another program": b'{"num_heads": 4}',
    "too long": json.dumps({"model_type": "x" * 2**20}).encode(),
    "too deep": b'{"model_type": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "an endless number": b'{"model_type": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("what", USELESS)
@pytest.mark.parametrize("limits", [Limits(), Limits.none()])
def test_a_useless_configuration_is_as_good_as_none(what: str, limits: Limits, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(USELESS[what])
    assert config_beside(weights(tmp_path), limits) == {}


def test_a_configuration_that_is_a_folder_or_leads_elsewhere_is_not_read(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (tmp_path / "elsewhere.json").write_text(json.dumps(CONFIG))
    (model / "config.json").symlink_to(tmp_path / "elsewhere.json")
    assert config_beside(weights(model), Limits()) == {}
    (model / "config.json").unlink()
    (model / "config.json").mkdir()
    assert config_beside(weights(model), Limits()) == {}


def test_a_shorter_limit_counts(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    assert config_beside(weights(tmp_path), Limits(header_bytes=10)) == {}
