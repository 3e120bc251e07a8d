"""Loops of single moves: the best one of a node, descents, and climbs."""

from __future__ import annotations

import cython
import numpy as np
from cython.cimports.libc.math import fabs

Index = cython.fused_type(cython.int, cython.longlong)
Weight = cython.fused_type(cython.float, cython.double)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def mean_cut(sums: cython.const[cython.double][:, ::1], label: cython.Py_ssize_t) -> cython.double:
    """Return *cut / volume* of a segment; 0 without a volume."""
    return sums[0, label] / sums[1, label] if sums[1, label] > 0.0 else 0.0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lowest_change(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.const[cython.int][::1],
    sums: cython.const[cython.double][:, ::1],
    links: cython.double[::1],
    node: cython.Py_ssize_t,
) -> tuple[cython.double, cython.int]:
    """Return what `best_move` does; any change where the target is -1."""
    own: cython.int = labels[node]
    start: cython.Py_ssize_t = indptr[node]
    stop: cython.Py_ssize_t = indptr[node + 1]
    edge: cython.Py_ssize_t
    label: cython.int
    outside: cython.bint = False
    total: cython.double = 0.0
    best: cython.double = 0.0
    target: cython.int = -1
    volume: cython.double
    rest: cython.double
    left: cython.double
    grown: cython.double
    change: cython.double
    for edge in range(start, stop):
        label = labels[indices[edge]]
        links[label] += weights[edge]
        total += weights[edge]
        outside = outside or label != own
    if outside and sums[2, own] > 1.0:
        volume = volumes[node]
        rest = sums[1, own] - volume
        left = (sums[0, own] + 2 * links[own] - total) / rest if rest > 0.0 else 0.0
        left -= mean_cut(sums, own)
        for edge in range(start, stop):
            label = labels[indices[edge]]
            if label == own or links[label] < 0.0:
                continue
            grown = sums[1, label] + volume
            change = left
            if grown > 0.0:
                change += (sums[0, label] + total - 2 * links[label]) / grown
            if sums[1, label] > 0.0:
                change -= sums[0, label] / sums[1, label]
            if target < 0 or change < best or (change == best and label < target):
                best = change
                target = label
            links[label] = -1.0
    for edge in range(start, stop):
        links[labels[indices[edge]]] = 0.0
    return best, target


def best_move(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.const[cython.int][::1],
    sums: cython.const[cython.double][:, ::1],
    links: cython.double[::1],
    node: cython.Py_ssize_t,
) -> tuple[float, int]:
    """Return the lowest change of the normalised cut by a move of a node, and where it goes.

    ``links`` (k zeros) is scratch. Without a neighbour elsewhere, or if the node is the last of
    its segment, the change is infinite and the target -1.
    """
    change: cython.double
    target: cython.int
    change, target = lowest_change(indptr, indices, weights, volumes, labels, sums, links, node)
    return change if target >= 0 else float("inf"), target


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def move(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.int[::1],
    sums: cython.double[:, ::1],
    node: cython.Py_ssize_t,
    target: cython.int,
) -> cython.void:
    """Move a node to another segment and keep the sums right."""
    own: cython.int = labels[node]
    edge: cython.Py_ssize_t
    label: cython.int
    here: cython.double = sums[0, own]
    there: cython.double = sums[0, target]
    for edge in range(indptr[node], indptr[node + 1]):
        label = labels[indices[edge]]
        if label == own:
            here += weights[edge]
        else:
            here -= weights[edge]
        if label == target:
            there -= weights[edge]
        else:
            there += weights[edge]
    sums[0, own] = here
    sums[0, target] = there
    sums[1, own] -= volumes[node]
    sums[1, target] += volumes[node]
    sums[2, own] -= 1.0
    sums[2, target] += 1.0
    labels[node] = target


def move_all(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.int[::1],
    sums: cython.double[:, ::1],
    nodes: cython.const[cython.int][::1],
    targets: cython.const[cython.int][::1],
) -> None:
    """Move nodes, each to another segment than its own, and keep the sums right."""
    i: cython.Py_ssize_t
    with cython.nogil:
        for i in range(nodes.shape[0]):
            move(indptr, indices, weights, volumes, labels, sums, nodes[i], targets[i])


