"""Batches: every file has a row, nothing is done twice, and nothing stops the others."""

import csv
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from tests.io.stores import IMAGE, MASK, add_mask, write_plate

from napari_ncut import Cancelled, Recipe, batch, scenes, split_touching
from napari_ncut.batches import task
from napari_ncut.batches.inputs import unique_names
from napari_ncut.cli import main
from napari_ncut.files import read_labels, read_provenance
from napari_ncut.objects.edits import Frame, delete_edit, whole_object
from napari_ncut.volumes.stored_labels import StoredLabels


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Images and masks of two and of four circles; it is the current folder."""
    data = tmp_path / "nuclei"
    data.mkdir()
    for name, n in (("a", 2), ("b", 4)):
        scene = scenes.circles(n)
        tifffile.imwrite(data / f"{name}.tif", scene.image.astype(np.float32))
        tifffile.imwrite(data / f"{name}_mask.tif", scene.mask.astype(np.uint8) * 255)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(path="results/report.csv"):
    with Path(path).open() as file:
        return list(csv.DictReader(file))


def run(line):
    return main(line.split())


MASKS = "--mask {name}_mask.tif --workers 1"


def test_the_page_about_a_folder_holds_to_the_letter(folder, capsys):
    page = (Path(__file__).parents[2] / "docs/folder.md").read_text()
    line = next(line for line in page.splitlines() if line.startswith("napari-ncut batch"))
    words = line.replace("'", "").split()[1:]
    assert main(words) == 0
    assert [row["objects"] for row in rows()] == ["2", "4"]
    assert [row["status"] for row in rows()] == ["done", "done"]
    labels = read_labels("results/b_labels.tif").data
    scene = scenes.circles(4)
    np.testing.assert_array_equal(labels, split_touching(scene.mask, scene.image.astype("f4")))
    objects = rows("objects.csv")
    assert [row["file"] for row in objects] == ["nuclei/a.tif"] * 2 + ["nuclei/b.tif"] * 4
    assert all(float(row["area"]) > 100 and row["neck"] for row in objects)
    assert "6 objects" in capsys.readouterr().out.splitlines()[-1]


def test_a_second_start_does_what_is_missing_or_changed(folder, capsys):
    assert run(f"batch nuclei {MASKS} -o results") == 0
    times = {path: path.stat().st_mtime_ns for path in Path("results").glob("*_labels.tif")}
    assert run(f"batch nuclei {MASKS} -o results") == 0
    assert [row["status"] for row in rows()] == ["kept", "kept"]
    assert [row["objects"] for row in rows()] == ["2", "4"]
    assert times == {path: path.stat().st_mtime_ns for path in times}
    Path("results/a_labels.tif").unlink()
    mask = scenes.circles(4).mask
    mask[:50] = False
    tifffile.imwrite("nuclei/b_mask.tif", mask.astype(np.uint8))
    assert run(f"batch nuclei {MASKS} -o results") == 0
    assert [row["status"] for row in rows()] == ["done", "done"]
    assert run(f"batch nuclei {MASKS} -o results --neck 0") == 0
    assert [row["status"] for row in rows()] == ["done", "done"]
    assert rows()[0]["objects"] == "1"
    assert run(f"batch nuclei {MASKS} -o results --neck 0 --no-resume") == 0
    assert [row["status"] for row in rows()] == ["done", "done"]


def test_a_broken_file_stops_nothing(folder, capsys):
    Path("nuclei/c.tif").write_bytes(b"II*\0 no picture")
    Path("nuclei/c_mask.tif").write_bytes(b"II*\0 no picture")
    Path("nuclei/d.png").write_bytes(b"")
    assert run(f"batch nuclei {MASKS} -o results --table objects.csv") == 3
    found = {Path(row["file"]).name: row for row in rows()}
    assert found["a.tif"]["status"] == found["b.tif"]["status"] == "done"
    assert found["c.tif"]["status"] == found["d.png"]["status"] == "failed"
    assert "c_mask.tif" in found["c.tif"]["error"]
    assert "There is no mask nuclei/d_mask.tif" in found["d.png"]["error"]
    assert sorted(path.name for path in Path("results").iterdir()) == [
        "a_labels.tif",
        "b_labels.tif",
        "report.csv",
    ]
    assert len(rows("objects.csv")) == 6


def test_masks_alone_and_images_with_a_threshold(folder):
    Path("masks").mkdir()
    for path in Path("nuclei").glob("*_mask.tif"):
        path.rename(Path("masks") / path.name)
    assert run("batch masks -o one --workers 1") == 0
    assert [row["objects"] for row in rows("one/report.csv")] == ["2", "4"]
    assert run("batch nuclei --mask ../masks/{name}_mask.tif -o two --workers 1") == 0
    assert [row["objects"] for row in rows("two/report.csv")] == ["2", "4"]
    assert run("batch nuclei/a.tif --foreground bright -o three --workers 1") == 0
    recipe = read_provenance("three/a_labels.tif")
    assert 0 < recipe["threshold"] < 1.5
    assert recipe["dark"] is False


def test_settings_of_a_result_or_a_preset_are_followed(folder):
    assert run("split nuclei/a_mask.tif --neck 0.01 -o tuned.tif") == 0
    assert run(f"batch nuclei {MASKS} --like tuned.tif -o results") == 0
    assert [row["objects"] for row in rows()] == ["1", "1"]
    assert run(f"batch nuclei {MASKS} --like tuned.tif --neck 0.74 -o other") == 0
    assert [row["objects"] for row in rows("other/report.csv")] == ["2", "4"]
    assert run(f"batch nuclei {MASKS} --like tuned.tif --preset x -o none") == 2
    assert not Path("none").exists()


def test_files_of_one_name_do_not_overwrite_each_other(folder):
    for day in ("day1", "day2"):
        Path(day).mkdir()
        Path(day, "a.tif").write_bytes(Path("nuclei/a_mask.tif").read_bytes())
    assert run("batch day1 day2 -o results --workers 1") == 0
    assert sorted(path.name for path in Path("results").glob("*.tif")) == [
        "day1_a_labels.tif",
        "day2_a_labels.tif",
    ]
    assert unique_names([Path("x.tif"), Path("x.png")]) == ["x_tif", "x_png"]


def test_what_no_batch_has_made_is_not_overwritten(folder):
    Path("results").mkdir()
    Path("results/a_labels.tif").write_bytes(b"mine")
    assert run(f"batch nuclei {MASKS} -o results") == 3
    assert Path("results/a_labels.tif").read_bytes() == b"mine"
    assert "no batch has made it" in rows()[0]["error"]
    assert rows()[1]["status"] == "done"


def test_results_in_the_folder_of_the_inputs_are_no_inputs(folder):
    for _ in range(2):
        assert run(f"batch nuclei {MASKS} -o nuclei") == 0
        assert len(rows("nuclei/report.csv")) == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("batch missing -o results", "missing: there is no such file"),
        ("batch 'x*.tif' -o results", "no file is called so"),
        ("batch nuclei --mask mask.tif -o results", "{name}_mask.tif"),
        ("batch nuclei --workers 0 -o results", "workers is 0"),
        ("batch nuclei --table t.xlsx -o results", ".csv or .parquet"),
        ("batch nuclei --like nuclei/a.tif -o results", "nuclei/a.tif"),
        ("batch nuclei --neck 2 -o results", "--neck is 2"),
        ("batch nuclei --scheduler tcp://127.0.0.1:9 -o results", "no dask scheduler"),
    ],
)
def test_what_makes_no_sense_is_said_before_the_work(folder, capsys, line, words):
    assert run(line.replace("'", "")) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not list(Path.cwd().rglob("*_labels.tif"))


def test_several_processes_do_what_one_does(folder):
    assert run(f"batch nuclei {MASKS} -o one") == 0
    assert run("batch nuclei --mask {name}_mask.tif --workers 2 -o two") == 0
    for name in ("a", "b"):
        one, two = (read_labels(f"{o}/{name}_labels.tif").data for o in ("one", "two"))
        np.testing.assert_array_equal(one, two)


SCRIPT = """
import os, signal, sys
from napari_ncut.batches import batch as module, task

