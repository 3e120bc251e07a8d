"""The normalised cut of an image, in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_ncut.core.settings import CutSettings
from napari_ncut.cutting.session import CutSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from napari_ncut.core.monitor import IsCancelled, Progress


def normalized_cut(
    image: ArrayLike,
    mask: ArrayLike | None = None,
    n_segments: int = 2,
    *,
    seeds: ArrayLike | None = None,
    beta: float = 0.25,
    connectivity: int = 1,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | None = None,
    min_size: float = 0.0,
    random_state: int = 0,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> NDArray[np.int32]:
    """Cut an image, or the part under a mask, into segments of lowest normalised cut.

    Parameters
    ----------
    image : array_like
        1 to 3 spatial axes, and a channel axis if there is one. Booleans, integers or floats;
        neither an offset nor a gain of the image changes the result.
    mask : array_like, optional
        The pixels to cut: booleans, 0/1 or 0/255, of the image's spatial shape. All by default.
    n_segments : int
        Number of segments. Several connected components share them so that the total cut is
        least, each getting at least one. With seeds it is not used.
    seeds : array_like of int, optional
        Labels in the image's spatial shape, 0 where free. Seeded pixels keep their label, and
        there are as many segments as different labels; components without a seed follow with
        labels of their own. Seeds outside the mask are left out.
    beta : float
        Sensitivity to edges: how strongly a difference of intensity weakens the link of two pixels.
        0 cuts by shape alone.
    connectivity : int
        1 links pixels that share a face; the number of axes, those that share a corner too: then
        a cut is measured by its length or area in any direction.
    spacing : float or sequence of float, optional
        Pixel size along each axis; 1 by default.
    channel_axis : int, optional
        The axis of the image that holds channels; all of them inform one cut.
    min_size : float
        Connected components smaller than this (area or volume in the units of ``spacing``) do
        not count as segments and keep a label of their own.
    random_state : int
        Seed of all that is random. The same input gives the same labels.
    progress : callable, optional
        Called with the fraction done (0 to 1) and the stage in words.
    cancelled : callable, optional
        Called between stages and inside loops; True ends the call with `Cancelled`.

    Returns
    -------
    ndarray of int32
        The image's spatial shape: 0 outside the mask, segments 1 to n in the order in which they
        appear, or the labels of the seeds.

    Raises
    ------
    TypeError
        If an array is complex or holds objects or text, or a number is none.
    ValueError
        If the shapes differ, the mask is empty, NaN or infinities lie inside it, ``n_segments``
        is less than the number of connected components or more than there are pixels, another
        argument is out of range, or the cut would not fit into memory.
    Cancelled
        If ``cancelled`` returned True.

    See Also
    --------
    napari_ncut.split_touching : Split objects without knowing their number.
    napari_ncut.spectral_clustering : The same for any graph.

    Notes
    -----
    Pixels are nodes; an edge between neighbours has the weight ``a * exp(-beta * g / s)`` with
    their difference of intensity g, its standard deviation s over all edges, and the geometry a
    of their contact. The graph is coarsened, cut where it is small, and the borders are refined
    at every level on the way back [1]_ [2]_. To cut one image with several settings, use
    `napari_ncut.CutSession`, which remembers what does not change.

    References
    ----------
    .. [1] Shi and Malik (2000), Normalized cuts and image segmentation, IEEE Transactions on
       Pattern Analysis and Machine Intelligence 22(8), 888-905.
    .. [2] Dhillon, Guan and Kulis (2007), Weighted graph cuts without eigenvectors: a multilevel
       approach, IEEE Transactions on Pattern Analysis and Machine Intelligence 29(11), 1944-1957.

    Examples
    --------
    >>> from napari_ncut.scenes import circles
    >>> scene = circles(4)
    >>> labels = normalized_cut(scene.image, scene.mask, 4)
    >>> labels.shape, labels.dtype, int(labels.max())
    ((100, 100), dtype('int32'), 4)

    One seed an object; the labels are those of the seeds.

    >>> import numpy as np
    >>> seeds = np.zeros(scene.mask.shape, dtype=int)
    >>> seeds[28, 24], seeds[40, 50], seeds[67, 58], seeds[24, 70] = 5, 6, 7, 8
    >>> labels = normalized_cut(scene.image, scene.mask, seeds=seeds)
    >>> np.unique(labels)
    array([0, 5, 6, 7, 8], dtype=int32)
    """
    session = CutSession(image, mask, spacing=spacing, channel_axis=channel_axis)
    settings = CutSettings(n_segments, beta, connectivity, min_size, random_state)
    return session.cut(settings, seeds=seeds, progress=progress, cancelled=cancelled).labels
