"""What does not fit into memory is said before the work starts."""

import numpy as np
import pytest

from napari_ncut import CutSession, CutSettings, normalized_cut
from napari_ncut.core import memory
from napari_ncut.graph import size


def never(*_):
    raise AssertionError("the work has started")


@pytest.fixture
def small(monkeypatch):
    """Make the computer one of a gigabyte."""
    monkeypatch.setattr(size, "total_memory", lambda: 1e9)


def test_an_image_of_billions_of_pixels_is_refused_with_the_figure(monkeypatch):
    monkeypatch.setattr(size, "total_memory", lambda: 64e9)
    image = np.broadcast_to(np.uint8(0), (50_000, 50_000))
    with pytest.raises(ValueError, match=r"2500000000 pixels takes about 250 GB .* has 64 GB"):
        normalized_cut(image, progress=never)


def test_an_image_that_is_not_in_memory_is_not_read(small):
    class Lazy:
        shape = (50_000, 50_000)
        __array__ = never

    with pytest.raises(ValueError, match="pixels takes about 250 GB"):
        CutSession(Lazy())


def test_the_pixels_under_the_mask_count(small):
    image = np.broadcast_to(np.uint8(0), (4000, 4000))
    mask = np.zeros(image.shape, bool)
    mask[:50, :50] = True
    assert normalized_cut(image, mask).max() == 2
    with pytest.raises(ValueError, match=r"16000000 pixels takes about 1\.6 GB"):
        normalized_cut(image, ~np.zeros_like(mask))


def test_neighbours_and_channels_count(monkeypatch):
    monkeypatch.setattr(size, "total_memory", lambda: 1.5e6)
    image = np.zeros((100, 100))
    session = CutSession(image)
    session.cut(CutSettings())
    monkeypatch.setattr(size, "total_memory", lambda: 1.2e6)
    with pytest.raises(ValueError, match="10000 pixels takes"):
        session.cut(CutSettings(connectivity=2))
    with pytest.raises(ValueError, match="10000 pixels takes"):
        CutSession(np.zeros((100, 100, 30)), channel_axis=-1)


def test_more_pixels_than_32_bits_count_are_refused_on_any_computer(monkeypatch):
    monkeypatch.setattr(size, "total_memory", lambda: np.inf)
    size.check_size(size.MOST_PIXELS, 2)
    with pytest.raises(ValueError, match="2147483648 pixels are to be cut, at most 2147483647"):
        size.check_size(size.MOST_PIXELS + 1, 2)


def test_the_memory_of_this_computer_is_known():
    assert 1e8 < memory.total_memory() < 1e15


def test_the_limit_of_a_container_counts(monkeypatch, tmp_path):
    for name, text in (("max", "max\n"), ("some", "123456789\n")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "LIMITS", (str(tmp_path / "max"), str(tmp_path / "missing")))
    assert memory.total_memory() > 1e8
    monkeypatch.setattr(memory, "LIMITS", (str(tmp_path / "some"),))
    assert memory.total_memory() == 123456789.0