def deadly(work, pair):
    if pair.path.name == "a.tif":
        os.kill(os.getpid(), signal.SIGKILL)
    return task.do(work, pair)

if __name__ == "__main__":
    module.do = deadly
    report = module.batch("nuclei", "results", mask="{name}_mask.tif", workers=2)
    # The other one may have been written before the pool broke.
    print([(row.status.replace("kept", "done"), row.error) for row in report.rows])
"""


def test_a_killed_process_costs_one_file(folder):
    Path("script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(
        [("failed", "its process was killed, or crashed."), ("done", "")]
    )


def test_a_pool_that_breaks_between_two_files_loses_none(folder, monkeypatch):
    submit, calls = ProcessPoolExecutor.submit, []

    def breaks(self, *args):
        calls.append(args)
        if len(calls) == 2:
            raise BrokenProcessPool
        return submit(self, *args)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", breaks)
    report = batch("nuclei", "results", mask="{name}_mask.tif", workers=2)
    assert [row.error for row in report.rows] == ["", ""]


def test_a_cancelled_batch_keeps_what_is_done(folder):
    seen = []
    with pytest.raises(Cancelled):
        batch(
            "nuclei",
            "results",
            mask="{name}_mask.tif",
            on_row=seen.append,
            cancelled=lambda: len(seen) == 1,
        )
    assert Path("results/a_labels.tif").exists()
    report = batch("nuclei", "results", mask="{name}_mask.tif")
    assert [row.status for row in report.rows] == [task.KEPT, task.DONE]
    assert "2 files, 0 failed" in repr(report)


def test_workers_of_a_dask_scheduler_do_the_files(folder):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        report = batch(
            "nuclei", "results", mask="{name}_mask.tif", scheduler=cluster.scheduler_address
        )
    assert [row.objects for row in report.rows] == [2, 4]


@pytest.fixture
def plate(tmp_path, monkeypatch):
    """A plate of three fields, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_plate("plate.ome.zarr", [("A", "1", "0"), ("A", "1", "1"), ("B", "12", "0")])
    return tmp_path


