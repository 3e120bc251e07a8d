"""The colour of errors can be read in every theme, and comes from it."""

import numpy as np
import pytest
from napari.utils.theme import available_themes, get_theme

from napari_ncut.plugin.shared import colours


def rgb(text):
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)]) / 255


@pytest.mark.parametrize("theme", [name for name in available_themes() if name != "system"])
def test_errors_can_be_read_and_are_as_red_as_the_theme_has_them(theme):
    found, ground = rgb(colours.error_colour(theme)), rgb(get_theme(theme).background.as_hex())
    assert colours._contrast(found, ground) >= colours.CONTRAST
    assert found[0] > 1.3 * found[1:].max()


def test_contrast_is_that_of_wcag():
    assert colours._contrast(np.zeros(3), np.ones(3)) == pytest.approx(21)
    assert colours._contrast(rgb("#777777"), np.ones(3)) == pytest.approx(4.48, abs=0.01)
