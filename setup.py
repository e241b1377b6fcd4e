"""Builds the native engine beside the package, where there is a compiler; without one the package installs as well."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import ClassVar

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

SOURCES = Path("native")
EVERYWHERE = ["-O3", "-std=c++17", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-psabi"]
EVERYWHERE += ["-Wno-maybe-uninitialized"]  # GCC sees some in its own headers
# One file an instruction set, each compiled for its own: which one runs is decided on the user's machine.
AVX512 = ["-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mfma", "-mprefer-vector-width=512"]
BF16 = "-mavx512bf16"
X86 = {
    "avx2": ["-mavx2", "-mfma"],
    "avx512": AVX512,
    "avx512_bf16": [*AVX512, BF16],
}


class BuildEngine(build_ext):
    """Compile each source with flags of its own; a plain file name, since no Python is linked."""

    flags: ClassVar[dict[str, list[str]]] = X86 if platform.machine().lower() in ("x86_64", "amd64") else {}

    def get_ext_filename(self, fullname: str) -> str:
        return str(Path(*fullname.split(".")).with_suffix(".so"))

    def build_extension(self, ext: Extension) -> None:
        objects = []
        for name in ("engine", "program", "portable", *self.flags):
            objects += self.compiled(name, ext.depends, self.flags.get(name, []))
        self.compiler.link_shared_object(objects, self.get_ext_fullpath(ext.name), target_lang="c++")

    def compiled(self, name: str, depends: list[str], flags: list[str]) -> list[str]:
        """The object of a source; an old compiler, which knows no bf16, leaves its products to AVX-512."""
        source = str(SOURCES / f"{name}.cpp")
        try:
            flags_of_all = [*EVERYWHERE, *flags]
            return self.compiler.compile([source], self.build_temp, depends=depends, extra_postargs=flags_of_all)
        except CompileError:
            if BF16 not in flags:
                raise
            return self.compiled(name, depends, [flag for flag in flags if flag != BF16])


class AnyPython(bdist_wheel):
    """The engine has a C interface: one wheel serves every Python."""

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, system = super().get_tag()
        return ("py3", "none", system) if self.distribution.has_ext_modules() else (python, abi, system)


engine = Extension(
    "throughtime.cells.engine.native._engine",
    sources=[str(path) for path in sorted(SOURCES.glob("*.cpp"))],
    depends=[str(path) for path in sorted(SOURCES.glob("*.h"))],
    optional=True,
)
if __name__ == "__main__":
    setup(ext_modules=[engine], cmdclass={"build_ext": BuildEngine, "bdist_wheel": AnyPython})
