"""The page "On a cluster", to the letter, and workers that are not what they should be."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import zarr
from distributed import Client, LocalCluster
from tests.io.stores import write_store

from napari_ncut import batch, scenes, split_touching, split_volume
from napari_ncut.core import cluster as module
from napari_ncut.files import read_labels, write_labels
from napari_ncut.io.ome_zarr_labels import create_labels

PAGE = (Path(__file__).parents[2] / "docs/cluster.md").read_text(encoding="utf-8")
SCENE = scenes.field(12, size=150, radius=(9, 14))
# Commands find ours, and those that a computing centre has.
SRUN = """#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done
exec "$@"
"""
# On a machine under load a scheduler may take longer to start than the page waits.
SLEEP = """#!{python}
import os, socket, time

for _ in range(600):
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["PORT"]))).close()
        break
    except OSError:
        time.sleep(0.2)
"""
JOBQUEUE = """
from distributed import LocalCluster

class SLURMCluster(LocalCluster):
    def __init__(self, cores, memory, walltime):
        super().__init__(n_workers=1, threads_per_worker=cores, dashboard_address=None)
    def scale(self, n):
        assert n == 16
"""


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The files of the page, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("nuclei").mkdir()
    write_labels("nuclei/a.tif", SCENE.truth)
    write_labels("nuclei/a_mask.tif", SCENE.mask.astype(np.int32))
    # What the page calls big: an image, and its mask.
    write_store("big.ome.zarr", SCENE.image.astype(np.float32), "yx", [0.5, 0.5])
    levels = create_labels(Path("big.ome.zarr/labels/mask"), SCENE.mask.shape, (0.5, 0.5))
    levels[0][:] = SCENE.mask.astype(np.int32)
    folder = Path("bin")
    folder.mkdir()
    for name, text in (("srun", SRUN), ("sleep", SLEEP.format(python=sys.executable))):
        (folder / name).write_text(text)
        (folder / name).chmod(0o700)
    paths = [str(folder.resolve()), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(paths))
    return tmp_path


@pytest.fixture
def port(monkeypatch):
    """A port that is free, which the shell knows."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = str(free.getsockname()[1])
    monkeypatch.setenv("PORT", number)
    return number


def blocks(kind, port="8786"):
    """The code of the page, with another port."""
    found = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return [text.replace("8786", port).replace("first", "127.0.0.1") for text in found]


@contextmanager
def running(*commands):
    """Start commands that go on; they and all that they started end."""
    started = []
    try:
        for command in commands:
            started.append(subprocess.Popen(command, shell=True, start_new_session=True))
            subprocess.run("sleep 2", shell=True, check=True)
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def split_labels():
    return zarr.open_array("big.ome.zarr/labels/split/0", mode="r")[...]


def test_some_computers(data, port):
    start, work = blocks("sh", port)[:2]
    with running(*start.strip().splitlines()):
        subprocess.run(work, shell=True, check=True, timeout=240)
    wanted = split_touching(SCENE.mask)
    np.testing.assert_array_equal(read_labels("results/a_labels.tif").data, wanted)
    spaced = split_touching(SCENE.mask, SCENE.image.astype(np.float32), spacing=0.5)
    np.testing.assert_array_equal(split_labels(), spaced)


def test_a_job_of_slurm(data, port):
    Path("ncut.sh").write_text(blocks("sh", port)[2])
    process = subprocess.Popen(["bash", "ncut.sh"], start_new_session=True)
    try:
        assert process.wait(timeout=240) == 0
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    assert split_labels().max() > 3


def test_dask_jobqueue(data):
    Path("dask_jobqueue.py").write_text(JOBQUEUE)
    code = blocks("py")[0].replace("\ncluster", "\nif __name__ == '__main__':\n  cluster", 1)
    head, body = code.split("  cluster", 1)
    body = "  cluster" + body.replace("\n", "\n  ")
    Path("job.py").write_text(head + body.rstrip() + "\n")
    environment = os.environ | {"PYTHONPATH": str(data)}
    subprocess.run([sys.executable, "job.py"], check=True, timeout=240, env=environment)
    labels = zarr.open_array("split.ome.zarr/0", mode="r")[...]
    np.testing.assert_array_equal(labels, split_touching(SCENE.mask))


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (lambda: "0.0.1", "has napari-ncut 0.0.1, and this is"),
        (lambda: __import__("no_such_module"), "has no napari-ncut"),
    ],
)
def test_a_worker_with_another_version_is_told(data, monkeypatch, version, words):
    monkeypatch.setattr(module, "version_here", version)
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        with Client(cluster) as client, pytest.raises(ValueError, match=words):
            split_volume(SCENE.mask, out="split.ome.zarr", client=client)
        with pytest.raises(ValueError, match=words):
            batch("nuclei", "results", mask="{name}_mask.tif", scheduler=cluster.scheduler_address)
    assert not Path("split.ome.zarr").exists()
