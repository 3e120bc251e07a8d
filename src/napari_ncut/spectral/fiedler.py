"""The second eigenvector of a small graph, roughly and at once.

To see where a segment would split, a few digits are enough. The Rayleigh quotient is minimised by
conjugate gradients, starting from the distance (in edges) to one end of the graph.

References
----------
Fiedler (1975), A property of eigenvectors of nonnegative symmetric matrices and its application to
graph theory, Czechoslovak Mathematical Journal 25(4), 619-633.
Knyazev (2001), Toward the optimal preconditioned eigensolver: locally optimal block preconditioned
conjugate gradient method, SIAM Journal on Scientific Computing 23(2), 517-541; block size 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ncut.core.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_ncut.graph.pixel_graph import Graph


def fiedler_vector(graph: Graph, steps: int = 60) -> NDArray[np.float64]:
    """Return the second eigenvector of ``(D - W) x = lambda D x`` to a few digits.

    Parameters
    ----------
    graph : Graph
        n nodes.
    steps : int
        Steps at most.

    Returns
    -------
    (n,) ndarray of float64
        Of any scale and sign.
    """
    root = np.sqrt(np.where(graph.volumes > 0, graph.volumes, 1.0))
    end = int(breadth_first(graph.indptr, graph.indices, 0).argmax())
    start = breadth_first(graph.indptr, graph.indices, end).astype(np.float64)
    vector: NDArray[np.float64] = descend_quotient(
        graph.indptr, graph.indices, graph.weights, root, start, steps
    )
    return vector / root


@compiled
def breadth_first(
    indptr: NDArray[np.signedinteger[Any]], indices: NDArray[np.int32], source: int
) -> NDArray[np.int32]:
    """Return the number of edges from a node to every other; one more where it can't be reached."""
    n = len(indptr) - 1
    distance = np.full(n, -1, dtype=np.int32)
    queue = np.empty(n, dtype=np.int32)
    queue[0] = source
    distance[source] = 0
    count = 1
    head = 0
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
    for node in range(n):
        if distance[node] < 0:
            distance[node] = far
    return distance


@compiled
def apply_laplacian(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    inverse: NDArray[np.float64],
    vector: NDArray[np.float64],
    scaled: NDArray[np.float64],
    result: NDArray[np.float64],
) -> None:
    """Write ``D^(-1/2) (D - W) D^(-1/2) vector``; ``inverse`` is D^(-1/2), ``scaled`` scratch."""
    for node in range(len(vector)):
        scaled[node] = vector[node] * inverse[node]
    for node in range(len(vector)):
        here = scaled[node]
        total = 0.0
        for edge in range(indptr[node], indptr[node + 1]):
            total += weights[edge] * (here - scaled[indices[edge]])
        result[node] = total * inverse[node]


@compiled
def remove_part(vector: NDArray[np.float64], unit: NDArray[np.float64]) -> None:
    """Make a vector orthogonal to a unit vector."""
    part = 0.0
    for i in range(len(vector)):
        part += vector[i] * unit[i]
    for i in range(len(vector)):
        vector[i] -= part * unit[i]


@compiled
def unit_length(vector: NDArray[np.float64]) -> float:
    """Scale a vector to length 1 and return the length it had."""
    square = 0.0
    for i in range(len(vector)):
        square += vector[i] * vector[i]
    length = np.sqrt(square)
    if length > 0:
        for i in range(len(vector)):
            vector[i] /= length
    return float(length)


@compiled
def lowest_eigenvector(matrix: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the lowest eigenvalue of a small symmetric matrix and its eigenvector.

    By Jacobi's rotations, for which a call of LAPACK would take longer than all else in a step.
    """
    n = len(matrix)
    vectors = np.eye(n)
    for _ in range(20):
        off = 0.0
        for p in range(n):
            for q in range(p + 1, n):
                off = max(off, abs(matrix[p, q]) / (abs(matrix[p, p]) + abs(matrix[q, q]) + 1e-300))
                if matrix[p, q] == 0.0:
                    continue
                half = 0.5 * (matrix[q, q] - matrix[p, p]) / matrix[p, q]
                tangent = 1.0 / (abs(half) + np.sqrt(half * half + 1.0))
                if half < 0.0:
                    tangent = -tangent
                cosine = 1.0 / np.sqrt(tangent * tangent + 1.0)
                sine = tangent * cosine
                for i in range(n):
                    a, b = matrix[i, p], matrix[i, q]
                    matrix[i, p], matrix[i, q] = cosine * a - sine * b, sine * a + cosine * b
                for i in range(n):
                    a, b = matrix[p, i], matrix[q, i]
                    matrix[p, i], matrix[q, i] = cosine * a - sine * b, sine * a + cosine * b
                    a, b = vectors[i, p], vectors[i, q]
                    vectors[i, p], vectors[i, q] = cosine * a - sine * b, sine * a + cosine * b
        if off < 1e-15:
            break
    lowest = 0
    for i in range(1, n):
        if matrix[i, i] < matrix[lowest, lowest]:
            lowest = i
    return float(matrix[lowest, lowest]), vectors[:, lowest].copy()


@compiled
def inner(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the inner product of two vectors."""
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return float(total)


@compiled
def descend_quotient(
    indptr: NDArray[np.signedinteger[Any]],
    indices: NDArray[np.int32],
    weights: NDArray[np.floating[Any]],
    root: NDArray[np.float64],
    start: NDArray[np.float64],
    steps: int,
) -> NDArray[np.float64]:
    """Lower the Rayleigh quotient over vectors orthogonal to ``root``, the first eigenvector.

    Every step takes the lowest point of the space of the vector, its residual and the last step.
    """
    n = len(root)
    first = root.copy()
    unit_length(first)
    inverse = 1.0 / root
    scaled = np.empty(n)
    basis = np.zeros((3, n))
    image = np.zeros((3, n))
    basis[0] = start * root
    remove_part(basis[0], first)
    if unit_length(basis[0]) == 0:
        return first * 0.0
    apply_laplacian(indptr, indices, weights, inverse, basis[0], scaled, image[0])
    quotient = inner(basis[0], image[0])
    size = 2
    for _ in range(steps):
        for i in range(n):
            basis[1, i] = image[0, i] - quotient * basis[0, i]
        remove_part(basis[1], first)
        remove_part(basis[1], basis[0])
        if unit_length(basis[1]) <= 1e-3 * quotient:
            break
        apply_laplacian(indptr, indices, weights, inverse, basis[1], scaled, image[1])
        if size == 3:
            # The last step, made orthogonal to both; its image follows without another product.
            for j in range(2):
                part = inner(basis[2], basis[j])
                for i in range(n):
                    basis[2, i] -= part * basis[j, i]
                    image[2, i] -= part * image[j, i]
            length = unit_length(basis[2])
            if length > 1e-8:
                image[2] /= length
            else:
                size = 2
        small = np.zeros((size, size))
        for i in range(size):
            for j in range(i, size):
                small[i, j] = small[j, i] = inner(basis[i], image[j])
        quotient, weight = lowest_eigenvector(small)
        for i in range(n):
            step = weight[1] * basis[1, i]
            step_image = weight[1] * image[1, i]
            if size == 3:
                step += weight[2] * basis[2, i]
                step_image += weight[2] * image[2, i]
            basis[0, i] = weight[0] * basis[0, i] + step
            image[0, i] = weight[0] * image[0, i] + step_image
            basis[2, i] = step
            image[2, i] = step_image
        size = 3
    result: NDArray[np.float64] = basis[0].copy()
    return result
