"""What is known of two parts that touch: the terms that tell whether they are one object.

All are ratios, so that the same objects have the same terms at any magnification, and none depends
on which part is called the first. Half-widths are called *widths* here.

- *Neck.* The width s at the saddle over those of the parts, f_a and f_b:
  ``(s / f_a + s / f_b) / 2`` is the normalised cut, cut/vol(a) + cut/vol(b), with widths for
  volumes: 1 is no neck, 0 is two parts on a thread. The length of the border may take the place of
  the width at the saddle.
- *Notches.* ``s / c``: c is half the chord that the ellipse with the second moments of both parts
  has where it is cut into sizes like theirs. A cut through an ellipse is as wide as its chord;
  notches in the outline make it less. A plane that cuts an ellipse with covariance C into caps
  whose centroids are d apart has the normal C^-1 d. Beside the cut in halves, that into sizes v_a
  and v_b is narrower by (4 v_a v_b / (v_a + v_b)^2)^(1/3), in volumes ^(1/4): right to 8 % however
  unequal they are.
- *Shape.* The ellipticity e of a part is its size over that of the ellipse with the same second
  moments: 1 for any ellipse, less for whatever is not one, the same under any stretching. The
  *gain* is ``e(a + b) / e(a, b)``: two discs that touch are each an ellipse, together they are not;
  the halves of a nucleus gain when they are put together. The *elongation* is the mean variance of
  the ellipse over the geometric mean, the *fill* the share of a part that its widest disc fills.
- *Image.* A *step* of brightness across the border, summed up with its sign; the *contrast* of the
  mean brightness of the parts over their deviation, or over what texture explains; the *dip* of
  brightness at the border; a *ridge*. All means are weighted by the width, because at the edge of a
  mask everything is dimmer. Without an image these do not exist: NaN.

The terms are computed in `loops.agglomerate`, rounded to 32 bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.grid import Grid
from napari_ncut.splitting.image.ridges import patch_of_texture
from napari_ncut.splitting.parameters import SplitParameters

SHAPE = (
    "neck",
    "neck_to_narrower",
    "neck_to_wider",
    "border_to_widths",
    "notches",
    "border_to_chord",
    "gain",
    "sizes",
    "widths",
    "distance",
    "border_to_neck",
    "least_ellipticity",
    "most_ellipticity",
    "least_elongation",
    "most_elongation",
    "least_fill",
    "most_fill",
    "both_ellipticity",
    "both_elongation",
    "both_fill",
    "slope",
    "likeness",
)
IMAGE = (
    "step",
    "contrast_to_texture",
    "contrast",
    "dip_by_length",
    "dip",
    "dip_below_both",
    "ridge",
    "difference",
    "deviation",
)
PAIR = SHAPE + IMAGE


def numbers(grid: Grid, parameters: SplitParameters) -> NDArray[np.float64]:
    """Return what the terms depend on beside the sums, in the order of `loops.agglomerate`."""
    p = parameters
    return np.array(
        [
            grid.ndim,
            *grid.spacing,
            p.short_border * grid.finest ** (grid.ndim - 1),
            patch_of_texture(grid.ndim, p) * grid.finest**grid.ndim,
            p.smoothest,
            p.step * p.step_inside,
            p.ridge,
        ],
        dtype=np.float64,
    )
