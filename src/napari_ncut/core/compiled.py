"""Compile plain loops with numba: free of the interpreter's lock, cached where possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function when it is first called.

    The machine code is kept beside the source, or in the user's cache folder, for the next
    process. Where neither can be written (a system without a home, a read-only image) it is
    compiled again in every process: slower to start, but no error.

    Parameters
    ----------
    function : callable
        A function of scalars and NumPy arrays, as numba can compile it.

    Returns
    -------
    callable
        The same function, compiled; its plain form is its attribute ``py_func``.

    Examples
    --------
    >>> @compiled
    ... def total(values):
    ...     result = 0.0
    ...     for value in values:
    ...         result += value
    ...     return result
    >>> import numpy as np
    >>> total(np.ones(3))
    3.0
    """
    try:
        result: Callable[P, R] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # "no locator available": nowhere to keep the machine code
        result = numba.njit(nogil=True)(function)
    return result
