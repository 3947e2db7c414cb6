"""The heads of an attention block: their norms, and the products in which their projections act."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._rows import made_plain, pool
from weightwidgets.analysis._values import Weight, power_of_two_above, values, widened
from weightwidgets.analysis.matrix_picture import MatrixPicture, matrix_picture
from weightwidgets.analysis.norms import unit_norms

Role = Literal["q", "k", "v", "o", "qk", "ov"]
ROLES: tuple[Role, ...] = get_args(Role)
FACTORS: dict[Role, tuple[Role, Role]] = {"qk": ("q", "k"), "ov": ("o", "v")}
"""A and B of each product ``A.T @ B``."""

_STRIP = 1_000_000


@dataclass(frozen=True, eq=False)
class HeadFactors:
    """The projections of one attention block, cut into heads: views of what was given, in its own dtype.

    Attributes
    ----------
    q : torch.Tensor or numpy.ndarray
        Shape (heads, head_dim, model), weight units: rows of the query projection.
    k : torch.Tensor or numpy.ndarray
        Shape (kv_heads, head_dim, model): rows of the key projection; `shared_by` says whose they are.
    v : torch.Tensor or numpy.ndarray
        Shape (kv_heads, value_dim, model): rows of the value projection.
    o : torch.Tensor or numpy.ndarray
        Shape (heads, value_dim, model): columns of the output projection, each head's block transposed, so
        that all four run from the head's dimensions to the model's.

    """

    q: Weight
    k: Weight
    v: Weight
    o: Weight

    @property
    def heads(self) -> int:
        """Query heads."""
        return len(self.q)

    @property
    def kv_heads(self) -> int:
        """Heads of keys and values."""
        return len(self.k)

    def shared_by(self, head: int) -> int:
        """Give the key and value head that a query head uses."""
        return head // (self.heads // self.kv_heads)

    def matrix(self, role: Role, head: int) -> NDArray[Any]:
        """Give a head's slice of q, k, v or o as numbers, (head_dim, model): float32 or float64."""
        whole = {"q": self.q, "k": self.k, "v": self.v, "o": self.o}[role]
        return values(whole[head if role in ("q", "o") else self.shared_by(head)])


@dataclass(frozen=True, eq=False)
class Heads:
    """The numbers of each head of an attention block.

    Attributes
    ----------
    norms : numpy.ndarray
        float64, shape (6, heads), in the order of `ROLES`: the Frobenius norms of the head's q, k, v and o
        (weight units) and of its products QK and OV (weight units squared). Heads that share keys and values
        have equal norms of k and v. Weights that are not finite count as 0 in q, k, v and o.
    qk : numpy.ndarray
        float64, shape (heads, r), descending, weight units squared: the singular values of ``W_q.T @ W_k``,
        r the smallest of head_dim and the widths of the two. The division of the scores by ``sqrt(head_dim)``
        is not in them.
    ov : numpy.ndarray
        The same of ``W_o @ W_v``.
    effective_rank : numpy.ndarray
        float64, shape (2, heads), of QK and OV: ``exp(-sum(p * ln(p)))``, ``p = s / sum(s)`` (Roy and
        Vetterli, "The effective rank", EUSIPCO 2007). 0 for a product of zeros.
    stable_rank : numpy.ndarray
        float64, shape (2, heads): ``sum(s**2) / max(s)**2`` (Rudelson and Vershynin, J. ACM 54, 2007).
    non_finite : numpy.ndarray
        int64, shape (heads,): NaN and infinite weights in what the head uses. Where there are any, the head's
        singular values and ranks are NaN.

    """

    norms: NDArray[np.float64]
    qk: NDArray[np.float64]
    ov: NDArray[np.float64]
    effective_rank: NDArray[np.float64]
    stable_rank: NDArray[np.float64]
    non_finite: NDArray[np.int64]


def head_factors(q: Weight, k: Weight, v: Weight, o: Weight, num_heads: int) -> HeadFactors:
    """Cut the four projections of an attention block into heads (metrics.md, section 7).

    Parameters
    ----------
    q, k, v : torch.Tensor or numpy.ndarray
        Out-first, shape (rows, model): head h takes rows ``h * d`` to ``(h + 1) * d``.
    o : torch.Tensor or numpy.ndarray
        Out-first, shape (model, columns): head h takes columns ``h * d`` to ``(h + 1) * d``.
    num_heads : int
        Query heads; those of keys and values follow from the rows of `k`.

    Raises
    ------
    ValueError
        If the shapes cannot be those of `num_heads` heads; the message says which and why.

    """
    # What torch can cut is cut first and turned into numbers head by head: no copy of a whole projection.
    parts = [made_plain(weight) for weight in (q, k, v, o)]
    for name, part in zip(ROLES, parts, strict=False):
        if part.ndim != 2 or 0 in part.shape:
            raise ValueError(f"{name} must be a matrix with weights, not of shape {tuple(part.shape)}")
    queries, keys, held, out = parts
    if num_heads < 1 or len(queries) % num_heads:
        raise ValueError(f"q has {len(queries)} rows, which {num_heads} heads cannot share evenly")
    size = len(queries) // num_heads
    kv_heads = len(keys) // size
    if len(keys) % size or num_heads % kv_heads:
        raise ValueError(
            f"k has {len(keys)} rows, which {num_heads} heads of {size} rows cannot share evenly"
        )
    value_size = len(held) // kv_heads
    if len(held) % kv_heads or out.shape[1] != num_heads * value_size:
        raise ValueError(
            f"v has {len(held)} rows and o {out.shape[1]} columns, which do not fit {num_heads} heads of "
            f"which {num_heads // kv_heads} share each value head"
        )
    return HeadFactors(
        queries.reshape(num_heads, size, -1),
        keys.reshape(kv_heads, size, -1),
        held.reshape(kv_heads, value_size, -1),
        out.T.reshape(num_heads, value_size, -1),
    )