@cython.cfunc
def longer(ring: cython.int[::1], head: cython.Py_ssize_t) -> cython.int[::1]:
    """Return a full ring with as much room again, its first entry in front."""
    array = np.empty(2 * ring.shape[0] + 16, dtype=np.int32)
    entries = np.asarray(ring)
    array[: ring.shape[0] - head] = entries[head:]
    array[ring.shape[0] - head : ring.shape[0]] = entries[:head]
    return array


def descend(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.int[::1],
    sums: cython.double[:, ::1],
    state: cython.uchar[::1],
    queue: cython.const[cython.int][::1],
    gain: cython.double,
    most: cython.Py_ssize_t,
) -> object:
    """Move each queued node while that lowers the cut; return what is queued after ``most`` moves.

    A move has to lower the cut of the two segments by more than the part ``gain`` of it.
    ``state`` is 0 for free nodes, 1 while queued, 2 for bound ones. It ends: every turn takes a
    node from the queue, and only moves, which are counted, put nodes into it.
    """
    links: cython.double[::1] = np.zeros(sums.shape[1])
    ring: cython.int[::1] = np.append(queue, np.int32(0))
    head: cython.Py_ssize_t = 0
    size: cython.Py_ssize_t = queue.shape[0]
    last: cython.Py_ssize_t
    moves: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    node: cython.int
    other: cython.int
    target: cython.int
    change: cython.double
    with cython.nogil:
        for i in range(size):
            if state[queue[i]] == 0:
                state[queue[i]] = 1
        while size > 0 and moves < most:
            node = ring[head]
            head = head + 1 if head + 1 < ring.shape[0] else 0
            size -= 1
            if state[node] == 2:
                continue
            state[node] = 0
            change, target = lowest_change(
                indptr, indices, weights, volumes, labels, sums, links, node
            )
            if target < 0:
                continue
            # Absolute values: a cut that rounding made negative must not let moves go upwards.
            if change >= -gain * (
                fabs(mean_cut(sums, labels[node])) + fabs(mean_cut(sums, target))
            ):
                continue
            move(indptr, indices, weights, volumes, labels, sums, node, target)
            moves += 1
            for edge in range(indptr[node], indptr[node + 1]):
                other = indices[edge]
                if state[other] == 0:
                    if size == ring.shape[0]:
                        with cython.gil:
                            ring = longer(ring, head)
                        head = 0
                    last = head + size
                    ring[last if last < ring.shape[0] else last - ring.shape[0]] = other
                    size += 1
                    state[other] = 1
    left = np.empty(size, dtype=np.int32)
    for i in range(size):
        node = ring[(head + i) % ring.shape[0]]
        left[i] = node
        if state[node] == 1:
            state[node] = 0
    return left


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def push(
    keys: cython.double[::1],
    nodes: cython.int[::1],
    size: cython.Py_ssize_t,
    key: cython.double,
    node: cython.int,
) -> cython.void:
    """Add an entry to a heap of ``size`` entries: the lowest key first, of equals the first node.

    An entry goes up a level a turn.
    """
    at: cython.Py_ssize_t = size
    above: cython.Py_ssize_t
    while at > 0:
        above = (at - 1) // 2
        if keys[above] < key or (keys[above] == key and nodes[above] <= node):
            break
        keys[at] = keys[above]
        nodes[at] = nodes[above]
        at = above
    keys[at] = key
    nodes[at] = node


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def drop_first(
    keys: cython.double[::1], nodes: cython.int[::1], size: cython.Py_ssize_t
) -> cython.void:
    """Take the first entry from a heap of ``size`` entries; the hole goes down a level a turn."""
    end: cython.Py_ssize_t = size - 1
    key: cython.double = keys[end]
    node: cython.int = nodes[end]
    at: cython.Py_ssize_t = 0
    below: cython.Py_ssize_t = 1
    while below < end:
        if below + 1 < end and (
            keys[below + 1] < keys[below]
            or (keys[below + 1] == keys[below] and nodes[below + 1] < nodes[below])
        ):
            below += 1
        if key < keys[below] or (key == keys[below] and node <= nodes[below]):
            break
        keys[at] = keys[below]
        nodes[at] = nodes[below]
        at = below
        below = 2 * at + 1
    keys[at] = key
    nodes[at] = node


