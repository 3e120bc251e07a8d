"""A recipe of a stranger is data: it runs no code, takes no memory, and ends in one sentence."""

import ast
import base64
import json
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fuzz.cases import CASES

from napari_ncut import scenes
from napari_ncut.core.settings import CutSettings, SplitSettings
from napari_ncut.runs import recipe as recipes
from napari_ncut.runs.recipe import Recipe
from napari_ncut.runs.recipe_schema import FIELDS, unknown_fields

MANY = max(2000, CASES)
CODE = "raise SystemExit(7)"
HOSTILE = [
    f'"""\n{CODE}\n"""',
    f"'''\n{CODE}\n'''",
    f'\\"""\n{CODE}\n#',
    f'"\n""")\n{CODE}\n(r"""',
    f"')\n{CODE}\n('",
    f"\r{CODE}",
    f"\u2028{CODE}",
    f"\x0c{CODE}",
    f"{{{CODE}}}",
    "\\",
    "\\\\",
    "\\N{BULLET}",
    "\x00",
    "\ud800",
    "\u202e",
    '"' * 3,
    "'" * 3,
    "%s%n{0}",
]
texts = (
    st.sampled_from(HOSTILE) | st.text(max_size=40) | st.text(alphabet="\"'\\\n{}#%", max_size=12)
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400)])
plain = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def shape_of(code):
    """The tree of a script without the texts in it."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def harmless(channel):
    """The tree of the script of an honest recipe."""
    recipe = Recipe(SplitSettings(), "a.tif", "b.tif", channel=channel)
    return shape_of(recipes.script(recipe, "c.tif"))


HARMLESS = harmless(None)
WITH_CHANNEL = harmless("DAPI")


@settings(max_examples=MANY)
@given(texts, texts, texts, texts, texts, texts)
@example(*[f'"""\n{CODE}\n"""'] * 6)
def test_no_text_of_a_recipe_becomes_code(image, mask, version, region, corrections, output):
    image, mask = image or "a", mask or "b"
    given_by_hand = Recipe(
        SplitSettings(),
        image,
        mask,
        version=version,
        region=region,
        seeds=region,
        corrections=corrections,
        statistics={corrections: 1.0},
    )
    code = recipes.script(given_by_hand, output)
    assert shape_of(code) == HARMLESS
    constants = [n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant)]
    assert image in constants
    assert mask in constants
    assert output in constants
    assert json.loads(next(c for c in constants if "schema" in str(c)))["version"] == version


@settings(max_examples=MANY)
@given(st.data())
def test_every_field_is_right_or_one_sentence(data):
    values = Recipe(SplitSettings(), "a.tif", "b.tif").to_dict()
    inner = data.draw(st.booleans())
    names = ["neck", "beta", "connectivity", "min_size"] if inner else [*FIELDS, "schema", "mode"]
    name = data.draw(st.sampled_from([*names, "settings"]))
    (values["settings"] if inner else values)[name] = data.draw(plain)
    error = ""
    try:
        recipe = Recipe.from_dict(json.loads(json.dumps(values)))
    except ValueError as told:
        error = str(told)
    if error:
        assert "no recipe of napari-ncut" in error
        assert len(error) < 400
        assert "\n" not in error
    else:
        assert Recipe.from_json(recipe.to_json()) == recipe
        recipe = Recipe.from_dict({**recipe.to_dict(), "image": "a.tif", "mask": "b.tif"})
        wanted = WITH_CHANNEL if recipe.channel else HARMLESS
        assert shape_of(recipes.script(recipe, "c.tif")) == wanted


@settings(max_examples=MANY)
@given(plain)
def test_what_is_no_recipe_is_one_sentence(values):
    with pytest.raises(ValueError, match="no recipe of napari-ncut"):
        Recipe.from_dict(values)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("version", 'x"""', "wanted a version"),
        ("version", "1" * 65, "at most 64"),
        ("version", 1.2, "wanted a text"),
        ("image", "a" * 5000, "at most 4096"),
        ("spacing", [1, float("nan")], "spacing is nan"),
        ("spacing", [10**400, 1], "from 1e-12 to 1e"),
        ("spacing", [], "a number an axis"),
        ("frames", [[-1]], "frames is -1"),
        ("frames", 3, "wanted a list"),
        ("dark", 1, "true or false"),
        ("threshold", "high", "threshold is 'high'"),
        ("level", 10**30, "from 0 to 63"),
        ("spatial_ndim", 4, "from 1 to 3"),
        ("schema", 2, "newer napari-ncut"),
        ("parameters", 0, "from 1 to"),
        ("parameters", True, "wanted an integer"),
        ("statistics", {"mean": "high"}, "statistics.mean"),
        ("statistics", {"a b": 1}, "wanted a word"),
        ("statistics", {"mean": float("inf")}, "statistics.mean"),
        ("settings", {"neck": 2}, "from 0 to 1"),
        ("settings", {"beta": 1e300}, "from 0 to 1e"),
        ("settings", {"connectivity": True}, "wanted an integer"),
    ],
)
def test_a_field_that_is_wrong_is_named(name, value, message):
    values = Recipe(SplitSettings()).to_dict() | {name: value}
    with pytest.raises(ValueError, match="no recipe of napari-ncut") as told:
        Recipe.from_dict(values)
    assert message in str(told.value)


