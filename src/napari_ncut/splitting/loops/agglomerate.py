"""Loops of the agglomeration: the terms of pairs, and the merging along a heap.

The columns of ``nodes`` and ``borders`` are the sums that `adjacency` names; `criterion.pairs`
explains the numbers and the terms.
"""

import cython
from cython.cimports.libc.math import cbrt, floor, pow, sqrt
from numpy import asarray, empty, float32, float64, full, inf, int32, int64, ones, zeros

PI = cython.declare(cython.double, 3.141592653589793)
NOTHING = cython.declare(cython.float, float("nan"))

# Columns of the sums over a node: pixels, z, y, x, zz, yy, xx, zy, zx, yx; w, w t, w t^2.
WEIGHT = cython.declare(cython.Py_ssize_t, 10)
BRIGHTNESS = cython.declare(cython.Py_ssize_t, 11)
SQUARE = cython.declare(cython.Py_ssize_t, 12)

# Columns of the sums over a border.
AREA = cython.declare(cython.Py_ssize_t, 0)
RIDGE = cython.declare(cython.Py_ssize_t, 1)
STEP = cython.declare(cython.Py_ssize_t, 2)
BORDER_WEIGHT = cython.declare(cython.Py_ssize_t, 3)
BORDER_BRIGHTNESS = cython.declare(cython.Py_ssize_t, 4)

Criterion = cython.struct(
    is_flat=cython.bint,
    size_z=cython.double,
    size_y=cython.double,
    size_x=cython.double,
    short_border=cython.double,
    patch=cython.double,
    smoothest=cython.double,
    step=cython.double,
    ridge=cython.double,
)

# How many terms `criterion.pairs.PAIR` has, and where those of the image begin.
TERMS = cython.declare(cython.Py_ssize_t, 31)
IMAGE = cython.declare(cython.Py_ssize_t, 22)

# Size, centroid and covariance of a part, in physical units.
Ellipse = cython.struct(
    size=cython.double,
    z=cython.double,
    y=cython.double,
    x=cython.double,
    zz=cython.double,
    yy=cython.double,
    xx=cython.double,
    zy=cython.double,
    zx=cython.double,
    yx=cython.double,
)


