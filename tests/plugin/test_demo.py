"""The demo, with a display and without."""

import re
import subprocess
import sys

import napari
import numpy as np
import PIL.Image
import pytest

from napari_ncut.files import read_labels, read_provenance
from napari_ncut.plugin import demo


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """What a demo without display printed, and the folder it wrote to."""
    out = tmp_path_factory.mktemp("demo") / "made"
    words = [sys.executable, "-m", "napari_ncut", "demo", "--headless", "--out", out]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, out


def test_headless_demo_cuts_the_circles_right(driven):
    said, out = driven
    found = re.search(
        r"^circles4: cut into 4 for 4 .* adjusted Rand index ([\d.]+)", said, re.MULTILINE
    )
    assert found, said
    assert float(found[1]) > 0.93
    labels = read_labels(out / "circles_labels.tif").data
    assert labels.shape == (100, 100)
    assert set(np.unique(labels)) == {0, 1, 2, 3, 4}


def test_headless_demo_splits_the_nuclei_without_being_told_how_many_there_are(driven):
    said, out = driven
    found = re.search(
        r"^nuclei: split into (\d+) for 67 .* adjusted Rand index ([\d.]+)", said, re.MULTILINE
    )
    assert found, said
    assert 60 <= int(found[1]) <= 72
    assert float(found[2]) > 0.85
    labels = read_labels(out / "nuclei_labels.tif").data
    assert np.count_nonzero(np.unique(labels)) == int(found[1])
    assert read_provenance(out / "nuclei_labels.tif")["mode"] == "split"


@pytest.mark.parametrize("name", ["window.png", "circles_window.png"])
def test_headless_demo_shows_the_window_with_colours_in_it(driven, name):
    _, out = driven
    picture = np.asarray(PIL.Image.open(out / name).convert("HSV"))
    height, width, _ = picture.shape
    assert height >= 800
    assert width >= 1200
    canvas = picture[height // 4 : 3 * height // 4, width // 3 : 2 * width // 3]
    saturated = canvas[(canvas[..., 1] > 80) & (canvas[..., 2] > 80)]
    hues = np.unique(saturated[:, 0] // 16)
    assert len(saturated) > 0.1 * canvas[..., 0].size
    assert len(hues) >= 3


def test_demo_opens_the_nuclei_ready_to_split(make_napari_viewer, monkeypatch):
    viewers = []

    def new_viewer():
        viewers.append(make_napari_viewer())
        return viewers[-1]

    monkeypatch.setattr(napari, "Viewer", new_viewer)
    monkeypatch.setattr(napari, "run", lambda: None)
    demo.open_window()
    (viewer,) = viewers
    assert [layer.name for layer in viewer.layers] == ["nuclei", "nuclei mask"]
    dock = viewer.window.dock_widgets["Graph cut (napari-ncut)"]
    demo.wait(dock)
    assert demo.control(dock, "run").isEnabled()
    assert demo.control(dock, "run").text() == "Split"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux has Xvfb")
def test_demo_without_display_and_xvfb_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(demo.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="apt-get install xvfb"):
        demo.run_demo(tmp_path, headless=True)
