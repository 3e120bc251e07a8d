"""The names of `napari_ncut.objects.object_cut`, where scripts look for them."""

from napari_ncut.objects.object_cut import (
    Cutter,
    Evidence,
    Known,
    click_seeds,
    connected_to_seeds,
    new_session,
)

__all__ = [
    "Cutter",
    "Evidence",
    "Known",
    "click_seeds",
    "connected_to_seeds",
    "new_session",
]
