"""Whatever the settings of the last start hold, the widget opens."""

import pytest

from napari_ncut import CutSettings, Recipe, SplitSettings
from napari_ncut.runs.presets import Presets


@pytest.mark.parametrize(
    "settings",
    [
        SplitSettings(beta=1e6, min_size=1e45, connectivity=3),
        CutSettings(n_segments=2**31 - 1, beta=5000.0, random_state=2**32 - 1),
    ],
)
def test_settings_beyond_those_of_the_form_are_shown(window, settings):
    Presets().save("last used", Recipe(settings))
    widget = window.dock()
    assert window.control(widget, "beta").value() == settings.beta


def test_broken_settings_are_set_aside(window):
    path = Presets().save("last used", Recipe(SplitSettings(beta=0.5)))
    path.write_text("[" * 100_000)
    with pytest.warns(UserWarning, match=r"set aside as last used\.damaged"):
        widget = window.dock()
    assert window.control(widget, "beta").value() == SplitSettings().beta
    assert not path.exists()
