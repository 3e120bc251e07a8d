"""The criterion: how much two parts that touch look like one object.

What speaks for a neck between two parts a and b:

- *Width.* ``N = (s / f_a + s / f_b) / 2``, the half-width s at the saddle over those of the parts
  (the largest in each). This is the normalised cut, cut/vol(a) + cut/vol(b), with widths for
  volumes: 1 is no neck, 0 is two parts on a thread.
- *Notches.* ``q = s / c``, at most 1: c is half the chord that the ellipse with the second moments
  of both parts has where it is cut into sizes like theirs. A cut through an ellipse is as wide as
  its chord; notches in the outline make it less. A plane that cuts an ellipse with covariance C
  into caps whose centroids are d apart has the normal C^-1 d. Beside the cut in halves, that into
  sizes v_a and v_b is narrower by (4 v_a v_b / (v_a + v_b)^2)^(1/3), in volumes ^(1/4): right to
  8 % however unequal they are.
- *Shape.* ``r = e(a + b) / e(a, b)``: e, the ellipticity, is the size of a part over that of the
  ellipse with the same second moments, 1 for any ellipse and less for whatever is not one; e(a, b)
  the mean of both parts. Two discs that touch are each an ellipse, together they are not; the
  halves of a nucleus gain when they are put together. e is the same under any stretching.
- *Image.* What it says at the border and in the parts: a *step* of brightness across the border,
  summed up with its sign; the *contrast* ``|m_a - m_b| / sqrt(f^2 + s^2) sqrt(n)`` of the mean
  brightness of the parts, s the deviation within them and n the number of patches of texture in the
  smaller one (below 1, it speaks against a neck: parts of one object are equally bright); and the
  *dip* ``((m_a + m_b) / 2 - m) / sqrt(f^2 + s^2)`` of brightness at the border. All means are
  weighted by the half-width, because at the edge of a mask everything is dimmer.

The neck ratio of the pair is ``N^(1/3) (q r^(2 d))^w exp(-beta image)`` in d dimensions. Of a
long or bent part the ellipse tells little: w is the share of both parts that their widest discs
fill, times e(a + b)^2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.ridges import patch_of_texture
from napari_ncut.splitting.parameters import SplitParameters


def neck_ratio(grid: Grid, parameters: SplitParameters, beta: float = 0.0) -> NDArray[np.float64]:
    """Return the criterion by shape and, if ``beta`` is not 0, by the image.

    Returns
    -------
    ndarray of float64
        The numbers that `loops.agglomerate` takes, in its order.
    """
    return _numbers(grid, parameters, beta, is_shape=True, step=parameters.step)


def border_strength(grid: Grid, parameters: SplitParameters) -> NDArray[np.float64]:
    """Return the criterion by the image alone, for borders within a basin of the half-width.

    The ratio is minus what the border shows, of a ridge or a step, above what says nothing.
    """
    step = parameters.step * parameters.step_inside
    return _numbers(grid, parameters, 0.0, is_shape=False, step=step)


def _numbers(
    grid: Grid, p: SplitParameters, beta: float, *, is_shape: bool, step: float
) -> NDArray[np.float64]:
    """Return the numbers of a criterion in the order of `loops.agglomerate`."""
    short = p.short_border * grid.finest ** (grid.ndim - 1)
    patch = patch_of_texture(grid.ndim, p) * grid.finest**grid.ndim
    return np.array(
        [
            is_shape,
            grid.ndim,
            *grid.spacing,
            grid.finest,
            p.width_exponent,
            p.shape_exponent,
            p.slope_rise,
            p.deepening,
            p.uncertainty,
            p.contact,
            beta,
            short,
            patch,
            p.per_step,
            step,
            p.per_contrast,
            p.contrast,
            p.contrast_limit,
            p.per_dip,
            p.dip,
            p.smoothest,
            p.ridge,
        ],
        dtype=np.float64,
    )
