"""How the weights of one filter lie side by side in its tile."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._rows import pool


@dataclass(frozen=True)
class TileLayout:
    """The geometry of a tile, the same for every filter of a layer.

    A tile is a mosaic of cells, each a picture of `rows` x `cols` weights.

    Attributes
    ----------
    cells : int
        Pictures in a tile: input channels times slices of a 3-d kernel, channel by channel.
    cell_rows, cell_cols : int
        How the cells are arranged, row by row; the last row may be shorter.
    rows, cols : int
        Weights of one cell.
    depth : int
        3 where each pixel is red, green and blue; else 1.
    block_rows, block_cols : int
        Weights that one pixel stands for; 1 x 1 where nothing is pooled.
    channels : int
        Input channels to choose from; 0 for a weight without.
    slices : int
        Cells of one input channel.
    input_channel : int or None
        The only input channel shown.
    depths : int
        Slices of a 3-d kernel to choose from, from front to back; 0 for any other weight.
    depth_index : int or None
        The only slice of each kernel shown.

    """

    cells: int
    cell_rows: int
    cell_cols: int
    rows: int
    cols: int
    depth: int = 1
    block_rows: int = 1
    block_cols: int = 1
    channels: int = 0
    slices: int = 1
    input_channel: int | None = None
    depths: int = 0
    depth_index: int | None = None

    @property
    def height(self) -> int:
        """Pixels of a cell from top to bottom."""
        return -(-self.rows // self.block_rows)

    @property
    def width(self) -> int:
        """Pixels of a cell from left to right."""
        return -(-self.cols // self.block_cols)

    @property
    def pixels(self) -> int:
        """Numbers of a tile, colour components counted singly."""
        return self.cells * self.height * self.width * self.depth

    def arrange(self, filters: NDArray[np.floating]) -> NDArray[np.floating]:
        """Lay filters out as tiles, pooled to the extreme of each block, sign kept.

        Parameters
        ----------
        filters : numpy.ndarray
            Rows of the out-first weight, shape (n, ...).

        Returns
        -------
        numpy.ndarray
            Shape (n, cells, height, width), and a last dimension of 3 where `depth` is 3.

        """
        count = len(filters)
        if self.input_channel is not None:
            filters = filters[:, self.input_channel]
        if self.depth_index is not None:
            filters = filters[..., self.depth_index, :, :]
        components = filters.reshape(count, self.cells * self.depth, self.rows, self.cols)
        pooled = pool(components, self.block_rows, self.block_cols)
        return np.moveaxis(pooled[:, None], 2, -1) if self.depth == 3 else pooled


def tile_layout(
    shape: Sequence[int],
    *,
    input_channel: int | None = None,
    depth_index: int | None = None,
    image_shape: tuple[int, ...] | None = None,
    rgb: bool | None = None,
    max_values: int | None = None,
) -> TileLayout:
    """Lay out the tiles of an out-first weight.

    Parameters
    ----------
    shape : sequence of int
        (out_channels, in_channels // groups, *kernel_size), (out_features, in_features), or fewer dimensions.
    input_channel : int, optional
        Show one input channel only; by default all of them.
    depth_index : int, optional
        Show one slice only of each kernel of a 3-d convolution, whose shape is (out_channels,
        in_channels // groups, kD, kH, kW); by default all of them.
    image_shape : (h, w) or (3, h, w), optional
        Read each row of a matrix as a gray or a red-green-blue picture.
    rgb : bool, optional
        Whether three input channels are red, green and blue; by default yes for (out, 3, kH, kW).
    max_values : int, optional
        Pool a tile that holds more numbers: a mosaic to one pixel per cell, a single picture by even blocks.

    Raises
    ------
    ValueError
        If the weight has no such input channel or slice, or its rows are no picture of that shape.

    """
    rest = tuple(shape[1:])
    channels = rest[0] if len(rest) > 1 else 0
    if input_channel is not None and not 0 <= input_channel < channels:
        valid = f"0 to {channels - 1}" if channels else "None, as this weight has no input channels to choose"
        raise ValueError(f"input_channel must be {valid}; got {input_channel}")
    depths = rest[1] if len(rest) == 4 else 0
    if depth_index is not None and not 0 <= depth_index < depths:
        valid = f"0 to {depths - 1}" if depths else "None, as this weight has no 3-d kernels"
        raise ValueError(f"depth_index must be {valid}; got {depth_index}")
    if image_shape is not None:
        return _fit(_image(rest, image_shape), max_values)
    true_color = input_channel is None and len(rest) == 3 and rest[0] == 3 and rgb is not False
    if rgb and not true_color:
        raise ValueError(f"only (out, 3, kH, kW) has true colours, not {tuple(shape)}")
    if true_color:
        layout = TileLayout(1, 1, 1, rest[1], rest[2], depth=3, channels=3)
    elif len(rest) < 3:
        rows = rest[0] if len(rest) == 2 and input_channel is None else 1
        layout = TileLayout(1, 1, 1, rows, rest[-1] if rest else 1, channels=channels)
    else:
        slices = math.prod(rest[1:-2]) if depth_index is None else 1
        cells = slices if input_channel is not None else channels * slices
        across = _cells_across(cells, slices, rest[-2] / max(rest[-1], 1))
        down = -(-cells // across)
        layout = TileLayout(cells, down, across, rest[-2], rest[-1], channels=channels, slices=slices)
    chosen = replace(layout, input_channel=input_channel, depths=depths, depth_index=depth_index)
    return _fit(chosen, max_values)


def _image(rest: tuple[int, ...], image_shape: tuple[int, ...]) -> TileLayout:
    depth = image_shape[0] if len(image_shape) == 3 else 1
    if len(rest) != 1 or depth not in (1, 3) or math.prod(image_shape) != rest[0]:
        raise ValueError(f"a row of shape {rest} is no picture of shape {tuple(image_shape)}")
    return TileLayout(1, 1, 1, image_shape[-2], image_shape[-1], depth=depth)


def _cells_across(cells: int, slices: int, aspect: float) -> int:
    """Make the mosaic about square, the slices of one channel side by side."""
    across = math.sqrt(max(cells, 1) * aspect)
    return min(max(1, cells), max(slices, slices * math.ceil(across / slices - 1e-9)))


def _fit(layout: TileLayout, max_values: int | None) -> TileLayout:
    if max_values is None or layout.pixels <= max_values:
        return layout
    if 1 < layout.cells <= max_values:
        return replace(layout, block_rows=layout.rows, block_cols=layout.cols)
    # One picture: the only cell, or, where even one pixel per cell is too much, a row for each cell.
    rows, cols, depth = layout.cells * layout.rows, layout.cols, layout.depth
    if layout.cells > 1:
        rows, cols = layout.cells, layout.rows * layout.cols
    side = math.ceil(math.sqrt(rows * cols * depth / max_values))
    block_rows = min(rows, max(side, -(-rows * depth // max_values)))
    room = max_values // (-(-rows // block_rows) * depth)
    return replace(
        layout,
        cells=1,
        cell_rows=1,
        cell_cols=1,
        rows=rows,
        cols=cols,
        block_rows=block_rows,
        block_cols=-(-cols // room),
    )
