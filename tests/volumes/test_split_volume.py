"""Large splits give the labels of the whole, whatever the memory, the workers and the crashes."""

import json
import subprocess
import sys

import dask.array as da
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from tests.benchmarks.tissues import tissue

import napari_ncut
from napari_ncut import Cancelled, scenes, split_touching, split_volume
from napari_ncut.core import mapped
from napari_ncut.io.ome_zarr import open_picture
from napari_ncut.io.ome_zarr_labels import shapes_of
from napari_ncut.volumes import split_volume as module
from napari_ncut.volumes import tasks
from napari_ncut.volumes.blobs import blobs_of, components, part_of
from napari_ncut.volumes.boxes import boxes
from napari_ncut.volumes.output import Where, output_of


def drawn(seed, ndim):
    """Return ragged blobs with pinholes, in one label or several, and an image."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(40, 90, 2)) if ndim == 2 else tuple(rng.integers(12, 30, 3))
    noise = ndi.gaussian_filter(rng.normal(size=shape), rng.uniform(1, 3))
    labels = (noise > np.quantile(noise, rng.uniform(0.4, 0.8))).astype(np.int32)
    labels[rng.random(shape) < 0.01] = 0
    if rng.random() < 0.5:
        labels[shape[0] // 2 :] *= 2
    return labels, noise + 0.2 * rng.normal(size=shape)


def pieces(monkeypatch, most):
    """Let tasks have so many pixels at most."""
    monkeypatch.setattr(module, "memory_of", lambda _: most * (60 + 24))


@pytest.mark.parametrize("ndim", [2, 3])
@given(seed=st.integers(0, 10_000), with_image=st.booleans(), full=st.booleans())
@settings(max_examples=25)
def test_labels_are_those_of_the_whole(ndim, seed, with_image, full):
    labels, image = drawn(seed, ndim)
    given_ = {
        "connectivity": ndim if full else 1,
        "spacing": (2.0, 1.0, 0.7)[:ndim],
        "min_size": float(seed % 3) * 4,
    }
    picture = image if with_image else None
    wanted = split_touching(labels, picture, **given_)
    out = np.zeros(labels.shape, np.int32)
    with pytest.MonkeyPatch.context() as patch:
        # As little as the largest blob takes.
        _, high = largest(labels, given_["connectivity"])
        pieces(patch, high)
        split_volume(labels, picture, out=out, **given_)
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize("seed", [202, 203])
def test_cells_of_tissues_are_those_of_the_whole(seed, monkeypatch):
    drawn = tissue(seed, 3)
    mask = np.pad(drawn.truth[:, :60, :60] > 0, ((0, 0), (4, 4), (4, 70)))
    image = np.pad(drawn.image[:, :60, :60], ((0, 0), (4, 4), (4, 70)))
    mask[:, :, 68:] = mask[:, ::-1, :66]
    image[:, :, 68:] = image[:, ::-1, :66]
    wanted = split_touching(mask, image, spacing=drawn.spacing)
    assert wanted.max() > 20
    pieces(monkeypatch, largest(mask, 1)[1])
    out = np.zeros(mask.shape, np.int32)
    split_volume(mask, image, spacing=drawn.spacing, out=out)
    np.testing.assert_array_equal(out, wanted)


def largest(labels, connectivity):
    """Return how many blobs there are, and the pixels of the largest box around one."""
    whole = next(boxes(labels.shape, labels.shape))
    blobs = blobs_of([part_of(labels, None, whole, connectivity)])
    low, high = np.maximum(blobs.low - 1, 0), np.minimum(blobs.high + 1, labels.shape)
    return len(blobs), int((high - low).prod(axis=1).max(initial=16))


@given(seed=st.integers(0, 10_000), ndim=st.sampled_from([2, 3]), side=st.integers(2, 20))
@settings(max_examples=40)
def test_blobs_are_the_same_in_any_boxes(seed, ndim, side):
    labels, _ = drawn(seed, ndim)
    for connectivity in (1, ndim):
        found = [
            blobs_of([part_of(labels, None, box, connectivity) for box in boxes(labels.shape, s)])
            for s in (labels.shape, (side,) * ndim)
        ]
        for name in ("first", "low", "high"):
            np.testing.assert_array_equal(*(getattr(blobs, name) for blobs in found))


def test_arrays_of_dask_and_zarr_and_channels_are_read_as_they_are(tmp_path):
    scene = scenes.nuclei()
    mask, image = scene.mask[:150, :150], np.stack([scene.image[:150, :150]] * 2, -1)
    wanted = split_touching(mask, image, channel_axis=-1)
    stored = zarr.create_array(tmp_path / "mask.zarr", data=mask.astype("u1"), chunks=(37, 41))
    for labels, picture in (
        (da.from_array(mask, chunks=40), da.from_array(image)),
        (stored, image),
    ):
        out = np.zeros(mask.shape, np.int32)
        split_volume(labels, picture, channel_axis=-1, out=out, memory="20MB")
        np.testing.assert_array_equal(out, wanted)


def test_an_output_is_an_array_or_an_ome_zarr_with_a_pyramid(tmp_path):
    mask = np.pad(scenes.circles(4, size=200).mask, ((0, 400), (0, 300)))
    wanted = split_touching(mask)
    plain = split_volume(mask, out=tmp_path / "a.zarr")
    assert isinstance(plain, zarr.Array)
    np.testing.assert_array_equal(plain[:], wanted)
    assert plain.attrs["napari-ncut"]["recipe"]["neck"] == 0.74
    wanted = split_touching(mask, spacing=(0.5, 0.25))
    split_volume(mask, out=tmp_path / "b.ome.zarr", spacing=(0.5, 0.25))
    picture = open_picture(tmp_path / "b.ome.zarr")
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "b.ome.zarr/0")[:], wanted)
    assert picture.axes == "yx"
    assert picture.spacing == (0.5, 0.25)
    assert [level.shape for level in picture.levels] == shapes_of(mask.shape)
    np.testing.assert_array_equal(picture.levels[1][:], wanted[::2, ::2])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "b.ome.zarr"]


@pytest.mark.parametrize("ndim", [2, 3])
@given(seed=st.integers(0, 10_000), n_channels=st.integers(1, 3), membranes=st.booleans())
@settings(max_examples=10)
def test_statistics_are_those_of_the_whole_image(
    tmp_path_factory, ndim, seed, n_channels, membranes
):
    labels, image = drawn(seed, ndim)
    if membranes:  # No rim tells which side is bright: the ridges do.
        labels = np.kron(labels, np.ones((2,) * ndim, int))
        image = np.random.default_rng(seed).random(labels.shape) ** 8
    channels = np.stack([image * 10.0**k for k in range(n_channels)], -1)
    wanted = napari_ncut.image_statistics(channels, labels, channel_axis=-1)
    out = tmp_path_factory.mktemp("volume") / "out.zarr"
    with pytest.MonkeyPatch.context() as patch:
        pieces(patch, largest(labels, 1)[1])
        found = split_volume(labels, channels, channel_axis=-1, out=out)
    assert found.attrs["napari-ncut"]["recipe"]["statistics"] == wanted.to_dict()


def test_an_output_that_exists_is_kept(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr/mine").write_text("mine")
    for resume in (False, True):
        with pytest.raises(FileExistsError, match=r"a\.zarr"):
            split_volume(scenes.circles(2).mask, out=tmp_path / "a.zarr", resume=resume)
    assert (tmp_path / "a.zarr/mine").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_an_interrupted_call_goes_on_and_another_input_starts_anew(tmp_path, monkeypatch):
    mask = np.kron(np.eye(3, dtype=bool), scenes.circles(2).mask)
    done = []
    original = tasks.do

    def counted(*call, monitor):
        if len(done) == 2:
            raise Cancelled
        done.append(call[1])
        return original(*call, monitor)

    monkeypatch.setattr(module, "do", counted)
    pieces(monkeypatch, 6000)
    out = tmp_path / "a.zarr"
    with pytest.raises(Cancelled):
        split_volume(mask, out=out)
    assert not out.exists()
    monkeypatch.setattr(
        module, "do", lambda *call, monitor: (done.append(call[1]), original(*call, monitor))[1]
    )
    total = len(tasks.tasks_of(blobs_of([part_of(mask, None, b, 1) for b in boxes(
        mask.shape, mask.shape)]), mask.shape, 6000 * 84 // 60))  # fmt: skip
    split_volume(mask, out=out, resume=True)
    assert len(done) == total
    np.testing.assert_array_equal(zarr.open_array(out)[:], split_touching(mask))
    split_volume(mask, out=out, resume=True)
    assert len(done) == total
    split_volume(mask, out=out, resume=True, neck=0.0)
    assert len(done) == 2 * total
    assert zarr.open_array(out)[:].max() == 3


SCRIPT = """
import os, signal, sys
import numpy as np
from napari_ncut import scenes, split_volume
from napari_ncut.volumes import split_volume as module, tasks

