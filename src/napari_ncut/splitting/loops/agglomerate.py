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


@cython.cclass
class Evidence:
    """All that is known of the parts and their borders; it changes as parts are merged.

    Parameters
    ----------
    saddle : float64, shape (m,)
        Width at the saddle of each border.
    is_slope : uint8, shape (m,)
        Whether both sides of a border are of one basin.
    borders : float64, shape (m, 5)
        Sums over each border.
    width : float64, shape (n,)
        Greatest width of each part.
    nodes : float64, shape (n, 13)
        Sums over each part.
    numbers : float64
        As `criterion.pairs.numbers` gives them.
    """

    saddle: cython.double[::1]
    is_slope: cython.uchar[::1]
    borders: cython.double[:, ::1]
    width: cython.double[::1]
    nodes: cython.double[:, ::1]
    c: Criterion

    def __init__(self, saddle, is_slope, borders, width, nodes, numbers):
        self.saddle, self.is_slope, self.borders = saddle, is_slope, borders
        self.width, self.nodes, self.c = width, nodes, _criterion(numbers)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def write_terms(
        self,
        x: cython.float[::1],
        i: cython.Py_ssize_t,
        a: cython.Py_ssize_t,
        b: cython.Py_ssize_t,
    ) -> cython.double:
        """Write the terms of the parts a and b across a border, and return the last one by shape.

        They are the same if a and b change places, and those of the image are NaN without one.
        """
        one: Ellipse = _ellipse(self.nodes, a, -1, self.c)
        other: Ellipse = _ellipse(self.nodes, b, -1, self.c)
        both: Ellipse = _ellipse(self.nodes, a, b, self.c)
        shape_a: cython.double = _ellipticity(one, self.c)
        shape_b: cython.double = _ellipticity(other, self.c)
        shape: cython.double = _ellipticity(both, self.c)
        long_a: cython.double = _elongation(one, self.c)
        long_b: cython.double = _elongation(other, self.c)
        fill_a: cython.double = _fill(self.width[a], one.size, self.c)
        fill_b: cython.double = _fill(self.width[b], other.size, self.c)
        narrow: cython.double = min(self.width[a], self.width[b])
        wide: cython.double = max(self.width[a], self.width[b])
        neck: cython.double = self.saddle[i]
        area: cython.double = self.borders[i, AREA]
        half: cython.double = 0.5 * area if self.c.is_flat else sqrt(area / PI)
        chord: cython.double = _half_chord(both, one, other, self.c)
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
        likeness = likeness * likeness * (1.0 if self.c.is_flat else likeness)
        likeness = (
            floor(cbrt(mean) * notches * likeness * likeness * 1073741824.0 + 0.5) / 1073741824.0
        )
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
        x[18] = cython.cast(cython.float, _elongation(both, self.c))
        x[19] = cython.cast(cython.float, _fill(wide, both.size, self.c))
        x[20] = cython.cast(cython.float, self.is_slope[i])
        x[21] = cython.cast(cython.float, likeness)
        if (
            self.nodes[a, WEIGHT] <= 0.0
            or self.nodes[b, WEIGHT] <= 0.0
            or self.borders[i, BORDER_WEIGHT] <= 0.0
        ):
            for k in range(IMAGE, TERMS):
                x[k] = NOTHING
            return likeness
        length = area + self.c.short_border
        mean_a = self.nodes[a, BRIGHTNESS] / self.nodes[a, WEIGHT]
        mean_b = self.nodes[b, BRIGHTNESS] / self.nodes[b, WEIGHT]
        mean_border = self.borders[i, BORDER_BRIGHTNESS] / self.borders[i, BORDER_WEIGHT]
        variance_a = max(self.nodes[a, SQUARE] / self.nodes[a, WEIGHT] - mean_a * mean_a, 0.0)
        variance_b = max(self.nodes[b, SQUARE] / self.nodes[b, WEIGHT] - mean_b * mean_b, 0.0)
        variance = (self.nodes[a, SQUARE] + self.nodes[b, SQUARE]) / (
            self.nodes[a, WEIGHT] + self.nodes[b, WEIGHT]
        )
        dip = (self.nodes[a, BRIGHTNESS] + self.nodes[b, BRIGHTNESS]) / (
            self.nodes[a, WEIGHT] + self.nodes[b, WEIGHT]
        )
        variance = max(variance - dip * dip, 0.0)
        deviation = sqrt(self.c.smoothest * self.c.smoothest + 0.5 * (variance_a + variance_b))
        patches = 1.0 / (
            1.0 / max(one.size / self.c.patch, 1.0) + 1.0 / max(other.size / self.c.patch, 1.0)
        )
        contrast = abs(mean_a - mean_b)
        dip = (0.5 * (mean_a + mean_b) - mean_border) / deviation
        x[22] = cython.cast(cython.float, abs(self.borders[i, STEP]) / length)
        x[23] = cython.cast(cython.float, min(contrast / deviation * sqrt(max(patches, 1.0)), 12.0))
        x[24] = cython.cast(cython.float, contrast / deviation)
        x[25] = cython.cast(cython.float, dip * area / length)
        x[26] = cython.cast(cython.float, dip)
        x[27] = cython.cast(cython.float, (min(mean_a, mean_b) - mean_border) / deviation)
        x[28] = cython.cast(cython.float, self.borders[i, RIDGE] / length)
        x[29] = cython.cast(cython.float, contrast)
        x[30] = cython.cast(cython.float, sqrt(variance) / deviation)
        return likeness

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def unseen(self, i: cython.Py_ssize_t) -> cython.double:
        """How little the image shows of a border, as a ridge or as a step."""
        length: cython.double = self.borders[i, AREA] + self.c.short_border
        ridge: cython.double = self.borders[i, RIDGE] / length - self.c.ridge
        step: cython.double = abs(self.borders[i, STEP]) / length - self.c.step
        total: cython.double = -(max(ridge, step) if step > 0.0 else ridge)
        return floor(total * 1073741824.0 + 0.5) / 1073741824.0

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def unite_parts(self, a: cython.Py_ssize_t, b: cython.Py_ssize_t) -> cython.void:
        """Let part a take in part b."""
        k: cython.Py_ssize_t
        self.width[a] = max(self.width[a], self.width[b])
        for k in range(self.nodes.shape[1]):
            self.nodes[a, k] += self.nodes[b, k]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def unite_borders(
        self, i: cython.Py_ssize_t, j: cython.Py_ssize_t, is_turned: cython.bint
    ) -> cython.bint:
        """Let border i take in border j, and tell whether the higher saddle is that of j.

        A step is counted from the first end to the second, which may be the other way round.
        """
        k: cython.Py_ssize_t
        is_higher: cython.bint = self.saddle[j] > self.saddle[i]
        if is_higher:
            self.saddle[i], self.is_slope[i] = self.saddle[j], self.is_slope[j]
        for k in range(self.borders.shape[1]):
            if k == STEP and is_turned:
                self.borders[i, k] -= self.borders[j, k]
            else:
                self.borders[i, k] += self.borders[j, k]
        return is_higher


