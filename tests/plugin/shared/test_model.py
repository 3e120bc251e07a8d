"""What the docks share, without a window."""

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils._proxies import PublicOnlyProxy

from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.plugin.shared.model import Applied, Form, LastRun, Model, model_of
from napari_ncut.runs.recipe import Recipe
from napari_ncut.runs.stacks import Result, Source


def last_run():
    source = Source(None, np.ones((4, 4), int), 2, (1.0, 1.0))
    result = Result(np.ones((4, 4), np.int32), {(): 1}, {}, {})
    return LastRun(source, Recipe(SplitSettings()), {}, result)


@pytest.fixture
def told():
    """A model, and what it has told in order."""
    model, told = Model(), []
    model.form_changed.connect(told.append)
    model.result_changed.connect(lambda: told.append("result"))
    model.decisions_changed.connect(lambda: told.append("decisions"))
    model.status_changed.connect(lambda: told.append("status"))
    return model, told


def test_it_loads_no_qt():
    code = (
        "import sys, napari_ncut.plugin.shared.model;"
        "print(sorted({'qtpy', 'PyQt6', 'PySide6', 'superqt'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_viewer_has_one_model_also_through_the_proxy_that_plugins_get():
    first, second = ViewerModel(), ViewerModel()
    assert model_of(first) is model_of(first)
    assert model_of(PublicOnlyProxy(first)) is model_of(first)
    assert model_of(second) is not model_of(first)


def test_it_goes_with_its_viewer():
    viewer = ViewerModel()
    gone = weakref.ref(model_of(viewer))
    del viewer
    gc.collect()
    assert gone() is None


def test_only_what_changes_is_told(told):
    model, heard = told
    model.change(neck=0.5, mode="split", beta=0.25)
    assert heard == ["neck"]
    assert model.form.settings() == SplitSettings(neck=0.5)


@pytest.mark.parametrize(
    "settings",
    [
        SplitSettings(neck=0.3, min_size=7.0, beta=0.0),
        CutSettings(n_segments=9, beta=1.5, connectivity=1),
        CutSettings(n_segments=3, connectivity=2),
    ],
)
def test_the_form_gives_back_the_settings_that_it_was_given(settings):
    model = Model()
    model.change(**Form.values_of(settings))
    assert model.form.settings() == settings


def test_decisions_that_a_thread_reads_do_not_change(told):
    model, heard = told
    model.decide((), (3, 5), True)
    before = model.decisions
    model.decide((), (7, 9), False)
    model.decide((2,), (7, 9), True)
    assert before == {(): {(3, 5): True}}
    assert model.decisions == {(): {(3, 5): True, (7, 9): False}, (2,): {(7, 9): True}}
    model.revise((), {(3, 5): True})
    model.revise((), {(3, 5): True})
    model.forget_decisions()
    model.forget_decisions()
    assert heard == ["decisions"] * 5
    assert model.decisions == {}


def test_a_result_is_told_and_forgotten_once(told):
    model, heard = told
    layer, made = Labels(np.ones((4, 4), int)), last_run()
    model.applied = Applied(made, {}, made.result.labels)
    model.show(made, layer)
    assert (model.last, model.layer) == (made, layer)
    model.forget()
    model.forget()
    assert model.last is model.layer is model.applied is None
    assert heard == ["result", "result"]


def test_the_status_is_told_when_it_is_another(told):
    model, heard = told
    model.say("4 segments")
    model.say("4 segments")
    model.say("4 segments", error=True)
    assert heard == ["status"] * 2
    assert model.status.is_error
