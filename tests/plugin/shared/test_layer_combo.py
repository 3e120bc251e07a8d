"""The one combo box of layers of all docks."""

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_ncut.plugin.shared.layer_combo import LayerCombo


def image(name):
    return Image(np.zeros((4, 4)), name=name)


@pytest.fixture
def combo(qtbot):
    made = LayerCombo(lambda layer: isinstance(layer, Image), "none")
    qtbot.addWidget(made)
    return made


def texts(combo):
    return [combo.itemText(i) for i in range(combo.count())]


def test_it_offers_what_is_wanted_and_nothing(combo):
    first, second = image("first"), image("second")
    combo.fill([first, Labels(np.zeros((4, 4), int)), second])
    assert texts(combo) == ["first", "second", "none"]
    assert combo.offered == [first, second]
    assert combo.value is None


def test_what_is_chosen_stays_and_what_is_gone_is_nothing(combo):
    first, second, third = image("first"), image("second"), image("third")
    told = []
    combo.fill([first, second])
    combo.changed.connect(lambda: told.append(combo.value))
    combo.value = second
    assert told == [second]
    combo.fill([third, second, first])
    assert combo.value is second
    combo.fill([third, first])
    assert combo.value is None
    with combo.quiet():
        combo.value = first
    assert told == [second]


def test_a_long_name_does_not_widen_it_and_stands_in_the_tooltip(combo, qtbot):
    narrow = combo.minimumSizeHint().width()
    long = image("2024-03-05 plate 7, well B4, field 12, DAPI, maximum projection")
    combo.setToolTip("What it is for.")
    combo.fill([long])
    combo.value = long
    assert combo.minimumSizeHint().width() == narrow
    assert combo.toolTip() == f"{long.name}\nWhat it is for."
    combo.resize(120, combo.sizeHint().height())
    with qtbot.waitExposed(combo):
        combo.show()
    drawn = combo.grab().toImage()
    combo.value = None
    assert combo.grab().toImage() != drawn
    assert combo.toolTip() == "What it is for."


def test_without_a_text_for_nothing_there_is_no_such_choice(qtbot):
    combo = LayerCombo(lambda layer: True)
    qtbot.addWidget(combo)
    assert (combo.count(), combo.value) == (0, None)
    first = image("first")
    combo.fill([first])
    assert texts(combo) == ["first"]
    combo.value = first
    assert combo.value is first