@cython.cclass
class Trees:
    """Decision trees as arrays, walked as `loops.partition.scores` says."""

    root: cython.int[::1]
    term: cython.short[::1]
    threshold: cython.float[::1]
    missing_left: cython.uchar[::1]
    below: cython.int[:, ::1]
    value: cython.double[::1]

    def __init__(self, root, term, threshold, missing_left, below, value):
        self.root, self.term, self.threshold = root, term, threshold
        self.missing_left, self.below, self.value = missing_left, below, value

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def added_to(self, total: cython.double, x: cython.float[::1]) -> cython.double:
        """Add the leaves that the terms x end in to a number, in the order of the trees."""
        t: cython.Py_ssize_t
        k: cython.Py_ssize_t
        v: cython.float
        for t in range(self.root.shape[0]):
            k = self.root[t]
            while self.term[k] >= 0:
                v = x[self.term[k]]
                if v != v:
                    k = self.below[k, 0] if self.missing_left[k] else self.below[k, 1]
                else:
                    k = self.below[k, 0] if v <= self.threshold[k] else self.below[k, 1]
            total += self.value[k]
        return total


@cython.cclass
class Heap:
    """Borders by their priority, the greatest on top.

    Parameters
    ----------
    m : int
        How many borders there are, none of which is in the heap.
    """

    size: cython.Py_ssize_t
    heap: cython.longlong[::1]
    at: cython.longlong[::1]
    priority: cython.double[::1]

    def __init__(self, m: cython.Py_ssize_t):
        self.size = 0
        self.heap = empty(m, int64)
        # Where in the heap each border is; -1 for nowhere.
        self.at = full(m, -1, int64)
        self.priority = empty(m, float64)

    @cython.cfunc
    @cython.inline
    @cython.nogil
    @cython.exceptval(check=False)
    def is_before(self, i: cython.Py_ssize_t, j: cython.Py_ssize_t) -> cython.bint:
        """Tell whether a border is merged before another: by priority, then by the lower number."""
        return self.priority[i] > self.priority[j] or (
            self.priority[i] == self.priority[j] and i < j
        )

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def settle(self, k: cython.Py_ssize_t) -> cython.void:
        """Move an entry up or down to where it belongs: at most the heap's depth each."""
        i: cython.Py_ssize_t = self.heap[k]
        above: cython.Py_ssize_t
        below: cython.Py_ssize_t
        while k > 0:
            above = (k - 1) // 2
            if not self.is_before(i, self.heap[above]):
                break
            self.heap[k] = self.heap[above]
            self.at[self.heap[k]] = k
            k = above
        while 2 * k + 1 < self.size:
            below = 2 * k + 1
            if below + 1 < self.size and self.is_before(self.heap[below + 1], self.heap[below]):
                below += 1
            if not self.is_before(self.heap[below], i):
                break
            self.heap[k] = self.heap[below]
            self.at[self.heap[k]] = k
            k = below
        self.heap[k] = i
        self.at[i] = k

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put(self, i: cython.Py_ssize_t, priority: cython.double) -> cython.void:
        """Give a border a priority, in the heap if it was not there."""
        self.priority[i] = priority
        if self.at[i] < 0:
            self.at[i] = self.size
            self.heap[self.size] = i
            self.size += 1
        self.settle(self.at[i])

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def remove(self, i: cython.Py_ssize_t) -> cython.void:
        """Take a border out."""
        k: cython.Py_ssize_t = self.at[i]
        self.at[i] = -1
        self.size -= 1
        if k < self.size:
            self.heap[k] = self.heap[self.size]
            self.at[self.heap[k]] = k
            self.settle(k)