def climb(
    indptr: cython.const[Index][::1],
    indices: cython.const[cython.int][::1],
    weights: cython.const[Weight][::1],
    volumes: cython.const[cython.double][::1],
    labels: cython.int[::1],
    sums: cython.double[:, ::1],
    state: cython.uchar[::1],
    border: cython.const[cython.int][::1],
    patience: cython.Py_ssize_t,
    most_work: cython.longlong,
) -> float:
    """Move the best node again and again, each once, even uphill; keep the best beginning.

    Returns the change of the normalised cut, which is never above 0. ``state`` is 2 for bound
    nodes, and 1 for those that have moved in this sequence; about ``most_work`` edges are looked
    at. It ends: nodes move once, and between two moves an entry is put back at most once, as its
    change is right then.
    """
    k: cython.Py_ssize_t = sums.shape[1]
    links: cython.double[::1] = np.zeros(k)
    best_sums: cython.double[:, ::1] = np.array(sums)
    room: cython.Py_ssize_t = 2 * border.shape[0] + 64
    keys: cython.double[::1] = np.empty(room)
    nodes: cython.int[::1] = np.empty(room, dtype=np.int32)
    size: cython.Py_ssize_t = 0
    moved: cython.int[::1] = np.empty(room, dtype=np.int32)
    origin: cython.int[::1] = np.empty(room, dtype=np.int32)
    count: cython.Py_ssize_t = 0
    kept: cython.Py_ssize_t = 0
    work: cython.longlong = 0
    current: cython.double = 0.0
    best: cython.double = 0.0
    i: cython.Py_ssize_t
    edge: cython.Py_ssize_t
    node: cython.int
    other: cython.int
    target: cython.int
    change: cython.double
    now: cython.double
    with cython.nogil:
        for i in range(border.shape[0]):
            node = border[i]
            if state[node] == 0:
                now, target = lowest_change(
                    indptr, indices, weights, volumes, labels, sums, links, node
                )
                if target >= 0:
                    push(keys, nodes, size, now, node)
                    size += 1
        while size > 0 and count - kept < patience and work < most_work:
            change = keys[0]
            node = nodes[0]
            drop_first(keys, nodes, size)
            size -= 1
            if state[node] != 0:
                continue
            now, target = lowest_change(
                indptr, indices, weights, volumes, labels, sums, links, node
            )
            if target < 0:
                continue
            if now > change and size > 0 and now > keys[0]:
                push(keys, nodes, size, now, node)
                size += 1
                continue
            if size + indptr[node + 1] - indptr[node] > keys.shape[0]:
                with cython.gil:
                    room = 2 * (size + indptr[node + 1] - indptr[node])
                    keys = np.resize(keys, room)
                    nodes = np.resize(nodes, room)
            if count == moved.shape[0]:
                with cython.gil:
                    moved = np.resize(moved, 2 * count)
                    origin = np.resize(origin, 2 * count)
            moved[count] = node
            origin[count] = labels[node]
            count += 1
            state[node] = 1
            move(indptr, indices, weights, volumes, labels, sums, node, target)
            current += now
            if current < best - 1e-12 * fabs(now) - 1e-15:
                best = current
                kept = count
                best_sums[:, :] = sums
            for edge in range(indptr[node], indptr[node + 1]):
                other = indices[edge]
                if state[other] == 0:
                    work += indptr[other + 1] - indptr[other]
                    now, target = lowest_change(
                        indptr, indices, weights, volumes, labels, sums, links, other
                    )
                    if target >= 0:
                        push(keys, nodes, size, now, other)
                        size += 1
        for i in range(count - 1, -1, -1):
            state[moved[i]] = 0
            if i >= kept:
                labels[moved[i]] = origin[i]
        sums[:, :] = best_sums
    return best
