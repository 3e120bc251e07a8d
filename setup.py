"""Compile the loops: every module in a folder `loops` of a room; what else there is, pyproject has.

Each is compiled for any processor, and the hot ones once more for those with AVX2, from the same C.
What all of them need of Cython stands once, in `_cyutility`.
"""

import platform
import shutil
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

PACKAGE = Path("src/napari_ncut")
SHARED = "napari_ncut._cyutility"
# Rooms whose loops are compiled for the faster processors too.
HOT = ("splitting",)
# The same labels on every processor: no fused multiply-add, no reordered sums.
FLAGS = [] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-fno-math-errno"]
FASTER = ["/arch:AVX2"] if sys.platform == "win32" else ["-march=x86-64-v3"]
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "infer_types": False,
    "freethreading_compatible": True,
}


def name_of(path: Path) -> str:
    """Return the dotted name of a module's file."""
    return ".".join(path.relative_to("src").with_suffix("").parts)


sources = sorted(path for path in PACKAGE.glob("*/loops/*.py") if path.name != "__init__.py")
extensions = cythonize(
    [
        Extension(SHARED, [str(PACKAGE / "_cyutility.c")], extra_compile_args=FLAGS),
        *(Extension(name_of(path), [str(path)], extra_compile_args=FLAGS) for path in sources),
    ],
    build_dir="build/cython",
    compiler_directives=DIRECTIVES,
    shared_utility_qualified_name=SHARED,
    nthreads=0 if sys.platform == "win32" else 2,
    show_all_warnings=False,
)
if platform.machine().lower() in ("x86_64", "amd64"):
    for extension in list(extensions):
        *folders, module = extension.name.split(".")
        if folders[-1] == "loops" and folders[1] in HOT:
            PACKAGE.joinpath(*folders[1:], "v3").mkdir(exist_ok=True)
            source = Path(extension.sources[0])
            copy = Path("build/v3") / source
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
            name = ".".join([*folders, "v3", module])
            extensions.append(Extension(name, [str(copy)], extra_compile_args=FLAGS + FASTER))

setup(ext_modules=extensions, options={"build_ext": {"parallel": 2}})