def ellipticities(nodes: cython.double[:, ::1], numbers: cython.double[::1]):
    """Return the ellipticity of each node, shape (n,)."""
    c: Criterion = _criterion(numbers)
    k: cython.Py_ssize_t
    result: cython.double[::1] = empty(nodes.shape[0], float64)
    for k in range(nodes.shape[0]):
        result[k] = _ellipticity(_ellipse(nodes, k, -1, c), c)
    return asarray(result)


def terms_of_pairs(low: cython.int[::1], high: cython.int[::1], evidence: tuple):
    """Return the terms of each pair of nodes that touch, before any is merged, shape (m, 31).

    Parameters
    ----------
    low, high : int32, shape (m,)
        The nodes on both sides of each border.
    evidence : tuple
        The arguments of `Evidence`.
    """
    known: Evidence = Evidence(*evidence)
    i: cython.Py_ssize_t
    result: cython.float[:, ::1] = empty((low.shape[0], TERMS), float32)
    for i in range(low.shape[0]):
        known.write_terms(result[i], i, low[i], high[i])
    return asarray(result)


@cython.cclass
class Merging:
    """The parts that are left, the borders of each as a linked list, and the heap of all borders.

    Border i has two sides, 2 i and 2 i + 1, each of which is in the list of the part there.

    Parameters
    ----------
    low, high : int32, shape (m,)
        The nodes on both sides of each border.
    evidence : Evidence
        Of them.
    trees : Trees
        They give the priorities; without any, the image does.
    settled : int
        A part of more nodes is several objects, whatever it takes in: its other borders keep the
        priorities that they have. Without that, one blob of n nodes would take n**2 steps.
    """

    evidence: Evidence
    trees: Trees
    heap: Heap
    settled: cython.Py_ssize_t
    ends: cython.longlong[:, ::1]
    neck: cython.longlong[::1]
    head: cython.longlong[::1]
    tail: cython.longlong[::1]
    following: cython.longlong[::1]
    degree: cython.longlong[::1]
    by_other: cython.longlong[::1]
    marked: cython.Py_ssize_t
    of_marked: cython.longlong[::1]
    count_of: cython.longlong[::1]
    least: cython.double[::1]
    x: cython.float[::1]

    def __init__(
        self,
        low: cython.int[::1],
        high: cython.int[::1],
        evidence: Evidence,
        trees: Trees,
        settled: cython.Py_ssize_t,
    ):
        n: cython.Py_ssize_t = evidence.width.shape[0]
        m: cython.Py_ssize_t = low.shape[0]
        i: cython.Py_ssize_t
        self.evidence, self.trees, self.heap, self.settled = evidence, trees, Heap(m), settled
        self.ends = empty((m, 2), int64)
        # The border whose saddle is the neck.
        self.neck = empty(m, int64)
        self.head, self.tail = full(n, -1, int64), full(n, -1, int64)
        self.following = full(2 * m, -1, int64)
        self.degree = zeros(n, int64)
        self.by_other = full(n, -1, int64)
        # The borders of one large part, by the part on the other side.
        self.marked, self.of_marked = -1, full(n, -1, int64)
        self.count_of = ones(n, int64)
        # The lowest priority of the merges within a part.
        self.least = full(n, inf, float64)
        self.x = zeros(TERMS, float32)
        with cython.nogil:
            for i in range(m):
                self.ends[i, 0], self.ends[i, 1], self.neck[i] = low[i], high[i], i
                self.append(low[i], 2 * i)
                self.append(high[i], 2 * i + 1)
                self.judge(i)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def append(self, part: cython.Py_ssize_t, half: cython.Py_ssize_t) -> cython.void:
        """Put a side of a border at the end of the list of a part."""
        if self.head[part] == -1:
            self.head[part] = half
        else:
            self.following[self.tail[part]] = half
        self.following[half] = -1
        self.tail[part] = half
        self.degree[part] += 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def judge(self, i: cython.Py_ssize_t) -> cython.void:
        """Put a border where its priority says: how soon its parts are merged.

        It is the sum of the trees; of equal sums the more alike is first.
        """
        priority: cython.double
        if self.trees.root.shape[0] == 0:
            priority = self.evidence.unseen(i)
        else:
            priority = 1e-3 * self.evidence.write_terms(self.x, i, self.ends[i, 0], self.ends[i, 1])
            priority = self.trees.added_to(priority, self.x)
        self.heap.put(i, priority)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def take_in(self, twin: cython.Py_ssize_t, j: cython.Py_ssize_t) -> cython.void:
        """Let a border take in another one between the same two parts, which is then gone."""
        if self.evidence.unite_borders(twin, j, self.ends[twin, 0] != self.ends[j, 0]):
            self.neck[twin] = self.neck[j]
        self.heap.remove(j)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def mark(self, part: cython.Py_ssize_t) -> cython.void:
        """Note the borders of one part, or of none (-1), by the part on the other side."""
        self.note(self.marked, False)
        self.note(part, True)
        self.marked = part

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def note(self, part: cython.Py_ssize_t, is_on: cython.bint) -> cython.void:
        """Note the borders of a part, or of none, or forget them, those that are gone included."""
        half: cython.Py_ssize_t = self.head[part] if part != -1 else -1
        j: cython.Py_ssize_t
        while half != -1:
            j = half // 2
            if not is_on:
                self.of_marked[self.ends[j, 1 - half % 2]] = -1
            elif self.heap.at[j] >= 0:
                self.of_marked[self.ends[j, 1 - half % 2]] = j
            half = self.following[half]

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def unite(self, a: cython.Py_ssize_t, b: cython.Py_ssize_t) -> cython.void:
        """Let part a take in part b, and judge the borders again that may be others now."""
        self.evidence.unite_parts(a, b)
        self.count_of[a] += self.count_of[b]
        if self.count_of[a] > self.settled and self.degree[b] < self.degree[a]:
            if self.marked != a:
                self.mark(a)
            self.unite_settled(a, b)
        else:
            if self.marked == a or self.marked == b:
                self.mark(-1)
            self.unite_lists(a, b)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def unite_settled(self, a: cython.Py_ssize_t, b: cython.Py_ssize_t) -> cython.void:
        """Give the borders of b to the marked part a; they alone are judged again."""
        half: cython.Py_ssize_t
        after: cython.Py_ssize_t
        j: cython.Py_ssize_t
        other: cython.Py_ssize_t
        twin: cython.Py_ssize_t
        self.of_marked[b] = -1
        self.degree[a] -= 1
        half = self.head[b]
        while half != -1:
            j, after = half // 2, self.following[half]
            if self.heap.at[j] >= 0:
                self.ends[j, half % 2] = a
                other = self.ends[j, 1 - half % 2]
                twin = self.of_marked[other]
                if twin == -1:
                    self.of_marked[other] = twin = j
                    self.append(a, half)
                else:
                    self.take_in(twin, j)
                    self.degree[other] -= 1
                self.judge(twin)
            half = after

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def unite_lists(self, a: cython.Py_ssize_t, b: cython.Py_ssize_t) -> cython.void:
        """Make both lists one; of two borders with the same neighbour, one takes in the other."""
        half: cython.Py_ssize_t = self.head[a]
        after: cython.Py_ssize_t
        j: cython.Py_ssize_t
        other: cython.Py_ssize_t
        self.following[self.tail[a]] = self.head[b]
        self.head[a], self.degree[a] = -1, 0
        while half != -1:
            j, after = half // 2, self.following[half]
            if self.heap.at[j] >= 0:
                self.ends[j, half % 2] = a
                other = self.ends[j, 1 - half % 2]
                if self.by_other[other] == -1:
                    self.by_other[other] = j
                    if other == self.marked:
                        self.of_marked[a] = j
                    self.append(a, half)
                else:
                    self.take_in(self.by_other[other], j)
                    self.degree[other] -= 1
            half = after
        half = self.head[a]
        while half != -1:
            j = half // 2
            self.by_other[self.ends[j, 1 - half % 2]] = -1
            self.judge(j)
            half = self.following[half]


