"""Compile the loops: every module in a folder `loops` of a room; what else there is, pyproject has.

Each is translated to C once, and compiled for any processor; the hot ones once more for those with
AVX2. What all of them need of Cython stands once, in `_cyutility`.
"""

import os
import platform
import runpy
import shutil
import sys
import sysconfig
from pathlib import Path

from Cython import __version__ as cython_version
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = Path("src/napari_ncut")
BUILD = Path("build", f"cython-{cython_version}")
SHARED = "napari_ncut._cyutility"
# Rooms whose loops are compiled for the faster processors too.
HOT = ("splitting",)
IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
# The same labels on every processor: no fused multiply-add, no reordered sums.
if sys.platform == "win32":
    FLAGS, FASTER = ["/O2", "/fp:precise"], ["/arch:AVX2"]
else:
    FLAGS = ["-g0", "-ffp-contract=off", "-fno-math-errno"]
    # Who sets CFLAGS may choose to compile faster, and run slower.
    if "-O" not in os.environ.get("CFLAGS", ""):
        FLAGS.append("-O3")
    FASTER = ["-march=x86-64-v3"]
# One wheel for every Python from 3.11 on: a call of a loop costs 3 us more, the loop nothing.
STABLE = not sysconfig.get_config_var("Py_GIL_DISABLED")
ABI = {
    "py_limited_api": STABLE,
    "define_macros": [("Py_LIMITED_API", "0x030B0000")] if STABLE else [],
}
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "infer_types": False,
    "freethreading_compatible": True,
}
# A module of the package, which itself cannot be imported before it is built.
BUILDING = runpy.run_path(str(PACKAGE / "core/building.py"))


def extensions() -> list[Extension]:
    """Return all that is compiled, each with the file it is translated from."""
    found = [Extension(SHARED, [str(PACKAGE / "_cyutility.c")], extra_compile_args=FLAGS, **ABI)]
    for path in sorted(PACKAGE.glob("*/loops/[a-z]*.py")):
        folder = ".".join(path.parent.relative_to("src").parts)
        found.append(
            Extension(f"{folder}.{path.stem}", [str(path)], extra_compile_args=FLAGS, **ABI)
        )
        if IS_X86 and path.parts[2] in HOT:
            flags = FLAGS + FASTER
            found.append(
                Extension(f"{folder}.v3.{path.stem}", [str(path)], extra_compile_args=flags, **ABI)
            )
    return found


class BuildLoops(build_ext):
    """Translate, compile, and note in a checkout which texts the machine code is of."""

    def run(self) -> None:
        """Keep what an editable install builds, so that the next one builds what changed only."""
        if self.inplace:
            self.build_lib, self.build_temp = str(BUILD / "lib"), str(BUILD / "temp")
        super().run()

    def build_extensions(self) -> None:
        """Translate each module once; a faster variant is compiled from a copy of its C."""
        root = Path.cwd()
        # Before they are translated: what is edited meanwhile is compiled again.
        self.digests = {
            extension.name: BUILDING["digest_of"](root / extension.sources[0], root)
            for extension in self.extensions[1:]
        }
        translated = cythonize(
            [e for e in self.extensions if ".v3." not in e.name],
            build_dir=str(BUILD / "c"),
            compiler_directives=DIRECTIVES,
            shared_utility_qualified_name=SHARED,
            nthreads=os.cpu_count(),
            show_all_warnings=False,
        )
        texts = {e.name: e.sources[0] for e in translated}
        for extension in self.extensions:
            text = texts[extension.name.replace(".v3.", ".")]
            if ".v3." in extension.name:
                copy = BUILD / "v3" / text
                copy.parent.mkdir(parents=True, exist_ok=True)
                text = shutil.copy2(text, copy)
            extension.sources = [str(text)]
        super().build_extensions()

    def copy_extensions_to_source(self) -> None:
        """Put the machine code beside the texts, and note which ones they were."""
        for extension in self.extensions:
            Path("src", self.get_ext_filename(extension.name)).parent.mkdir(exist_ok=True)
        super().copy_extensions_to_source()
        BUILDING["note_built"](
            {
                Path(self.get_ext_filename(name)).as_posix(): digest
                for name, digest in self.digests.items()
            },
            Path.cwd(),
        )


# Processes that translate import this file again.
if __name__ == "__main__":
    setup(
        ext_modules=extensions(),
        cmdclass={"build_ext": BuildLoops},
        options={
            "build": {"build_base": str(BUILD)},
            "build_ext": {"parallel": os.cpu_count()},
            "bdist_wheel": {"py_limited_api": "cp311"} if STABLE else {},
        },
    )
