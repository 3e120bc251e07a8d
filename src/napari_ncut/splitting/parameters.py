"""Every tuned number of splitting, in one place: what it does and in what unit.

They are handed to whatever uses them, compiled loops included, so that a change here is a change
everywhere. All were fitted together, on the images and the generated scenes of
`docs/benchmarks.md`, by the agreement of the split objects with the true ones at the default
``neck``; where one was found otherwise, it says so. `VERSION` goes up with any change: a recipe
keeps it, and says so when it is run with another one.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 11


@dataclass(frozen=True)
class SplitParameters:
    """The numbers that splitting was fitted with.

    Lengths called *pixels* are in sides of a square (in volumes, a cube) as large as a pixel; those
    in *finest pixels* in the shortest side of a pixel. *Deviations* are standard deviations of the
    foreground.

    Parameters
    ----------
    hole_size : int
        Holes of so many pixels or fewer are closed before anything is known (`holes.close`).
    hole_asked : float
        The parts around a hole may be an object that is shattered, unless each of them is one
        object with this probability (`holes.shattered`).
    hole_sure, holes_sure : float
        Holes are closed in what they have shattered if it is one object with this probability when
        it is put together: one hole, and two or more. Chosen on training photographs with holes
        punched into them, and on the training scenes, where it costs neither .002.
    hole_certainty : float
        A hole is a gap if every part around it is one object with this probability.
    hole_parts : int
        A hole with more parts around it is a gap.
    hole_inside : float
        A hole is closed if it lies inside one object with this probability.
    hole_doubt : float
        Holes that were closed are opened again if the pixels of their blob lie in one object with
        so much more probability then, in the mean ...
    hole_crowd : int
        ... and the blob has so many parts or more (`holes.both_ways`). Chosen on the training
        scenes: the least of both that costs none of them anything.
    hole_object, hole_share : float
        A small hole is no gap if the part around it is one object with this probability, and small
        holes make up this share of it: there the mask is noisy. Chosen as ``hole_sure`` ...
    hole_ellipticity : float
        ... nor if it has this ellipticity. A disc has 1, three discs around a gap .9 to .98.
    smoothing : float
        The half-width is smoothed over this share of itself ...
    finest_smoothing, coarsest_smoothing : float
        ... but over so many pixels at least and at most: less leaves the steps of the raster in
        it, more blurs the necks.
    sharpness : float
        How much the local contrast of the half-width counts beside it (`local_contrast`).
    least_held : float
        A fragment that fills less of its own disc than this may be a spurious maximum ...
    junction_level : float
        ... and is one if two saddles lead out of it above this share of its height.
    rise : float
        A maximum that rises over its saddle by less than this share of its height is noise.
    roughness, roughness_pixels : float
        A fragment smaller than a disc of this share of the half-width beside it, and so many finest
        pixels, is the roughness of an edge.
    stray_size, stray_passes : int
        Detached pieces of a fragment of so many pixels or fewer go to the fragment beside them, in
        so many passes (`stray_pixels`).
    rim : float
        A pixel lies at the rim of its object up to this half-width, in finest pixels: the rim of a
        bright object is darker (`statistics`).
    rim_difference, certainty : float
        A difference between the rim and the middle tells nothing below so many deviations (real
        images have .25 and more), and so many standard errors.
    skewness : float
        Where the rim tells nothing, lines are bright if ridges are skewed to their side by more.
    near, far : float
        Sigmas of the two Gaussian means whose difference shows ridges, in finest pixels (`ridges`).
    ridge_floor : float
        Ridges below this are nothing, in deviations.
    ridge_share : float
        The share of the expected maximum of noise that counts as such.
    ridge_maximum_in_space : float
        In volumes the expected maximum is at most this: over a surface noise averages out.
    fewest_places : float
        There are at least so many places for a ridge in a fragment.
    ridge_limit : float
        No pixel shows more than this, in units of what noise can show.
    ridge : float
        Mean ridge on a border that says nothing, in those units.
    ridge_steepness, gradient_steepness : float
        How strongly a ridge and a gradient lower the half-width of a pixel, for each unit of beta.
    edge : float
        Sigma of the smoothed intensity whose gradient is taken, in finest pixels (`gradients`).
    surroundings : float
        Sigma of the mean gradient that is expected, in finest pixels.
    gradient_floor : float
        Least gradient that is expected, in deviations a finest pixel.
    ordinary, ordinary_in_space : float
        Expected maximum of noise at which the mean gradient is the unit, in 2-D and in 3-D.
    step : float
        Mean gradient across a border that says nothing, in units of what is expected ...
    step_inside : float
        ... times this for borders that gradients have made inside a basin of the half-width.
    short_border : float
        Length that every border is lengthened by as if it showed nothing, in finest pixels: a
        short one proves little.
    wall_near, wall_far : float
        Sigmas of the two Gaussian means whose difference shows walls, in finest pixels (`walls`).
        These and what follows were chosen on tissues that were drawn for it.
    wall_noise, wall_floor : float
        A wall shows so many times what white noise does, and so many deviations.
    wall_texture : float
        Ridges show so many times what they would if there were nothing but white noise ...
    wall_share : float
        ... and walls are so much of a tissue.
    wall_slope : float
        The half-width of a wall falls to 1/e while it shows so much more, in those units.
    wall_pieces : float
        A tissue falls by the image into so many times as many pieces as by its shape ...
    wall_cells : int
        ... and into so many pieces and cells ...
    wall_depth : float
        ... and its mean half-width is so many times that of its cells, and so many finest pixels.
    wall_deepest, wall_evidence : float
        Least product of the odds that its cells are one object each, of the ratio of the
        half-widths, up to the first number, of these odds over those of the cells with walls of
        the other side, bright or dark (of a texture they are alike), and ...
    wall_many : int
        ... of the square root of how many cells there are, up to this. Chosen so that no training
        photograph, no other training scene and no block of noise is taken for a tissue.
    least_share : float
        A part counts as so much of its blob, or more: of blobs of thousands of objects the
        criterion has learned nothing, and would think that none of them is one object.
    smoothest : float
        Least deviation of brightness within a part, in deviations of the foreground.
    """

    hole_size: int = 1
    hole_asked: float = 0.95
    hole_sure: float = 0.98
    holes_sure: float = 0.95
    hole_certainty: float = 0.9
    hole_parts: int = 8
    hole_inside: float = 0.8
    hole_doubt: float = 0.05
    hole_crowd: int = 6
    hole_object: float = 0.5
    hole_share: float = 0.005
    hole_ellipticity: float = 0.965
    smoothing: float = 0.08
    finest_smoothing: float = 0.7
    coarsest_smoothing: float = 1.4
    sharpness: float = 4.0
    least_held: float = 0.5
    junction_level: float = 0.65
    rise: float = 0.02
    roughness: float = 0.06
    roughness_pixels: float = 0.6
    stray_size: int = 16
    stray_passes: int = 4
    rim: float = 1.5
    rim_difference: float = 0.2
    certainty: float = 5.0
    skewness: float = 0.2
    near: float = 1.0
    far: float = 3.0
    ridge_floor: float = 0.22
    ridge_share: float = 0.4
    ridge_maximum_in_space: float = 2.0
    fewest_places: float = 3.4
    ridge_limit: float = 8.0
    ridge: float = 1.0
    ridge_steepness: float = 0.8
    gradient_steepness: float = 1.6
    edge: float = 1.2
    surroundings: float = 6.0
    gradient_floor: float = 0.02
    ordinary: float = 2.0
    ordinary_in_space: float = 0.5
    step: float = 0.48
    step_inside: float = 1.5
    short_border: float = 11.0
    wall_near: float = 1.4
    wall_far: float = 4.2
    wall_noise: float = 3.0
    wall_floor: float = 0.08
    wall_texture: float = 1.15
    wall_share: float = 0.06
    wall_slope: float = 3.0
    wall_pieces: float = 3.0
    wall_cells: int = 10
    wall_depth: float = 3.0
    wall_deepest: float = 25.0
    wall_evidence: float = 650.0
    wall_many: int = 40
    least_share: float = 0.0025
    smoothest: float = 0.25


DEFAULT = SplitParameters()
