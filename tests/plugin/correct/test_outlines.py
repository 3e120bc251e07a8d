"""Where parts end: lines in planes, surfaces in volumes."""

import numpy as np
import pytest

from napari_ncut.plugin.correct import outlines


def two_boxes():
    parts = np.zeros((4, 5, 8), np.int32)
    parts[:, :, :4], parts[:, :, 4:] = 1, 2
    return parts


def test_a_cut_through_a_box_is_a_sheet_with_one_rim():
    surface = outlines.cut_surface(two_boxes())
    assert len(surface.faces) == 4 * 5
    assert set(surface.axis.tolist()) == {2}
    assert (surface.corners[:, 2] == 3.5).all()
    # Around the sheet, two edges a corner.
    assert len(surface.rim) == 2 * (4 + 5)
    assert (np.bincount(surface.rim.ravel())[np.unique(surface.rim)] == 2).all()
    assert surface.corners[surface.rim].reshape(-1, 3).min(axis=0).tolist() == [-0.5, -0.5, 3.5]


def test_a_hull_is_closed():
    surface = outlines.hull_surface((two_boxes() == 1).astype(np.int32))
    assert len(surface.faces) == 2 * (4 * 5 + 4 * 4 + 5 * 4)
    assert len(surface.rim) == 0
    assert surface.corners.min(axis=0).tolist() == [-0.5, -0.5, -0.5]
    assert surface.corners.max(axis=0).tolist() == [3.5, 4.5, 3.5]


@pytest.mark.parametrize("find", [outlines.cut_surface, outlines.hull_surface])
def test_where_there_is_nothing_there_is_no_surface(find):
    surface = find(np.zeros((3, 4, 5), np.int32))
    assert len(surface.faces) == len(surface.rim) == 0


def test_large_objects_are_drawn_coarser_and_in_their_place():
    parts = np.ones((40, 300, 300), np.int32)
    parts[:, :, 150:] = 2
    surface = outlines.hull_surface(parts)
    assert 0 < len(surface.faces) <= outlines.MOST_FACES
    assert np.abs(surface.corners.max(axis=0) - (39.5, 299.5, 299.5)).max() < 8
    sheet = outlines.cut_surface(parts)
    assert np.abs(sheet.corners[:, 2] - 149.5).max() < 8


def test_an_outline_goes_around_an_object_and_its_holes():
    plane = np.ones((5, 5), np.int32)
    plane[2, 2] = 0
    edges = outlines.outline(plane)
    assert len(edges) == 2 * (4 * 5 + 4)
    assert edges.min() == 0
    assert edges.max() == 5


@pytest.mark.parametrize("size", [3, 40, 500])
def test_an_object_of_any_size_has_stripes(size):
    points = np.moveaxis(np.indices((size, size)), 0, -1)
    assert 0.3 < outlines.stripes(points, size).mean() < 0.7
