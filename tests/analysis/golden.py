"""The matrix of metrics.md, section 11, whose numbers are known from elsewhere."""

import numpy as np
from numpy.typing import NDArray


def golden_matrix() -> NDArray[np.float32]:
    """Build the 160 x 96 matrix: rounded to float32, as its numbers were computed."""
    row = np.arange(160, dtype=np.float64)[:, None] + 1
    column = np.arange(96, dtype=np.float64)[None, :] + 1
    wave = np.sin(0.37 * row * column) + 0.5 * np.cos(0.11 * row + 0.23 * column**2)
    golden: NDArray[np.float32] = (wave / np.sqrt(96)).astype(np.float32)
    return golden
