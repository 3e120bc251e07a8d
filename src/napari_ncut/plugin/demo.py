"""The demo: napari with nuclei and the widget; where there is no screen, it clicks by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from napari.viewer import Viewer
from qtpy.QtWidgets import QApplication, QWidget
from sklearn.metrics import adjusted_rand_score

from napari_ncut.io.files import write_labels
from napari_ncut.plugin.shared.result_record import recipe_of

WIDGET = ("napari-ncut", "Graph cut")
WINDOW_SIZE = (1400, 900)
SCREEN = "1600x1000x24"
# A machine that is busy with other things takes long.
TIMEOUT = 300.0


def run_demo(out: Path, *, headless: bool) -> None:
    """Open the demo's window, or drive it where nobody can see it.

    Parameters
    ----------
    out : path
        Folder for what a driven demo writes.
    headless : bool
        Drive it even if there is a display.

    Raises
    ------
    ValueError
        If a virtual screen is needed and none can be had.
    """
    linux = sys.platform.startswith("linux")
    no_display = linux and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if not headless and not no_display:
        open_window()
    elif linux:
        # A process of its own, so that the screen outlives whatever Qt does when it ends.
        with virtual_screen() as display:
            environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
            command = [sys.executable, "-m", "napari_ncut.plugin.demo", str(out)]
            done = subprocess.run(command, env=environment, check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
    else:
        drive(out)


def open_window() -> None:
    """Open napari with touching nuclei and the widget, ready to split them."""
    viewer = napari.Viewer()
    dock(viewer, "nuclei", "split")
    napari.run()


def drive(out: Path) -> None:
    """Split the nuclei and cut the circles in a real window; write labels and pictures of it.

    Parameters
    ----------
    out : path
        Folder to write to; made if it is missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    # What the demo clicks is not what the user used last.
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_NCUT_CONFIG"] = folder
        _drive(out)


def _drive(out: Path) -> None:
    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW_SIZE)
    for sample, mode, labels_name, window_name in (
        ("nuclei", "split", "nuclei_labels.tif", "window.png"),
        ("circles4", "cut", "circles_labels.tif", "circles_window.png"),
    ):
        viewer.layers.clear()
        image, *_ = viewer.open_sample("napari-ncut", sample)
        truth = image.metadata["truth"]
        n_objects = int(np.count_nonzero(np.unique(truth)))
        widget = dock(viewer, None, mode, n_objects)
        result = run(widget, viewer)
        record = result.metadata["napari_ncut"]
        write_labels(
            out / labels_name,
            result.data,
            spacing=image.scale,
            provenance=recipe_of(result).to_dict(),
            force=True,
        )
        picture(viewer, out / window_name)
        found = np.count_nonzero(np.unique(result.data))
        agreement = adjusted_rand_score(truth[truth > 0], result.data[truth > 0])
        done = "split into" if mode == "split" else "cut into"
        print(  # noqa: T201
            f"{sample}: {done} {found} for {n_objects} objects, {record['seconds']:.2f} s, "
            f"adjusted Rand index {agreement:.3f}; {out / labels_name}, {out / window_name}"
        )
    viewer.close()


def dock(viewer: Viewer, sample: str | None, mode: str, n_segments: int = 2) -> QWidget:
    """Open a sample beside the docked widget, which is set to split it, or cut it into N."""
    if sample is not None:
        viewer.open_sample("napari-ncut", sample)
    _, widget = viewer.window.add_plugin_dock_widget(*WIDGET)
    if mode == "cut":
        control(widget, "n_segments").setValue(n_segments)
    modes = control(widget, "mode")
    modes.setCurrentIndex(modes.findData(mode))
    return widget


def run(widget: QWidget, viewer: Viewer) -> Labels:
    """Click on *Split* or *Cut* and return the layer that comes.

    Raises
    ------
    RuntimeError
        If none comes; with what the widget says.
    """
    wait(widget)
    control(widget, "run").click()
    wait(widget)
    found = [layer for layer in viewer.layers if "napari_ncut" in layer.metadata]
    if not found or found[-1].metadata["napari_ncut"]["preview"]:
        raise RuntimeError(f"The widget says: {control(widget, 'status').text()}")
    return found[-1]


def wait(widget: QWidget) -> None:
    """Let Qt work until the widget has nothing more to do."""
    end = time.monotonic() + TIMEOUT
    while True:
        QApplication.processEvents()
        if widget.is_idle:
            return
        if time.monotonic() > end:
            raise RuntimeError(f"The cut took longer than {TIMEOUT:.0f} s.")
        time.sleep(0.01)


def picture(viewer: Viewer, path: Path) -> None:
    """Write a picture of the whole window, once it has drawn itself."""
    viewer.reset_view()
    for _ in range(20):
        QApplication.processEvents()
        time.sleep(0.02)
    viewer.screenshot(str(path), canvas_only=False, flash=False)


def control(widget: QWidget, name: str) -> Any:
    """Return a control of the widget by its Qt objectName."""
    found = widget.findChild(QWidget, name)
    if found is None:
        raise RuntimeError(f"The widget has no control named {name}.")
    return found


@contextmanager
def virtual_screen() -> Iterator[str]:
    """Run Xvfb while the context lasts.

    Yields
    ------
    str
        The value of DISPLAY.

    Raises
    ------
    ValueError
        If Xvfb is not installed or does not start.
    """
    if shutil.which("Xvfb") is None:
        raise ValueError(
            "There is no display and no Xvfb to stand in for it; install it "
            "(Debian, Ubuntu: apt-get install xvfb) or run the demo where there is a display."
        )
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", SCREEN, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        with os.fdopen(read_end) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise ValueError("Xvfb did not start; run the demo where there is a display.")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    drive(Path(sys.argv[1]))
