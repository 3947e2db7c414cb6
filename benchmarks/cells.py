"""The notebooks that are timed: ours, and what a user would write with the usual tools.

The last cell of each shows something; those before it prepare.
"""

from __future__ import annotations

IMPORTS = """
import torch
from torch import nn
import weightwidgets as ww
torch.manual_seed(0)
"""


def histogram(weights: int) -> list[str]:
    """Our histogram alone, of one layer with that many weights."""
    model = f"model = nn.Sequential(nn.Linear(1000, {weights // 1000}, bias=False))"
    return [IMPORTS + model, "ww.WeightHistogram(model)"]


def interact_histogram(weights: int) -> list[str]:
    """`interact` and matplotlib, which draws a new figure for each step."""
    return [
        f"""
%matplotlib inline
import torch, matplotlib.pyplot as plt
from ipywidgets import IntSlider, interact
values = torch.randn({weights}).numpy()
""",
        """
@interact(bins=IntSlider(value=50, min=1, max=256))
def show(bins):
    plt.hist(values, bins=bins)
    plt.show()
""",
    ]


def bqplot_histogram(weights: int) -> list[str]:
    """`Bars` of bqplot, whose heights the kernel counts at each step and sends in one message."""
    return [
        f"""
import torch, numpy as np
import bqplot as bq
from ipywidgets import IntSlider, VBox
weights = torch.randn({weights})
""",
        """
low, high = float(weights.min()), float(weights.max())
x, y = bq.LinearScale(), bq.LinearScale()
bars = bq.Bars(x=[0.0], y=[1.0], scales={"x": x, "y": y}, padding=0)
slider = IntSlider(value=50, min=1, max=256)

def count(change):
    bins = slider.value
    counts = torch.histc(weights, bins).numpy()
    with bars.hold_sync():
        bars.x, bars.y = np.linspace(low, high, bins), counts

slider.observe(count, "value")
count(None)
VBox([slider, bq.Figure(marks=[bars], animation_duration=0)])
""",
    ]


FILTERS = f"{IMPORTS}model = nn.Sequential(nn.Conv2d(3, 64, 7, bias=False))\n"

EXPLORED_FILTERS = [FILTERS, "ww.WeightExplorer(model)"]

INTERACT_FILTERS = [
    """
%matplotlib inline
import torch, matplotlib.pyplot as plt
from ipywidgets import IntSlider, interact
filters = torch.randn(64, 3, 7, 7)
filters = ((filters - filters.amin()) / (filters.amax() - filters.amin())).permute(0, 2, 3, 1).numpy()
""",
    """
@interact(selected=IntSlider(value=0, min=0, max=63))
def show(selected):
    figure, axes = plt.subplots(8, 8, figsize=(6, 6))
    for index, axis in enumerate(axes.flat):
        axis.imshow(filters[index])
        axis.set_xticks([])
        axis.set_yticks([])
        for spine in axis.spines.values():
            spine.set_color("red" if index == selected else "white")
    plt.show()
""",
]

MOSAIC_FILTERS = [
    INTERACT_FILTERS[0] + "import numpy as np\nfrom matplotlib.patches import Rectangle\n",
    """
mosaic = np.ones((64, 64, 3), dtype=np.float32)
for index in range(64):
    row, column = divmod(index, 8)
    mosaic[8 * row : 8 * row + 7, 8 * column : 8 * column + 7] = filters[index]

@interact(selected=IntSlider(value=0, min=0, max=63))
def show(selected):
    figure, axis = plt.subplots(figsize=(6, 6))
    axis.imshow(mosaic)
    row, column = divmod(selected, 8)
    axis.add_patch(Rectangle((8 * column - 1, 8 * row - 1), 8, 8, fill=False, color="red"))
    axis.axis("off")
    plt.show()
""",
]

LAYERS = 12

LARGE_LAYERS = [
    f"{IMPORTS}model = nn.Sequential(*[nn.Linear(2500, 4000, bias=False) for _ in range({LAYERS})])",
    "ww.WeightExplorer(model)",
]

# The kernel notes when the exact picture was published; frames of the preview come before it.
EMBEDDING = [
    f"""{IMPORTS}
import time
ww.WeightMatrix  # imported here, as the other names are
model = nn.Sequential(nn.Embedding(128256, 4096, dtype=torch.bfloat16))
""",
    """
began, published = time.perf_counter(), []
shown = ww.WeightMatrix(model)
shown.observe(lambda change: change.new["preview"] or published.append(time.perf_counter() - began), "frame")
shown
""",
]

# numba keeps compiled kernels beside the code, else in the home directory. With one place left to it, which
# cannot be made (nothing lies below a file, not even for root), it has to compile them anew.
_NO_NUMBA_CACHE = """
import os
os.environ["NUMBA_CACHE_DIR"] = os.devnull + "/none"
os.environ["NUMBA_CACHE_LOCATOR_CLASSES"] = "UserProvidedCacheLocator"
"""


def network(width: int, *, numba_cache: bool = True) -> list[str]:
    """Our explorer of a convolutional network: a width of 518 is 25 million weights, 1965 is 350 million."""
    model = f"""
model = nn.Sequential(
    nn.Conv2d(3, 64, 7), nn.ReLU(), nn.Conv2d(64, {width}, 3), nn.ReLU(),
    *[part for _ in range(10) for part in (nn.Conv2d({width}, {width}, 3), nn.ReLU())],
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear({width}, 1000))
"""
    return [("" if numba_cache else _NO_NUMBA_CACHE) + IMPORTS + model, "ww.WeightExplorer(model)"]


BARE_WIDGET = ["", "import ipywidgets; ipywidgets.Label('here')"]
