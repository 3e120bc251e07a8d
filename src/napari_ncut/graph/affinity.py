"""Affinity matrices: what the clustering accepts, and the value of a partition."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def as_affinity(affinity: Any) -> sp.csr_array:
    """Return an affinity as a symmetric CSR array of floats: no diagonal, no zeros stored.

    Parameters
    ----------
    affinity : (n, n) sparse matrix, sparse array or array_like
        Weights that are not negative. Duplicate entries add up; the diagonal is left out, as a
        Laplacian does not see it.

    Raises
    ------
    TypeError
        For `numpy.matrix`, and for complex, object or text data.
    ValueError
        If it is not square, or holds NaN, infinities or negative weights.

    Warns
    -----
    UserWarning
        If it is not symmetric; the mean with its transpose is taken.
    """
    if isinstance(affinity, np.matrix):
        raise TypeError(
            "np.matrix is not supported. Please convert to a numpy array with np.asarray(affinity)."
        )
    data: Any = affinity if sp.issparse(affinity) else np.asarray(affinity)
    if data.dtype.kind not in "biuf":
        raise TypeError(
            f"affinity has dtype {data.dtype}; wanted real numbers that are not negative."
        )
    if data.ndim != 2 or data.shape[0] != data.shape[1] or data.shape[0] == 0:
        raise ValueError(f"affinity has shape {data.shape}; wanted a square matrix (n, n).")
    matrix = sp.csr_array(data, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    _check_weights(matrix.data)
    # Sums of weights near the largest float would overflow, and a cut is a ratio anyway.
    top = matrix.data.max(initial=0.0)
    if top > 0 and not 1e-100 < top < 1e100:
        matrix.data /= top
    matrix.setdiag(0.0)
    matrix.eliminate_zeros()
    asymmetry = abs(matrix - matrix.T)
    if asymmetry.nnz and asymmetry.max() > 1e-10 * max(1e-300, matrix.data.max(initial=0.0)):
        warnings.warn(
            "affinity is not symmetric; the mean with its transpose is cut instead.", stacklevel=3
        )
    if asymmetry.nnz:
        matrix = sp.csr_array((matrix + matrix.T) * 0.5)
    matrix.sort_indices()
    return matrix


def _check_weights(data: NDArray[np.float64]) -> None:
    """Raise ValueError for weights of which no cut can be measured."""
    n_bad = data.size - np.count_nonzero(np.isfinite(data))
    if n_bad:
        raise ValueError(
            f"affinity holds {n_bad} NaN or infinite weights; wanted finite numbers. "
            "Remove those links, or replace their weights."
        )
    if data.size and data.min() < 0:
        raise ValueError(
            f"affinity holds negative weights (the lowest is {data.min():g}), for which a cut is "
            "not defined; shift or clip them, for example with affinity.maximum(0)."
        )


def ncut_value(affinity: Any, labels: ArrayLike) -> float:
    """Return the normalised cut of a partition: lower is better.

    It is the sum over the segments of *cut / volume*: the weight of the links that leave a
    segment over the weight of all links of its nodes. It lies between 0 (no link is cut) and the
    number of segments. The diagonal does not count.

    Parameters
    ----------
    affinity : (n, n) sparse matrix, sparse array or array_like
        Symmetric weights that are not negative.
    labels : (n,) array_like
        The segment of each node; every value that occurs is a segment, 0 as well.

    Returns
    -------
    float
        The normalised cut. A segment without any link adds 0.

    Raises
    ------
    TypeError
        If the affinity is a `numpy.matrix` or does not hold real numbers.
    ValueError
        If the affinity is not square, holds NaN, infinite or negative weights, or the number of
        labels is not that of its nodes.

    References
    ----------
    Shi and Malik (2000), Normalized cuts and image segmentation, IEEE Transactions on Pattern
    Analysis and Machine Intelligence 22(8), 888-905.

    Examples
    --------
    Two triangles joined by one link: it is cut once, and each side has the volume 7.

    >>> import numpy as np
    >>> affinity = np.kron(np.eye(2), np.ones((3, 3)))
    >>> affinity[2, 3] = affinity[3, 2] = 1
    >>> ncut_value(affinity, [0, 0, 0, 1, 1, 1])  # 1/7 + 1/7
    0.2857142857142857
    """
    matrix = as_affinity(affinity)
    segments = np.asarray(labels)
    if segments.shape != (matrix.shape[0],):
        raise ValueError(
            f"labels has shape {segments.shape}, but the affinity has {matrix.shape[0]} nodes; "
            f"pass one label a node, shape ({matrix.shape[0]},)."
        )
    segments = np.unique(segments, return_inverse=True)[1]
    rows = np.repeat(segments, np.diff(matrix.indptr))
    volume = np.bincount(rows, weights=matrix.data, minlength=segments.max() + 1)
    cut = np.bincount(
        rows, weights=matrix.data * (rows != segments[matrix.indices]), minlength=len(volume)
    )
    return float((cut[volume > 0] / volume[volume > 0]).sum())