left = int(sys.argv[1])
def do(work, task, path, monitor):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return tasks.do(work, task, path, monitor)
module.do = do
module.memory_of = lambda _: 6000 * 84
mask = np.kron(np.eye(4, dtype=bool), scenes.circles(2).mask)
split_volume(mask, out="a.zarr", resume=True)
"""


def test_kills_change_nothing(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    codes = []
    for _ in range(20):
        command = [sys.executable, "script.py", "2"]
        codes.append(subprocess.run(command, cwd=tmp_path, check=False).returncode)
        if codes[-1] == 0:
            break
    assert codes[0] != 0
    assert codes[-1] == 0
    mask = np.kron(np.eye(4, dtype=bool), scenes.circles(2).mask)
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "a.zarr")[:], split_touching(mask))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "script.py"]


def test_workers_of_a_client_give_the_same(tmp_path, monkeypatch):
    from distributed import Client, LocalCluster

    mask = np.kron(np.eye(3, dtype=bool), scenes.circles(2).mask)
    pieces(monkeypatch, 12000)
    stored = zarr.create_array(tmp_path / "mask.zarr", data=mask.astype("u1"), chunks=(50, 50))
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    )
    with cluster, Client(cluster) as client:
        found = split_volume(stored, out=tmp_path / "a.zarr", client=client)
    np.testing.assert_array_equal(found[:], split_touching(mask))


WORKERS = """
import numpy as np
from napari_ncut import scenes, split_volume