def test_every_field_of_a_plate_is_a_file(plate, capsys):
    line = "batch plate.ome.zarr --mask labels/mask --channel DAPI -o results --workers 1"
    assert run(f"{line} --table objects.csv") == 0
    names = sorted(path.name for path in Path("results").glob("*.tif"))
    wanted = [f"plate_{field}_labels.tif" for field in ("A_1_0", "A_1_1", "B_12_0")]
    assert names == wanted
    labels = read_labels("results/plate_B_12_0_labels.tif")
    np.testing.assert_array_equal(labels.data, split_touching(MASK, IMAGE, spacing=(0.5, 0.5)))
    assert labels.spacing == (0.5, 0.5)
    assert read_provenance("results/plate_B_12_0_labels.tif")["channel"] == "DAPI"
    objects = {row["file"] for row in rows("objects.csv")}
    assert "plate.ome.zarr/B/12/0" in objects
    # A second start does what has changed: the pixels of a field, or its mask.
    assert run(line) == 0
    assert {row["status"] for row in rows()} == {"kept"}
    add_mask("plate.ome.zarr/A/1/1", "other")
    assert run(line) == 0
    assert {row["status"] for row in rows()} == {"kept"}
    zarr.open_array("plate.ome.zarr/A/1/1/0", mode="r+")[0, :9] = 0
    assert run(line) == 0
    status = {row["file"]: row["status"] for row in rows()}
    assert status.pop("plate.ome.zarr/A/1/1") == "done"
    assert set(status.values()) == {"kept"}


def test_stores_lie_beside_files_and_results_can_be_stores(plate):
    Path("data").mkdir()
    Path("plate.ome.zarr/A/1/0").rename("data/a.ome.zarr")
    tifffile.imwrite("data/b.tif", IMAGE)
    Path("data/broken.ome.zarr").mkdir()
    line = "batch data --foreground bright --channel 1 --format ome-zarr -o results --workers 1"
    assert run(line) == 3
    found = {row["file"]: row for row in rows()}
    assert found["data/a.ome.zarr"]["status"] == found["data/b.tif"]["status"] == "done"
    assert "is no Zarr store" in found["data/broken.ome.zarr"]["error"]
    first, second = (read_labels(f"results/{name}_labels.ome.zarr").data for name in "ab")
    assert first.max() > 3
    np.testing.assert_array_equal(first, second)
    assert run(line) == 3
    assert rows()[0]["status"] == "kept"
    # Results in the folder of the data are no data.
    assert run(line.replace("results", "data")) == 3
    assert run(line.replace("results", "data")) == 3
    assert len(rows("data/report.csv")) == 3


