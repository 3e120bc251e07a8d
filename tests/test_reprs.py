"""Public objects tell what they are in a line."""

import napari_ncut
from napari_ncut import scenes


def test_public_objects_tell_what_they_are_in_a_line():
    scene = scenes.circles(4)
    session = napari_ncut.CutSession(scene.image, scene.mask)
    cut = session.cut(napari_ncut.CutSettings(n_segments=4))
    tree = napari_ncut.split_tree(scene.mask)
    recipe = napari_ncut.Recipe(napari_ncut.SplitSettings(neck=0.5), "a.tif", corrections="x" * 999)
    wanted = {
        repr(scene): "<Scene of 100 x 100: 4 objects>",
        repr(session): "<CutSession of 100 x 100: 2678 pixels to cut>",
        repr(cut): f"<Cut of 100 x 100 into 4: normalised cut {cut.ncut:.4g}>",
        repr(tree): "<SplitTree of 100 x 100: 4 fragments, 3 splits>",
        repr(tree.splits(0)): "<Splits: none>",
    }
    assert list(wanted) == list(wanted.values())
    assert repr(tree.splits(0.8)).startswith("<Splits: 3, neck ratios 0.")
    assert "neck=0.5" in repr(recipe)
    assert "image='a.tif'" in repr(recipe)
    assert len(repr(recipe)) < 700