if __name__ == "__main__":
    mask = np.kron(np.eye(3, dtype=bool), scenes.circles(2).mask)
    split_volume(mask, mask.astype("f4"), out="a.zarr", workers=2, memory="20MB")
"""


@given(st.integers(0, 10_000), st.integers(2, 3), st.booleans())
def test_components_are_those_of_each_label_in_the_order_of_their_first_pixels(
    seed, ndim, over_corners
):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, rng.integers(2, 5), rng.integers(1, 12, ndim))
    structure = ndi.generate_binary_structure(ndim, ndim if over_corners else 1)
    wanted = np.zeros(labels.shape, int)
    for k in np.unique(labels[labels > 0]):
        number, _ = ndi.label(labels == k, structure)
        wanted[number > 0] = number[number > 0] + wanted.max()
    found, runs = components(labels, ndim if over_corners else 1)
    pairs = np.unique(np.stack([found.ravel(), wanted.ravel()]), axis=1)
    assert pairs.shape[1] == len(np.unique(wanted)) == len(np.unique(found))
    first = [np.flatnonzero(found == k)[0] for k in range(1, found.max() + 1)]
    assert first == sorted(first)
    assert runs[:, 3].max(initial=0) == found.max()


def test_processes_of_its_own_give_the_same(tmp_path):
    (tmp_path / "script.py").write_text(WORKERS)
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, check=True)
    mask = np.kron(np.eye(3, dtype=bool), scenes.circles(2).mask)
    found = zarr.open_array(tmp_path / "a.zarr")[:]
    np.testing.assert_array_equal(found, split_touching(mask, mask.astype("f4")))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr", "script.py"]


@pytest.mark.parametrize("options", [{"chunks": (7, 30)}, {"chunks": (5, 10), "shards": (20, 30)}])
def test_chunks_and_shards_are_those_of_the_array_that_is_given(tmp_path, options, monkeypatch):
    mask = np.kron(np.eye(2, dtype=bool), scenes.circles(2).mask)
    out = zarr.create_array(tmp_path / "a.zarr", shape=mask.shape, dtype="i4", **options)
    monkeypatch.setattr("napari_ncut.volumes.output.CHUNK", {2: 16})
    side = output_of(out, mask.shape, Where((1.0, 1.0))).write_side
    parts = options.get("shards") or options["chunks"]
    assert all(n % part == 0 for n, part in zip(side, parts, strict=True))
    split_volume(mask, out=out)
    np.testing.assert_array_equal(out[:], split_touching(mask))


@pytest.mark.parametrize("ndim", [2, 3])
@given(seed=st.integers(0, 10_000), with_image=st.booleans())
@settings(max_examples=10)
def test_blobs_larger_than_the_memory_are_split_in_files(tmp_path_factory, ndim, seed, with_image):
    labels, image = drawn(seed, ndim)
    picture = image if with_image else None
    wanted = split_touching(labels, picture)
    out = tmp_path_factory.mktemp("volume") / "out.zarr"
    in_files, used = mapped.in_files, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped, "LARGE", 4096)
        patch.setattr(tasks, "in_files", lambda *call: (used.append(call), in_files(*call))[1])
        pieces(patch, 50)
        found = split_volume(labels, picture, out=out)
    np.testing.assert_array_equal(found[:], wanted)
    assert used
    assert not mapped._files


def test_one_percolating_volume_takes_little_memory(tmp_path):
    """One blob, which in memory takes 120 MB and more."""
    z, y, x = np.ogrid[:150, :150, :150]
    balls = sum((np.abs((a % 30) - 14.5) / 16) ** 2 for a in (z, y, x)) <= 1
    assert ndi.label(balls)[1] == 1
    found = split_volume(balls, out=tmp_path / "out.zarr", memory="30MB")
    np.testing.assert_array_equal(found[:], split_touching(balls))
    assert found[:].max() == 125
    assert [path.name for path in tmp_path.iterdir()] == ["out.zarr"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MOST_PIXELS": 1000}, r"700 x 700 pixels, and at most 1000 .* about 0\.0 GB"),
        ({"total_memory": lambda: 1e6}, r"700 x 700 pixels, which takes about 0\.0 GB; memory and"),
    ],
)
def test_a_blob_that_does_not_fit_is_told_before_the_work(tmp_path, monkeypatch, change, words):
    for name, value in change.items():
        monkeypatch.setattr(tasks, name, value)
    with pytest.raises(ValueError, match=words):
        split_volume(np.ones((700, 700), bool), out=tmp_path / "a.zarr", memory="17MB")
    assert not (tmp_path / "a.zarr").exists()


def test_a_large_blob_tells_how_far_it_is_and_can_be_cancelled(tmp_path):
    told = []
    with pytest.raises(Cancelled):
        split_volume(
            np.ones((700, 700), bool),
            out=tmp_path / "a.zarr",
            memory="17MB",
            progress=lambda fraction, text: told.append((fraction, text)),
            cancelled=lambda: bool(told) and told[-1][0] > 0.5,
        )
    assert any(0.3 < fraction < 0.5 and "Splitting" in text for fraction, text in told)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr.parts"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"memory": "much"}, "memory is 'much'"),
        ({"memory": "1kB"}, "at least"),
        ({"labels": np.ones((2, 2, 2, 2))}, "4 axes"),
        ({"image": np.ones((3, 3))}, "shape"),
        ({"out": "a.tif"}, ".ome.zarr"),
        ({"out": np.zeros((2, 2), np.int32)}, "shape"),
        ({"out": np.zeros((100, 100), np.int8)}, "int8"),
        ({"neck": 2}, "neck"),
        ({"labels": np.full((100, 100), -1)}, "labels"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(tmp_path, monkeypatch, change, words):
    monkeypatch.chdir(tmp_path)
    call = {"labels": scenes.circles(2).mask, "out": "a.zarr", **change}
    with pytest.raises((TypeError, ValueError), match=words):
        split_volume(call.pop("labels"), **call)
    assert not (tmp_path / "a.zarr").exists()


def test_nothing_is_nothing(tmp_path):
    found = split_volume(np.zeros((50, 60), bool), np.ones((50, 60)), out=tmp_path / "a.zarr")
    assert found.shape == (50, 60)
    assert not found[:].any()
    assert json.loads(json.dumps(dict(found.attrs)))
