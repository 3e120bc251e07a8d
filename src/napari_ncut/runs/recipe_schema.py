"""What the fields of a recipe may be: recipes come from other people's files.

Every field has a type, a range and a form, which are checked here and nowhere else. What is no
field of a recipe is left out, and `unknown_fields` names it.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any

from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.core.validation import (
    HIGHEST_LABEL,
    HIGHEST_SEED,
    LARGEST_PIXEL,
    SMALLEST_PIXEL,
    beta_value,
    integer,
    real,
    shown,
    size_value,
)
from napari_ncut.io.mask import FOREGROUND
from napari_ncut.splitting.criterion.teach import HEAVIEST, N_WEIGHTS

SCHEMA = 1
MODES: dict[str, type[CutSettings] | type[SplitSettings]] = {
    "split": SplitSettings,
    "cut": CutSettings,
}
# What results hold beside the recipe: the outcome, and what the window keeps of a layer.
BESIDE = {"schema", "mode", "n_segments", "ncut", "seconds", "doubtful", "batch", "numbers"}
BESIDE |= {"paths", "automatic", "shown"}


LONGEST_PATH = 4096
LONGEST_NAME = 64
MOST_STATISTICS = 256
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+!_-]{0,63}", re.ASCII)
AXES = re.compile(r"[TZYXCS]{2,5}")
IDENTIFIER = re.compile(r"[A-Za-z_][0-9A-Za-z_]{0,63}", re.ASCII)

Check = Callable[[Any, str], Any]


def checked(values: Any) -> dict[str, Any]:
    """Return the fields of a recipe in plain values, each checked.

    Parameters
    ----------
    values : mapping
        What JSON gives; other keys than those of a recipe are left out.

    Returns
    -------
    dict
        The arguments of a `Recipe`.

    Raises
    ------
    ValueError
        If a field is missing or not as it must be.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"it is {shown(values)}, not a mapping of names to values")
    number = _integer(values.get("schema", 1), "schema", 1)
    if number > SCHEMA:
        raise ValueError(
            f"schema is {shown(number)}: a newer napari-ncut wrote it, this one reads up to "
            f"{SCHEMA}; update napari-ncut"
        )
    mode = values.get("mode")
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(f"mode is {shown(mode)}, not one of {', '.join(MODES)}")
    result = {name: check(values[name], name) for name, check in FIELDS.items() if name in values}
    return result | {"settings": settings(MODES[mode], values.get("settings"))}


def settings(
    kind: type[CutSettings] | type[SplitSettings], values: Any
) -> CutSettings | SplitSettings:
    """Return checked settings of a kind; those that are not given have their defaults."""
    if not isinstance(values, Mapping):
        raise ValueError(f"settings is {shown(values)}, not a mapping of names to values")
    hints = typing.get_type_hints(kind)
    given = {
        field.name: (SETTINGS.get(field.name) or _of_type(hints[field.name]))(
            values[field.name], field.name
        )
        for field in fields(kind)
        if field.name in values
    }
    return kind(**given)


def unknown_fields(values: Any) -> list[str]:
    """Return what is left out of a recipe: the names of its fields that are none, as shown."""
    if not isinstance(values, Mapping):
        return []
    unknown = [name for name in values if name not in {*FIELDS, *BESIDE, "settings"}]
    kind = MODES.get(str(values.get("mode")))
    given = values.get("settings")
    if kind is not None and isinstance(given, Mapping):
        known = {field.name for field in fields(kind)}
        unknown += [f"settings.{name}" for name in given if name not in known]
    return [shown(name) for name in unknown]


def _integer(value: Any, name: str, low: int | None = None, high: int | None = None) -> int:
    return int(_told(partial(integer, low=low, high=high), value, name))


def _real(value: Any, name: str, low: float = -1.7e308, high: float = 1.7e308) -> float:
    return float(_told(partial(real, low=low, high=high), value, name))


def _told(check: Check, value: Any, name: str) -> Any:
    """Return a checked value; a wrong type is a wrong value here."""
    try:
        return check(value, name)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _boolean(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {shown(value)}; wanted true or false")
    return value


def _text(value: Any, name: str, longest: int | None = None) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}; wanted a text")
    if longest is not None and len(value) > longest:
        raise ValueError(f"{name} has {len(value)} characters; wanted at most {longest}")
    return value


def _like(form: re.Pattern[str], value: Any, name: str, wanted: str) -> str:
    if not form.fullmatch(_text(value, name, LONGEST_NAME)):
        raise ValueError(f"{name} is {shown(value)}; wanted {wanted}")
    return str(value)


def _or_none(check: Check) -> Check:
    return lambda value, name: None if value is None else check(value, name)


