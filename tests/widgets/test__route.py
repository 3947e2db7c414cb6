"""The route of a widget's messages stays the one that the front end chose."""

from __future__ import annotations

from importlib.metadata import requires
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from ipykernel.comm.comm import BaseComm
from ipykernel.kernelbase import Kernel
from packaging.requirements import Requirement

from tests.widgets.kernels import FIRST_WITH_SUBSHELLS, INSTALLED, WITHOUT_SUBSHELLS, LiveKernel
from weightwidgets.widgets import _route

if TYPE_CHECKING:
    from pathlib import Path

SHOW = """
import logging, threading, time
import ipykernel, torch
import weightwidgets as ww

problems = []

class Note(logging.Handler):
    def emit(self, record):
        problems.append(self.format(record))

for log in (logging.getLogger(), get_ipython().kernel.log, logging.getLogger("Comm")):
    log.addHandler(Note(logging.ERROR))

runs, answered = False, []
def note(change):
    answered.append((change.new, runs, threading.current_thread() is threading.main_thread()))

view = ww.WeightHistogram(torch.nn.Conv2d(3, 31, 3))
view.observe(note, "filter_index")
"""

# Publishes on the very comm that the browser's messages come by, until all are answered and one more comes:
# the view looks at its weights when a cell ends, and would answer in its name what came at that moment.
TRAIN = """
runs, end = True, time.monotonic() + 60
while len(answered) < 31 and time.monotonic() < end:
    view.send_state("size")
    time.sleep(0.02)
runs = False
"""

BUSY = """
runs = True
view.send_state("size")
time.sleep(0.5)
runs = False
"""


def test_a_publish_from_the_running_cell_does_not_move_the_route() -> None:
    class Quiet(BaseComm):
        def publish_msg(self, *_: object, **__: object) -> None:
            self._reply_subshell_id = None

    comm = Quiet(target_name="jupyter.widget")
    assert hasattr(comm, "_reply_subshell_for"), "this ipykernel has another private name: see _route.py"
    assert comm._reply_subshell_for({}, "chosen") is None
    _route.keep_route(SimpleNamespace(comm=comm))
    comm.publish_msg("comm_msg")
    assert comm._reply_subshell_for({}, "chosen") == "chosen"


def test_a_comm_without_the_private_name_is_left_as_it_is() -> None:
    comm = SimpleNamespace()
    _route.keep_route(SimpleNamespace(comm=comm))
    assert vars(comm) == {}


def test_outside_a_kernel_no_control_waits() -> None:
    assert not Kernel.initialized()
    assert not _route.controls_wait()


def test_a_kernel_without_subshells_makes_controls_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = SimpleNamespace(_supports_kernel_subshells=False)
    monkeypatch.setattr(Kernel, "initialized", classmethod(lambda _: True))
    monkeypatch.setattr(Kernel, "instance", classmethod(lambda _: kernel))
    assert _route.controls_wait()
    kernel._supports_kernel_subshells = True
    assert not _route.controls_wait()


@pytest.mark.parametrize("release", [FIRST_WITH_SUBSHELLS, INSTALLED])
def test_all_messages_are_answered_while_a_cell_runs_and_publishes(release: str, tmp_path: Path) -> None:
    with LiveKernel(release, tmp_path) as kernel:
        kernel.run(SHOW)
        assert kernel.value("ipykernel.__version__") == release
        assert kernel.value("view.notice") == ""
        comm, subshell = kernel.value("view.comm.comm_id"), kernel.make_subshell()
        cell = kernel.begin(TRAIN)
        assert kernel.wait_state(cell, "size"), "the cell does not publish"
        for index in range(1, 31):
            message = kernel.send_state(comm, {"filter_index": index}, subshell)
            assert kernel.wait_state(message, "overlay"), f"message {index} of 30 waits for the cell"
        kernel.send_state(comm, {"filter_index": 0}, subshell)
        kernel.end(cell)
        assert kernel.value("answered") == [(index, True, False) for index in (*range(1, 31), 0)]
        assert kernel.value("problems") == []


def test_without_subshells_controls_wait_for_the_cell_and_the_view_says_so(tmp_path: Path) -> None:
    with LiveKernel(WITHOUT_SUBSHELLS, tmp_path) as kernel:
        kernel.run(SHOW)
        assert kernel.value("ipykernel.__version__") == WITHOUT_SUBSHELLS
        assert kernel.value("view.notice") == _route.WAITING_CONTROLS
        comm = kernel.value("view.comm.comm_id")
        cell = kernel.begin(BUSY)
        assert kernel.wait_state(cell, "size"), "the cell does not publish"
        message = kernel.send_state(comm, {"filter_index": 1}, None)
        assert kernel.wait_state(message, "overlay")
        kernel.end(cell)
        assert kernel.value("answered") == [(1, False, True)]
        assert kernel.value("problems") == []


def test_the_oldest_release_tried_is_the_oldest_that_the_demo_takes() -> None:
    wanted = [Requirement(line) for line in requires("weightwidgets") or []]
    (kernel,) = {wish.specifier for wish in wanted if wish.name == "ipykernel"}
    assert list(kernel.filter([WITHOUT_SUBSHELLS, FIRST_WITH_SUBSHELLS])) == [FIRST_WITH_SUBSHELLS]
    assert str(kernel) == f">={FIRST_WITH_SUBSHELLS.removesuffix('.0.0')}"
