"""The part of Review that learns from the answers."""

import numpy as np
import pytest

from napari_ncut import scenes
from napari_ncut.files import read_provenance, write_labels
from napari_ncut.plugin.review.review_dock import RANDOM_EVERY
from napari_ncut.plugin.shared.model import model_of
from napari_ncut.plugin.shared.result_record import recipe_of
from napari_ncut.runs.teaching import FEWEST, Lesson
from napari_ncut.splitting.criterion import teach


@pytest.fixture
def reviewed(window, monkeypatch):
    """A review of a field of discs by someone whose answers count much, and the docks."""
    monkeypatch.setattr(teach, "PRIOR", np.full(teach.N_WEIGHTS, 3.0))
    scene = scenes.field(150, size=560, seed=2)
    window.viewer.add_image(scene.image)
    window.viewer.add_labels(scene.mask.astype(np.uint8), name="mask")
    form = window.dock("Graph cut")
    window.run(form)
    review = window.dock("Review")
    window.wait_idle(review)
    return form, review


def answer(window, review, n, *, cut):
    """Answer n questions, always the same."""
    for _ in range(n):
        review.next.click()
        window.wait_idle(review)
        button = review.cut if cut else review.merge
        (button if button.isEnabled() else review.keep).click()
        window.wait_idle(review)


def test_what_answers_teach_is_said_listed_applied_and_taken_back(window, reviewed):
    form, review = reviewed
    teaching = review.teaching
    before = form.result_layer.data.copy()
    assert f"From {FEWEST} answers" in teaching.text.text()
    assert not teaching.teach.isEnabled()
    answer(window, review, 10, cut=True)
    assert teaching.text.text().startswith("10 answers: ")
    assert "each left out in turn" in teaching.text.text()
    n = teaching.list.count()
    assert n > 0
    assert f"would change {n} of" in teaching.text.text()
    # A click on one goes there.
    teaching.list.itemClicked.emit(teaching.list.item(0))
    window.wait_idle(review)
    assert "not cut" in review.status.text()
    corrected = form.result_layer.data.copy()
    teaching.teach.click()
    window.wait_idle(form)
    window.wait_idle(review)
    taught = form.result_layer.data
    assert taught.max() >= corrected.max() > before.max()
    recipe = recipe_of(form.result_layer)
    assert any(recipe.settings.taught)
    assert teaching.forget.isEnabled()
    teaching.forget.click()
    window.wait_idle(form)
    window.wait_idle(review)
    assert recipe_of(form.result_layer).settings.taught == ()
    # What was decided stays.
    np.testing.assert_array_equal(form.result_layer.data > 0, before > 0)
    assert form.result_layer.data.max() == corrected.max()


def test_a_result_in_a_file_tells_what_was_taught(window, reviewed, tmp_path):
    form, review = reviewed
    answer(window, review, 8, cut=True)
    review.teaching.teach.click()
    window.wait_idle(form)
    recipe = recipe_of(form.result_layer)
    write_labels(tmp_path / "x.tif", form.result_layer.data, provenance=recipe.to_dict())
    assert any(read_provenance(tmp_path / "x.tif")["settings"]["taught"])


def test_defaults_forget_what_was_taught(window, reviewed):
    form, review = reviewed
    answer(window, review, 8, cut=True)
    review.teaching.teach.click()
    window.wait_idle(form)
    form.recipe.show_defaults()
    assert model_of(window.viewer).form.taught == ()


def test_without_graph_cut_it_is_said_what_to_open(window, reviewed):
    form, review = reviewed
    answer(window, review, 8, cut=True)
    window.viewer.window.remove_dock_widget(form)
    review.teaching.teach.click()
    assert "Open Graph cut" in review.status.text()


def test_every_fifth_question_is_at_random_and_tells_the_rate_of_errors(window, reviewed):
    _, review = reviewed
    assert "At random" not in review.left.text()
    for _ in range(3 * RANDOM_EVERY):
        answer(window, review, 1, cut=True)
        if "At random" in review.left.text():
            break
    assert "At random 1 were asked" in review.left.text()
    assert "with 95 % confidence" in review.left.text()


def test_answers_that_contradict_each_other_teach_nothing(window, reviewed):
    _, review = reviewed
    lesson = Lesson((0.0,) * 8, 6, 4, 2, False, 60, [])
    review.teaching._take(lesson)
    assert not review.teaching.teach.isEnabled()
    assert "nothing to learn" in review.teaching.text.text()
