"""What a file says about the size of its pixels, and what that is worth.

What it says for all axes is used. What it says for some is not mixed with 1: an axis of which
nothing is said is taken to be as the others, if these are alike, and that is said. Dots per inch
tell how a picture was scanned or is printed, not how large things are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

from napari_ncut.core.validation import LARGEST_PIXEL, SMALLEST_PIXEL

# Names of the micrometre in files of ImageJ and OME; the escape is ImageJ's own.
MICROMETRE = {"um", "µm", "μm", "micron", "microns", "\\u00B5m"}
MICROMETRE |= {"micrometer", "micrometers", "micrometre", "micrometres"}
IN_MICROMETRES = {
    "pm": 1e-6,
    "Å": 1e-4,
    "angstrom": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "µm": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "inch": 25400.0,
    "in": 25400.0,
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
}
IN_SECONDS = {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "msec": 1e-3, "s": 1.0, "sec": 1.0}
IN_SECONDS |= {
    "second": 1.0,
    "seconds": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "d": 86400.0,
}
# What OME writes where there is no length.
NO_LENGTH = {"pixel", "pixels", "reference frame", ""}
# No office scanner reaches this many dots an inch, every microscope goes beyond.
MOST_DOTS = 8000
# Sizes that differ by less than this part are the same, written with few digits.
SAME = 0.01


@dataclass(frozen=True)
class PixelSize:
    """What a file says about the size of its pixels.

    Parameters
    ----------
    sizes : mapping of str to float
        By axis letter, those that it says something useful of.
    unit : str, optional
        Unit of all of them.
    source : str
        Where in the file that stands.
    note : str
        What else there is to know, such as why a number was not taken.
    is_doubtful : bool
        Whether it says something that can not be used: a person has to tell.
    """

    sizes: Mapping[str, float]
    unit: str | None = None
    source: str = ""
    note: str = ""
    is_doubtful: bool = False

    def along(self, axes: str) -> tuple[tuple[float, ...] | None, str, bool]:
        """Return the pixel size along axes, what there is to know of it, and whether to ask."""
        told = {axis: self.sizes[axis] for axis in axes if axis in self.sizes}
        if not told:
            return None, self.note, self.is_doubtful
        missing = [axis.lower() for axis in axes if axis not in told]
        if not missing:
            return tuple(told[axis] for axis in axes), self.note, False
        words = " and ".join(f"{size:.6g} for {axis.lower()}" for axis, size in told.items())
        nothing = f"it says {words} and nothing for {' and '.join(missing)}"
        if max(told.values()) > (1 + SAME) * min(told.values()):
            return None, nothing, True
        size = told[max(told)]
        return (size,) * len(axes), f"{nothing}, which is taken to be {size:.6g} too", False


NOTHING = PixelSize({})


def unit_name(unit: Any) -> str | None:
    """Return a unit by its usual name; None for none."""
    name = str(unit).strip() if unit is not None else ""
    if name.casefold() in NO_LENGTH | {"none", "null"}:
        return None
    if name.casefold() in {word.casefold() for word in MICROMETRE}:
        return "µm"
    return name


def usable(size: Any) -> float | None:
    """Return a size as a number, or None if it can be none: 0, negative, NaN, or out of range."""
    try:
        number = float(size)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if SMALLEST_PIXEL <= number <= LARGEST_PIXEL else None


def in_one_unit(
    sizes: Mapping[str, Any], units: Mapping[str, str | None], source: str
) -> PixelSize:
    """Return sizes of the axes in one unit: that of all of them, or else micrometres.

    Sizes without a unit of length do not count beside such with one.
    """
    wrong = [axis for axis in sizes if usable(sizes[axis]) is None]
    good = {axis: float(sizes[axis]) for axis in sizes if axis not in wrong}
    note = ""
    if wrong:
        note = f"the size of {' and '.join(a.lower() for a in wrong)} is no length and not used"
    known = {axis for axis in good if units.get(axis) is not None}
    if known:
        good = {axis: good[axis] for axis in good if axis in known}
    kinds = {units.get(axis) for axis in good}
    if len(kinds) <= 1:
        return PixelSize(good, next(iter(kinds), None), source, note)
    if kinds <= IN_MICROMETRES.keys():
        scale = {axis: IN_MICROMETRES[str(units[axis])] for axis in good}
        return PixelSize({a: size * scale[a] for a, size in good.items()}, "µm", source, note)
    names = ", ".join(f"{axis.lower()} in {units[axis]}" for axis in good)
    note = f"its sizes have units that do not go together ({names})"
    return PixelSize({}, None, source, note, is_doubtful=True)


def ome_pixel_size(xml: str) -> PixelSize:
    """Return the sizes in an OME header; a unit that is not named is the micrometre."""
    pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    if pixels is None:
        return NOTHING
    sizes: dict[str, Any] = {}
    units: dict[str, str | None] = {}
    for axis in "ZYX":
        size = pixels.get(f"PhysicalSize{axis}")
        if size is not None:
            sizes[axis] = size
            units[axis] = unit_name(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    if not sizes:
        return NOTHING
    found = in_one_unit(sizes, units, "OME")
    # Pixels are what labels are written in where nothing is known but the proportions.
    return found if found.unit or not found.sizes else PixelSize(found.sizes, "pixel", "OME")


def ome_origin(xml: str) -> dict[str, float]:
    """Return where the first plane of an OME header lies, in micrometres."""
    plane = ElementTree.fromstring(xml).find(".//{*}Pixels/{*}Plane")
    found = {}
    for axis in "ZYX" if plane is not None else "":
        assert plane is not None
        place = finite(plane.get(f"Position{axis}"))
        unit = unit_name(plane.get(f"Position{axis}Unit"))
        if place is not None and unit in IN_MICROMETRES:
            found[axis] = place * IN_MICROMETRES[unit]
    return found


def imagej_origin(metadata: Mapping[str, Any], sizes: Mapping[str, float]) -> dict[str, float]:
    """Return where the first pixel lies by ImageJ, which says which pixel lies at 0."""
    pixels = {axis: finite(metadata.get(f"{axis.lower()}origin")) for axis in sizes}
    return {axis: -number * sizes[axis] for axis, number in pixels.items() if number is not None}


def finite(value: Any) -> float | None:
    """Return a number that may be 0 or negative, or None if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) <= LARGEST_PIXEL else None