@cython.cfunc
def _criterion(numbers: cython.double[::1]) -> Criterion:
    """Return the numbers of a criterion, in the order of `criterion.pairs`, under their names."""
    return Criterion(
        is_flat=numbers[0] < 3.0,
        size_z=numbers[1],
        size_y=numbers[2],
        size_x=numbers[3],
        short_border=numbers[4],
        patch=numbers[5],
        smoothest=numbers[6],
        step=numbers[7],
        ridge=numbers[8],
    )


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _sum(
    nodes: cython.double[:, ::1],
    a: cython.Py_ssize_t,
    b: cython.Py_ssize_t,
    k: cython.Py_ssize_t,
) -> cython.double:
    """Sum of one or two nodes; ``b`` is -1 for one."""
    return nodes[a, k] + nodes[b, k] if b >= 0 else nodes[a, k]


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _ellipse(
    nodes: cython.double[:, ::1], a: cython.Py_ssize_t, b: cython.Py_ssize_t, c: Criterion
) -> Ellipse:
    """Ellipse with the second moments of one or two nodes; a line of pixels has a width."""
    n: cython.double = _sum(nodes, a, b, 0)
    z: cython.double = _sum(nodes, a, b, 1) / n
    y: cython.double = _sum(nodes, a, b, 2) / n
    x: cython.double = _sum(nodes, a, b, 3) / n
    least: cython.double = 1.0 / 12.0
    area: cython.double = c.size_y * c.size_x
    return Ellipse(
        size=n * (area if c.is_flat else area * c.size_z),
        z=z * c.size_z,
        y=y * c.size_y,
        x=x * c.size_x,
        zz=(_sum(nodes, a, b, 4) / n - z * z + least) * (c.size_z * c.size_z),
        yy=(_sum(nodes, a, b, 5) / n - y * y + least) * (c.size_y * c.size_y),
        xx=(_sum(nodes, a, b, 6) / n - x * x + least) * (c.size_x * c.size_x),
        zy=(_sum(nodes, a, b, 7) / n - z * y) * (c.size_z * c.size_y),
        zx=(_sum(nodes, a, b, 8) / n - z * x) * (c.size_z * c.size_x),
        yx=(_sum(nodes, a, b, 9) / n - y * x) * (c.size_y * c.size_x),
    )


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _ellipticity(e: Ellipse, c: Criterion) -> cython.double:
    """Size over that of the ellipse: 1 for an ellipse, less for whatever is not one."""
    spread: cython.double
    if c.is_flat:
        return e.size / (4.0 * PI * sqrt(e.yy * e.xx - e.yx * e.yx))
    spread = (
        e.zz * (e.yy * e.xx - e.yx * e.yx)
        - e.zy * (e.zy * e.xx - e.yx * e.zx)
        + e.zx * (e.zy * e.yx - e.yy * e.zx)
    )
    return e.size / (4.0 / 3.0 * PI * pow(5.0, 1.5) * sqrt(spread))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _half_chord(both: Ellipse, a: Ellipse, b: Ellipse, c: Criterion) -> cython.double:
    """Half-width at which the ellipse of two parts is cut into their sizes.

    In volumes, the radius of the disc that has the area of the cut; 0 if the centroids are one.
    """
    dz: cython.double = a.z - b.z
    dy: cython.double = a.y - b.y
    dx: cython.double = a.x - b.x
    nz: cython.double
    ny: cython.double
    nx: cython.double
    zz: cython.double
    zy: cython.double
    zx: cython.double
    spread: cython.double
    along: cython.double
    section: cython.double
    balance: cython.double = 4.0 * a.size * b.size / ((a.size + b.size) * (a.size + b.size))
    # The normal times the determinant: the adjugate of the covariance, times the way between them.
    if c.is_flat:
        nz = 0.0
        ny = both.xx * dy - both.yx * dx
        nx = both.yy * dx - both.yx * dy
        spread = both.yy * both.xx - both.yx * both.yx
    else:
        zz = both.yy * both.xx - both.yx * both.yx
        zy = both.zx * both.yx - both.zy * both.xx
        zx = both.zy * both.yx - both.zx * both.yy
        nz = zz * dz + zy * dy + zx * dx
        ny = (
            zy * dz
            + (both.zz * both.xx - both.zx * both.zx) * dy
            + (both.zy * both.zx - both.zz * both.yx) * dx
        )
        nx = (
            zx * dz
            + (both.zy * both.zx - both.zz * both.yx) * dy
            + (both.zz * both.yy - both.zy * both.zy) * dx
        )
        spread = both.zz * zz + both.zy * zy + both.zx * zx
    along = both.zz * nz * nz + (both.yy * ny * ny + both.xx * nx * nx)
    along += 2.0 * (both.zy * nz * ny + both.zx * nz * nx + both.yx * ny * nx)
    if along <= 0.0:
        return 0.0
    section = sqrt(spread * (nz * nz + (ny * ny + nx * nx)) / along)
    if c.is_flat:
        return 2.0 * section * cbrt(balance)
    return sqrt(5.0 * section * sqrt(balance))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _elongation(e: Ellipse, c: Criterion) -> cython.double:
    """How much longer the ellipse is than a circle: mean over geometric mean of its variances."""
    spread: cython.double
    if c.is_flat:
        return 0.5 * (e.yy + e.xx) / sqrt(e.yy * e.xx - e.yx * e.yx)
    spread = (
        e.zz * (e.yy * e.xx - e.yx * e.yx)
        - e.zy * (e.zy * e.xx - e.yx * e.zx)
        + e.zx * (e.zy * e.yx - e.yy * e.zx)
    )
    return (e.zz + e.yy + e.xx) / (3.0 * cbrt(spread))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _fill(width: cython.double, size: cython.double, c: Criterion) -> cython.double:
    """Share of a part that its widest disc or ball fills."""
    if c.is_flat:
        return PI * width * width / size
    return 4.0 / 3.0 * PI * width * width * width / size


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _terms(
    x: cython.float[::1],
    borders: cython.double[:, ::1],
    saddle: cython.double[::1],
    is_slope: cython.uchar[::1],
    i: cython.Py_ssize_t,
    nodes: cython.double[:, ::1],
    width: cython.double[::1],
    a: cython.Py_ssize_t,
    b: cython.Py_ssize_t,
    c: Criterion,
) -> cython.double:
    """Write the terms of the parts a and b across a border, and return the last one by shape.

    They are the same if a and b change places, and those of the image are NaN without one.
    """
    one: Ellipse = _ellipse(nodes, a, -1, c)
    other: Ellipse = _ellipse(nodes, b, -1, c)
    both: Ellipse = _ellipse(nodes, a, b, c)
    shape_a: cython.double = _ellipticity(one, c)
    shape_b: cython.double = _ellipticity(other, c)
    shape: cython.double = _ellipticity(both, c)
    long_a: cython.double = _elongation(one, c)
    long_b: cython.double = _elongation(other, c)
    fill_a: cython.double = _fill(width[a], one.size, c)
    fill_b: cython.double = _fill(width[b], other.size, c)
    narrow: cython.double = min(width[a], width[b])
    wide: cython.double = max(width[a], width[b])
    neck: cython.double = saddle[i]
    area: cython.double = borders[i, AREA]
    half: cython.double = 0.5 * area if c.is_flat else sqrt(area / PI)
    chord: cython.double = _half_chord(both, one, other, c)
    dz: cython.double = one.z - other.z
    dy: cython.double = one.y - other.y
    dx: cython.double = one.x - other.x
    mean: cython.double = min(0.5 * (neck / narrow + neck / wide), 1.0)
    notches: cython.double = neck / chord if neck < chord else 1.0
    gain: cython.double = shape * both.size / (one.size * shape_a + other.size * shape_b)
    likeness: cython.double = min(gain, 2.0)
    length: cython.double
    k: cython.Py_ssize_t
    mean_a: cython.double
    mean_b: cython.double
    mean_border: cython.double
    variance_a: cython.double
    variance_b: cython.double
    variance: cython.double
    deviation: cython.double
    patches: cython.double
    contrast: cython.double
    dip: cython.double
    likeness = likeness * likeness * (1.0 if c.is_flat else likeness)
    likeness = floor(cbrt(mean) * notches * likeness * likeness * 1073741824.0 + 0.5) / 1073741824.0
    x[0] = cython.cast(cython.float, mean)
    x[1] = cython.cast(cython.float, neck / narrow)
    x[2] = cython.cast(cython.float, neck / wide)
    x[3] = cython.cast(cython.float, min(0.5 * (half / narrow + half / wide), 10.0))
    x[4] = cython.cast(cython.float, notches)
    x[5] = cython.cast(cython.float, half / chord if half < 10.0 * chord else 10.0)
    x[6] = cython.cast(cython.float, gain)
    x[7] = cython.cast(cython.float, min(one.size, other.size) / max(one.size, other.size))
    x[8] = cython.cast(cython.float, narrow / wide)
    x[9] = cython.cast(cython.float, sqrt(dz * dz + (dy * dy + dx * dx)) / (narrow + wide))
    x[10] = cython.cast(cython.float, half / neck)
    x[11] = cython.cast(cython.float, min(shape_a, shape_b))
    x[12] = cython.cast(cython.float, max(shape_a, shape_b))
    x[13] = cython.cast(cython.float, min(long_a, long_b))
    x[14] = cython.cast(cython.float, max(long_a, long_b))
    x[15] = cython.cast(cython.float, min(fill_a, fill_b))
    x[16] = cython.cast(cython.float, max(fill_a, fill_b))
    x[17] = cython.cast(cython.float, shape)
    x[18] = cython.cast(cython.float, _elongation(both, c))
    x[19] = cython.cast(cython.float, _fill(wide, both.size, c))
    x[20] = cython.cast(cython.float, is_slope[i])
    x[21] = cython.cast(cython.float, likeness)
    if nodes[a, WEIGHT] <= 0.0 or nodes[b, WEIGHT] <= 0.0 or borders[i, BORDER_WEIGHT] <= 0.0:
        for k in range(IMAGE, TERMS):
            x[k] = NOTHING
        return likeness
    length = area + c.short_border
    mean_a = nodes[a, BRIGHTNESS] / nodes[a, WEIGHT]
    mean_b = nodes[b, BRIGHTNESS] / nodes[b, WEIGHT]
    mean_border = borders[i, BORDER_BRIGHTNESS] / borders[i, BORDER_WEIGHT]
    variance_a = max(nodes[a, SQUARE] / nodes[a, WEIGHT] - mean_a * mean_a, 0.0)
    variance_b = max(nodes[b, SQUARE] / nodes[b, WEIGHT] - mean_b * mean_b, 0.0)
    variance = (nodes[a, SQUARE] + nodes[b, SQUARE]) / (nodes[a, WEIGHT] + nodes[b, WEIGHT])
    dip = (nodes[a, BRIGHTNESS] + nodes[b, BRIGHTNESS]) / (nodes[a, WEIGHT] + nodes[b, WEIGHT])
    variance = max(variance - dip * dip, 0.0)
    deviation = sqrt(c.smoothest * c.smoothest + 0.5 * (variance_a + variance_b))
    patches = 1.0 / (1.0 / max(one.size / c.patch, 1.0) + 1.0 / max(other.size / c.patch, 1.0))
    contrast = abs(mean_a - mean_b)
    dip = (0.5 * (mean_a + mean_b) - mean_border) / deviation
    x[22] = cython.cast(cython.float, abs(borders[i, STEP]) / length)
    x[23] = cython.cast(cython.float, min(contrast / deviation * sqrt(max(patches, 1.0)), 12.0))
    x[24] = cython.cast(cython.float, contrast / deviation)
    x[25] = cython.cast(cython.float, dip * area / length)
    x[26] = cython.cast(cython.float, dip)
    x[27] = cython.cast(cython.float, (min(mean_a, mean_b) - mean_border) / deviation)
    x[28] = cython.cast(cython.float, borders[i, RIDGE] / length)
    x[29] = cython.cast(cython.float, contrast)
    x[30] = cython.cast(cython.float, sqrt(variance) / deviation)
    return likeness


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _priority(
    x: cython.float[::1],
    borders: cython.double[:, ::1],
    saddle: cython.double[::1],
    is_slope: cython.uchar[::1],
    i: cython.Py_ssize_t,
    nodes: cython.double[:, ::1],
    width: cython.double[::1],
    a: cython.Py_ssize_t,
    b: cython.Py_ssize_t,
    c: Criterion,
    root: cython.int[::1],
    term: cython.short[::1],
    threshold: cython.float[::1],
    missing_left: cython.uchar[::1],
    below: cython.int[:, ::1],
    value: cython.double[::1],
) -> cython.double:
    """How soon the parts a and b are merged: the sum of the trees, or else what the image shows.

    The trees are walked as in `loops.partition.scores`; of equal sums the more alike is first.
    """
    length: cython.double
    ridge: cython.double
    step: cython.double
    total: cython.double
    t: cython.Py_ssize_t
    k: cython.Py_ssize_t
    v: cython.float
    if root.shape[0] == 0:
        length = borders[i, AREA] + c.short_border
        ridge = borders[i, RIDGE] / length - c.ridge
        step = abs(borders[i, STEP]) / length - c.step
        total = -(max(ridge, step) if step > 0.0 else ridge)
        return floor(total * 1073741824.0 + 0.5) / 1073741824.0
    total = 1e-3 * _terms(x, borders, saddle, is_slope, i, nodes, width, a, b, c)
    for t in range(root.shape[0]):
        k = root[t]
        while term[k] >= 0:
            v = x[term[k]]
            if v != v:
                k = below[k, 0] if missing_left[k] else below[k, 1]
            else:
                k = below[k, 0] if v <= threshold[k] else below[k, 1]
        total += value[k]
    return total


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_before(
    priority: cython.double[::1], i: cython.Py_ssize_t, j: cython.Py_ssize_t
) -> cython.bint:
    """Tell whether a border is merged before another: by priority, then by the lower number."""
    return priority[i] > priority[j] or (priority[i] == priority[j] and i < j)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _settle(
    heap: cython.longlong[::1],
    at: cython.longlong[::1],
    n: cython.Py_ssize_t,
    priority: cython.double[::1],
    k: cython.Py_ssize_t,
) -> cython.void:
    """Move an entry of the heap up or down to where it belongs: at most the heap's depth each."""
    i: cython.Py_ssize_t = heap[k]
    above: cython.Py_ssize_t
    below: cython.Py_ssize_t
    while k > 0:
        above = (k - 1) // 2
        if not _is_before(priority, i, heap[above]):
            break
        heap[k] = heap[above]
        at[heap[k]] = k
        k = above
    while 2 * k + 1 < n:
        below = 2 * k + 1
        if below + 1 < n and _is_before(priority, heap[below + 1], heap[below]):
            below += 1
        if not _is_before(priority, heap[below], i):
            break
        heap[k] = heap[below]
        at[heap[k]] = k
        k = below
    heap[k] = i
    at[i] = k


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _remove(
    heap: cython.longlong[::1],
    at: cython.longlong[::1],
    n: cython.Py_ssize_t,
    priority: cython.double[::1],
    i: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Take a border out of the heap, and return how many are left."""
    k: cython.Py_ssize_t = at[i]
    at[i] = -1
    n -= 1
    if k < n:
        heap[k] = heap[n]
        at[heap[k]] = k
        _settle(heap, at, n, priority, k)
    return n


def ellipticities(nodes: cython.double[:, ::1], numbers: cython.double[::1]):
    """Return the ellipticity of each node, shape (n,)."""
    c: Criterion = _criterion(numbers)
    k: cython.Py_ssize_t
    result: cython.double[::1] = empty(nodes.shape[0], float64)
    for k in range(nodes.shape[0]):
        result[k] = _ellipticity(_ellipse(nodes, k, -1, c), c)
    return asarray(result)


def terms_of_pairs(
    low: cython.int[::1],
    high: cython.int[::1],
    saddle: cython.double[::1],
    is_slope: cython.uchar[::1],
    borders: cython.double[:, ::1],
    width: cython.double[::1],
    nodes: cython.double[:, ::1],
    numbers: cython.double[::1],
):
    """Return the terms of each pair of nodes that touch, before any is merged, shape (m, 31)."""
    c: Criterion = _criterion(numbers)
    i: cython.Py_ssize_t
    result: cython.float[:, ::1] = empty((low.shape[0], TERMS), float32)
    for i in range(low.shape[0]):
        _terms(result[i], borders, saddle, is_slope, i, nodes, width, low[i], high[i], c)
    return asarray(result)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _take_in(
    borders: cython.double[:, ::1],
    saddle: cython.double[::1],
    is_slope: cython.uchar[::1],
    neck: cython.longlong[::1],
    ends: cython.longlong[:, ::1],
    twin: cython.Py_ssize_t,
    j: cython.Py_ssize_t,
) -> cython.void:
    """Let a border take in another one between the same two parts."""
    k: cython.Py_ssize_t
    sign: cython.double
    if saddle[j] > saddle[twin]:
        saddle[twin], is_slope[twin] = saddle[j], is_slope[j]
        neck[twin] = neck[j]
    # A step is counted from the first end to the second.
    sign = 1.0 if ends[twin, 0] == ends[j, 0] else -1.0
    for k in range(borders.shape[1]):
        borders[twin, k] += (sign if k == STEP else 1.0) * borders[j, k]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _mark(
    head: cython.longlong[::1],
    following: cython.longlong[::1],
    ends: cython.longlong[:, ::1],
    at: cython.longlong[::1],
    of_marked: cython.longlong[::1],
    part: cython.Py_ssize_t,
    is_on: cython.bint,
) -> cython.void:
    """Note the borders of a part by the part on the other side, or forget them."""
    half: cython.Py_ssize_t
    j: cython.Py_ssize_t
    if part == -1:
        return
    half = head[part]
    while half != -1:
        j = half // 2
        if at[j] >= 0:
            of_marked[ends[j, 1 - half % 2]] = j if is_on else -1
        half = following[half]


def merge(
    low: cython.int[::1],
    high: cython.int[::1],
    saddle: cython.double[::1],
    is_slope: cython.uchar[::1],
    borders: cython.double[:, ::1],
    width: cython.double[::1],
    nodes: cython.double[:, ::1],
    numbers: cython.double[::1],
    root: cython.int[::1],
    term: cython.short[::1],
    threshold: cython.float[::1],
    missing_left: cython.uchar[::1],
    below: cython.int[:, ::1],
    value: cython.double[::1],
    settled: cython.Py_ssize_t,
):
    """Merge the nodes along a heap of borders; all arrays but the ends are overwritten.

    Each merge takes a node away, so there are fewer than nodes. A part of more than ``settled``
    nodes is several objects, whatever it takes in: its other borders keep the priorities that they
    have. Without that, one blob of n nodes would take n**2 steps.

    Returns
    -------
    into, gone : ndarray of int32, shape (n_merges,)
        The nodes that stand for the two parts; the first one stands for both from then on.
    priority : ndarray of float64, shape (n_merges,)
        Of each pair when it was merged, never above those of the merges within.
    border : ndarray of int32, shape (n_merges,)
        The border whose saddle is the neck.
    terms : ndarray of float32, shape (n_merges, 31)
        Of the two parts; without trees not set.
    """
    n: cython.Py_ssize_t = width.shape[0]
    m: cython.Py_ssize_t = low.shape[0]
    c: Criterion = _criterion(numbers)
    ends: cython.longlong[:, ::1] = empty((m, 2), int64)
    neck: cython.longlong[::1] = empty(m, int64)
    priority: cython.double[::1] = empty(m, float64)
    heap: cython.longlong[::1] = empty(m, int64)
    at: cython.longlong[::1] = empty(m, int64)
    # The borders of a part are a linked list over their sides: border i is 2 i and 2 i + 1.
    head: cython.longlong[::1] = full(n, -1, int64)
    tail: cython.longlong[::1] = full(n, -1, int64)
    following: cython.longlong[::1] = full(2 * m, -1, int64)
    degree: cython.longlong[::1] = zeros(n, int64)
    by_other: cython.longlong[::1] = full(n, -1, int64)
    # The borders of one large part, by the part on the other side.
    of_marked: cython.longlong[::1] = full(n, -1, int64)
    marked: cython.Py_ssize_t = -1
    count_of: cython.longlong[::1] = ones(n, int64)
    least: cython.double[::1] = full(n, inf, float64)
    into: cython.int[::1] = empty(max(n - 1, 0), int32)
    gone: cython.int[::1] = empty(max(n - 1, 0), int32)
    merged: cython.double[::1] = empty(max(n - 1, 0), float64)
    border: cython.int[::1] = empty(max(n - 1, 0), int32)
    columns: cython.Py_ssize_t = nodes.shape[1]
    terms: cython.float[:, ::1] = zeros((max(n - 1, 1), TERMS), float32)
    x: cython.float[::1] = zeros(TERMS, float32)
    size: cython.Py_ssize_t = m
    count: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    k: cython.Py_ssize_t
    a: cython.Py_ssize_t
    b: cython.Py_ssize_t
    side: cython.Py_ssize_t
    half: cython.Py_ssize_t
    before: cython.Py_ssize_t
    after: cython.Py_ssize_t
    other: cython.Py_ssize_t
    twin: cython.Py_ssize_t
    last: cython.Py_ssize_t
    with cython.nogil:
        for i in range(m):
            ends[i, 0], ends[i, 1] = low[i], high[i]
            neck[i], heap[i], at[i] = i, i, i
            for side in range(2):
                a, half = ends[i, side], 2 * i + side
                if head[a] == -1:
                    head[a] = half
                else:
                    following[tail[a]] = half
                tail[a] = half
                degree[a] += 1
            priority[i] = _priority(
                x,
                borders,
                saddle,
                is_slope,
                i,
                nodes,
                width,
                ends[i, 0],
                ends[i, 1],
                c,
                root,
                term,
                threshold,
                missing_left,
                below,
                value,
            )
        for i in range(m):
            _settle(heap, at, i + 1, priority, i)
        while size > 0:
            i = heap[0]
            size = _remove(heap, at, size, priority, i)
            a, b = ends[i, 0], ends[i, 1]
            if degree[a] < degree[b]:
                a, b = b, a
            least[a] = min(priority[i], min(least[a], least[b]))
            into[count], gone[count] = cython.cast(cython.int, a), cython.cast(cython.int, b)
            merged[count], border[count] = least[a], cython.cast(cython.int, neck[i])
            if root.shape[0]:
                _terms(terms[count], borders, saddle, is_slope, i, nodes, width, a, b, c)
            count += 1
            width[a] = max(width[a], width[b])
            for k in range(columns):
                nodes[a, k] += nodes[b, k]
            count_of[a] += count_of[b]
            if count_of[a] > settled and degree[b] < degree[a]:
                if marked != a:
                    _mark(head, following, ends, at, of_marked, marked, False)
                    _mark(head, following, ends, at, of_marked, a, True)
                    marked = a
                of_marked[b] = -1
                degree[a] -= 1
                half, last = head[b], tail[a]
                while half != -1:
                    j, side, after = half // 2, half % 2, following[half]
                    if at[j] >= 0:
                        ends[j, side] = a
                        other = ends[j, 1 - side]
                        twin = of_marked[other]
                        if twin == -1:
                            of_marked[other], twin = j, j
                            following[last], following[half] = half, -1
                            last = half
                            degree[a] += 1
                        else:
                            _take_in(borders, saddle, is_slope, neck, ends, twin, j)
                            size = _remove(heap, at, size, priority, j)
                            degree[other] -= 1
                        priority[twin] = _priority(
                            x,
                            borders,
                            saddle,
                            is_slope,
                            twin,
                            nodes,
                            width,
                            a,
                            other,
                            c,
                            root,
                            term,
                            threshold,
                            missing_left,
                            below,
                            value,
                        )
                        _settle(heap, at, size, priority, at[twin])
                    half = after
                tail[a] = last
                continue
            if marked in (a, b):
                _mark(head, following, ends, at, of_marked, marked, False)
                marked = -1
            # Both lists become one; of two borders with the same neighbour, one takes in the other.
            following[tail[a]] = head[b]
            tail[a] = tail[b]
            half, before = head[a], -1
            degree[a] = 0
            while half != -1:
                j = half // 2
                after = following[half]
                other = -1
                if at[j] >= 0:
                    side = half % 2
                    ends[j, side] = a
                    other = ends[j, 1 - side]
                    twin = by_other[other]
                    if twin == -1:
                        by_other[other] = j
                        if other == marked:
                            of_marked[a] = j
                    else:
                        _take_in(borders, saddle, is_slope, neck, ends, twin, j)
                        size = _remove(heap, at, size, priority, j)
                        degree[other] -= 1
                        other = -1
                if other == -1:
                    if before == -1:
                        head[a] = after
                    else:
                        following[before] = after
                else:
                    before = half
                    degree[a] += 1
                half = after
            tail[a] = before
            half = head[a]
            while half != -1:
                j = half // 2
                other = ends[j, 1 - half % 2]
                by_other[other] = -1
                priority[j] = _priority(
                    x,
                    borders,
                    saddle,
                    is_slope,
                    j,
                    nodes,
                    width,
                    a,
                    other,
                    c,
                    root,
                    term,
                    threshold,
                    missing_left,
                    below,
                    value,
                )
                _settle(heap, at, size, priority, at[j])
                half = following[half]
    return (
        asarray(into)[:count],
        asarray(gone)[:count],
        asarray(merged)[:count],
        asarray(border)[:count],
        asarray(terms)[:count],
    )
