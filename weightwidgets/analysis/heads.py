"""The heads of an attention block: their norms, and the products in which their projections act."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._rows import pool
from weightwidgets.analysis._values import Weight, power_of_two_above, values, widened
from weightwidgets.analysis.matrix_picture import MatrixPicture, matrix_picture
from weightwidgets.analysis.norms import unit_norms

Role = Literal["q", "k", "v", "o", "qk", "ov"]
ROLES: tuple[Role, ...] = get_args(Role)
PRODUCTS: tuple[Role, ...] = ("qk", "ov")

_STRIP = 1_000_000


@dataclass(frozen=True, eq=False)
class HeadFactors:
    """The projections of one attention block, cut into heads; views where the memory allows.

    Attributes
    ----------
    q : numpy.ndarray
        Shape (heads, head_dim, model), float32 or float64, weight units: rows of the query projection.
    k : numpy.ndarray
        Shape (kv_heads, head_dim, model): rows of the key projection; `shared_by` says whose they are.
    v : numpy.ndarray
        Shape (kv_heads, value_dim, model): rows of the value projection.
    o : numpy.ndarray
        Shape (heads, value_dim, model): columns of the output projection, each head's block transposed, so
        that all four run from the head's dimensions to the model's.

    """

    q: NDArray[Any]
    k: NDArray[Any]
    v: NDArray[Any]
    o: NDArray[Any]

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

    def pair(self, product: Role, head: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give the two factors A and B of a product ``A.T @ B``, each (head_dim, model)."""
        shared = self.shared_by(head)
        return (self.q[head], self.k[shared]) if product == "qk" else (self.o[head], self.v[shared])

    def matrix(self, role: Role, head: int) -> NDArray[Any]:
        """Give a head's slice of one projection, (head_dim, model)."""
        whole = {"q": self.q, "k": self.k, "v": self.v, "o": self.o}[role]
        return np.asarray(whole[head if role in ("q", "o") else self.shared_by(head)])


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
    arrays = {name: values(weight) for name, weight in zip(ROLES, (q, k, v, o), strict=False)}
    for name, array in arrays.items():
        if array.ndim != 2 or array.size == 0:
            raise ValueError(f"{name} must be a matrix with weights, not of shape {array.shape}")
    queries, keys, held, out = arrays.values()
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
    count, groups = factors.heads, factors.heads // factors.kv_heads
    each = {"q": factors.q, "k": factors.k, "v": factors.v, "o": factors.o}
    repeat = {name: groups if name in ("k", "v") else 1 for name in each}
    sizes = [
        np.repeat(unit_norms(np.ascontiguousarray(part)).l2, repeat[name]) for name, part in each.items()
    ]
    strays = sum(np.repeat(_strays(part), repeat[name]) for name, part in each.items())
    qk, ov = (_singular_values(factors, product) for product in PRODUCTS)
    both = [_sums(qk), _sums(ov)]
    return Heads(
        norms=np.stack([*sizes, *(norm for norm, _, _ in both)]),
        qk=qk,
        ov=ov,
        effective_rank=np.stack([effective for _, effective, _ in both]),
        stable_rank=np.stack([stable for _, _, stable in both]),
        non_finite=np.asarray(strays, dtype=np.int64).reshape(count),
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
    if role not in PRODUCTS:
        return matrix_picture(factors.matrix(role, head), max_rows, max_cols)
    left, right = (widened(factor) for factor in factors.pair(role, head))
    rows, cols = left.shape[1], right.shape[1]
    block_rows, block_cols = -(-rows // max_rows), -(-cols // max_cols)
    step = block_rows * max(1, _STRIP // (block_rows * cols))
    with np.errstate(invalid="ignore", over="ignore"):
        strips = [
            pool(left[:, start : start + step].T @ right, block_rows, block_cols)
            for start in range(0, rows, step)
        ]
    return MatrixPicture(np.concatenate(strips), block_rows, block_cols)


def _strays(part: NDArray[Any]) -> NDArray[np.int64]:
    finite = np.count_nonzero(np.isfinite(part), axis=(1, 2))
    return np.asarray(part.shape[1] * part.shape[2] - finite, dtype=np.int64)


def _singular_values(factors: HeadFactors, product: Role) -> NDArray[np.float64]:
    known: dict[int, tuple[NDArray[np.float64], float]] = {}
    found = []
    for head in range(factors.heads):
        own, common = factors.pair(product, head)
        shared = factors.shared_by(head)
        # The heads of a group share one factor, which is by far the larger part of the work.
        if shared not in known:
            known = {shared: _triangle(common)}
        left, left_scale = _triangle(own)
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
