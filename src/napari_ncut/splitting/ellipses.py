"""The ellipse of a part: that with the same second moments.

How much of it the part fills, and how wide it is where it is cut in two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ncut.core.compiled import compiled


@compiled
def covariance(
    moments: NDArray[np.float64], least_moment: NDArray[np.float64]
) -> tuple[float, float, float, float, float, float]:
    """Covariances zz, yy, xx, zy, zx, yx of the pixels of a part."""
    volume = moments[0]
    z, y, x = moments[1] / volume, moments[2] / volume, moments[3] / volume
    return (
        moments[4] / volume - z * z + least_moment[0],
        moments[5] / volume - y * y + least_moment[1],
        moments[6] / volume - x * x + least_moment[2],
        moments[7] / volume - z * y,
        moments[8] / volume - z * x,
        moments[9] / volume - y * x,
    )


@compiled
def ellipticity(
    moments: NDArray[np.float64], least_moment: NDArray[np.float64], ndim: int
) -> float:
    """Volume over that of the ellipse with the same second moments: 1 for an ellipse."""
    zz, yy, xx, zy, zx, yx = covariance(moments, least_moment)
    if ndim == 2:
        return float(moments[0] / (4.0 * np.pi * np.sqrt(yy * xx - yx * yx)))
    spread = zz * (yy * xx - yx * yx) - zy * (zy * xx - yx * zx) + zx * (zy * yx - yy * zx)
    return float(moments[0] / (4.0 / 3.0 * np.pi * 5.0**1.5 * np.sqrt(spread)))


@compiled
def half_chord(
    a: NDArray[np.float64], b: NDArray[np.float64], least_moment: NDArray[np.float64], ndim: int
) -> float:
    """Half-width at which the ellipse of two parts is cut into their volumes.

    A plane that cuts an ellipse with covariance C into caps whose centroids are d apart has the
    normal C^-1 d. Beside the cut in halves, that into volumes v_a and v_b is narrower by
    (4 v_a v_b / (v_a + v_b)^2)^(1/3), in volumes ^(1/4): right to 8 % however unequal they are.

    Parameters
    ----------
    a, b : ndarray, shape (10,)
        Moments of the parts.
    least_moment : ndarray, shape (3,)
        Variance of a pixel along the axes.
    ndim : int
        2 or 3.

    Returns
    -------
    float
        In volumes, the radius of the disc that has the area of the cut; 0 if the centroids are one.
    """
    zz, yy, xx, zy, zx, yx = covariance(a + b, least_moment)
    dz, dy, dx = a[1] / a[0] - b[1] / b[0], a[2] / a[0] - b[2] / b[0], a[3] / a[0] - b[3] / b[0]
    balance = 4.0 * a[0] * b[0] / (a[0] + b[0]) ** 2
    # The normal times the determinant: the adjugate of C, times d.
    if ndim == 2:
        nz, ny, nx = 0.0, xx * dy - yx * dx, yy * dx - yx * dy
        spread = yy * xx - yx * yx
    else:
        c_zz, c_zy, c_zx = yy * xx - yx * yx, zx * yx - zy * xx, zy * yx - zx * yy
        c_yy, c_yx, c_xx = zz * xx - zx * zx, zy * zx - zz * yx, zz * yy - zy * zy
        nz = c_zz * dz + c_zy * dy + c_zx * dx
        ny = c_zy * dz + c_yy * dy + c_yx * dx
        nx = c_zx * dz + c_yx * dy + c_xx * dx
        spread = zz * c_zz + zy * c_zy + zx * c_zx
    along = zz * nz * nz + yy * ny * ny + xx * nx * nx
    along += 2.0 * (zy * nz * ny + zx * nz * nx + yx * ny * nx)
    if along <= 0.0:
        return 0.0
    section = np.sqrt(spread * (nz * nz + ny * ny + nx * nx) / along)
    if ndim == 2:
        return float(2.0 * section * np.cbrt(balance))
    return float(np.sqrt(5.0 * section * np.sqrt(balance)))