def test_fields_that_no_recipe_has_are_kept_out_and_named():
    values = Recipe(SplitSettings(neck=0.5)).to_dict() | {"hook": CODE, "n_segments": [3]}
    values["settings"] |= {"nekc": 0.3}
    assert unknown_fields(values) == ["'hook'", "'settings.nekc'"]
    with pytest.warns(UserWarning, match=r"'hook', 'settings\.nekc'\. They are left out"):
        recipe = Recipe.from_json(json.dumps(values))
    assert recipe.settings == SplitSettings(neck=0.5)
    assert "hook" not in recipe.to_json()


def test_statistics_and_parameters_are_kept():
    statistics = {"polarity": -1, "noise": 0.25, "direction": [0.6, 0.8], "none": None}
    recipe = Recipe(SplitSettings(), statistics=statistics, parameters=1)
    again = Recipe.from_json(recipe.to_json())
    assert again.statistics == statistics
    assert again.parameters == 1
    assert again.for_other_data().statistics is None


def test_a_recipe_of_other_parameters_says_so():
    scene = scenes.circles(2)
    with pytest.warns(UserWarning, match=r"version 1000 of .* tuned by .* the labels may differ"):
        Recipe(SplitSettings(), parameters=1000).run(None, scene.mask)
    # A cut has no such numbers.
    assert Recipe(CutSettings(), parameters=1000).run(None, scene.mask).labels.max() == 2


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"mode":'])
def test_nesting_without_end_is_one_sentence(opening):
    with pytest.raises(ValueError):  # the reader's own, or ours
        Recipe.from_json(opening * 100_000)
    values = {"mode": "split", "settings": {}, "statistics": 3}
    deep = json.dumps(values).replace("3", "[" * 100_000 + "]" * 100_000)
    with pytest.raises(ValueError, match="nested without end"):
        Recipe.from_json(deep)


def test_numbers_of_thousands_of_digits_are_one_sentence():
    with pytest.raises(ValueError):
        Recipe.from_json('{"mode": "split", "settings": {"beta": ' + "9" * 10_000 + "}}")
    with pytest.raises(ValueError, match="no recipe"):
        Recipe.from_json('{"mode": "split", "settings": {"beta": ' + "9" * 400 + "}}")


def packed(size, steps, values):
    runs = np.array([size], "<i8").tobytes() + np.array(steps, "<i8").tobytes()
    return base64.b85encode(zlib.compress(runs + np.array(values, "<i4").tobytes())).decode()


@pytest.mark.parametrize(
    "text",
    [
        packed(2**60, [0], [1]),
        packed(25, [0, 2**60], [1, 2]),
        packed(25, [0, -3], [1, 2]),
        packed(25, [3], [1]),
        packed(25, [0, 0], [1, 2]),
        packed(25, [0, 24, 2**63 - 1], [1, 2, 3]),
        packed(25, [], []),
        packed(-1, [0], [1]),
        packed(25, [0] + [1] * 30, [1] * 31),
        base64.b85encode(zlib.compress(b"")).decode(),
        base64.b85encode(zlib.compress(bytes(25))[:-4]).decode(),
        base64.b85encode(zlib.compress(bytes(2**28))).decode(),
        "",
        "µ",
    ],
)
def test_packed_arrays_take_no_more_memory_than_the_data(text):
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="damaged or belong to another image"):
            recipes.unpack(text, (5, 5))
        assert tracemalloc.get_traced_memory()[1] < 2**20 + 32 * len(text)
    finally:
        tracemalloc.stop()


@settings(max_examples=MANY)
@given(st.integers(), st.integers(0, 255))
def test_damaged_packed_labels_are_right_or_one_sentence(place, byte):
    truth = scenes.circles(2, size=20).truth
    text = bytearray(recipes.pack(truth), "ascii")
    text[place % len(text)] = byte
    try:
        shape = recipes.unpack(text.decode("latin-1"), truth.shape).shape
    except ValueError as error:
        shape = truth.shape if "damaged" in str(error) else None
    assert shape == truth.shape


@pytest.mark.parametrize(
    "labels", [[2**31], [-1], [1.5], [np.uint64(2**63)]], ids=["high", "negative", "half", "huge"]
)
def test_labels_that_do_not_fit_are_never_wrapped(labels):
    with pytest.raises(ValueError, match="wanted"):
        recipes.pack(np.array(labels))
    with pytest.raises(ValueError, match="wanted"):
        recipes.difference(np.zeros(1, np.int32), np.array(labels))


def test_a_correction_to_the_highest_label_is_refused_and_not_lost():
    with pytest.raises(ValueError, match="wanted 0 to 2147483646"):
        recipes.difference(np.zeros(1, np.int32), np.array([2**31 - 1], np.int32))


@pytest.mark.parametrize("name", [text for text in HOSTILE if "\x00" not in text])
def test_names_of_layers_never_become_code(name):
    from napari_ncut.plugin.graph_cut.recipe_button import python_of

    # Layers are called so, and none of them was read from a file.
    code = python_of(name, Recipe(SplitSettings(), name, name), {})
    assert shape_of(code) == HARMLESS