def heads(factors: HeadFactors) -> Heads:
    """Measure every head, in float64.

    The products are never formed: with ``A.T = Q_a R_a`` and ``B.T = Q_b R_b`` the singular values of ``A.T @
    B`` are those of ``R_a @ R_b.T``, head_dim x head_dim (Golub and Van Loan, Matrix Computations, section
    8.6; the QR factorisation keeps the small ones, which a Gram matrix loses).

    Parameters
    ----------
    factors : HeadFactors
        From `head_factors`.

    """
    each = [_sizes(factors, role) for role in ("q", "k", "v", "o")]
    qk, ov = (_singular_values(factors, product) for product in FACTORS)
    both = [_sums(qk), _sums(ov)]
    return Heads(
        norms=np.stack([*(sizes for sizes, _ in each), *(norm for norm, _, _ in both)]),
        qk=qk,
        ov=ov,
        effective_rank=np.stack([effective for _, effective, _ in both]),
        stable_rank=np.stack([stable for _, _, stable in both]),
        non_finite=np.sum([strays for _, strays in each], axis=0),
    )


def head_picture(
    factors: HeadFactors, head: int, role: Role, max_rows: int = 32, max_cols: int = 96
) -> MatrixPicture:
    """Pool one head's slice, or one of its products, to a picture, sign kept.

    Parameters
    ----------
    factors : HeadFactors
        From `head_factors`.
    head : int
        0 to ``heads - 1``.
    role : {"q", "k", "v", "o", "qk", "ov"}
        A slice has head_dim rows and a column for each dimension of the model (o is transposed). QK is
        ``W_q.T @ W_k``: rows for the querying, columns for the attended position. OV is ``W_o @ W_v``: rows
        for what is written, columns for what is read. A product is worked out in strips, in float64.
    max_rows, max_cols : int
        The largest picture.

    """
    if role not in FACTORS:
        return matrix_picture(factors.matrix(role, head), max_rows, max_cols)
    left, right = (widened(factors.matrix(factor, head)) for factor in FACTORS[role])
    rows, cols = left.shape[1], right.shape[1]
    block_rows, block_cols = -(-rows // max_rows), -(-cols // max_cols)
    step = block_rows * max(1, _STRIP // (block_rows * cols))
    with np.errstate(invalid="ignore", over="ignore"):
        strips = [
            pool(left[:, start : start + step].T @ right, block_rows, block_cols)
            for start in range(0, rows, step)
        ]
    return MatrixPicture(np.concatenate(strips), block_rows, block_cols)


def _sizes(factors: HeadFactors, role: Role) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give the norm of each head's slice, and how many of its weights are not finite."""
    found = [unit_norms(factors.matrix(role, head).reshape(1, -1)) for head in range(factors.heads)]
    return np.concatenate([norms.l2 for norms in found]), np.array([norms.non_finite for norms in found])


def _singular_values(factors: HeadFactors, product: Role) -> NDArray[np.float64]:
    known: dict[int, tuple[NDArray[np.float64], float]] = {}
    found = []
    for head in range(factors.heads):
        own, common = FACTORS[product]
        shared = factors.shared_by(head)
        # The heads of a group share one factor, which is by far the larger part of the work.
        if shared not in known:
            known = {shared: _triangle(factors.matrix(common, head))}
        left, left_scale = _triangle(factors.matrix(own, head))
        right, right_scale = known[shared]
        small = left @ right.T
        if np.isfinite(small).all():
            with np.errstate(over="ignore", under="ignore"):
                found.append(np.linalg.svd(small, compute_uv=False) * left_scale * right_scale)
        else:
            found.append(np.full(min(small.shape), np.nan))
    return np.stack(found)


def _triangle(factor: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
    """Give R and a scale: ``R.T @ R * scale**2`` is ``factor @ factor.T``. NaN where it is not finite."""
    wide = widened(factor)
    if not np.isfinite(wide).all():
        return np.full((min(wide.shape), wide.shape[0]), np.nan), 1.0
    # Squares of float64 may overflow; a power of two changes no digit.
    scale = power_of_two_above(float(np.abs(wide).max()))
    triangle: NDArray[np.float64] = np.asarray(np.linalg.qr((wide / scale).T, mode="r"))
    return triangle, scale


def _sums(spectra: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Give the Frobenius norm, the effective rank and the stable rank of each row of singular values."""
    first = spectra[:, :1]
    # In units of the largest: squares neither overflow nor vanish.
    zeros = np.where(np.isnan(spectra), np.nan, 0.0)
    with np.errstate(invalid="ignore"):
        share = np.divide(spectra, first, out=zeros, where=first > 0)
    stable = np.square(share).sum(axis=1)
    total = share.sum(axis=1, keepdims=True)
    part = np.divide(share, total, out=share.copy(), where=total > 0)
    # p * ln(p) goes to 0 with p.
    logs = np.log(part, out=np.zeros_like(part), where=part > 0)
    effective = np.where(total[:, 0] == 0, 0.0, np.exp(-(part * logs).sum(axis=1)))
    with np.errstate(over="ignore"):
        norm = np.where(np.isposinf(first[:, 0]), np.inf, np.sqrt(stable) * first[:, 0])
    return norm, effective, stable
