"""Every public function ends on hostile numbers: with labels, or with a sentence."""

import subprocess
import sys

import pytest

# Many times what all cases of a function take, loops that are compiled first included: on a busy
# machine, too. What never ends is stopped, and the last line names it.
LIMIT = 240

BEGINNING = """
import itertools, warnings
import numpy as np
import napari_ncut as ncut
from napari_ncut import scenes

warnings.simplefilter("error", RuntimeWarning)
scene = scenes.circles(4)
image, mask, truth = scene.image, scene.mask, scene.truth
noisy = image + np.random.default_rng(0).normal(0, 0.3, image.shape)
BETAS = 0, 1e-300, 90, 1e6, 1e7, 3.5e38, 1e200, 1.7e308, 10**400, -1, np.nan, np.inf
SIZES = 1e-160, 1e-12, 1e-3, 1e12, 1e200, 10**400, 0, -1, np.nan, np.inf
OBLONG = (1e-3, 1e3), (1, 1e4), (1e4, 1), (1e-6, 1), (1e-7, 1), (1e-150, 1e150)
GAINS = 5e-324, 1e-320, 1e-200, 1e-40, 1e30, 3.4e38, 1e154, 1.7e308 / np.abs(noisy).max()

def case(function, *arguments, **options):
    short = {k: str(v)[:40] for k, v in options.items() if np.ndim(v) < 2}
    print(function.__name__, [np.shape(a) or a for a in arguments], short, flush=True)
    try:
        found = function(*arguments, **options)
    except (ValueError, TypeError) as error:
        assert 10 < len(str(error)) < 600, error
    else:
        assert np.isfinite(np.asarray(getattr(found, "labels", found), dtype=float)).all()

def split(labels, picture=None, *, neck=0.74, min_size=0.0, **options):
    tree = ncut.split_tree(labels, picture, **options)
    labels = ncut.split_touching(labels, picture, neck=neck, min_size=min_size, **options)
    np.testing.assert_array_equal(tree.cut(neck, min_size), labels)
    return labels
"""

SPLIT = """
for beta in BETAS:
    case(split, mask, noisy, beta=beta)
for spacing in (*SIZES, *OBLONG):
    case(split, mask, noisy, spacing=spacing)
    case(split, truth, noisy, spacing=spacing, beta=30, connectivity=2)
for gain in GAINS:
    case(split, mask, noisy * gain)
    case(split, mask, np.where(mask, noisy, gain))
    case(split, np.ones_like(mask), noisy * gain, beta=1000)
for number in (*SIZES, 1e45):
    case(split, mask, min_size=number)
    case(split, mask, neck=number)
with np.errstate(over="ignore"):
    for dtype in (np.float16, np.float32, np.longdouble, np.int64, np.uint64):
        wide = dtype is np.longdouble
        top = np.finfo(dtype).max if issubclass(dtype, np.floating) else np.iinfo(dtype).max
        low = -top if dtype != np.uint64 else top // 2
        case(split, mask, np.where(noisy > image, dtype(top), dtype(low)))
for labels in (truth * 2.0**40, truth * 1e300, truth.astype(np.uint32) * 2**30, truth << 60):
    case(split, labels, noisy)
"""

CUT = """
for beta in BETAS:
    case(ncut.normalized_cut, noisy, mask, 4, beta=beta)
for spacing in (*SIZES, *OBLONG):
    case(ncut.normalized_cut, noisy, mask, 4, spacing=spacing, connectivity=2)
for gain in GAINS:
    case(ncut.normalized_cut, noisy * gain, mask, 4)
    case(ncut.normalized_cut, np.where(mask, noisy, gain), mask, 4)
for number in (*SIZES, 1e45):
    case(ncut.normalized_cut, noisy, mask, 4, min_size=number)
for number in (0, -1, 10**6, 10**400, 2.5, np.nan, True, "4"):
    case(ncut.normalized_cut, noisy, mask, number)
    case(ncut.normalized_cut, noisy, mask, 4, random_state=number)
seeds = np.where(truth, 0, 0).astype(np.int64)
seeds[28, 24] = 3
for label in (2**31 - 2, 2**31 - 1, 2**31, 2**40):
    seeds[67, 58] = label
    case(ncut.normalized_cut, noisy, mask, seeds=seeds)
"""

# Images of few levels, so that many moves are worth the same.
TIES = """
for seed in range(8):
    few = np.random.default_rng(seed).integers(-1, 2, (9, 17)).astype(float)
    for beta, spacing in ((90, (1e-3, 1e3)), (30, (1, 1e4)), (1000, (1e4, 1)), (1e6, 1)):
        case(ncut.normalized_cut, few, None, 5, beta=beta, spacing=spacing)
        case(split, few > -1, few, beta=beta, spacing=spacing)
"""

CLUSTER = """
few = np.random.default_rng(0).integers(0, 4, (40, 40)).astype(float)
few += few.T
for gain in (5e-324, 1e-300, 1e-40, 1e40, 1e300, 1.7e308 / 6):
    for k in (1, 2, 5, 40):
        case(ncut.spectral_clustering, few * gain, n_clusters=k)
        case(ncut.ncut_value, few * gain, np.arange(40) % k)
widely = 10.0 ** np.random.default_rng(0).uniform(-150, 150, (40, 40))
for k in (2, 5, 40, 10**400):
    case(ncut.spectral_clustering, widely + widely.T, n_clusters=k)
"""


@pytest.mark.parametrize(
    "cases", [SPLIT, CUT, CLUSTER, TIES], ids=["split", "cut", "cluster", "ties"]
)
def test_hostile_numbers_end(cases, tmp_path):
    with (tmp_path / "said").open("w+") as said:
        done = subprocess.Popen(
            [sys.executable, "-c", BEGINNING + cases], stdout=said, stderr=subprocess.STDOUT
        )
        try:
            code = done.wait(LIMIT)
        except subprocess.TimeoutExpired:
            code = "never ended"
        finally:
            done.kill()
            done.wait()
        said.seek(0)
        assert code == 0, said.read()[-3000:]
