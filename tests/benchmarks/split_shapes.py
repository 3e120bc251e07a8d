"""Shapes that must be split, shapes that must stay whole, and the same shape seen otherwise."""

import sys

import numpy as np
from peers import options, table
from scipy import ndimage as ndi
from sklearn.metrics import adjusted_rand_score

import napari_ncut
from napari_ncut import SplitSettings, scenes

NECKS = np.round(np.arange(0.02, 1.0, 0.02), 2)


def count(mask):
    """Return the number of objects at the default."""
    return int(napari_ncut.split_touching(mask).max())


def discs(shape, *discs):
    """Draw discs: (y, x, radius) each."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    mask = np.zeros(shape, bool)
    for cy, cx, radius in discs:
        mask |= (y - cy) ** 2 + (x - cx) ** 2 <= radius**2
    return mask


def turned(degrees, size=240):
    """Return coordinates about the centre of a picture, along axes that are turned."""
    y, x = np.indices((size, size)) - size / 2
    turn = np.deg2rad(degrees)
    return x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)


def rod(degrees, rough=0.0, half=80, half_width=9):
    """Draw a rod with round ends whose edge is rough by so many pixels."""
    along, across = turned(degrees)
    noise = ndi.gaussian_filter(np.random.default_rng(degrees).normal(size=along.shape), 1)
    distance = np.hypot(np.maximum(abs(along) - half, 0), across)
    return largest(distance + rough * noise / noise.std() <= half_width)


def rough_disc(seed, rough=1.5):
    """Draw a disc whose edge is rough."""
    along, across = turned(0)
    noise = ndi.gaussian_filter(np.random.default_rng(seed).normal(size=along.shape), 1)
    return largest(np.hypot(along, across) + rough * noise / noise.std() <= 60)


def largest(mask):
    """Return the largest component."""
    pieces, _ = ndi.label(mask)
    return pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()


def pinholes(mask, seed, share=0.003):
    """Take single pixels out, and what they cut off."""
    return largest(mask & (np.random.default_rng(seed).random(mask.shape) >= share))


def whole_shapes():
    """Yield names and pictures of one object: all turns, or all seeds, of a shape."""
    angles = (0, 10, 20, 33, 45, 60, 80, 90)
    seeds = range(8)
    yield "disc", [discs((200, 200), (100, 100, r)) for r in (1, 2, 3, 5, 10, 20, 40, 90)]
    yield "square", [np.maximum(*map(abs, turned(a))) <= 50 for a in angles]
    axes = [turned(a) for a in angles]
    yield "ellipse 4:1", [(u / 100) ** 2 + (v / 25) ** 2 <= 1 for u, v in axes]
    yield "rod", [rod(a) for a in angles]
    yield "rough rod (1 pixel)", [rod(a, rough=1.0) for a in angles]
    yield "bent rod", [(abs(np.hypot(u, v) - 70) < 9) & (u > 0) for u, v in axes]
    yield "ring", [abs(np.hypot(*axes[0]) - 60) < w for w in (3, 5, 8, 10, 12, 15, 20, 30)]
    yield "rough disc", [rough_disc(seed) for seed in seeds]
    disc = discs((240, 240), (120, 120, 70))
    yield "disc with pinholes (0.1 %)", [pinholes(disc, seed, 0.001) for seed in seeds]
    yield "disc with pinholes (0.3 %)", [pinholes(disc, seed) for seed in seeds]


def touching_shapes(quick):
    """Yield names, pictures and numbers of objects."""
    angles = np.deg2rad(np.arange(0, 360, 90 if quick else 15))
    for large, small in ((30, 15), (40, 15), (40, 10), (50, 6)):
        middle = 2 * large + small
        away = large + 0.7 * small
        ends = [(middle + away * np.sin(a), middle + away * np.cos(a), small) for a in angles]
        shape = (2 * middle,) * 2
        masks = [discs(shape, (middle, middle, large), end) for end in ends]
        yield f"two discs, {large}:{small}", masks, 2
    arms = [[(100 + 48 * np.sin(a + b), 100 + 48 * np.cos(a + b), 25) for b in np.deg2rad(
        [0, 120, 240])] for a in angles[:8]]  # fmt: skip
    ys = [discs((200, 200), (100, 100, 30), *three) for three in arms]
    yield "three discs in a Y around a fourth", ys, 4
    two = discs((200, 200), (100, 60, 42), (100, 135, 40))
    yield "two discs with pinholes (0.1 %)", [pinholes(two, s, 0.001) for s in range(8)], 2
    yield "two discs with pinholes (0.3 %)", [pinholes(two, s) for s in range(8)], 2


def band(scene, n):
    """Return the longest run of necks with the right objects."""
    tree = napari_ncut.split_tree(scene.mask)
    truth = scene.truth[scene.mask]
    best, first = (0.0, 0.0), None
    for neck in NECKS:
        found = tree.cut(neck)
        right = found.max() == n and adjusted_rand_score(truth, found[scene.mask]) >= 0.97
        first = (neck if first is None else first) if right else None
        if right and neck - first >= best[1] - best[0]:
            best = (first, neck)
    return best


def random_blob(rng, ndim):
    """Return ellipses that overlap, 2 to 5: centres, half-axes, rotations."""
    n = rng.integers(2, 6)
    centres, radii = [np.zeros(ndim)], [rng.uniform(9, 18)]
    for _ in range(n - 1):
        beside = rng.integers(len(centres))
        direction = rng.normal(size=ndim)
        radius = rng.uniform(9, 18)
        reach = rng.uniform(0.75, 0.95) * (radius + radii[beside])
        centres.append(centres[beside] + reach * direction / np.linalg.norm(direction))
        radii.append(radius)
    axes = [r * rng.uniform(0.8, 1, ndim) for r in radii]
    turns = [np.linalg.qr(rng.normal(size=(ndim, ndim)))[0] for _ in radii]
    return list(zip(centres, axes, turns, strict=True))


def draw(blob, pixel, turn):
    """Draw a blob after a turn with a pixel size; return the mask and where its origin is."""
    ends = np.array([turn @ centre for centre, _, _ in blob])
    low, high = ends.min(axis=0) - 20, ends.max(axis=0) + 20
    shape = np.ceil((high - low) / pixel).astype(int)
    points = np.indices(shape).reshape(len(shape), -1).T * pixel + low
    mask = np.zeros(len(points), bool)
    for centre, axes, own in blob:
        mask |= ((((points @ turn) - centre) @ own / axes) ** 2).sum(axis=1) <= 1
    return mask.reshape(shape), low


def split_at(blob, points, pixel, turn):
    """Split a blob that is drawn so; return its number of objects, and the labels at points."""
    mask, low = draw(blob, pixel, turn)
    labels = napari_ncut.split_touching(mask, spacing=tuple(pixel))
    index = np.rint((points @ turn.T - low) / pixel).astype(int)
    inside = ((index >= 0) & (index < mask.shape)).all(axis=1)
    values = np.zeros(len(points), int)
    values[inside] = labels[tuple(index[inside].T)]
    return labels.max(), values


def same(blob, plain, views):
    """Tell for each view of a blob whether it gives the objects of the plain view."""
    one = np.eye(len(plain))
    mask, low = draw(blob, plain, one)
    points = np.argwhere(mask) * plain + low
    n, values = split_at(blob, points, plain, one)
    result = []
    for pixel, turn in views:
        n_there, there = split_at(blob, points, pixel, turn)
        both = (values > 0) & (there > 0)
        result.append(n == n_there and adjusted_rand_score(values[both], there[both]) >= 0.95)
    return result


def rotation(degrees):
    """Return the matrix of a rotation."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[c, -s], [s, c]])