def test_masks_are_stores_by_a_pattern(plate):
    Path("data").mkdir()
    Path("plate.ome.zarr/A/1/0").rename("data/a.ome.zarr")
    Path("data/a.ome.zarr/labels/mask").rename("data/a_mask.ome.zarr")
    assert run("batch data --mask {name}_mask.ome.zarr -o results --workers 1") == 0
    assert [row["file"] for row in rows()] == ["data/a.ome.zarr"]
    assert rows()[0]["mask"] == "data/a_mask.ome.zarr"
    assert run("batch data/a.ome.zarr --mask labels/mask -o other --workers 1") == 3
    assert "There is no mask" in rows("other/report.csv")[0]["error"]


def test_a_format_that_is_none_is_said(plate, capsys):
    assert run("batch plate.ome.zarr --foreground bright --format png -o results") == 2
    assert "wanted tif, ome-zarr or labels/NAME" in capsys.readouterr().err
    for name in ("labels/", "labels/a/b", "labels/..", "labels"):
        assert run(f"batch plate.ome.zarr --foreground bright --format {name} -o results") == 2
    line = "batch plate.ome.zarr --mask labels/mask --format labels/mask -o results"
    assert run(line) == 2
    assert not Path("results").exists()


def test_labels_go_into_the_stores_themselves(plate, capsys):
    tifffile.imwrite("b.tif", IMAGE)
    line = "batch plate.ome.zarr b.tif --foreground bright --channel 1 -o results --workers 1"
    line += " --format labels/cells"
    assert run(line) == 3
    found = {row["file"]: row for row in rows()}
    assert "is no OME-Zarr" in found.pop("b.tif")["error"]
    assert {row["status"] for row in found.values()} == {"done"}
    assert [path.name for path in Path("results").iterdir()] == ["report.csv"]
    for field in ("A/1/0", "A/1/1", "B/12/0"):
        image = Path("plate.ome.zarr") / field
        labels = read_labels(image / "labels/cells")
        assert labels.data.max() > 3
        assert labels.spacing == (0.5, 0.5)
        assert zarr.open_group(image / "labels").attrs["ome"]["labels"] == ["cells", "mask"]
        inside = [path.name for path in (image / "labels").iterdir() if path.is_dir()]
        assert sorted(inside) == ["cells", "mask"]
    # Labels in the store are no change of the image.
    assert run(line) == 3
    assert {row["status"] for row in rows()} == {"kept", "failed"}
    # Other settings replace them, and labels of others stay.
    assert run(f"{line} --neck 0.5") == 3
    assert {row["status"] for row in rows()} == {"done", "failed"}
    assert run(line.replace("cells", "mask")) == 3
    assert "no batch has made it" in rows()[0]["error"]
    assert read_labels("plate.ome.zarr/A/1/0/labels/mask").data.max() == 1


def test_results_that_were_corrected_are_not_done_again(plate):
    line = "batch plate.ome.zarr --mask labels/mask -o results --workers 1 --format ome-zarr"
    line += " --channel 1"
    assert run(line) == 0
    path = Path("results/plate_A_1_0_labels.ome.zarr")
    labels = StoredLabels(path)
    plane = Frame((None, None))
    assert labels.make(delete_edit(plane, whole_object(plane.view(labels), 1)))
    assert run(f"{line} --neck 0.5") == 3
    assert "was corrected by hand" in rows()[0]["error"]
    assert not (read_labels(path).data == 1).any()


def test_a_channel_is_a_number_in_python_too(plate):
    report = batch("plate.ome.zarr", "results", foreground="bright", channel=1, format="ome-zarr")
    assert not report.failed
    recipe = Recipe.from_dict(read_provenance("results/plate_A_1_0_labels.ome.zarr"))
    assert recipe.channel == "1"
