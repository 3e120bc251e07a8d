"""The command line: what it writes, and how it fails."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile
from scipy import ndimage
from sklearn.metrics import adjusted_rand_score

from napari_ncut import __version__, scenes
from napari_ncut.cli import main
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.files import read_labels, read_provenance, write_labels
from napari_ncut.runs.recipe import PARAMETERS, Recipe, script
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
    # What was understood of the files may be said, but not that something was written.
    assert "out.tif" not in out
    assert err.startswith("napari-ncut: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert sorted(Path.cwd().iterdir()) == before
    return err


def test_cut_finds_the_circles_and_says_so(folder, capsys):
    assert run("cut image.tif --mask mask.png -n 4 -o out.tif") == 0
    assert agreement(read_labels("out.tif").data) > 0.93
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[:-1] == [
        "image.tif: an image, 100 x 100 (YX), float32",
        "mask.png: a mask (0 and 255), 100 x 100 (YX), uint8",
        "pixel size 0.5 x 0.5 µm (image.tif, ImageJ)",
    ]
    assert lines[-1].startswith("out.tif: 4 segments, a plane of 100 x 100, normalised cut 0.")
    assert ", pixel size 0.5 x 0.5 µm (image.tif, ImageJ), " in lines[-1]
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
    assert run("cut image.tif --mask mask.png -n 4 --sensitivity 0.5 -o out.tif") == 0
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
    assert read_provenance("out.tif")["settings"] == json.loads(json.dumps(vars(settings)))


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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("split", "napari-ncut: Missing argument 'MASK'. See napari-ncut split --help.\n"),
        ("splt", "No such command 'splt'. Did you mean 'split'? See napari-ncut --help.\n"),
        ("cut image.tif --nek 1 -o x.tif", "See napari-ncut cut --help.\n"),
    ],
)
def test_wrong_words_are_answered_with_the_help_of_the_command_at_hand(capsys, words, message):
    assert run(words) == 2
    assert capsys.readouterr().err.endswith(message)


@pytest.mark.parametrize(
    "words",
    [
        "split mask.tif -o mask.tif --force",
        "split mask.tif -o ./link.tif --force",
        "split mask.tif --image image.tif -o image.tif --force",
        "cut image.tif --seeds mask.tif -o mask.tif --force",
    ],
)
def test_what_is_read_is_never_overwritten(folder, capsys, words):
    tifffile.imwrite("mask.tif", scenes.circles(4).mask.astype(np.uint8))
    Path("link.tif").hardlink_to("mask.tif")
    before = {name: Path(name).read_bytes() for name in ("mask.tif", "image.tif")}
    assert run(words) == 2
    assert "is what is read; name another output" in capsys.readouterr().err
    assert {name: Path(name).read_bytes() for name in before} == before


def test_an_option_that_got_another_name_still_has_the_old_one(folder):
    for name in ("--beta 0.5", "--beta=0.5", "--sensitivity 0.5"):
        assert run(f"cut image.tif --mask mask.png -n 4 {name} -o out.tif --force") == 0
        assert read_provenance("out.tif")["settings"]["beta"] == 0.5


def test_options_go_before_what_like_says(folder):
    assert run("cut image.tif --mask mask.png -n 4 --sensitivity 0.5 -o first.tif") == 0
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
        ("cut damaged.tif -o out.tif", "damaged.tif: it cannot be read as TIFF"),
        ("cut image.lsm -o out.tif", "image.lsm: is Zeiss LSM, which napari-ncut does not read"),
        ("cut image.tif -o out.png", "out.png: labels are written as TIFF"),
        ("cut image.tif -o nowhere/out.tif", "the folder nowhere does not exist"),
        ("cut image.tif --mask small.npy -o out.tif", "small.npy has the shape 5 x 5"),
        ("cut image.tif --mask photo.png -o out.tif", "3 different channels"),
        ("cut image.tif --seeds small.npy -o out.tif", "small.npy has the shape 5 x 5"),
        ("cut nan.npy -o out.tif", "nan.npy: holds NaN"),
        ("cut complex.npy -o out.tif", "complex"),
        ("cut image.tif -n 0 -o out.tif", "--n-segments is 0"),
        ("cut image.tif -n 10001 -o out.tif", "--n-segments is 10001"),
        ("cut image.tif --beta -1 -o out.tif", "--sensitivity is -1"),
        ("cut image.tif --connectivity 5 -o out.tif", "--connectivity is 5"),
        ("cut image.tif --min-size nan -o out.tif", "--min-size is nan"),
        ("cut image.tif --spacing 1,1,1 -o out.tif", "--spacing has 3 values"),
        ("cut image.tif --spacing 1,0 -o out.tif", "spacing"),
        ("cut image.tif --spacing wide -o out.tif", "--spacing is 'wide'"),
        ("cut image.tif", "Missing option"),
        ("cut image.tif -n four -o out.tif", "--n-segments"),
        ("cut image.tif -o out.tif --frobnicate", "No such option"),
        ("frobnicate", "No such command"),
        ("split missing.tif -o out.tif", "missing.tif: No such file"),
        ("split photo.png -o out.tif", "3 different channels"),
        ("split nan.npy -o out.tif", "NaN"),
        ("split mask.png --image small.npy -o out.tif", "small.npy 5 x 5"),
        ("split mask.png --neck 2 -o out.tif", "--neck is 2"),
        ("split mask.png --neck wide -o out.tif", "--neck"),
        ("split mask.png --min-size -1 -o out.tif", "--min-size is -1"),
        ("cut image.tif --spacing 1e200 -o out.tif", "--spacing is 1e+200; wanted"),
        (
            "split mask.png --sensitivity=1e39 -o out.tif",
            "--sensitivity is 1e+39; wanted",
        ),
        ("split mask.png --axes TYX -o out.tif", "mask.png: has 2 axes (100 x 100), and --axes"),
        ("split mask.png --axes ABC -o out.tif", "--axes ABC can not be"),
        ("split mask.png --volume -o out.tif", "none is depth"),
        ("split mask.png --foreground shiny -o out.tif", "--foreground is 'shiny'; wanted"),
        ("split grey.npy -o out.tif", "grey.npy: it holds 202 different values from 15 to 216"),
        ("split mask.png --image two.npy -o out.tif", "as in --axes CYX"),
        ("split dates.npy -o out.tif", "dates.npy: it holds dates"),
        ("split picture.tif -o out.tif", "by its contents it is PNG; name it .png"),
        ("split . -o out.tif", "wanted a file that ends in"),
        (f"split {'x' * 300}.png -o out.tif", "File name too long"),
        ("split mask.png --spacing 1,2,3 -o out.tif", "--spacing has 3 values"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(folder, capsys, words, message):
    np.save("small.npy", np.ones((5, 5), np.uint8))
    np.save("empty.npy", np.zeros((100, 100), np.uint8))
    np.save("nan.npy", np.full((20, 20), np.nan))
    np.save("complex.npy", np.ones((20, 20), complex))
    np.save("grey.npy", scenes.nuclei().image)
    np.save("two.npy", np.zeros((2, 100, 100), np.uint8))
    np.save("dates.npy", np.zeros((20, 20), "M8[D]"))
    (folder / "picture.tif").write_bytes((folder / "mask.png").read_bytes())
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
    assert float(seconds) < 1.0


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


def stack_of_volumes():
    """A stack of 40 round objects of which a file says x and y only."""
    field = scenes.field(40, size=90, radius=(9, 13), ndim=3)
    metadata = {"axes": "ZYX", "unit": "um"}
    mask = field.mask.astype(np.uint8)
    tifffile.imwrite("stack.tif", mask, imagej=True, resolution=(10, 10), metadata=metadata)


def test_a_pixel_size_of_some_axes_is_not_mixed_with_1(folder, capsys):
    stack_of_volumes()
    assert run("split stack.tif -o out.tif") == 0
    out = capsys.readouterr().out
    assert "nothing for z, which is taken to be 0.1 too" in out
    assert "out.tif: 40 objects, a volume of 90 x 90 x 90" in out
    assert "pixel size 0.1 x 0.1 x 0.1 µm (stack.tif, ImageJ)" in out
    assert read_labels("out.tif").spacing == pytest.approx((0.1, 0.1, 0.1))


def test_a_pixel_size_that_can_not_be_used_is_asked_for(folder, capsys):
    metadata = {"axes": "ZYX", "unit": "um"}
    stack = np.zeros((3, 20, 20), np.uint8)
    tifffile.imwrite("odd.tif", stack, imagej=True, resolution=(10, 5), metadata=metadata)
    assert "odd.tif: of the pixel size it says" in fails(capsys, "split odd.tif -o out.tif")
    assert run("split odd.tif --spacing 1,0.2,0.1 -o out.tif") == 0


def test_files_that_tell_different_pixel_sizes_are_told(folder, capsys):
    mask = scenes.circles(4).mask.astype(np.uint8)
    metadata = {"axes": "YX", "unit": "um"}
    tifffile.imwrite("mask.tif", mask, imagej=True, resolution=(3, 3), metadata=metadata)
    line = "split mask.tif --image image.tif -o out.tif"
    assert "The pixel sizes differ" in fails(capsys, line)
    assert run(f"{line} --spacing 0.5") == 0
    assert "pixel size 0.5 x 0.5 µm (--spacing)" in capsys.readouterr().out


def test_a_pixel_size_that_is_not_known_is_said(folder, capsys):
    assert run("split mask.png -o out.tif") == 0
    out = capsys.readouterr().out
    assert "pixel size not known, 1 along every axis; --spacing tells it" in out
    assert read_labels("out.tif").spacing is None


def test_a_movie_that_was_stored_as_slices_can_be_told(folder, capsys):
    scene = scenes.circles(4)
    movie = np.stack([scene.mask, scene.mask[::-1], scene.mask]).astype(np.uint8)
    tifffile.imwrite("movie.tif", movie, imagej=True, metadata={"axes": "ZYX"})
    assert run("split movie.tif --axes TYX -o out.tif") == 0
    assert "12 objects, 3 planes of 100 x 100, each on its own" in capsys.readouterr().out
    assert read_labels("out.tif").axes == "TYX"
    recipe = Recipe.from_dict(read_provenance("out.tif"))
    assert recipe.axes == "TYX"
    assert "axes='TYX'" in script(recipe)


def test_planes_of_a_stack_can_be_done_each_on_its_own(folder, capsys):
    np.save("stack.npy", np.stack([scenes.circles(4).mask] * 3))
    assert run("split stack.npy --planes -o out.tif") == 0
    assert "12 objects, 3 planes of 100 x 100, each on its own" in capsys.readouterr().out
    assert run("split stack.npy --volume -o out.tif --force") == 0
    assert "a volume of 3 x 100 x 100" in capsys.readouterr().out


def test_channels_of_a_stack_can_be_named(folder):
    scene = scenes.circles(4)
    np.save("two.npy", np.stack([scene.image, scene.image]))
    assert run("split mask.png --image two.npy --axes CYX -o out.tif") == 0
    assert agreement(read_labels("out.tif").data) > 0.93
    assert run("cut two.npy --mask mask.png --axes CYX -n 4 -o out.tif --force") == 0
    assert agreement(read_labels("out.tif").data) > 0.93


def test_frame_intervals_survive(folder):
    movie = np.stack([scenes.circles(4).mask] * 2).astype(np.uint8)
    metadata = {"axes": "TYX", "finterval": 2.5, "tunit": "min"}
    tifffile.imwrite("movie.tif", movie, imagej=True, metadata=metadata)
    assert run("split movie.tif -o out.tif") == 0
    assert read_labels("out.tif").interval == 150


@pytest.mark.parametrize("zoom", [2, 3])
def test_a_mask_that_was_enlarged_has_four_objects(folder, capsys, zoom):
    grey = ndimage.zoom(scenes.circles(4).mask.astype(np.uint8) * 255, zoom, order=1)
    tifffile.imwrite("grey.tif", grey)
    assert run("split grey.tif -o out.tif") == 0
    out = capsys.readouterr().out
    assert "grey.tif: a mask with" in out
    assert "grey values: above 127.5" in out
    assert "out.tif: 4 objects" in out


def test_a_mask_that_was_a_jpeg_has_four_objects(folder, capsys):
    PIL.Image.open("mask.png").save("mask.jpg", quality=40)
    assert run("split mask.jpg -o out.tif") == 0
    assert "out.tif: 4 objects" in capsys.readouterr().out


def test_foreground_is_what_is_passed_and_kept_in_the_recipe(folder, capsys):
    np.save("grey.npy", 100.0 * scenes.circles(4).mask + np.arange(100) / 50)
    assert main(["split", "grey.npy", "--foreground", "> 50", "-o", "out.tif"]) == 0
    assert agreement(read_labels("out.tif").data) > 0.93
    assert read_provenance("out.tif")["foreground"] == ">50"
    # A script that repeats it says so, too.
    Path("again.py").write_text(script(Recipe.from_dict(read_provenance("out.tif")), "again.tif"))
    subprocess.run([sys.executable, "again.py"], check=True)
    np.testing.assert_array_equal(read_labels("again.tif").data, read_labels("out.tif").data)


def test_the_number_of_labels_that_were_read_is_said(folder, capsys):
    tifffile.imwrite("labels.tif", scenes.circles(4).truth.astype(np.uint16))
    assert run("split labels.tif -o out.tif") == 0
    assert "labels.tif: 4 labels, 100 x 100 (YX), uint16" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["split empty.npy", "cut image.tif --mask empty.npy"])
@pytest.mark.parametrize("n_frames", [None, 3])
def test_an_empty_mask_is_an_empty_result(folder, capsys, command, n_frames):
    shape = (100, 100) if n_frames is None else (n_frames, 100, 100)
    np.save("empty.npy", np.zeros(shape, np.uint8))
    if n_frames:
        movie = np.stack([scenes.circles(4).image] * n_frames).astype(np.float32)
        tifffile.imwrite("image.tif", movie, imagej=True, metadata={"axes": "TYX"})
        command += " --axes TYX"
    assert run(f"{command} -o out.tif") == 0
    out, err = capsys.readouterr()
    assert "s, the mask is empty" in out.splitlines()[-1]
    assert err == ""
    written = read_labels("out.tif").data
    assert written.shape == shape
    assert not written.any()


def test_seeds_of_one_value_are_one_segment(folder, capsys):
    seeds = np.zeros((100, 100), np.uint8)
    seeds[28, 24] = 255
    PIL.Image.fromarray(seeds).save("seeds.png")
    assert run("cut image.tif --mask mask.png --seeds seeds.png -o out.tif") == 0
    assert "out.tif: 1 segment, " in capsys.readouterr().out


def test_two_runs_with_one_output_of_which_one_wins(folder):
    words = [sys.executable, "-m", "napari_ncut", "split", "mask.png", "-o", "out.tif"]
    both = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert sorted(process.returncode for process in both) == [0, 2]
    assert sum("exists already" in err for _, err in said) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["image.tif", "mask.png", "out.tif"]


def test_an_output_may_have_the_longest_of_names(folder):
    name = "x" * 243 + ".tif"
    assert run(f"split mask.png -o {name}") == 0
    assert read_labels(name).data.max() == 4


def test_like_names_what_it_leaves_out(folder, capsys):
    recipe = Recipe(SplitSettings(neck=0.8), parameters=1000).to_dict() | {"hook": "x"}
    write_labels("other.tif", np.ones((5, 5), np.int32), provenance=recipe)
    assert run("split --like other.tif mask.png -o out.tif") == 0
    out, err = capsys.readouterr()
    assert "other.tif: its recipe has unknown fields, left out: 'hook'" in out
    assert "was made with version 1000 of the numbers" in out
    assert err == ""
    assert read_provenance("out.tif")["parameters"] == PARAMETERS


# export


def test_export_writes_regions_features_and_a_table(folder, capsys):
    assert run("split mask.png --image image.tif -o labels.tif") == 0
    line = "export labels.tif --imagej a.zip --qupath a.geojson --table a.csv --image image.tif"
    assert run(line) == 0
    out = capsys.readouterr().out.strip().splitlines()
    assert out[-1].endswith("4 objects")
    assert "4 regions" in out[-1]
    assert "4 features" in out[-1]
    rows = Path("a.csv").read_text().splitlines()
    assert len(rows) == 5
    assert rows[0].startswith("label,area,centroid_y,centroid_x,mean_intensity,perimeter,")
    area = (scenes.circles(4).mask.sum()) * 0.25
    assert sum(float(row.split(",")[1]) for row in rows[1:]) == pytest.approx(area)


def test_export_measures_what_is_asked_for(folder):
    assert run("split mask.png -o labels.tif") == 0
    assert run("export labels.tif --table a.csv --measure axes,edge") == 0
    header = Path("a.csv").read_text().splitlines()[0]
    assert header == "label,area,centroid_y,centroid_x,major_axis,minor_axis,touches_border"
    assert run("export labels.tif --table a.csv --measure none --force") == 0
    assert Path("a.csv").read_text().splitlines()[0] == "label,area,centroid_y,centroid_x"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "pass --imagej, --qupath or --table"),
        ("--table a.xlsx", "end the name of --table in .csv or .parquet"),
        ("--imagej a.roi", "end the name of --imagej in .zip"),
        ("--table missing/a.csv", "does not exist"),
        ("--table a.csv --measure length", "'length'"),
        ("--table mask.csv", "--force"),
    ],
)
def test_export_says_what_is_wrong_before_the_work(folder, capsys, options, words):
    Path("mask.csv").write_text("mine")
    assert words in fails(capsys, f"export mask.png {options}")


def test_an_image_may_tell_its_own_mask(folder, capsys):
    assert run("split image.tif --foreground bright -o labels.tif") == 0
    out = capsys.readouterr().out
    assert "Otsu's threshold" in out
    assert read_labels("labels.tif").data.max() >= 4


def test_numbers_of_labels_are_kept_and_specks_dropped(folder, capsys):
    pair = scenes.circles(2).mask
    labels = np.zeros((100, 220), np.uint16)
    labels[:, :100] = 4 * pair
    labels[20:60, 120:160] = 9
    labels[90, 200:202] = 11
    tifffile.imwrite("given.tif", labels)
    assert run("split given.tif -o out.tif --drop-small 5") == 0
    assert "1 object dropped" in capsys.readouterr().out
    found = read_labels("out.tif").data
    assert sorted(np.unique(found)) == [0, 9, 12, 13]
    assert read_provenance("out.tif")["numbers"] == {"4": [12, 13]}
    assert run("split given.tif -o new.tif --new-labels") == 0
    assert sorted(np.unique(read_labels("new.tif").data)) == [0, 1, 2, 3, 4]
    assert run("split --like out.tif given.tif -o again.tif") == 0
    np.testing.assert_array_equal(read_labels("again.tif").data, found)


def test_the_version_is_printed(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"napari-ncut {__version__}\n"


@pytest.mark.parametrize("command", ["", "cut ", "split ", "batch ", "export ", "demo ", "info "])
def test_help_has_no_words_of_python(capsys, command):
    for option in ("-h", "--help"):
        assert run(command + option) == 0
        said = capsys.readouterr().out
        for word in ("<bool>", "Python", "None"):
            assert word not in said
