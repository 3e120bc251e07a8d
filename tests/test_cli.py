"""The command line: what it writes, and how it fails."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile
from sklearn.metrics import adjusted_rand_score

from napari_ncut import __version__, scenes
from napari_ncut.cli import main
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.files import read_labels, read_provenance, write_labels
from napari_ncut.runs.recipe import Recipe
from napari_ncut.runs.stacks import StackSession


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the circles as image.tif and mask.png, which is the current one."""
    scene = scenes.circles(4)
    tifffile.imwrite(
        tmp_path / "image.tif",
        scene.image.astype(np.float32),
        imagej=True,
        resolution=(2, 2),
        metadata={"axes": "YX", "unit": "um"},
    )
    PIL.Image.fromarray(255 * scene.mask.astype(np.uint8)).save(tmp_path / "mask.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def agreement(labels):
    truth = scenes.circles(4).truth
    assert ((labels > 0) == (truth > 0)).all()
    return adjusted_rand_score(truth[truth > 0], labels[truth > 0])


def run(line):
    return main(line.split())


def fails(capsys, line):
    """Run a command that must fail; return its line on stderr."""
    before = sorted(Path.cwd().iterdir())
    assert run(line) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("napari-ncut: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert sorted(Path.cwd().iterdir()) == before
    return err


def test_cut_finds_the_circles_and_says_so(folder, capsys):
    assert run("cut image.tif --mask mask.png -n 4 -o out.tif") == 0
    assert agreement(read_labels("out.tif").data) > 0.93
    out, err = capsys.readouterr()
    assert out.startswith("out.tif: 4 segments, a plane of 100 x 100, normalised cut 0.")
    assert err == ""


def test_split_finds_the_circles_without_their_number(folder):
    assert run("split mask.png -o out.tif") == 0
    assert agreement(read_labels("out.tif").data) > 0.93


def test_split_with_the_image_finds_the_circles(folder):
    assert run("split mask.png --image image.tif -o out.tif") == 0
    assert agreement(read_labels("out.tif").data) > 0.93


def test_output_keeps_the_pixel_size_of_the_image(folder):
    assert run("cut image.tif --mask mask.png -n 4 -o out.tif") == 0
    written = read_labels("out.tif")
    assert written.spacing == pytest.approx((0.5, 0.5))
    assert written.unit == "µm"


def test_split_takes_the_pixel_size_of_the_image_where_the_mask_has_none(folder):
    assert run("split mask.png --image image.tif -o out.tif") == 0
    assert read_labels("out.tif").spacing == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(("text", "spacing"), [("3,2", (3, 2)), ("0.7", (0.7, 0.7))])
def test_spacing_of_the_command_line_goes_before_that_of_the_file(folder, text, spacing):
    assert main(["cut", "image.tif", "-n", "2", "--spacing", text, "-o", "out.tif"]) == 0
    assert read_labels("out.tif").spacing == pytest.approx(spacing)


def test_output_holds_the_recipe(folder):
    assert run("cut image.tif --mask mask.png -n 4 --beta 0.5 -o out.tif") == 0
    recipe = read_provenance("out.tif")
    assert recipe["settings"] == vars(CutSettings(n_segments=4, beta=0.5))
    assert recipe["mode"] == "cut"
    assert (recipe["image"], recipe["mask"]) == ("image.tif", "mask.png")
    assert recipe["version"] == __version__
    assert recipe["spacing"] == pytest.approx([0.5, 0.5])
    assert recipe["n_segments"] == [4]
    assert 0 < recipe["ncut"][0] < 1


@pytest.mark.parametrize(
    ("command", "settings"),
    [("cut image.tif", CutSettings()), ("split mask.png", SplitSettings())],
)
def test_defaults_are_those_of_the_settings(folder, command, settings):
    assert run(f"{command} -o out.tif") == 0
    assert read_provenance("out.tif")["settings"] == vars(settings)


def test_a_label_image_serves_as_mask(folder):
    labels = scenes.circles(4).truth.astype(np.uint16)
    tifffile.imwrite("labels.tif", labels)
    assert run("cut image.tif --mask labels.tif -n 4 -o out.tif") == 0
    assert agreement(read_labels("out.tif").data) > 0.93


def test_colours_are_cut_by_all_channels(folder):
    # Two halves of the same brightness, one green and one red.
    photo = np.full((40, 60, 3), 20, np.uint8)
    photo[:, :24, 0] = 120
    photo[:, 24:, 1] = 120
    PIL.Image.fromarray(photo).save("photo.png")
    assert run("cut photo.png -n 2 -o out.tif") == 0
    labels = read_labels("out.tif").data
    assert labels.shape == (40, 60)
    assert (labels[:, :24] == labels[0, 0]).all()
    assert (labels[:, 24:] == labels[0, -1]).all()
    assert labels[0, 0] != labels[0, -1]


def test_every_frame_of_a_movie_is_cut_on_its_own(folder, capsys):
    scene = scenes.circles(4)
    movie = np.stack([scene.image, scene.image[::-1]]).astype(np.float32)
    tifffile.imwrite("movie.tif", movie, imagej=True, metadata={"axes": "TYX"})
    masks = np.stack([scene.mask, scene.mask[::-1]]).astype(np.uint8)
    tifffile.imwrite("masks.tif", masks, imagej=True, metadata={"axes": "TYX"})
    assert run("cut movie.tif --mask masks.tif -n 4 -o out.tif") == 0
    assert "2 planes of 100 x 100, each on its own" in capsys.readouterr().out
    written = read_labels("out.tif")
    assert written.axes == "TYX"
    assert agreement(written.data[0]) > 0.93
    assert agreement(written.data[1][::-1]) > 0.93


def test_a_stack_is_cut_as_a_volume(folder, capsys):
    scene = scenes.spheres(size=40)
    np.save("stack.npy", scene.image)
    np.save("stack_mask.npy", scene.mask)
    words = "cut stack.npy --mask stack_mask.npy -n 4 --spacing 1,1,1 -o out.tif"
    assert run(words) == 0
    assert "a volume of 40 x 40 x 40" in capsys.readouterr().out
    assert read_labels("out.tif").data.max() == 4


def test_seeds_name_the_objects(folder):
    seeds = np.zeros((100, 100), np.uint8)
    for label, (row, column, _) in zip((4, 3, 2, 1), scenes.CIRCLES, strict=True):
        seeds[row, column] = label
    PIL.Image.fromarray(seeds).save("seeds.png")
    assert run("cut image.tif --mask mask.png --seeds seeds.png -o out.tif") == 0
    labels = read_labels("out.tif").data
    assert agreement(labels) > 0.93
    assert [labels[row, column] for row, column, _ in scenes.CIRCLES] == [4, 3, 2, 1]


def test_like_repeats_the_settings_of_a_result(folder):
    assert run("split mask.png --neck 0.7 --min-size 5 -o first.tif") == 0
    assert run("split --like first.tif mask.png -o second.tif") == 0
    first, second = read_provenance("first.tif"), read_provenance("second.tif")
    assert second["settings"] == first["settings"]
    assert second["settings"]["neck"] == 0.7
    np.testing.assert_array_equal(read_labels("first.tif").data, read_labels("second.tif").data)


def test_options_go_before_what_like_says(folder):
    assert run("cut image.tif --mask mask.png -n 4 --beta 0.5 -o first.tif") == 0
    assert run("cut image.tif --mask mask.png -n 3 --like first.tif -o second.tif") == 0
    assert read_provenance("second.tif")["settings"] == vars(CutSettings(n_segments=3, beta=0.5))


def test_like_thresholds_another_image_as_the_viewer_did(folder):
    recipe = Recipe(SplitSettings(neck=0.8), image="layer", threshold=1.6)
    write_labels("viewer.tif", np.ones((5, 5), np.int32), provenance=recipe.to_dict())
    scene = scenes.circles(4, noise=0.05)
    np.save("other.npy", scene.image)
    assert run("split --like viewer.tif other.npy -o out.tif") == 0
    assert agreement(read_labels("out.tif").data) > 0.93
    assert read_provenance("out.tif")["threshold"] == 1.6


def test_like_cuts_a_stack_plane_by_plane_as_before(folder, capsys):
    recipe = Recipe(SplitSettings(), mask="layer", spatial_ndim=2)
    write_labels("viewer.tif", np.ones((5, 5), np.int32), provenance=recipe.to_dict())
    np.save("stack.npy", np.stack([scenes.circles(4).mask] * 3))
    assert run("split --like viewer.tif stack.npy --spacing 2,1,1 -o out.tif") == 0
    assert "3 planes of 100 x 100, each on its own" in capsys.readouterr().out
    written = read_labels("out.tif")
    assert written.spacing == pytest.approx((2, 1, 1))
    assert written.data[0].max() == written.data[2].max() == 4


def test_like_of_another_command_or_program_is_told(folder, capsys):
    assert run("cut image.tif -n 2 -o cut.tif") == 0
    capsys.readouterr()
    line = "split --like cut.tif mask.png -o out.tif"
    assert "was made by cut, not by split" in fails(capsys, line)
    line = "split --like image.tif mask.png -o out.tif"
    assert "holds no recipe" in fails(capsys, line)


def test_an_existing_output_is_overwritten_only_by_force(folder, capsys):
    (folder / "out.tif").write_bytes(b"precious")
    assert "exists already" in fails(capsys, "cut image.tif -n 2 -o out.tif")
    assert (folder / "out.tif").read_bytes() == b"precious"
    assert run("cut image.tif -n 2 -o out.tif --force") == 0
    assert read_labels("out.tif").data.max() == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("cut missing.tif -o out.tif", "missing.tif: No such file"),
        ("cut image.tif --mask missing.png -o out.tif", "missing.png: No such file"),
        ("cut damaged.tif -o out.tif", "damaged.tif: cannot be read as TIFF"),
        ("cut image.czi -o out.tif", "image.czi: wanted a file that ends in"),
        ("cut image.tif -o out.png", "out.png: labels are written as TIFF"),
        ("cut image.tif -o nowhere/out.tif", "the folder nowhere does not exist"),
        ("cut image.tif --mask small.npy -o out.tif", "(5, 5)"),
        ("cut image.tif --mask photo.png -o out.tif", "3 different channels"),
        ("cut image.tif --mask empty.npy -o out.tif", "empty"),
        ("cut image.tif --seeds small.npy -o out.tif", "(5, 5)"),
        ("cut nan.npy -o out.tif", "NaN"),
        ("cut complex.npy -o out.tif", "complex"),
        ("cut image.tif -n 0 -o out.tif", "n_segments"),
        ("cut image.tif -n 10001 -o out.tif", "10001"),
        ("cut image.tif --beta -1 -o out.tif", "beta"),
        ("cut image.tif --connectivity 5 -o out.tif", "connectivity"),
        ("cut image.tif --min-size nan -o out.tif", "min_size"),
        ("cut image.tif --spacing 1,1,1 -o out.tif", "spacing has 3 values"),
        ("cut image.tif --spacing 1,0 -o out.tif", "spacing"),
        ("cut image.tif --spacing wide -o out.tif", "--spacing is 'wide'"),
        ("cut image.tif", "Missing option"),
        ("cut image.tif -n four -o out.tif", "--n-segments"),
        ("cut image.tif -o out.tif --frobnicate", "No such option"),
        ("frobnicate", "No such command"),
        ("split missing.tif -o out.tif", "missing.tif: No such file"),
        ("split photo.png -o out.tif", "3 different channels"),
        ("split nan.npy -o out.tif", "NaN"),
        ("split mask.png --image small.npy -o out.tif", "(5, 5)"),
        ("split mask.png --neck 2 -o out.tif", "neck"),
        ("split mask.png --neck wide -o out.tif", "--neck"),
        ("split mask.png --min-size -1 -o out.tif", "min_size"),
        ("split mask.png --spacing 1,2,3 -o out.tif", "spacing has 3 values"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(folder, capsys, words, message):
    np.save("small.npy", np.ones((5, 5), np.uint8))
    np.save("empty.npy", np.zeros((100, 100), np.uint8))
    np.save("nan.npy", np.full((20, 20), np.nan))
    np.save("complex.npy", np.ones((20, 20), complex))
    (folder / "damaged.tif").write_bytes(b"II*\0nonsense")
    colours = np.random.default_rng(0).integers(0, 255, (100, 100, 3), dtype=np.uint8)
    PIL.Image.fromarray(colours).save("photo.png")
    assert message in fails(capsys, words)


def test_an_output_that_cannot_be_is_told_before_anything_is_read(folder, capsys):
    assert "nowhere" in fails(capsys, "cut missing.tif -o nowhere/out.tif")


@pytest.mark.parametrize("command", ["cut image.tif -n 2", "split mask.png"])
def test_interrupted_leaves_no_file(folder, capsys, monkeypatch, command):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(StackSession, "run", interrupt)
    before = sorted(folder.iterdir())
    assert run(f"{command} -o out.tif") == 130
    assert capsys.readouterr().err == "napari-ncut: interrupted; nothing was written.\n"
    assert sorted(folder.iterdir()) == before


def test_interrupted_while_writing_leaves_no_file(folder, monkeypatch):
    def interrupt(file, *args, **kwargs):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(tifffile, "imwrite", interrupt)
    before = sorted(folder.iterdir())
    assert run("cut image.tif -n 2 -o out.tif") == 130
    assert sorted(folder.iterdir()) == before


def test_a_full_disk_is_one_line_and_leaves_no_file(folder, capsys, monkeypatch):
    def fail(file, *args, **kwargs):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tifffile, "imwrite", fail)
    assert "No space left" in fails(capsys, "cut image.tif -n 2 -o out.tif")


def test_too_little_memory_is_one_line(folder, capsys, monkeypatch):
    def fail(*args, **kwargs):
        raise MemoryError("3 TiB")

    monkeypatch.setattr(StackSession, "run", fail)
    assert "not enough memory: 3 TiB" in fails(capsys, "cut image.tif -o out.tif")


@pytest.mark.parametrize("command", ["cut", "split", "demo", "info"])
def test_help_of_every_command_is_there(capsys, command):
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"napari-ncut {command}" in out
    if command != "info":
        assert "For example" in out


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_the_commands(capsys, words):
    assert main(words) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in ("cut", "split", "demo", "info"))


def test_help_answers_at_once_and_loads_nothing_heavy():
    # The processor's time, which does not count that other tests run beside this one.
    code = (
        "import sys, time; from napari_ncut.cli import main; main(['cut', '--help']);"
        "heavy = {'numpy', 'scipy', 'napari', 'qtpy'} & set(sys.modules);"
        "print(sorted(heavy), time.process_time())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy, seconds = done.stdout.splitlines()[-1].rsplit(maxsplit=1)
    assert heavy == "[]"
    assert float(seconds) < 0.5


def test_the_module_is_the_command(folder):
    words = [sys.executable, "-m", "napari_ncut", "cut", "missing.tif", "-o", "out.tif"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.endswith("missing.tif: No such file or directory.\n")


def test_info_tells_versions(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert __version__ in out
    assert np.__version__ in out
    assert sys.version.split()[0] in out


def test_demo_without_napari_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "napari_ncut.plugin.demo", None)
    assert main(["demo"]) == 2
    assert 'pip install "napari-ncut[all]"' in capsys.readouterr().err
