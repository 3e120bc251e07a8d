"""Files to test with: OME-Zarr 0.5 of images and plates, and CZI."""

from pathlib import Path

import numpy as np
from yaozarrs import v05
from yaozarrs.write import v05 as written

from napari_ncut import scenes
from napari_ncut.io.ome_zarr_labels import add_labels, create_labels

SCENE = scenes.nuclei()
IMAGE = SCENE.image[:120, :140].astype(np.float32)
MASK = SCENE.mask[:120, :140]
NOISE = np.random.default_rng(0).normal(0, 1, IMAGE.shape).astype(np.float32)
FRAMES = np.stack([IMAGE, IMAGE[::-1]])
KINDS = {"t": v05.TimeAxis(name="t", unit="second"), "c": v05.ChannelAxis(name="c")}


def model(axes, scale, names=()):
    """Return the metadata of an image."""
    window = v05.OmeroWindow(start=0, min=0, end=1, max=1)
    channels = [v05.OmeroChannel(label=name, color="FFFFFF", window=window) for name in names]
    sizes = v05.ScaleTransformation(scale=list(map(float, scale)))
    return v05.Image(
        multiscales=[
            v05.Multiscale(
                name="image",
                axes=[KINDS.get(a) or v05.SpaceAxis(name=a, unit="micrometer") for a in axes],
                datasets=[v05.Dataset(path="0", coordinateTransformations=[sizes])],
            )
        ],
        **({"omero": v05.Omero(channels=channels)} if channels else {}),
    )


def write_store(path, data, axes, scale, names=()):
    """Write an image."""
    written.write_image(path, model(axes, scale, names), data, writer="zarr")


def write_plate(path, fields):
    """Write a plate of the same two channels in all fields, and their mask beside them."""
    data = np.stack([IMAGE, NOISE])
    image = model("cyx", [1, 0.5, 0.5], ["DAPI", "GFP"])
    written.write_plate(path, {field: (image, [data]) for field in fields}, writer="zarr")
    for field in fields:
        add_mask(Path(path).joinpath(*field))


def write_czi(path, planes, channels, sizes):
    """Write planes of several channels, (c, z, y, x), as a microscope of Zeiss does."""
    from pylibCZIrw import czi

    with czi.create_czi(str(path)) as file:
        for place in np.ndindex(planes.shape[:2]):
            plane = dict(zip("CZ", place, strict=True))
            file.write(data=planes[place][..., np.newaxis], plane=plane)
        scale = {f"scale_{axis}": size * 1e-6 for axis, size in zip("zyx", sizes, strict=True)}
        file.write_metadata("nuclei", channel_names=dict(enumerate(channels)), **scale)


def add_mask(path, name="mask"):
    """Write a mask into a store."""
    levels = create_labels(Path(path) / "labels" / name, MASK.shape, (0.5, 0.5), unit="µm")
    levels[0][:] = MASK.astype(np.int32)
    add_labels(Path(path), name)
