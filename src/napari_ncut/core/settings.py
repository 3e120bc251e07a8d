"""The settings of a run: one frozen dataclass a mode.

The API, the widget, the command line, presets and provenance all read these fields and defaults,
so a new setting is added here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CutSettings:
    """Settings of `napari_ncut.normalized_cut`.

    Parameters
    ----------
    n_segments : int
        Number of segments.
    beta : float
        Sensitivity to edges: how strongly a difference of intensity weakens the link of two pixels.
    connectivity : int
        1 links pixels that share a face, ``ndim`` those that share a corner too.
    min_size : float
        Connected components smaller than this (area or volume in the units of ``spacing``)
        do not count as segments and keep a label of their own.
    random_state : int
        Seed of all that is random.

    Examples
    --------
    >>> from napari_ncut import CutSession, CutSettings, scenes
    >>> scene = scenes.circles(4)
    >>> session = CutSession(scene.image, scene.mask)
    >>> int(session.cut(CutSettings(n_segments=4)).labels.max())
    4
    """

    n_segments: int = 2
    beta: float = 0.25
    connectivity: int = 1
    min_size: float = 0.0
    random_state: int = 0


@dataclass(frozen=True)
class SplitSettings:
    """Settings of `napari_ncut.split_touching`.

    Parameters
    ----------
    neck : float
        How readily objects are split: necks with a ratio below this are cut; 0 never splits, 1
        splits at the slightest waist.
    min_size : float
        Pieces smaller than this (area or volume in the units of ``spacing``) are merged into the
        neighbour with the widest contact.
    beta : float
        Sensitivity to edges: how much the image counts beside the shape.
    connectivity : int
        1 links pixels that share a face, ``ndim`` those that share a corner too.
    max_hole : float, optional
        Holes up to this (area or volume in the units of ``spacing``) are no edges of an object; by
        default each is judged by what is around it.
    drop_small : float
        Objects smaller than this (area or volume in the units of ``spacing``) are dropped.
    drop_large : float, optional
        So are those that are larger than this.
    drop_border : bool
        So are those that touch the border of the image.
    keep_labels : bool
        Labels that are not split keep their numbers.
    taught : tuple of float
        What a review has taught, see `napari_ncut.splitting.criterion.teach`; empty is nothing.

    Examples
    --------
    >>> from dataclasses import asdict
    >>> from napari_ncut import SplitSettings, scenes, split_touching
    >>> scene = scenes.circles(4)
    >>> int(split_touching(scene.mask, **asdict(SplitSettings(neck=0.8))).max())
    4
    """

    neck: float = 0.74
    min_size: float = 0.0
    beta: float = 0.25
    connectivity: int = 1
    max_hole: float | None = None
    drop_small: float = 0.0
    drop_large: float | None = None
    drop_border: bool = False
    keep_labels: bool = False
    taught: tuple[float, ...] = ()
