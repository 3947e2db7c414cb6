"""Keeps the browser's messages on the thread that stays free while a cell runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ipywidgets

WAITING_CONTROLS = "Controls wait while a cell runs: this Jupyter kernel handles one message at a time."


def keep_route(widget: ipywidgets.Widget) -> None:
    """Let the front end choose the thread that handles a widget's messages.

    ipykernel answers a comm on the shell that last published on it, so a publish from the running cell would
    send the browser's next message to the main thread, where it waits for the cell. The name is private to
    ipykernel: where it is absent, either nothing is routed wrongly or there are no subshells at all (see
    `controls_wait`).
    """
    comm: Any = widget.comm
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _as_sent  # noqa: SLF001


def _as_sent(_data: object, default: object) -> object:
    return default


def controls_wait() -> bool:
    """Whether this process is a kernel whose controls cannot answer while a cell runs."""
    try:
        from ipykernel.kernelbase import Kernel
    except ImportError:
        return False
    return bool(Kernel.initialized()) and not getattr(Kernel.instance(), "_supports_kernel_subshells", False)
