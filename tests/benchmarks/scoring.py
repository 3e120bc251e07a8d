"""Scores of a segmentation against its truth: F1 of objects, and F1 of those that touch."""

from itertools import combinations

import numpy as np
from scipy import ndimage as ndi

IOU = 0.7


def shared(truth, found):
    """Return the pixels that each object shares with each found one, background first."""
    _, truth = np.unique(np.concatenate([[0], truth.ravel()]), return_inverse=True)
    _, found = np.unique(np.concatenate([[0], found.ravel()]), return_inverse=True)
    truth, found = truth[1:], found[1:]
    shape = truth.max(initial=0) + 1, found.max(initial=0) + 1
    return np.bincount(truth * shape[1] + found, minlength=shape[0] * shape[1]).reshape(shape)


def overlaps(truth, found):
    """Return the intersection over union of every pair of objects, shape (n_truth, n_found)."""
    both = shared(truth, found)
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    return both[1:, 1:] / np.maximum(union[1:, 1:], 1)


def errors(truth, found, iou=IOU):
    """Return how many objects of the truth were missed, by cause: joined, cut, by their border.

    Joined: most of another object lies in the same found one. Cut: it is most of several found
    ones. Else the two agree, but for where the border runs.
    """
    both = shared(truth, found)[1:, 1:]
    if both.size == 0:
        return 0, 0, both.shape[0]
    missed = ~(overlaps(truth, found) > iou).any(axis=1)
    home = both.argmax(axis=1)
    joined = missed & (np.bincount(home, minlength=both.shape[1]) > 1)[home]
    pieces = np.bincount(both.argmax(axis=0), minlength=both.shape[0])
    cut = missed & ~joined & (pieces > 1)
    return int(joined.sum()), int(cut.sum()), int((missed & ~joined & ~cut).sum())


def f1(truth, found, iou=IOU):
    """Return 2 TP / (objects + found); a match is an intersection over union above ``iou``.

    ``iou`` is 0.5 or more, so that an object has one match at most. Without any object it is NaN.
    """
    table = overlaps(truth, found)
    if sum(table.shape) == 0:
        return np.nan
    return 2 * float((table > iou).sum()) / sum(table.shape)


def crowds(truth):
    """Return the components of the foreground (linked by faces) that hold two objects or more."""
    blobs, n = ndi.label(truth > 0)
    pairs = np.unique(np.stack([blobs[truth > 0], truth[truth > 0]]), axis=1)
    crowded = np.bincount(pairs[0], minlength=n + 1) > 1
    return crowded[blobs]


def touching_f1(truth, found, iou=IOU):
    """Return the F1 within the components that hold two objects or more."""
    crowded = crowds(truth)
    return f1(np.where(crowded, truth, 0), np.where(crowded, found, 0), iou)


def scores(truth, found):
    """Return F1 and F1 of touching objects."""
    return f1(truth, found), touching_f1(truth, found)


def border_widths(labels):
    """Return how bent each border in a plane is: 0 is straight.

    The second singular value over the first of the points where two labels touch.
    """
    found = []
    for pair in combinations(range(1, labels.max() + 1), 2):
        points = []
        for axis in (0, 1):
            a, b = np.delete(labels, 0, axis), np.delete(labels, -1, axis)
            at = np.argwhere(np.isin(a, pair) & np.isin(b, pair) & (a != b)).astype(float)
            at[:, axis] += 0.5
            points.append(at)
        points = np.concatenate(points)
        if len(points) > 3:
            first, second = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
            found.append(second / first)
    return found
