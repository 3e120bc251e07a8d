"""How many segments? The eigenvalues and the normalised cut, over the number of segments.

A graph of c connected components that falls into N good segments has N small eigenvalues and then
a large one: the small ones come from the cuts between segments, the next one from a cut through
one of them. So N is good where the next eigenvalue is large against the price of a cut,

    clearness(N) = lambda_(N + 1) / (normalised cut / (N - c)) / (N - c + 1)^(1/d),

and the N with the clearest cut is the one to take. The last factor is the growth in a region of d
dimensions without any segments, where eigenvalues grow as N^(2/d) and the price as N^(1/d); there
the clearness is about the same for every N, and none is suggested.

References
----------
.. [1] R. Peng, H. Sun, L. Zanetti (2017). Partitioning well-clustered graphs: spectral clustering
       works! SIAM Journal on Computing 46, 710-743. A like quotient is called Upsilon there, with
       the largest conductance of a segment in place of the price of a cut.
.. [2] U. von Luxburg (2007). A tutorial on spectral clustering. Statistics and Computing 17,
       395-416. Section 8.3: the eigengap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ncut.core.monitor import Monitor
from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.session import CutSession

# The clearest cut is this much clearer than the median, or it is not worth a word.
STANDS_OUT = 1.5


@dataclass(frozen=True)
class Counts:
    """What a cut into each number of segments costs.

    Parameters
    ----------
    eigenvalues : ndarray of float64, shape (m,)
        The smallest eigenvalues of the normalised Laplacian, ascending.
    n_segments : ndarray of int, shape (k,)
        Numbers of segments that were tried, ascending.
    ncut : ndarray of float64, shape (k,)
        Normalised cut of each.
    suggested : int or None
        The number with the clearest cut, if one stands out.
    """

    eigenvalues: NDArray[np.float64]
    n_segments: NDArray[np.int64]
    ncut: NDArray[np.float64]
    suggested: int | None


def clearness(
    eigenvalues: ArrayLike, n_segments: ArrayLike, ncut: ArrayLike, ndim: int
) -> NDArray[np.float64]:
    """Return how clear the cut into each number of segments is.

    Parameters
    ----------
    eigenvalues : array_like, shape (m,)
        The smallest eigenvalues, ascending; m is greater than every number of segments.
    n_segments, ncut : array_like, shape (k,)
        Numbers of segments from that of the connected components on, ascending, and the
        normalised cut of each.
    ndim : int
        Number of spatial axes.

    Returns
    -------
    ndarray of float64, shape (k,)
        NaN for the connected components themselves: nothing is cut.

    Examples
    --------
    >>> clearness([0, 0.01, 0.5, 0.6], [1, 2, 3], [0, 0.02, 0.6], ndim=1)
    array([   nan, 12.5       ,  0.66666667])
    """
    counts = np.asarray(n_segments, dtype=np.intp)
    cuts = counts - counts[0]
    following = np.asarray(eigenvalues, dtype=float)[counts]
    total = np.asarray(ncut, dtype=float)
    quotient = np.divide(following * cuts, total, out=np.full(len(counts), np.nan), where=total > 0)
    clear: NDArray[np.float64] = quotient / (cuts + 1) ** (1 / ndim)
    return clear


def suggest_count(
    eigenvalues: ArrayLike, n_segments: ArrayLike, ncut: ArrayLike, ndim: int
) -> int | None:
    """Return the number of segments with the clearest cut, or None if no number stands out.

    Parameters
    ----------
    eigenvalues, n_segments, ncut, ndim
        As in `clearness`.

    Examples
    --------
    >>> suggest_count([0, 0.01, 0.5, 0.6, 0.7], [1, 2, 3, 4], [0, 0.02, 0.6, 1.2], ndim=2)
    2
    """
    clear = clearness(eigenvalues, n_segments, ncut, ndim)
    if np.isnan(clear).all() or np.nanmax(clear) < STANDS_OUT * np.nanmedian(clear):
        return None
    return int(np.asarray(n_segments)[np.nanargmax(clear)])


def compare_counts(
    session: CutSession, settings: CutSettings, n_more: int = 12, monitor: Monitor | None = None
) -> Counts:
    """Cut into one segment a connected component, and one more each time.

    Parameters
    ----------
    session : CutSession
        The image and the mask.
    settings : CutSettings
        How to cut; its number of segments does not matter.
    n_more : int
        How many numbers of segments to try.
    monitor : Monitor, optional
        Reports progress and checks for cancellation.

    Returns
    -------
    Counts
        From the number of connected components on: fewer segments there can not be.

    Raises
    ------
    Cancelled
        If the monitor is cancelled.
    """
    monitor = monitor or Monitor()
    n_components, eigenvalues = _spectrum(session, settings, n_more, monitor.part(0.0, 0.3))
    counts = np.arange(n_components, len(eigenvalues), dtype=np.int64)
    ncut = np.empty(len(counts))
    for number, n in enumerate(counts.tolist()):
        part = monitor.part(
            0.3 + 0.7 * number / len(counts), 0.3 + 0.7 * (number + 1) / len(counts)
        )
        ncut[number] = session.cut(
            replace(settings, n_segments=n, min_size=0.0),
            progress=part.report,
            cancelled=part.cancelled,
        ).ncut
    suggested = suggest_count(eigenvalues, counts, ncut, len(session.shape))
    return Counts(eigenvalues, counts, ncut, suggested)


def _spectrum(
    session: CutSession, settings: CutSettings, n_more: int, monitor: Monitor
) -> tuple[int, NDArray[np.float64]]:
    """Return the number of connected components, and so many eigenvalues and ``n_more`` more."""
    n_wanted = 1 + n_more
    while True:  # more are wanted in every round, up to the number of pixels
        n_wanted = min(n_wanted, session.n_pixels)
        eigenvalues = session.eigenvalues(
            n_wanted, settings, progress=monitor.report, cancelled=monitor.cancelled
        )
        # There is an exact 0 for each component.
        n_components = int(np.count_nonzero(eigenvalues == 0))
        if n_components + n_more <= n_wanted or n_wanted == session.n_pixels:
            return n_components, eigenvalues[: n_components + n_more]
        n_wanted = (2 * n_components if n_components == n_wanted else n_components) + n_more
