import subprocess
import sys
from importlib import import_module
from types import FunctionType

import pytest

from weightwidgets import analysis


def test_importing_a_file_does_not_hide_the_analysis_of_its_name() -> None:
    # In a fresh interpreter, file first: histogram_table imports histogram on its way.
    program = (
        "import numpy, weightwidgets.analysis.histogram_table\n"
        "import weightwidgets.analysis.summary\n"
        "from weightwidgets import analysis\n"
        "assert analysis.histogram(numpy.ones(3), 1).counts.tolist() == [3]\n"
        "assert analysis.summary.__name__ == 'summary' and callable(analysis.summary)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_every_name_of_the_table_is_there_documented_and_listed() -> None:
    for name, module in analysis._MODULES.items():
        found = getattr(analysis, name)
        assert isinstance(found, type | FunctionType), name
        assert found is getattr(import_module(f"weightwidgets.analysis.{module}"), name)
        assert found.__doc__, name
        assert name in dir(analysis)
    assert set(analysis.__all__) <= set(analysis._MODULES)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'spektrum'"):
        _ = analysis.spektrum
