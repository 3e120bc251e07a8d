"""Splitting the objects of synthetic scenes, of which there are as many as one likes."""

import importlib.util
import sys

import numpy as np
from peers import h_maxima_watershed, options, table, watershed
from scoring import scores

import napari_ncut

SEEDS = 20
# Apart from those that somebody may have tuned on.
FIRST = 100


def load(path):
    """Import a script from a path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(argv):
    """Print the table."""
    chosen = options(argv)
    print("## Splitting the objects of synthetic scenes\n")
    path = chosen.data.resolve().parent / "scenes_synth.py" if chosen.data is not None else None
    if path is None or not path.exists():
        print("Skipped: it needs `scenes_synth.py` beside the folder of `--data DIR`.\n")
        return
    seeds = range(FIRST, FIRST + (1 if chosen.quick else SEEDS))
    print(
        f"F1 at IoU 0.7 / F1 of touching objects, mean of {len(seeds)} seeds, with the defaults; "
        "ours and the watersheds get the same spacing.\n"
    )
    module = load(path)
    rows, every = [], []
    for kind, setting in module.PRESETS.items():
        found = []
        for seed in seeds:
            image, truth = module.scene(seed=seed, **setting)
            mask = truth > 0
            spacing = (setting.get("z_aspect", 1.0), 1.0, 1.0)[3 - mask.ndim :]
            results = (
                napari_ncut.split_touching(mask, spacing=spacing),
                napari_ncut.split_touching(mask, image, spacing=spacing),
                h_maxima_watershed(mask, spacing),
                watershed(mask, spacing),
            )
            found.append([scores(truth, labels) for labels in results])
        means = np.nanmean(found, axis=0)
        every.append(means)
        rows.append((kind, *(f"{f1:.3f} / {touching:.3f}" for f1, touching in means)))
    mean = np.mean(every, axis=0)
    rows.append(("mean", *(f"{f1:.3f} / {touching:.3f}" for f1, touching in mean)))
    table(("scene", "mask only", "mask and image", "watershed, h-maxima", "watershed, peaks"), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
