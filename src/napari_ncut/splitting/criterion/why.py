"""Why a part is one object, or several: the terms that spoke most, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ncut.splitting.criterion.model import Model
from napari_ncut.splitting.criterion.nodes import NAMES

# What a term says of two parts, as in "the neck between the parts is 0.42 of their widths".
OF_PAIR = {
    "neck": "the neck is {:.2f} of the widths of its sides",
    "neck_to_narrower": "the neck is {:.2f} of the width of the narrower side",
    "neck_to_wider": "the neck is {:.2f} of the width of the wider side",
    "border_to_widths": "the border is {:.2f} as long as its sides are wide",
    "notches": "the notches leave {:.2f} of the chord",
    "border_to_chord": "the border is {:.2f} as long as the chord",
    "gain": "together the sides are {:.2f} times as elliptic",
    "sizes": "the smaller side is {:.2f} of the larger",
    "widths": "the narrower side is {:.2f} as wide as the other",
    "distance": "the sides are {:.2f} of their widths apart",
    "border_to_neck": "the border is {:.2f} times as long as the neck is wide",
    "least_ellipticity": "the less elliptic side fills {:.2f} of its ellipse",
    "most_ellipticity": "the more elliptic side fills {:.2f} of its ellipse",
    "least_elongation": "the rounder side is {:.2f} times as long as round",
    "most_elongation": "the longer side is {:.2f} times as long as round",
    "least_fill": "a disc fills {:.2f} of the side that it fills least",
    "most_fill": "a disc fills {:.2f} of the side that it fills most",
    "both_ellipticity": "both fill {:.2f} of their ellipse",
    "both_elongation": "both are {:.2f} times as long as round",
    "both_fill": "a disc fills {:.2f} of both",
    "slope": "the widths fall without a rise (1) or rise again (0): {:.0f}",
    "likeness": "neck, notches and shape together are {:.2f}",
    "step": "the image steps by {:.2f} across the border",
    "contrast_to_texture": "the sides differ by {:.1f} of what texture explains",
    "contrast": "the sides differ in brightness by {:.1f} deviations",
    "dip_by_length": "the border is darker than the sides by {:.2f}, weighed by its length",
    "dip": "the border is darker than the sides by {:.2f} deviations",
    "dip_below_both": "the border is darker than the darker side by {:.2f} deviations",
    "ridge": "a line on the border is {:.2f} of what noise can show",
    "difference": "the sides differ in brightness by {:.2f}",
    "deviation": "brightness varies by {:.2f} of that within the sides",
}
OF_NODE = {
    "ellipticity": "it fills {:.2f} of its ellipse",
    "elongation": "it is {:.2f} times as long as round",
    "fill": "a disc fills {:.2f} of it",
    "fragments": "it has {:.0f} fragments",
    "share": "it is {:.2f} of its blob",
    "other_ellipticity": "what is beside it fills {:.2f} of its ellipse",
    "other_elongation": "what is beside it is {:.2f} times as long as round",
    "other_fill": "a disc fills {:.2f} of what is beside it",
    "other_width": "what is beside it is {:.2f} times as wide",
    "other_size": "what is beside it is {:.2f} times as large",
}
WHERE = {"division": "where it would be cut, ", "join": "where it touches another part, "}


@dataclass(frozen=True)
class Reason:
    """One term of a judgement.

    Parameters
    ----------
    term : str
        Its name, one of `criterion.nodes.NAMES`.
    value : float
        Its value.
    weight : float
        What it adds to the log-odds of one object: above 0 it speaks for one, below for several.
    """

    term: str
    value: float
    weight: float

    @property
    def fact(self) -> str:
        """What is so, in words."""
        kind, _, name = self.term.partition("_")
        place, words = "", OF_NODE.get(self.term)
        if words is None:
            place, words = WHERE[kind], OF_PAIR[name]
        return f"{place}{words.format(self.value)}"

    @property
    def text(self) -> str:
        """The reason in words: what is so, and for what it speaks."""
        return f"{self.fact} ({'for one object' if self.weight > 0 else 'for several'})"


def reasons(model: Model, terms: NDArray[np.float32], n: int = 3) -> list[Reason]:
    """Return the terms that spoke most about one part, the strongest first.

    Parameters
    ----------
    model : Model
        That has judged it.
    terms : ndarray of float32, shape (len(NAMES),)
        What it knew.
    n : int
        How many.
    """
    weight = model.node.contributions(terms)
    order = np.argsort(-np.abs(weight), kind="stable")
    told = [k for k in order.tolist() if math.isfinite(terms[k]) and weight[k] != 0.0]
    return [Reason(NAMES[k], float(terms[k]), float(weight[k])) for k in told[:n]]