def equivariance(quick):
    """Return rows: view, half-axes in pixels, share of random blobs with the same objects."""
    views = [(f"magnified {k} times", np.full(2, 1 / k), np.eye(2)) for k in (2, 4)]
    views += [(f"rotated by {a} degrees", np.ones(2), rotation(a)) for a in (17, 45, 70, 90)]
    planes = [
        (f"3-D, z-spacing {k:g}", np.array([k, 1.0, 1.0]), np.eye(3)) for k in (1.5, 2.0, 3.0, 4.0)
    ]
    rows = []
    flat, solid = (6, 2) if quick else (100, 100)
    kinds = [(2, times, views, flat) for times in (1, 2, 3)] + [(3, 1, planes, solid)]
    for ndim, times, chosen, n in kinds:
        blobs = [random_blob(np.random.default_rng(seed), ndim) for seed in range(n)]
        seen = [(pixel / times, turn) for _, pixel, turn in chosen]
        right = np.array([same(blob, np.ones(ndim) / times, seen) for blob in blobs])
        rows += [
            (name, f"{9 * times} to {18 * times}", f"{int(column.sum())} of {n}")
            for (name, *_), column in zip(chosen, right.T, strict=True)
        ]
    return rows


def main(argv):
    """Print the tables."""
    quick = options(argv).quick
    print("## Splitting shapes\n")
    default = SplitSettings().neck
    print(
        f"All at the default neck of {default:g}, mask only. The band is the longest range of "
        "neck in which the number is right and the adjusted Rand index at least 0.97.\n"
    )
    rows = []
    for n in (2, 4):
        for size in (100, 300) if quick else (100, 200, 300, 500, 1000, 2000):
            scene = scenes.circles(n, size=size)
            found = napari_ncut.split_touching(scene.mask)
            index = adjusted_rand_score(scene.truth[scene.mask], found[scene.mask])
            low, high = band(scene, n)
            rows.append((f"{n} circles", size, int(found.max()), index, f"{low:g} to {high:g}"))
    table(("scene", "side", "found", "adjusted Rand index", "band"), rows)
    rows = []
    for name, masks, wanted in touching_shapes(quick):
        found = [count(mask) for mask in masks]
        rows.append((name, wanted, f"{found.count(wanted)} of {len(found)}", max(found)))
    for name, masks in whole_shapes():
        found = [count(mask) for mask in masks]
        rows.append((name, 1, f"{found.count(1)} of {len(found)}", max(found)))
    table(("shape, in several turns or seeds", "objects", "right", "most found"), rows)
    print("The same random blob seen otherwise: equal number, adjusted Rand index at least 0.95.\n")
    table(("view", "half-axes in pixels", "the same"), equivariance(quick))


if __name__ == "__main__":
    main(sys.argv[1:])