def ome_interval(xml: str) -> float | None:
    """Return the seconds between two frames in an OME header."""
    pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    if pixels is None:
        return None
    return seconds(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"))


def seconds(value: Any, unit: Any) -> float | None:
    """Return a time in seconds, or None if it is none."""
    number = usable(value)
    factor = IN_SECONDS.get(str(unit).strip())
    return None if number is None or factor is None else number * factor


def resolution(tags: Any) -> tuple[dict[str, float], str]:
    """Return the length of a pixel by the resolution tags of a TIFF page, and the tag's unit."""
    sizes = {}
    for axis, name in (("Y", "YResolution"), ("X", "XResolution")):
        if name in tags:
            pixels, length = tags[name].value
            if pixels and length:
                sizes[axis] = float(Fraction(length, pixels))
    unit = int(tags["ResolutionUnit"].value) if "ResolutionUnit" in tags else 2
    return sizes, {2: "inch", 3: "cm"}.get(unit, "")


def printed_pixel_size(sizes: Mapping[str, float], unit: str, source: str) -> PixelSize:
    """Return what sizes in inches or centimetres are worth.

    They are dots of a scanner or a printer unless they are too small for that; in centimetres also
    where they are no round number of dots an inch.
    """
    if not sizes:
        return NOTHING
    dots = 25400 / (max(sizes.values()) * IN_MICROMETRES[unit])
    is_round = any(math.isclose(dots, step * round(dots / step), rel_tol=1e-3) for step in (12, 50))
    if dots < MOST_DOTS and (unit == "inch" or is_round):
        return PixelSize({}, None, source, f"{dots:.4g} dots an inch are no size of what it shows")
    return in_one_unit(
        {axis: size * IN_MICROMETRES[unit] for axis, size in sizes.items()},
        dict.fromkeys(sizes, "µm"),
        source,
    )


def imagej_pixel_size(metadata: Mapping[str, Any], tags: Any) -> PixelSize:
    """Return the sizes that ImageJ takes from its description and the resolution tags."""
    lengths, printed = resolution(tags)
    sizes: dict[str, Any] = dict(lengths)
    unit = unit_name(metadata.get("unit"))
    if unit in ("inch", "in", "cm") or (unit is None and printed):
        found = printed_pixel_size(sizes, "cm" if "cm" in (unit, printed) else "inch", "ImageJ")
        if not found.sizes or "spacing" not in metadata:
            return found
        factor = IN_MICROMETRES.get(unit or printed, 1.0)
        depth = finite(metadata["spacing"])
        if not depth:
            return found
        return PixelSize({**found.sizes, "Z": abs(depth) * factor}, "µm", "ImageJ")
    units: dict[str, str | None] = dict.fromkeys("ZYX", unit)
    for axis in "YZ":
        own = unit_name(metadata.get(f"{axis.lower()}unit"))
        units[axis] = own or unit
    if "spacing" in metadata:
        # ImageJ writes a negative spacing for stacks from below.
        number = finite(metadata["spacing"])
        sizes["Z"] = None if number is None else abs(number)
    plain = unit is None and all(size == 1.0 for size in sizes.values())
    if plain or not sizes:
        return NOTHING
    found = in_one_unit(sizes, units, "ImageJ")
    if found.unit is None and "unit" in metadata and found.sizes:
        return PixelSize(found.sizes, "pixel", "ImageJ", found.note)
    return found


def json_pixel_size(metadata: Mapping[str, Any], tags: Any) -> PixelSize:
    """Return the sizes in the JSON that tifffile writes: names as those of OME or of ImageJ."""
    sizes: dict[str, Any] = {}
    units: dict[str, str | None] = {}
    named = metadata.get("unit")
    if unit_name(named) is not None:
        sizes, _ = resolution(tags)
        if all(size == 1.0 for size in sizes.values()):
            sizes = {}
        units = dict.fromkeys(sizes, unit_name(named))
    if "spacing" in metadata:
        sizes["Z"], units["Z"] = metadata["spacing"], unit_name(named)
    for axis in "ZYX":
        if f"PhysicalSize{axis}" in metadata:
            sizes[axis] = metadata[f"PhysicalSize{axis}"]
            units[axis] = unit_name(metadata.get(f"PhysicalSize{axis}Unit", named or "µm"))
    return in_one_unit(sizes, units, "tifffile's JSON") if sizes else NOTHING