def _list(value: Any, name: str, longest: int | None = None) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{name} is {shown(value)}; wanted a list")
    if longest is not None and len(value) > longest:
        raise ValueError(f"{name} has {len(value)} items; wanted at most {longest}")
    return list(value)


def _spacing(value: Any, name: str) -> tuple[float, ...]:
    sizes = _list(value, name, 3)
    if not sizes:
        raise ValueError(f"{name} is empty; wanted a number an axis")
    return tuple(_real(size, name, SMALLEST_PIXEL, LARGEST_PIXEL) for size in sizes)


def _frames(value: Any, name: str) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(_integer(i, name, 0, HIGHEST_LABEL) for i in _list(frame, name, 8))
        for frame in _list(value, name)
    )


def _statistics(value: Any, name: str) -> dict[str, Any]:
    """Return numbers by name, or lists of them: of each channel."""
    if not isinstance(value, Mapping) or len(value) > MOST_STATISTICS:
        raise ValueError(f"{name} is {shown(value)}; wanted numbers by name")
    for key in value:
        if not isinstance(key, str) or not IDENTIFIER.fullmatch(key):
            raise ValueError(f"{name} has the name {shown(key)}; wanted a word")
    return {key: _number(item, f"{name}.{key}") for key, item in value.items()}


def _number(value: Any, name: str) -> Any:
    if isinstance(value, (list, tuple)):
        return [_number(item, name) for item in _flat(value, name)]
    if value is None or isinstance(value, bool):
        return value
    return value if type(value) is int and abs(value) <= HIGHEST_LABEL else _real(value, name)


def _flat(value: Any, name: str) -> list[Any]:
    items = _list(value, name, MOST_STATISTICS)
    if any(isinstance(item, (list, tuple)) for item in items):
        raise ValueError(f"{name} is {shown(value)}; wanted a list of numbers")
    return items


def _of_type(hint: Any) -> Check:
    """Return the check of a setting that has no range of its own, by its type."""
    if isinstance(hint, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return _or_none(_of_type(kinds[0]))
    checks: dict[Any, Check] = {
        bool: _boolean,
        int: partial(_integer, low=0, high=HIGHEST_LABEL),
        float: _real,
        str: partial(_text, longest=LONGEST_NAME),
    }
    return checks[hint]


def _weights(value: Any, name: str) -> tuple[float, ...]:
    """Return weights that were taught: all of them, or none."""
    if not isinstance(value, (list, tuple)) or len(value) not in (0, N_WEIGHTS):
        raise ValueError(f"{name} is {shown(value)}; wanted {N_WEIGHTS} numbers, or none")
    return tuple(_real(weight, name, low=-HEAVIEST, high=HEAVIEST) for weight in value)


SETTINGS: dict[str, Check] = {
    "n_segments": partial(_integer, low=1, high=HIGHEST_LABEL),
    "beta": lambda value, name: _told(lambda v, _: beta_value(v), value, name),
    "connectivity": partial(_integer, low=1, high=3),
    "min_size": lambda value, name: _told(lambda v, _: size_value(v), value, name),
    "max_hole": _or_none(lambda value, name: _told(size_value, value, name)),
    "drop_small": lambda value, name: _told(size_value, value, name),
    "drop_large": _or_none(lambda value, name: _told(size_value, value, name)),
    "drop_border": _boolean,
    "keep_labels": _boolean,
    "taught": _weights,
    "random_state": partial(_integer, low=0, high=HIGHEST_SEED),
    "neck": partial(_real, low=0.0, high=1.0),
}

FIELDS: dict[str, Check] = {
    "image": _or_none(partial(_text, longest=LONGEST_PATH)),
    "mask": _or_none(partial(_text, longest=LONGEST_PATH)),
    "spatial_ndim": partial(_integer, low=1, high=3),
    "spacing": _spacing,
    "has_channels": _boolean,
    "threshold": _or_none(_real),
    "dark": _boolean,
    "smoothing": lambda value, name: _told(size_value, value, name),
    "window": lambda value, name: _told(size_value, value, name),
    "frames": _or_none(_frames),
    "level": partial(_integer, low=0, high=63),
    # Packed arrays; `recipe.unpack` checks them when the shape of the data is known.
    "region": _or_none(_text),
    "seeds": _or_none(_text),
    "corrections": _or_none(_text),
    "axes": _or_none(lambda value, name: _like(AXES, value, name, "letters of axes, as in TYX")),
    "foreground": _or_none(
        lambda value, name: _like(FOREGROUND, value, name, "labels, '>128' or a value")
    ),
    "channel": _or_none(partial(_text, longest=LONGEST_NAME)),
    "version": lambda value, name: _like(VERSION, value, name, "a version as in 1.2.3"),
    "parameters": partial(_integer, low=1, high=HIGHEST_LABEL),
    "statistics": _or_none(_statistics),
}