def merge(
    low: cython.int[::1],
    high: cython.int[::1],
    evidence: tuple,
    trees: tuple,
    settled: cython.Py_ssize_t,
):
    """Merge the nodes along a heap of borders; all arrays but the ends are overwritten.

    Each merge takes a node away, so there are fewer than nodes. What the arguments are, `Evidence`,
    `Trees` and `Merging` say.

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
    known: Evidence = Evidence(*evidence)
    merging: Merging = Merging(low, high, known, Trees(*trees), settled)
    n: cython.Py_ssize_t = known.width.shape[0]
    into: cython.int[::1] = empty(max(n - 1, 0), int32)
    gone: cython.int[::1] = empty(max(n - 1, 0), int32)
    merged: cython.double[::1] = empty(max(n - 1, 0), float64)
    border: cython.int[::1] = empty(max(n - 1, 0), int32)
    terms: cython.float[:, ::1] = zeros((max(n - 1, 1), TERMS), float32)
    count: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    a: cython.Py_ssize_t
    b: cython.Py_ssize_t
    with cython.nogil:
        while merging.heap.size > 0:
            i = merging.heap.heap[0]
            merging.heap.remove(i)
            a, b = merging.ends[i, 0], merging.ends[i, 1]
            if merging.degree[a] < merging.degree[b]:
                a, b = b, a
            merging.least[a] = min(
                merging.heap.priority[i], min(merging.least[a], merging.least[b])
            )
            into[count], gone[count] = cython.cast(cython.int, a), cython.cast(cython.int, b)
            merged[count] = merging.least[a]
            border[count] = cython.cast(cython.int, merging.neck[i])
            if merging.trees.root.shape[0]:
                known.write_terms(terms[count], i, a, b)
            count += 1
            merging.unite(a, b)
    return (
        asarray(into)[:count],
        asarray(gone)[:count],
        asarray(merged)[:count],
        asarray(border)[:count],
        asarray(terms)[:count],
    )
