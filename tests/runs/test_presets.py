"""Presets keep settings under a name, in files that can be shared."""

import os

import pytest

from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.runs.presets import Presets, read_preset, write_preset
from napari_ncut.runs.recipe import Recipe


@pytest.fixture
def presets(tmp_path):
    return Presets(tmp_path / "not yet there")


def test_there_are_none_at_first(presets):
    assert presets.names() == []
    assert presets.last_used() is None


def test_what_is_saved_is_loaded(presets):
    presets.save("bacteria", Recipe(CutSettings(n_segments=7)))
    presets.save("Nuclei", Recipe(SplitSettings(neck=0.8)))
    assert presets.names() == ["bacteria", "Nuclei"]
    assert presets.load("Nuclei").settings == SplitSettings(neck=0.8)
    assert presets.load("bacteria").settings == CutSettings(n_segments=7)


def test_saving_again_replaces(presets):
    presets.save("a", Recipe(SplitSettings(neck=0.1)))
    presets.save("a", Recipe(SplitSettings(neck=0.2)))
    assert presets.load("a").settings.neck == 0.2
    assert [path.name for path in presets.folder.iterdir()] == ["a.json"]


def test_a_preset_knows_nothing_of_one_image(presets):
    presets.save("a", Recipe(SplitSettings(), "image.tif", "mask.tif", corrections="xyz"))
    assert "image.tif" not in (presets.folder / "a.json").read_text()


def test_deleted_is_gone(presets):
    presets.save("a", Recipe(SplitSettings()))
    presets.delete("a")
    presets.delete("a")
    assert presets.names() == []


def test_the_last_used_is_none_of_the_names(presets):
    presets.save("last used", Recipe(SplitSettings(neck=0.3)))
    assert presets.names() == []
    assert presets.last_used().settings.neck == 0.3


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "../up",
        "a/b",
        ".hidden",
        "a:b",
        "x" * 101,
        "a\nb",
        "a\rb",
        "a\x00b",
        "a\x1b[2Jb",
        "a\u2028b",
        "a\u202eb",
        "\ud800",
        "\U0001f600" * 90,
        "NUL",
        "com1.x",
    ],
)
def test_a_name_that_is_no_file_name_is_an_error(presets, name):
    with pytest.raises(ValueError, match="can not be the name of a preset"):
        presets.save(name, Recipe(SplitSettings()))
    assert presets.names() == []


def test_a_preset_that_is_not_there_is_an_error(presets):
    with pytest.raises(ValueError, match="is not a preset"):
        presets.load("nothing")


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"mode": "split"}', '{"mode": "split", "settings": 3}']
)
def test_a_damaged_file_is_an_error(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match="is not a preset"):
        read_preset(tmp_path / "a.json")


def test_half_a_file_is_never_left(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_preset(path, Recipe(SplitSettings(neck=0.4)))
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_preset(path, Recipe(SplitSettings(neck=0.5)))
    assert read_preset(path).settings.neck == 0.4
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        '{"mode": "split", "settings": {"beta": 1e999}}',
        '{"mode": "split", "settings": {"beta": NaN}}',
        '{"mode": "split", "settings": {"beta": ' + "9" * 400 + "}}",
        '{"mode": "split", "settings": {"neck": "0.5"}}',
        '{"mode": "split", "settings": {}, "version": 3}',
        "\ufeff",
    ],
)
def test_broken_settings_of_the_last_start_are_set_aside_and_told(presets, text):
    path = presets.save("last used", Recipe(SplitSettings(neck=0.3)))
    path.write_text(text, encoding="utf-8")
    with pytest.warns(UserWarning, match=r"set aside as last used\.damaged\. .*last used\.json"):
        assert presets.last_used() is None
    assert presets.last_used() is None
    assert (presets.folder / "last used.damaged").read_text(encoding="utf-8") == text
    assert presets.names() == []


def test_bytes_that_are_no_text_are_set_aside(presets):
    presets.save("last used", Recipe(SplitSettings())).write_bytes(b"\xff\xfe{}")
    with pytest.warns(UserWarning, match="set aside"):
        assert presets.last_used() is None


def test_a_folder_in_the_place_of_the_last_settings_is_set_aside(presets):
    (presets.folder / "last used.json").mkdir(parents=True)
    with pytest.warns(UserWarning, match="set aside"):
        assert presets.last_used() is None


def test_a_device_is_not_waited_for():
    with pytest.raises(ValueError, match="is a pipe, a device or a socket"):
        read_preset(os.devnull)


def test_a_file_without_end_is_not_read(tmp_path):
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match="larger than 64 MB"):
        read_preset(tmp_path / "large.json")


def test_files_whose_names_no_preset_can_have_are_not_listed(presets):
    presets.save("good", Recipe(SplitSettings()))
    (presets.folder / "bad\nname.json").write_text("{}")
    assert presets.names() == ["good"]
