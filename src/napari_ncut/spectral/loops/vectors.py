"""Loops over vectors on the nodes of a graph: second eigenvector, means of neighbours, groups."""

from __future__ import annotations

import cython
import numpy as np
from cython.cimports.libc.math import fabs, sqrt

Index = cython.fused_type(cython.int, cython.longlong)
Weight = cython.fused_type(cython.float, cython.double)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def breadth_first(
    indptr: cython.const[cython.int][::1],
    indices: cython.const[cython.int][::1],
    source: cython.int,
    distance: cython.int[::1],
    queue: cython.int[::1],
) -> cython.void:
    """Write the number of edges from a node to every other; one more where it can't be reached.

    ``queue`` is scratch; every node enters it once.
    """
    count: cython.Py_ssize_t = 1
    head: cython.Py_ssize_t = 0
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    other: cython.int
    far: cython.int
    for node in range(distance.shape[0]):
        distance[node] = -1
    queue[0] = source
    distance[source] = 0
    while head < count:
        node = queue[head]
        head += 1
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if distance[other] < 0:
                distance[other] = distance[node] + 1
                queue[count] = other
                count += 1
    far = distance[queue[count - 1]] + 1
    for node in range(distance.shape[0]):
        if distance[node] < 0:
            distance[node] = far


def distances_from_end(
    indptr: cython.const[cython.int][::1],
    indices: cython.const[cython.int][::1],
    distance: cython.int[::1],
) -> None:
    """Write the number of edges from an end of a graph, a node far from the first, to every other.

    One more than to the farthest where a node can't be reached.
    """
    queue: cython.int[::1] = np.empty(distance.shape[0], dtype=np.int32)
    node: cython.Py_ssize_t
    end: cython.int = 0
    with cython.nogil:
        breadth_first(indptr, indices, 0, distance, queue)
        for node in range(distance.shape[0]):
            if distance[node] > distance[end]:
                end = node
        breadth_first(indptr, indices, end, distance, queue)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def apply_laplacian(
    indptr: cython.const[cython.int][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[cython.double][::1],
    inverse: cython.const[cython.double][::1],
    vectors: cython.double[:, ::1],
    scaled: cython.double[::1],
    results: cython.double[:, ::1],
    row: cython.Py_ssize_t,
) -> cython.void:
    """Write ``D^(-1/2) (D - W) D^(-1/2)`` times a row of ``vectors`` to the row of ``results``.

    ``inverse`` is D^(-1/2), ``scaled`` scratch.
    """
    n: cython.Py_ssize_t = inverse.shape[0]
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    here: cython.double
    total: cython.double
    for node in range(n):
        scaled[node] = vectors[row, node] * inverse[node]
    for node in range(n):
        here = scaled[node]
        total = 0.0
        for edge in range(indptr[node], indptr[node + 1]):
            total += weights[edge] * (here - scaled[indices[edge]])
        results[row, node] = total * inverse[node]


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def inner(
    a: cython.double[:, ::1], i: cython.Py_ssize_t, b: cython.double[:, ::1], j: cython.Py_ssize_t
) -> cython.double:
    """Return the inner product of row i of one array and row j of another.

    In four sums, none of which waits for the others.
    """
    first: cython.double = 0.0
    second: cython.double = 0.0
    third: cython.double = 0.0
    fourth: cython.double = 0.0
    n: cython.Py_ssize_t = a.shape[1]
    whole: cython.Py_ssize_t = n - n % 4
    node: cython.Py_ssize_t
    for node in range(0, whole, 4):
        first += a[i, node] * b[j, node]
        second += a[i, node + 1] * b[j, node + 1]
        third += a[i, node + 2] * b[j, node + 2]
        fourth += a[i, node + 3] * b[j, node + 3]
    for node in range(whole, n):
        first += a[i, node] * b[j, node]
    return (first + second) + (third + fourth)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def subtract(
    a: cython.double[:, ::1],
    i: cython.Py_ssize_t,
    part: cython.double,
    b: cython.double[:, ::1],
    j: cython.Py_ssize_t,
) -> cython.void:
    """Subtract a multiple of row j of one array from row i of another."""
    node: cython.Py_ssize_t
    for node in range(a.shape[1]):
        a[i, node] -= part * b[j, node]


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def unit_length(vectors: cython.double[:, ::1], row: cython.Py_ssize_t) -> cython.double:
    """Scale a row to length 1 and return the length it had."""
    length: cython.double = sqrt(inner(vectors, row, vectors, row))
    node: cython.Py_ssize_t
    if length > 0.0:
        for node in range(vectors.shape[1]):
            vectors[row, node] /= length
    return length


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def rotate_rows(
    matrix: cython.double[:, ::1],
    size: cython.Py_ssize_t,
    p: cython.Py_ssize_t,
    q: cython.Py_ssize_t,
    cosine: cython.double,
    sine: cython.double,
) -> cython.void:
    """Rotate rows p and q of a small matrix into one another."""
    i: cython.Py_ssize_t
    a: cython.double
    b: cython.double
    for i in range(size):
        a = matrix[p, i]
        b = matrix[q, i]
        matrix[p, i] = cosine * a - sine * b
        matrix[q, i] = sine * a + cosine * b


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def rotate_columns(
    matrix: cython.double[:, ::1],
    size: cython.Py_ssize_t,
    p: cython.Py_ssize_t,
    q: cython.Py_ssize_t,
    cosine: cython.double,
    sine: cython.double,
) -> cython.void:
    """Rotate columns p and q of a small matrix into one another."""
    i: cython.Py_ssize_t
    a: cython.double
    b: cython.double
    for i in range(size):
        a = matrix[i, p]
        b = matrix[i, q]
        matrix[i, p] = cosine * a - sine * b
        matrix[i, q] = sine * a + cosine * b


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def diagonalise(
    matrix: cython.double[:, ::1], vectors: cython.double[:, ::1], size: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """Diagonalise a small symmetric matrix; return the column of its lowest eigenvector.

    By Jacobi's rotations, for which a call of LAPACK would take longer than all else in a step.
    """
    turn: cython.int
    p: cython.Py_ssize_t
    q: cython.Py_ssize_t
    lowest: cython.Py_ssize_t = 0
    off: cython.double
    half: cython.double
    tangent: cython.double
    cosine: cython.double
    sine: cython.double
    for p in range(size):
        for q in range(size):
            vectors[p, q] = 1.0 if p == q else 0.0
    for turn in range(20):  # noqa: B007 (declared for the compiler)
        off = 0.0
        for p in range(size):
            for q in range(p + 1, size):
                off = max(
                    off, fabs(matrix[p, q]) / (fabs(matrix[p, p]) + fabs(matrix[q, q]) + 1e-300)
                )
                if matrix[p, q] == 0.0:
                    continue
                half = 0.5 * (matrix[q, q] - matrix[p, p]) / matrix[p, q]
                tangent = 1.0 / (fabs(half) + sqrt(half * half + 1.0))
                if half < 0.0:
                    tangent = -tangent
                cosine = 1.0 / sqrt(tangent * tangent + 1.0)
                sine = tangent * cosine
                rotate_columns(matrix, size, p, q, cosine, sine)
                rotate_rows(matrix, size, p, q, cosine, sine)
                rotate_columns(vectors, size, p, q, cosine, sine)
        if off < 1e-15:
            break
    for p in range(1, size):
        if matrix[p, p] < matrix[lowest, lowest]:
            lowest = p
    return lowest


def descend_quotient(
    indptr: cython.const[cython.int][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[cython.double][::1],
    root: cython.const[cython.double][::1],
    basis: cython.double[:, ::1],
    steps: cython.Py_ssize_t,
) -> None:
    """Lower the Rayleigh quotient of ``basis[0]`` over vectors orthogonal to ``root``, in place.

    ``root`` is the first eigenvector, ``basis`` has 3 rows. Every step takes the lowest point of
    the space of the vector, its residual and the last step. Where there is no such vector,
    ``basis[0]`` becomes 0.
    """
    n: cython.Py_ssize_t = root.shape[0]
    first: cython.double[:, ::1] = np.empty((1, n))
    image: cython.double[:, ::1] = np.zeros((3, n))
    inverse: cython.double[::1] = np.empty(n)
    scaled: cython.double[::1] = np.empty(n)
    small: cython.double[:, ::1] = np.zeros((3, 3))
    vectors: cython.double[:, ::1] = np.zeros((3, 3))
    size: cython.Py_ssize_t = 2
    turn: cython.Py_ssize_t
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    quotient: cython.double
    part: cython.double
    length: cython.double
    x: cython.double
    y: cython.double
    z: cython.double
    step: cython.double
    step_image: cython.double
    with cython.nogil:
        for i in range(n):
            first[0, i] = root[i]
            inverse[i] = 1.0 / root[i]
        unit_length(first, 0)
        subtract(basis, 0, inner(basis, 0, first, 0), first, 0)
        if unit_length(basis, 0) == 0.0:
            steps = 0
        apply_laplacian(indptr, indices, weights, inverse, basis, scaled, image, 0)
        quotient = inner(basis, 0, image, 0)
        for turn in range(steps):  # noqa: B007 (declared for the compiler)
            for i in range(n):
                basis[1, i] = image[0, i] - quotient * basis[0, i]
            subtract(basis, 1, inner(basis, 1, first, 0), first, 0)
            subtract(basis, 1, inner(basis, 1, basis, 0), basis, 0)
            if unit_length(basis, 1) <= 1e-3 * quotient:
                break
            apply_laplacian(indptr, indices, weights, inverse, basis, scaled, image, 1)
            if size == 3:
                # The last step, made orthogonal to both; its image follows without a product.
                for j in range(2):
                    part = inner(basis, 2, basis, j)
                    subtract(basis, 2, part, basis, j)
                    subtract(image, 2, part, image, j)
                length = unit_length(basis, 2)
                if length > 1e-8:
                    for i in range(n):
                        image[2, i] /= length
                else:
                    size = 2
            for i in range(size):
                for j in range(i, size):
                    part = inner(basis, i, image, j)
                    small[i, j] = part
                    small[j, i] = part
            j = diagonalise(small, vectors, size)
            quotient = small[j, j]
            x = vectors[0, j]
            y = vectors[1, j]
            z = vectors[2, j]
            for i in range(n):
                step = y * basis[1, i]
                step_image = y * image[1, i]
                if size == 3:
                    step += z * basis[2, i]
                    step_image += z * image[2, i]
                basis[0, i] = x * basis[0, i] + step
                image[0, i] = x * image[0, i] + step_image
                basis[2, i] = step
                image[2, i] = step_image
            size = 3


def average_neighbours(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    vector: cython.const[cython.double][::1],
    result: cython.double[::1],
) -> None:
    """Write the mean of each entry and the weighted mean over its neighbours."""
    node: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    total: cython.double
    degree: cython.double
    with cython.nogil:
        for node in range(vector.shape[0]):
            total = 0.0
            degree = 0.0
            for edge in range(indptr[node], indptr[node + 1]):
                total += weights[edge] * vector[indices[edge]]
                degree += weights[edge]
            result[node] = vector[node]
            if degree > 0.0:
                result[node] = 0.5 * (vector[node] + total / degree)


def group_means(
    points: cython.const[cython.double][:, ::1],
    mass: cython.const[cython.double][::1],
    labels: cython.const[cython.int][::1],
    means: cython.double[:, ::1],
) -> None:
    """Add to ``means``, which holds zeros, the mean of the points of each group by mass.

    An empty group keeps 0.
    """
    weight: cython.double[::1] = np.zeros(means.shape[0])
    i: cython.Py_ssize_t
    j: cython.Py_ssize_t
    label: cython.int
    with cython.nogil:
        for i in range(points.shape[0]):
            label = labels[i]
            weight[label] += mass[i]
            for j in range(points.shape[1]):
                means[label, j] += mass[i] * points[i, j]
        for i in range(means.shape[0]):
            if weight[i] > 0.0:
                for j in range(means.shape[1]):
                    means[i, j] /= weight[i]
