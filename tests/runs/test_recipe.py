"""A recipe makes the same labels again, from plain data, hand corrections included."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_ncut import scenes
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.files import read_labels, write_labels
from napari_ncut.runs import recipe as recipes
from napari_ncut.runs.recipe import Recipe

label_images = hnp.arrays(
    np.int32, hnp.array_shapes(max_dims=3, max_side=8), elements=st.integers(0, 5)
)


@given(label_images)
def test_unpack_is_the_inverse_of_pack(labels):
    np.testing.assert_array_equal(recipes.unpack(recipes.pack(labels), labels.shape), labels)


@given(st.data(), label_images)
def test_corrections_make_the_one_into_the_other(data, before):
    after = data.draw(hnp.arrays(np.int32, before.shape, elements=st.integers(0, 9)))
    changes = recipes.difference(before, after)
    if changes is None:
        np.testing.assert_array_equal(before, after)
    else:
        np.testing.assert_array_equal(recipes.correct(before, changes), after)


def test_no_change_is_no_correction():
    labels = scenes.circles(4).truth
    assert recipes.difference(labels, labels.copy()) is None


def test_corrections_of_a_large_image_are_small():
    before = scenes.circles(4, size=2000).truth
    after = np.where(before == 2, 1, before)
    assert len(recipes.difference(before, after)) < 10_000


def test_corrections_of_another_image_are_an_error():
    changes = recipes.difference(np.zeros((5, 5), np.int32), np.ones((5, 5), np.int32))
    with pytest.raises(ValueError, match=r"belong to\s+another image"):
        recipes.correct(np.zeros((2, 2), np.int32), changes)


def test_damaged_corrections_are_an_error():
    with pytest.raises(ValueError, match="damaged"):
        recipes.unpack("no base 85: \x00", (2, 2))


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(SplitSettings(neck=0.7)),
        Recipe(CutSettings(n_segments=4), "a", "b", 3, (2.0, 1.0, 1.0), frames=((1,), (3,))),
        Recipe(SplitSettings(), threshold=3.5, dark=True, corrections="abc"),
    ],
)
def test_a_recipe_survives_json(recipe):
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_recipe_is_found_among_other_metadata():
    values = Recipe(SplitSettings(neck=0.5)).to_dict() | {"seconds": 3.0}
    assert Recipe.from_dict(values).settings.neck == 0.5


@pytest.mark.parametrize("text", ["{}", "[]", '{"mode": "dream", "settings": {}}', '"x"'])
def test_what_is_no_recipe_is_an_error(text):
    with pytest.raises(ValueError, match="no recipe of napari-ncut"):
        Recipe.from_json(text)


def test_for_other_data_keeps_the_settings_only():
    recipe = Recipe(SplitSettings(neck=0.6), "a", "b", threshold=2.0, corrections="x", seeds="y")
    other = recipe.for_other_data()
    assert other.settings == recipe.settings
    assert other.threshold == 2.0
    assert (other.image, other.mask, other.corrections, other.seeds) == (None,) * 4


def test_run_makes_the_same_labels_with_corrections():
    scene = scenes.circles(4)
    recipe = Recipe(SplitSettings())
    automatic = recipe.run(scene.image, scene.mask).labels
    corrected = np.where(automatic == 2, 1, automatic)
    changes = recipes.difference(automatic, corrected)
    again = Recipe(SplitSettings(), corrections=changes).run(scene.image, scene.mask)
    np.testing.assert_array_equal(again.labels, corrected)


class TestRegion:
    def test_outside_the_labels_stay_as_they_are(self):
        scene = scenes.nuclei()
        mask = np.where(scene.truth % 2, 7, 3) * scene.mask
        region = np.zeros(mask.shape, bool)
        region[:, :160] = True
        recipe = Recipe(SplitSettings(), region=recipes.pack(region))
        labels = recipe.run(None, mask).labels
        np.testing.assert_array_equal(labels[:, 160:], mask[:, 160:])
        inside = labels[:, :160]
        assert len(np.unique(inside)) > 20
        assert inside[inside > 0].min() > 7
        np.testing.assert_array_equal(inside > 0, scene.mask[:, :160])

    def test_of_an_image_without_a_mask_only_the_region_is_cut(self):
        region = scenes.circles(2).mask
        recipe = Recipe(CutSettings(n_segments=2), region=recipes.pack(region))
        labels = recipe.run(scenes.circles(2).image).labels
        np.testing.assert_array_equal(labels > 0, region)
        assert labels.max() == 2


def test_seeds_are_honoured():
    scene = scenes.circles(4)
    seeds = np.zeros(scene.mask.shape, np.int32)
    seeds[28, 24], seeds[67, 58] = 2, 1
    recipe = Recipe(CutSettings(), seeds=recipes.pack(seeds))
    labels = recipe.run(scene.image, scene.mask).labels
    assert (labels[28, 24], labels[67, 58]) == (2, 1)
    assert labels.max() == 2


def test_the_script_makes_the_same_labels_from_the_same_files(tmp_path):
    scene = scenes.circles(4)
    np.save(tmp_path / "image.npy", scene.image)
    write_labels(tmp_path / "mask.tif", scene.mask.astype(np.uint8))
    recipe = Recipe(SplitSettings(), "image.npy", "mask.tif")
    automatic = recipe.run(scene.image, scene.mask).labels
    corrected = np.where(automatic == 3, 0, automatic)
    recipe = Recipe(
        SplitSettings(),
        "image.npy",
        "mask.tif",
        corrections=recipes.difference(automatic, corrected),
    )
    (tmp_path / "again.py").write_text(recipes.script(recipe, "labels.tif"))
    subprocess.run([sys.executable, "again.py"], cwd=tmp_path, check=True)
    np.testing.assert_array_equal(read_labels(tmp_path / "labels.tif").data, corrected)


def test_the_script_is_plain_python():
    code = recipes.script(Recipe(SplitSettings(), "it's an image.tif", None))
    compile(code, "script", "exec")
    assert json.loads(code.split('r"""')[1].split('"""')[0])["mode"] == "split"
