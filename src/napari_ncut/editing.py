"""The names of `napari_ncut.objects.edits`, where scripts look for them."""

from napari_ncut.objects.edits import (
    Change,
    Edit,
    Frame,
    NoNumberLeft,
    Region,
    delete_edit,
    free_numbers,
    merge_edit,
    piece_at,
    recut_edit,
    split_edit,
    whole_object,
    wider_dtype,
)

__all__ = [
    "Change",
    "Edit",
    "Frame",
    "NoNumberLeft",
    "Region",
    "delete_edit",
    "free_numbers",
    "merge_edit",
    "piece_at",
    "recut_edit",
    "split_edit",
    "whole_object",
    "wider_dtype",
]
