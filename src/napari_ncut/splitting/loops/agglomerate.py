"""Loops of the agglomeration: the criteria, and the merging along a heap.

The columns of ``nodes`` and ``borders`` are the sums that `adjacency` names; `criterion` explains
the numbers and the formula.
"""

import cython
from cython.cimports.libc.math import cbrt, exp, floor, pow, sqrt
from numpy import asarray, empty, float64, full, int32, int64, zeros

PI = cython.declare(cython.double, 3.141592653589793)

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
    is_shape=cython.bint,
    is_flat=cython.bint,
    size_z=cython.double,
    size_y=cython.double,
    size_x=cython.double,
    pixel=cython.double,
    width=cython.double,
    shape=cython.double,
    noise=cython.double,
    deepening=cython.double,
    uncertain=cython.double,
    contact=cython.double,
    beta=cython.double,
    short_border=cython.double,
    patch=cython.double,
    per_step=cython.double,
    step=cython.double,
    per_contrast=cython.double,
    contrast=cython.double,
    largest_contrast=cython.double,
    per_dip=cython.double,
    dip=cython.double,
    smoothest=cython.double,
    ridge=cython.double,
)

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
    """Return the numbers of a criterion, in the order of `criterion.numbers`, under their names."""
    return Criterion(
        is_shape=numbers[0] > 0.0,
        is_flat=numbers[1] < 3.0,
        size_z=numbers[2],
        size_y=numbers[3],
        size_x=numbers[4],
        pixel=numbers[5],
        width=numbers[6],
        shape=numbers[7],
        noise=numbers[8],
        deepening=numbers[9],
        uncertain=numbers[10],
        contact=numbers[11],
        beta=numbers[12],
        short_border=numbers[13],
        patch=numbers[14],
        per_step=numbers[15],
        step=numbers[16],
        per_contrast=numbers[17],
        contrast=numbers[18],
        largest_contrast=numbers[19],
        per_dip=numbers[20],
        dip=numbers[21],
        smoothest=numbers[22],
        ridge=numbers[23],
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
def _by_shape(
    height: cython.double,
    chord: cython.double,
    width_a: cython.double,
    width_b: cython.double,
    size_a: cython.double,
    size_b: cython.double,
    shape_a: cython.double,
    shape_b: cython.double,
    shape_both: cython.double,
    is_slope: cython.bint,
    c: Criterion,
) -> cython.double:
    """Neck ratio of two parts by shape, about 0 to 1; above 1 they are one beyond doubt.

    On a slope, between two parts of one basin, there is no neck before the half-width rises again.
    """
    narrow: cython.double = 0.5 * (1.0 / width_a + 1.0 / width_b)
    width: cython.double = min(height * narrow, 1.0)
    both: cython.double = size_a + size_b
    filled: cython.double = PI * (width_a * width_a + width_b * width_b)
    gain: cython.double = shape_both * both / (size_a * shape_a + size_b * shape_b)
    notches: cython.double = height / chord if height < chord else 1.0
    weight: cython.double
    ratio: cython.double
    least: cython.double
    if is_slope and height >= (1.0 - c.noise) * min(width_a, width_b):
        width = 1.0
    if not c.is_flat:
        filled = 4.0 / 3.0 * PI * (width_a * width_a * width_a + width_b * width_b * width_b)
    weight = min(shape_both, 1.0)
    weight *= weight * min(filled / both, 1.0)
    ratio = pow(width, c.width)
    ratio *= pow(notches * pow(min(gain, 2.0), c.shape * (2.0 if c.is_flat else 3.0)), weight)
    least = 1.0 - c.deepening * (1.0 - width - c.uncertain * c.pixel * narrow)
    return max(ratio, least)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _by_image(
    borders: cython.double[:, ::1],
    i: cython.Py_ssize_t,
    nodes: cython.double[:, ::1],
    a: cython.Py_ssize_t,
    b: cython.Py_ssize_t,
    size_a: cython.double,
    size_b: cython.double,
    c: Criterion,
) -> cython.double:
    """What the image says for a neck (below 0: against one), for each unit of beta."""
    length: cython.double = borders[i, AREA] + c.short_border
    result: cython.double = c.per_step * max(abs(borders[i, STEP]) / length - c.step, 0.0)
    mean_a: cython.double
    mean_b: cython.double
    variance: cython.double
    deviation: cython.double
    patches: cython.double
    contrast: cython.double
    dip: cython.double
    if nodes[a, WEIGHT] <= 0.0 or nodes[b, WEIGHT] <= 0.0 or borders[i, BORDER_WEIGHT] <= 0.0:
        return result
    mean_a = nodes[a, BRIGHTNESS] / nodes[a, WEIGHT]
    mean_b = nodes[b, BRIGHTNESS] / nodes[b, WEIGHT]
    variance = max(nodes[a, SQUARE] / nodes[a, WEIGHT] - mean_a * mean_a, 0.0) + max(
        nodes[b, SQUARE] / nodes[b, WEIGHT] - mean_b * mean_b, 0.0
    )
    deviation = sqrt(c.smoothest * c.smoothest + 0.5 * variance)
    patches = 1.0 / (1.0 / max(size_a / c.patch, 1.0) + 1.0 / max(size_b / c.patch, 1.0))
    contrast = abs(mean_a - mean_b) / deviation * sqrt(max(patches, 1.0))
    result += c.per_contrast * (min(contrast, c.largest_contrast) - c.contrast)
    dip = 0.5 * (mean_a + mean_b) - borders[i, BORDER_BRIGHTNESS] / borders[i, BORDER_WEIGHT]
    dip *= borders[i, AREA] / (length * deviation)
    return result + c.per_dip * max(dip - c.dip, 0.0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _ratio(
    borders: cython.double[:, ::1],
    saddle: cython.double[::1],
    is_slope: cython.uchar[::1],
    i: cython.Py_ssize_t,
    nodes: cython.double[:, ::1],
    width: cython.double[::1],
    shapes: cython.double[::1],
    a: cython.Py_ssize_t,
    b: cython.Py_ssize_t,
    c: Criterion,
) -> cython.double:
    """Ratio of the parts a and b across a border; the greatest pair is merged first.

    Rounded to 2^-30, so that pairs that differ in nothing but the direction are equal.
    """
    length: cython.double
    ridge: cython.double
    step: cython.double
    height: cython.double
    ratio: cython.double
    one: Ellipse
    other: Ellipse
    both: Ellipse
    if not c.is_shape:
        length = borders[i, AREA] + c.short_border
        ridge = borders[i, RIDGE] / length - c.ridge
        step = abs(borders[i, STEP]) / length - c.step
        ratio = -(max(ridge, step) if step > 0.0 else ridge)
        return floor(ratio * 1073741824.0 + 0.5) / 1073741824.0
    one, other = _ellipse(nodes, a, -1, c), _ellipse(nodes, b, -1, c)
    both = _ellipse(nodes, a, b, c)
    height = 0.5 * borders[i, AREA] if c.is_flat else sqrt(borders[i, AREA] / PI)
    ratio = _by_shape(
        min(saddle[i], c.contact * height),
        _half_chord(both, one, other, c),
        width[a],
        width[b],
        one.size,
        other.size,
        shapes[a],
        shapes[b],
        _ellipticity(both, c),
        is_slope[i],
        c,
    )
    if c.beta > 0.0:
        ratio *= exp(-c.beta * _by_image(borders, i, nodes, a, b, one.size, other.size, c))
    # Beyond this a pair is one object, or two, beyond doubt.
    ratio = min(ratio, 1e6)
    return floor(ratio * 1073741824.0 + 0.5) / 1073741824.0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_before(
    ratio: cython.double[::1], i: cython.Py_ssize_t, j: cython.Py_ssize_t
) -> cython.bint:
    """Tell whether a border is merged before another: the greater ratio, then the lower number."""
    return ratio[i] > ratio[j] or (ratio[i] == ratio[j] and i < j)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _settle(
    heap: cython.longlong[::1],
    at: cython.longlong[::1],
    n: cython.Py_ssize_t,
    ratio: cython.double[::1],
    k: cython.Py_ssize_t,
) -> cython.void:
    """Move an entry of the heap up or down to where it belongs: at most the heap's depth each."""
    i: cython.Py_ssize_t = heap[k]
    above: cython.Py_ssize_t
    below: cython.Py_ssize_t
    while k > 0:
        above = (k - 1) // 2
        if not _is_before(ratio, i, heap[above]):
            break
        heap[k] = heap[above]
        at[heap[k]] = k
        k = above
    while 2 * k + 1 < n:
        below = 2 * k + 1
        if below + 1 < n and _is_before(ratio, heap[below + 1], heap[below]):
            below += 1
        if not _is_before(ratio, heap[below], i):
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
    ratio: cython.double[::1],
    i: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Take a border out of the heap, and return how many are left."""
    k: cython.Py_ssize_t = at[i]
    at[i] = -1
    n -= 1
    if k < n:
        heap[k] = heap[n]
        at[heap[k]] = k
        _settle(heap, at, n, ratio, k)
    return n


def ellipticities(nodes: cython.double[:, ::1], numbers: cython.double[::1]):
    """Return the ellipticity of each node, shape (n,)."""
    c: Criterion = _criterion(numbers)
    k: cython.Py_ssize_t
    result: cython.double[::1] = empty(nodes.shape[0], float64)
    for k in range(nodes.shape[0]):
        result[k] = _ellipticity(_ellipse(nodes, k, -1, c), c)
    return asarray(result)


def half_chord(nodes: cython.double[:, ::1], numbers: cython.double[::1]) -> float:
    """Return the half-width at which the ellipse of the first two nodes is cut into their sizes."""
    c: Criterion = _criterion(numbers)
    return _half_chord(
        _ellipse(nodes, 0, 1, c), _ellipse(nodes, 0, -1, c), _ellipse(nodes, 1, -1, c), c
    )


def ratios(
    low: cython.int[::1],
    high: cython.int[::1],
    saddle: cython.double[::1],
    is_slope: cython.uchar[::1],
    borders: cython.double[:, ::1],
    width: cython.double[::1],
    nodes: cython.double[:, ::1],
    numbers: cython.double[::1],
):
    """Return the ratio of each pair of nodes that touch, before any is merged, shape (m,)."""
    c: Criterion = _criterion(numbers)
    i: cython.Py_ssize_t
    shapes: cython.double[::1] = ellipticities(nodes, numbers)
    result: cython.double[::1] = empty(low.shape[0], float64)
    for i in range(low.shape[0]):
        result[i] = _ratio(borders, saddle, is_slope, i, nodes, width, shapes, low[i], high[i], c)
    return asarray(result)


def merge(
    low: cython.int[::1],
    high: cython.int[::1],
    saddle: cython.double[::1],
    is_slope: cython.uchar[::1],
    borders: cython.double[:, ::1],
    width: cython.double[::1],
    nodes: cython.double[:, ::1],
    numbers: cython.double[::1],
    greatest: cython.double,
):
    """Merge the nodes along a heap of borders; all arrays but the ends are overwritten.

    Each merge takes a node away, so there are fewer than nodes.

    Returns
    -------
    into, gone : ndarray of int32, shape (n_merges,)
        The nodes that stand for the two parts; the first one stands for both from then on.
    ratio : ndarray of float64, shape (n_merges,)
        At most ``greatest``, and never above those of the merges within.
    border : ndarray of int32, shape (n_merges,)
        The border whose saddle is the neck.
    """
    n: cython.Py_ssize_t = width.shape[0]
    m: cython.Py_ssize_t = low.shape[0]
    c: Criterion = _criterion(numbers)
    ends: cython.longlong[:, ::1] = empty((m, 2), int64)
    neck: cython.longlong[::1] = empty(m, int64)
    ratio: cython.double[::1] = empty(m, float64)
    heap: cython.longlong[::1] = empty(m, int64)
    at: cython.longlong[::1] = empty(m, int64)
    # The borders of a part are a linked list over their sides: border i is 2 i and 2 i + 1.
    head: cython.longlong[::1] = full(n, -1, int64)
    tail: cython.longlong[::1] = full(n, -1, int64)
    following: cython.longlong[::1] = full(2 * m, -1, int64)
    degree: cython.longlong[::1] = zeros(n, int64)
    by_other: cython.longlong[::1] = full(n, -1, int64)
    shapes: cython.double[::1] = ellipticities(nodes, numbers)
    least: cython.double[::1] = full(n, greatest, float64)
    into: cython.int[::1] = empty(max(n - 1, 0), int32)
    gone: cython.int[::1] = empty(max(n - 1, 0), int32)
    merged: cython.double[::1] = empty(max(n - 1, 0), float64)
    border: cython.int[::1] = empty(max(n - 1, 0), int32)
    columns: cython.Py_ssize_t = nodes.shape[1]
    border_columns: cython.Py_ssize_t = borders.shape[1]
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
    sign: cython.double
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
            ratio[i] = _ratio(
                borders, saddle, is_slope, i, nodes, width, shapes, ends[i, 0], ends[i, 1], c
            )
        for i in range(m):
            _settle(heap, at, i + 1, ratio, i)
        while size > 0:
            i = heap[0]
            size = _remove(heap, at, size, ratio, i)
            a, b = ends[i, 0], ends[i, 1]
            if degree[a] < degree[b]:
                a, b = b, a
            least[a] = min(ratio[i], min(least[a], least[b]))
            into[count], gone[count] = cython.cast(cython.int, a), cython.cast(cython.int, b)
            merged[count], border[count] = least[a], cython.cast(cython.int, neck[i])
            count += 1
            width[a] = max(width[a], width[b])
            for k in range(columns):
                nodes[a, k] += nodes[b, k]
            shapes[a] = _ellipticity(_ellipse(nodes, a, -1, c), c)
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
                    else:
                        if saddle[j] > saddle[twin]:
                            saddle[twin], is_slope[twin] = saddle[j], is_slope[j]
                            neck[twin] = neck[j]
                        # A step is counted from the first end to the second.
                        sign = -1.0 if ends[twin, side] != a else 1.0
                        for k in range(border_columns):
                            borders[twin, k] += (sign if k == STEP else 1.0) * borders[j, k]
                        size = _remove(heap, at, size, ratio, j)
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
                ratio[j] = _ratio(borders, saddle, is_slope, j, nodes, width, shapes, a, other, c)
                _settle(heap, at, size, ratio, at[j])
                half = following[half]
    return (
        asarray(into)[:count],
        asarray(gone)[:count],
        asarray(merged)[:count],
        asarray(border)[:count],
    )
