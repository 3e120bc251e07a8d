"""The rows of the Graph cut form: what there is to choose, and what each does in words."""

from __future__ import annotations

MODES = (("Split touching objects", "split"), ("Cut into N", "cut"))
FOREGROUND = (("mask layer", "mask"), ("what is bright", "bright"), ("what is dark", "dark"))
METHOD = (("Otsu", "otsu"), ("Li", "li"), ("triangle", "triangle"))
REGIONS = (
    ("whole image", "whole"),
    ("current slice", "current"),
    ("selected label", "label"),
    ("inside shapes", "shapes"),
    ("current view", "view"),
)

RESOLUTIONS = (("full, by parts", "full"), ("in memory", "level"))

# Every control: its label, and what it does in the user's words.
ROWS = {
    "mode": (
        "Mode",
        "Split touching objects: every blob of the mask falls into its objects, however many "
        "there are.\nCut into N: the mask, or the whole image, is cut into a given number of "
        "segments.",
    ),
    "image": ("Image", "The picture. Dark lines and steps of brightness guide the cut."),
    "foreground": (
        "Foreground",
        "Where the objects are: a mask layer, or what is brighter or darker than a threshold.",
    ),
    "mask": (
        "Mask",
        "A Labels layer, or an image that holds a mask or labels: only what is inside is cut.\n"
        "Splitting never merges two labels.",
    ),
    "method": (
        "Method",
        "How the threshold is found: by Otsu, by Li (faint objects), or by the triangle (few "
        "objects on a large background).",
    ),
    "smoothing": (
        "Smoothing",
        "The image is smoothed before it is thresholded: standard deviation of the Gaussian, in "
        "the units of the layer's scale.\n0: not at all.",
    ),
    "window": (
        "Local mean",
        "Each pixel is held against the mean around it, so that an uneven background does not "
        "matter: standard deviation of the Gaussian, some diameters of an object, in the units of "
        "the layer's scale.\n0: one threshold holds everywhere.",
    ),
    "threshold": (
        "Threshold",
        "Pixels on one side of it are objects. It starts where Method finds it.",
    ),
    "pixel_size": (
        "Pixel size",
        "Along the axes that are cut together, the last one being x. It is the scale of the "
        "layers: what you type here becomes their scale.",
    ),
    "spatial_ndim": (
        "Data",
        "Planes: every plane is cut on its own, as in a movie.\n"
        "Volume: the last three axes are cut together.",
    ),
    "frames": ("Frames", "Whether every frame is done, or only the one you see."),
    "region": (
        "Region",
        "Where to work. Outside, the labels of the mask stay as they are.\n"
        "Selected label: the one that is selected in the mask layer.",
    ),
    "resolution": (
        "Resolution",
        "Of data that are too large for memory.\n"
        "Full, by parts: all of it is split, part by part, into an OME-Zarr that you choose.\n"
        "In memory: the finest level of the pyramid that fits into memory.",
    ),
    "shapes": ("Shapes", "The Shapes layer whose inside is the region."),
    "neck": (
        "Neck",
        "How readily objects are split: necks with a ratio below this are cut.\n"
        "Higher: more splits. 0 never splits.",
    ),
    "min_size": (
        "Min. size",
        "Smaller pieces (area or volume, in the units of the layer's scale) are merged with "
        "their neighbour.\nNo pixel is deleted.",
    ),
    "n_segments": ("Segments", "How many segments."),
    "seeds": (
        "Seeds",
        "Objects given by hand: a point each, or a scribble each in its own colour.\n"
        "Several points of one object: give them the same number in a features column 'object'.",
    ),
    "beta": (
        "Sensitivity",
        "Sensitivity to edges (beta): how strongly a step of brightness attracts the cut.\n"
        "0: only the shape counts.",
    ),
    "connectivity": (
        "Neighbours",
        "Which pixels are linked: those that share a face, or a corner too (smoother borders, "
        "slower).",
    ),
    "more": ("", "Show the settings that are needed less often."),
    "max_hole": (
        "Holes",
        "judged: whether a hole of the mask lies inside an object, or is a gap between several, is "
        "told by what is around it.\nA size (area or volume, in the units of the layer's scale): "
        "holes up to it lie inside an object, larger ones are gaps.\n0: all are gaps, as in dense "
        "colonies of bacteria.\nHoles are background in the result.",
    ),
    "drop_small": (
        "Drop below",
        "Objects smaller than this (area or volume, in the units of the layer's scale) are left "
        "out of the result.",
    ),
    "drop_large": (
        "Drop above",
        "Objects larger than this (area or volume, in the units of the layer's scale) are left out "
        "of the result.",
    ),
    "drop_border": ("", "Objects that touch the border of the image are left out of the result."),
    "keep_labels": (
        "",
        "Labels of the mask that are not split keep their numbers; the parts of the others have "
        "numbers above all of them.",
    ),
    "preview": ("", "Show the result while you turn the settings. Run keeps it."),
}
