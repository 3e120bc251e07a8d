"""Labels of every kind written: the same when they are read, or one sentence and no file."""

import warnings

import numpy as np
import pytest
from tests.fuzz.arrays import laid_out, plain, shape
from tests.fuzz.cases import PARTS, assert_is_a_sentence, cases, one_of

from napari_ncut import write_geojson, write_imagej
from napari_ncut.files import read_labels, write_labels

WRITERS = [(write_labels, "a.tif"), (write_geojson, "a.geojson"), (write_imagej, "a.zip")]


@pytest.mark.parametrize("part", PARTS)
def test_labels_written_are_labels_read(part, outcomes, tmp_path):
    for seed, rng in cases(part):
        array = plain(rng, shape(rng))
        given, layout = laid_out(rng, array, tmp_path)
        write, name = one_of(rng, WRITERS)
        path, case = tmp_path / name, (seed, name, array.dtype, array.shape, layout)
        path.unlink(missing_ok=True)
        error = ""
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            try:
                write(path, given)
            except (ValueError, TypeError) as told:
                error = str(told)
        if error:
            assert_is_a_sentence(error, case=case)
            assert not path.exists(), case
            assert not list(tmp_path.glob("*.part")), case
        elif write is write_labels:
            read = read_labels(path, foreground="labels").data
            wanted = np.squeeze(np.asarray(given))
            np.testing.assert_array_equal(np.squeeze(read), wanted.astype(read.dtype), str(case))
        outcomes["refused" if error else "written"] += 1
