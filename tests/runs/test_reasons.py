"""The reasons of a result, as its metadata hold them."""

import json

import numpy as np
import pytest

from napari_ncut import scenes
from napari_ncut.core.monitor import Cancelled, Monitor
from napari_ncut.core.settings import SplitSettings
from napari_ncut.objects.review import necks
from napari_ncut.runs import reasons
from napari_ncut.runs.reasons import reasons_of
from napari_ncut.runs.stacks import Source, StackSession

USUAL = SplitSettings()


def split(mask, settings=USUAL, **kwargs):
    source = Source(None, mask, 2, (1.0,) * 2, False)
    return StackSession().run(source, settings, **kwargs)


def told(result, settings=USUAL, decisions=None):
    found = reasons_of(result, settings.neck, settings.min_size, decisions or {}, Monitor())
    return json.loads(json.dumps(found))


def test_every_object_and_every_split_has_three_sentences():
    result = split(scenes.circles(4).mask)
    (frame,) = told(result)
    assert frame["frame"] == []
    assert sorted(frame["objects"]) == ["1", "2", "3", "4"]
    tree = result.trees[()]
    splits = tree.splits(USUAL.neck)
    assert len(frame["splits"]) == len(splits) == 3
    for one in frame["splits"]:
        (k,) = np.flatnonzero((splits.position == one["position"]).all(axis=1))
        assert one["ratio"] == splits.ratio[k]
        assert one["labels"] == splits.labels[k].tolist()
        assert one["why"] == [reason.text for reason in tree.why(int(splits.row[k]))]
    for label, sentences in frame["objects"].items():
        pixel = np.argwhere(result.labels == int(label))[0]
        own, _ = tree.why_object(tuple(pixel), USUAL.neck)
        assert sentences == [reason.text for reason in own]
        assert len(sentences) == 3


def test_labels_are_those_that_are_shown():
    mask = scenes.circles(4).mask.astype(np.int32) * 7
    mask[2:5, 2:5] = 3
    settings = SplitSettings(drop_small=20, keep_labels=True)
    result = split(mask, settings)
    (frame,) = told(result, settings)
    assert set(map(int, frame["objects"])) == set(np.unique(result.labels)) - {0}
    for one in frame["splits"]:
        assert set(one["labels"]) <= set(np.unique(result.labels))


def test_frames_and_empty_frames_and_what_a_review_decided():
    mask = np.stack([scenes.circles(2).mask, np.zeros((100, 100), bool)])
    tree = split(mask).trees[(0,)]
    decided = {(0,): {tuple(necks(tree)[0].tolist()): False}}
    result = split(mask, decisions=decided)
    # An empty frame has nothing to explain.
    (first,) = told(result, decisions=decided)
    assert first["frame"] == [0]
    assert list(first["objects"]) == ["1"]
    assert first["splits"] == []


def test_of_many_the_nearest_to_the_threshold_are_told(monkeypatch):
    monkeypatch.setattr(reasons, "MOST", 5)
    scene = scenes.field(60, size=400, radius=(10, 14))
    result = split(scene.mask)
    (frame,) = told(result)
    assert len(frame["objects"]) == len(frame["splits"]) == 5
    every = np.abs(result.trees[()].splits(USUAL.neck).ratio - USUAL.neck)
    assert max(abs(s["ratio"] - USUAL.neck) for s in frame["splits"]) <= np.sort(every)[4]


def test_it_can_be_cancelled():
    result = split(scenes.circles(4).mask)
    with pytest.raises(Cancelled):
        reasons_of(result, 0.7, 0.0, {}, Monitor(cancelled=lambda: True))
