"""The route of a widget's messages stays the one that the front end chose."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from ipykernel.comm.comm import BaseComm
from ipykernel.kernelbase import Kernel

from weightwidgets.widgets import _route

if TYPE_CHECKING:
    import pytest


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
