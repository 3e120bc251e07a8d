"""The public cut of an image: what holds for every result, every input, every bad argument."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from sklearn.metrics import adjusted_rand_score

from napari_ncut import Cancelled, ncut_value, normalized_cut, scenes
from napari_ncut.graph.pixel_graph import pixel_graph, pixel_neighbours, pixel_values


def value(image, labels):
    """Return the normalised cut of labels on the weights of an image."""
    mask = labels > 0
    pixels = pixel_neighbours(mask, 1, (1.0,) * mask.ndim)
    graph = pixel_graph(pixels, pixel_values(image, mask), 0.25)
    return ncut_value(graph.matrix(), labels[mask])


@pytest.fixture(scope="module")
def scene():
    return scenes.circles(4)


@pytest.fixture(scope="module")
def labels(scene):
    return normalized_cut(scene.image, scene.mask, 4)


# What holds for every result


@given(st.integers(0, 10_000), st.integers(1, 12), st.floats(0.3, 1.0), st.sampled_from([2, 3]))
@settings(max_examples=40, deadline=None)
def test_segments_are_1_to_n_none_empty_and_cover_the_mask(seed, n, density, ndim):
    rng = np.random.default_rng(seed)
    shape = rng.integers(3, 9, ndim)
    mask = rng.random(shape) < density
    count = ndi.label(mask)[1]
    if mask.sum() < n or count > n:
        return
    found = normalized_cut(rng.random(shape), mask, n)
    np.testing.assert_array_equal(found > 0, mask)
    np.testing.assert_array_equal(np.unique(found[mask]), np.arange(1, n + 1))
    first = [np.flatnonzero(found.ravel() == label)[0] for label in range(1, n + 1)]
    assert first == sorted(first)


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("size", [100, 256])
def test_the_circles_of_scikit_learn_are_found(n, size):
    scene = scenes.circles(n, size=size)
    found = normalized_cut(scene.image, scene.mask, n)
    assert adjusted_rand_score(scene.truth[scene.mask], found[scene.mask]) > 0.95


def test_spheres_are_found():
    scene = scenes.spheres(size=48)
    found = normalized_cut(scene.image, scene.mask, 4)
    assert adjusted_rand_score(scene.truth[scene.mask], found[scene.mask]) > 0.97


def test_an_edge_in_the_image_alone_is_found():
    image = np.zeros((40, 60))
    image[:, 25:] = 10
    image += np.random.default_rng(0).normal(size=image.shape)
    found = normalized_cut(image, n_segments=2)
    assert adjusted_rand_score((image > 5).ravel(), found.ravel()) > 0.99


@pytest.mark.parametrize("column", [13, 19, 24, 25, 31, 45])
@pytest.mark.parametrize(("scale", "beta"), [(1, 0.1), (1, 0.25), (1, 5), (4, 0.25), (4, 50)])
def test_a_step_is_found_at_every_column(column, scale, beta):
    image = np.zeros((40 * scale, 60 * scale))
    image[:, column * scale + scale // 4 :] = 1
    found = normalized_cut(image, n_segments=2, beta=beta)
    np.testing.assert_array_equal(found, 1 + image)


@pytest.mark.parametrize("row", [9, 11, 14, 21, 30])
def test_a_faint_step_along_the_long_side_is_found(row):
    image = np.zeros((40, 60))
    image[row:] = 1
    found = normalized_cut(image, n_segments=2, beta=0.1)
    np.testing.assert_array_equal(found, 1 + image)


@pytest.mark.parametrize(
    "turn", [np.flipud, np.fliplr, np.transpose, lambda a: np.rot90(a, 1), lambda a: a[::-1, ::-1]]
)
def test_a_flipped_or_transposed_image_is_cut_as_well(turn, scene, labels):
    turned = normalized_cut(turn(scene.image), turn(scene.mask), 4)
    assert value(turn(scene.image), turned) == pytest.approx(value(scene.image, labels), rel=0.01)


@pytest.mark.parametrize("seed", range(2))
def test_a_flipped_field_is_cut_as_well(seed):
    scene = scenes.field(8, size=150, seed=seed)
    count = ndi.label(scene.mask)[1]
    n = count + 4
    one = value(scene.image, normalized_cut(scene.image, scene.mask, n))
    two = value(scene.image[::-1], normalized_cut(scene.image[::-1], scene.mask[::-1], n))
    assert one == pytest.approx(two, rel=0.01)


@pytest.mark.parametrize("offset", [100, -7.3, 1e4])
@pytest.mark.parametrize("gain", [1, 3, 0.1, 2.0**40, 1e-5, 1e200])
def test_neither_offset_nor_gain_changes_a_label(scene, labels, offset, gain):
    changed = normalized_cut((scene.image + offset) * gain, scene.mask, 4)
    np.testing.assert_array_equal(changed, labels)


def test_an_offset_of_bytes_changes_no_label(scene):
    image = np.clip(scene.image * 50, 0, 150).astype(np.uint8)
    wanted = normalized_cut(image, scene.mask, 4)
    np.testing.assert_array_equal(normalized_cut(image + 100, scene.mask, 4), wanted)
    np.testing.assert_array_equal(normalized_cut(image.astype(float), scene.mask, 4), wanted)


@pytest.mark.parametrize("k", [2, 3])
def test_another_scale_of_the_spacing_changes_no_label(scene, k):
    wanted = normalized_cut(scene.image, scene.mask, k)
    found = normalized_cut(scene.image, scene.mask, k, spacing=0.25)
    np.testing.assert_array_equal(found, wanted)


def test_an_anisotropic_stack_is_cut_like_an_isotropic_one():
    scene = scenes.spheres(size=60, noise=0.0)
    thin = normalized_cut(scene.mask[::3] * 1.0, scene.mask[::3], 4, spacing=(3, 1, 1))
    truth = scene.truth[::3]
    assert adjusted_rand_score(truth[truth > 0], thin[truth > 0]) > 0.95


def test_corners_connect_only_with_full_connectivity():
    mask = np.eye(6, dtype=bool)
    with pytest.raises(ValueError, match="6 connected components"):
        normalized_cut(np.zeros((6, 6)), mask, 2)
    assert normalized_cut(np.zeros((6, 6)), mask, 2, connectivity=2).max() == 2


def test_channels_may_lie_anywhere():
    rng = np.random.default_rng(0)
    image = rng.random((20, 30, 3))
    wanted = normalized_cut(image, n_segments=3, channel_axis=-1)
    assert wanted.shape == (20, 30)
    for axis in (0, 1):
        moved = np.moveaxis(image, -1, axis)
        found = normalized_cut(moved, n_segments=3, channel_axis=axis)
        np.testing.assert_array_equal(found, wanted)


# Components


def test_segments_go_where_the_cut_is_least():
    # A dumbbell is cheap to cut, a disc is not: all spare segments belong to the dumbbells.
    mask = np.zeros((40, 120), bool)
    y, x = np.ogrid[:40, :120]
    for centre in (12, 28):
        mask |= (y - centre) ** 2 + (x - 15) ** 2 < 80
    for centre in (55, 72):
        mask |= (y - 20) ** 2 + (x - centre) ** 2 < 80
    mask |= (y - 20) ** 2 + (x - 103) ** 2 < 160
    found = normalized_cut(mask * 1.0, mask, 5)
    assert len(np.unique(found[:, 85:])) == 2
    assert len(np.unique(found[:, :40])) == len(np.unique(found[:, 40:85])) == 3


def test_components_below_min_size_do_not_count_and_keep_a_label(scene):
    mask = scene.mask.copy()
    mask[2, 2] = mask[97, 3:6] = True
    found = normalized_cut(scene.image, mask, 4, min_size=5)
    assert found.max() == 6
    assert len(np.unique(found[97, 3:6])) == 1
    big = found[scene.mask]
    assert adjusted_rand_score(scene.truth[scene.mask], big) > 0.95
    with pytest.raises(ValueError, match=r"n_segments is 2.*3 connected components"):
        normalized_cut(scene.image, mask, 2)


def test_min_size_is_in_the_units_of_the_spacing():
    mask = np.zeros((5, 20), bool)
    mask[2, 2:8] = mask[2, 12:14] = True
    found = normalized_cut(mask * 1.0, mask, 1, min_size=5, spacing=(1.0, 1.0))
    assert found.max() == 2
    with pytest.raises(ValueError, match="2 connected components"):
        normalized_cut(mask * 1.0, mask, 1, min_size=5, spacing=(2.0, 2.0))


@pytest.mark.parametrize("n", [1, 3])
def test_a_hole_belongs_to_no_segment(n):
    mask = np.ones((20, 20), bool)
    mask[8:12, 8:12] = False
    found = normalized_cut(mask * 1.0, mask, n)
    assert not found[8:12, 8:12].any()
    assert found.max() == n


# Hostile graphs


def test_a_checkerboard_has_as_many_segments_as_pixels():
    mask = np.indices((20, 20)).sum(axis=0) % 2 == 0
    found = normalized_cut(np.zeros((20, 20)), mask, 200)
    assert found.max() == 200
    with pytest.raises(ValueError, match="200 connected components"):
        normalized_cut(np.zeros((20, 20)), mask, 4)


def test_a_million_components_of_one_pixel():
    mask = np.zeros((2000, 2000), bool)
    mask[::2, ::2] = True
    found = normalized_cut(mask.astype(np.uint8), mask, 1_000_000)
    assert found.max() == 1_000_000


def spiral(size):
    mask = np.zeros((size, size), bool)
    y = x = 0
    dy, dx = 0, 1
    mask[0, 0] = True
    for _ in range(size * size):
        for _ in range(2):
            ny, nx = y + dy, x + dx
            ahead = (ny + dy, nx + dx)
            inside = 0 <= ny < size and 0 <= nx < size
            free = not (0 <= ahead[0] < size and 0 <= ahead[1] < size and mask[ahead])
            if inside and not mask[ny, nx] and free:
                break
            dy, dx = dx, -dy
        else:
            return mask
        y, x = ny, nx
        mask[y, x] = True
    return mask


@pytest.mark.parametrize(("k", "ratio"), [(2, 1.0), (3, np.sqrt(0.5))])
def test_a_spiral_one_pixel_wide_is_cut_across_where_it_should_be(k, ratio):
    mask = spiral(61)
    assert ndi.label(mask)[1] == 1
    found = normalized_cut(mask * 1.0, mask, k)
    for label in range(1, k + 1):
        assert ndi.label(found == label)[1] == 1
    sizes = np.bincount(found[mask])[1:]
    # The middle of three is cut twice: 1/a + 2/b + 1/a is least for b = sqrt(2) a.
    assert sizes.min() / sizes.max() == pytest.approx(ratio, rel=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (1,), (1, 50), (50, 1), (50,), (1, 1, 50), (2, 1, 9)])
def test_images_of_one_pixel_or_one_pixel_wide(shape):
    n = min(2, int(np.prod(shape)))
    found = normalized_cut(np.random.default_rng(0).random(shape), n_segments=n)
    assert found.shape == shape
    assert set(found.ravel()) == set(range(1, n + 1))


def test_as_many_segments_as_pixels():
    found = normalized_cut(np.random.default_rng(0).random((4, 5)), n_segments=20)
    np.testing.assert_array_equal(found.ravel(), np.arange(1, 21))


def test_a_constant_image_is_cut_by_its_shape(scene):
    found = normalized_cut(np.full(scene.mask.shape, 7), scene.mask, 4)
    assert adjusted_rand_score(scene.truth[scene.mask], found[scene.mask]) > 0.95


@pytest.mark.parametrize("beta", [0.0, 1e-300, 1e6])
def test_every_beta_gives_segments(scene, beta):
    assert normalized_cut(scene.image, scene.mask, 4, beta=beta).max() == 4


# Every form of input


@pytest.mark.parametrize(
    "dtype", ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">f4", ">u2"]
)
def test_every_dtype_is_cut_as_its_numbers_are(scene, dtype):
    image = (scene.image * 20).clip(0, 100).astype(np.uint8).astype(dtype)
    before = image.copy()
    found = normalized_cut(image, scene.mask, 3)
    wanted = normalized_cut(image.astype("f8"), scene.mask, 3)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    "form",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1][::-1],
        lambda a: da.from_array(a, chunks=30),
        lambda a: a.tolist(),
        lambda a: np.ma.asarray(a),
    ],
)
def test_the_memory_behind_an_array_does_not_matter(scene, labels, form):
    np.testing.assert_array_equal(normalized_cut(form(scene.image), form(scene.mask), 4), labels)


def test_read_only_arrays_are_fine_and_no_input_is_changed(scene, labels):
    image, mask = scene.image.copy(), scene.mask.copy()
    image.flags.writeable = mask.flags.writeable = False
    np.testing.assert_array_equal(normalized_cut(image, mask, 4), labels)
    whole = normalized_cut(image, n_segments=2)
    whole[:] = 0
    np.testing.assert_array_equal(image, scene.image)
    np.testing.assert_array_equal(mask, scene.mask)


@pytest.mark.parametrize("top", [1, 255])
def test_masks_of_numbers_are_masks(scene, labels, top):
    for dtype in (np.uint8, np.int32, np.float32):
        mask = (scene.mask * top).astype(dtype)
        np.testing.assert_array_equal(normalized_cut(scene.image, mask, 4), labels)


def test_nan_outside_the_mask_does_not_matter(scene, labels):
    image = scene.image.copy()
    image[~scene.mask] = np.nan
    image[0, 0] = np.inf
    np.testing.assert_array_equal(normalized_cut(image, scene.mask, 4), labels)


# The same labels every time


def test_threads_get_the_same_labels(scene, labels):
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(normalized_cut, scene.image, scene.mask, 4) for _ in range(12)]
        for job in jobs:
            np.testing.assert_array_equal(job.result(), labels)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_processes_get_the_same_labels_for_any_number_of_threads(threads):
    code = (
        "import hashlib, napari_ncut;"
        "from napari_ncut import scenes;"
        "s = scenes.field(12, size=200);"
        "l = napari_ncut.normalized_cut(s.image, s.mask, 14);"
        "print(hashlib.sha1(l.tobytes()).hexdigest())"
    )
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, threads), "PYTHONHASHSEED": threads}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    scene = scenes.field(12, size=200)
    here = normalized_cut(scene.image, scene.mask, 14)
    assert run.stdout.strip() == hashlib.sha1(here.tobytes()).hexdigest()


# Progress and cancelling


def test_progress_rises_to_one_in_words(scene):
    told = []
    normalized_cut(scene.image, scene.mask, 4, progress=lambda f, t: told.append((f, t)))
    fractions = [fraction for fraction, _ in told]
    assert fractions[-1] == 1
    assert all(0 <= f <= 1 for f in fractions)
    assert all(b >= a - 0.05 for a, b in pairwise(fractions))
    assert all(text and text[0].isupper() for _, text in told)


@pytest.mark.parametrize("after", [0, 1, 3, 8, 20])
def test_cancelling_ends_the_call(after):
    scene = scenes.circles(4, size=300)
    asked = []

    def cancelled():
        asked.append(None)
        return len(asked) > after

    with pytest.raises(Cancelled):
        normalized_cut(scene.image, scene.mask, 4, cancelled=cancelled)
    assert len(asked) == after + 1


# Bad input


BAD = {
    "shapes differ": ({"mask": np.ones((3, 4))}, ValueError, r"\(3, 4\).*\(6, 6\)"),
    "empty mask": ({"mask": np.zeros((6, 6))}, ValueError, "mask is empty"),
    "mask of many values": ({"mask": np.arange(36).reshape(6, 6)}, ValueError, "two values"),
    "mask of NaN": ({"mask": np.full((6, 6), np.nan)}, ValueError, "NaN"),
    "no segments": ({"n_segments": 0}, ValueError, "n_segments is 0; wanted a number from 1"),
    "negative segments": ({"n_segments": -3}, ValueError, "n_segments is -3"),
    "more segments than pixels": ({"n_segments": 37}, ValueError, "n_segments is 37.*36 pixels"),
    "fraction of segments": ({"n_segments": 2.0}, TypeError, "n_segments is 2.0"),
    "text for segments": ({"n_segments": "4"}, TypeError, "n_segments is '4'"),
    "negative beta": ({"beta": -1}, ValueError, "beta is -1"),
    "NaN beta": ({"beta": np.nan}, ValueError, "beta is nan"),
    "text for beta": ({"beta": "x"}, TypeError, "beta is 'x'"),
    "connectivity 3 in 2-D": ({"connectivity": 3}, ValueError, "connectivity is 3; wanted 1"),
    "text for connectivity": ({"connectivity": "full"}, TypeError, "connectivity"),
    "short spacing": ({"spacing": (1.0,)}, ValueError, "spacing has 1 values"),
    "zero spacing": ({"spacing": 0}, ValueError, "spacing is 0; wanted a number from"),
    "negative spacing": ({"spacing": (1, -1)}, ValueError, "spacing is -1"),
    "channel axis": ({"channel_axis": 2}, ValueError, "channel_axis is 2"),
    "text for channel axis": ({"channel_axis": "c"}, TypeError, "channel_axis is 'c'"),
    "negative min_size": ({"min_size": -1}, ValueError, "min_size is -1"),
    "min_size above all": ({"min_size": 99}, ValueError, "smaller than min_size=99"),
    "negative state": ({"random_state": -1}, ValueError, "random_state is -1"),
    "text for state": ({"random_state": "x"}, TypeError, "random_state is 'x'"),
    "NaN": ({"image": np.full((6, 6), np.nan)}, ValueError, "NaN or infinity at 36 of the 36"),
    "infinity": ({"image": np.full((6, 6), np.inf)}, ValueError, "at 36 of the 36"),
    "complex": ({"image": np.ones((6, 6), complex)}, TypeError, "complex128"),
    "objects": ({"image": np.full((6, 6), None)}, TypeError, "object"),
    "text": ({"image": np.full((6, 6), "a")}, TypeError, "dtype <U1"),
    "scalar": ({"image": 3.0}, ValueError, r"shape \(\)"),
    "no pixels": ({"image": np.empty((0, 4))}, ValueError, "at least one pixel"),
    "4-D": ({"image": np.ones((2, 2, 2, 2))}, ValueError, "4 spatial axes"),
    "seeds of another shape": ({"seeds": np.ones((2, 2), int)}, ValueError, r"seeds has shape"),
    "no seeds": ({"seeds": np.zeros((6, 6), int)}, ValueError, "seeds is empty"),
    "negative seeds": ({"seeds": np.full((6, 6), -1)}, ValueError, "negative labels"),
    "fractions as seeds": ({"seeds": np.full((6, 6), 0.5)}, TypeError, "fractions"),
    "huge seeds": ({"seeds": np.full((6, 6), 2**40)}, ValueError, "at most 2\\*\\*31 - 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_was_given_and_what_was_wanted(case):
    options, error, text = BAD[case]
    arguments = {"image": np.random.default_rng(0).random((6, 6)), "n_segments": 2, **options}
    with pytest.raises(error, match=text):
        normalized_cut(**arguments)


def test_unknown_names_are_an_error():
    with pytest.raises(TypeError, match="unknown"):
        normalized_cut(np.ones((3, 3)), unknown=1)


def test_nan_inside_the_mask_is_counted(scene):
    image = scene.image.copy()
    image[28, 20:25] = np.nan
    count = int(scene.mask.sum())
    with pytest.raises(ValueError, match=f"at 5 of the {count} pixels"):
        normalized_cut(image, scene.mask, 4)


def test_fewer_segments_than_components_names_both_and_says_what_to_do():
    mask = np.zeros((9, 9), bool)
    mask[1, 1:4] = mask[4, 1:4] = mask[7, 1:4] = True
    with pytest.raises(ValueError, match=r"n_segments is 2.*3 connected.*n_segments=3 or more"):
        normalized_cut(np.ones((9, 9)), mask, 2)


def test_a_cut_does_not_wait_for_the_import_of_scikit_learn():
    code = (
        "import sys; from napari_ncut import normalized_cut, scenes; "
        "scene = scenes.circles(2); normalized_cut(scene.image, scene.mask, 3); "
        "print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
