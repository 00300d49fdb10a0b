"""Which versions a process runs. Only processes that agree in all of them work together, so that rows stay the same."""

import platform
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("dask", "distributed", "pandas", "pyarrow", "numpy", "scrapy", "sqlalchemy")
PACKAGES = ("exports", "monitor", "pipelines", "spiders")
CONTENT = (".py", ".toml", ".csv")
UNIT = 1_000_000.0  # of the resource by which a worker is known; never a limit


@lru_cache(maxsize=2)
def program_version(place: Path | None = None) -> str:
    """`0.1.0 1a2b3c4d5e6f`: the number, and a hash over the program's modules and reference lists.

    The number alone would not tell two checkouts apart. place: of another checkout.
    """
    root = place or Path(__file__).parents[2]
    found = sha256()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in CONTENT and "__pycache__" not in path.parts:
                found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{_version('umkm-banten-monitor')} {found.hexdigest()[:12]}"


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    libraries = ((name, _version(name)) for name in LIBRARIES)
    return (("python", platform.python_version()), *libraries, ("monitor", program_version()))


def versions() -> dict[str, str]:
    """Name -> version of Python, the libraries that results depend on, and this program."""
    return dict(_versions())


def admitted() -> dict[str, float]:
    """What a task asks of its worker: these very versions. Every `submit` passes it as `resources`."""
    return {resource(): 1.0}


def resource() -> str:
    """The Dask resource by which workers of this process's versions are known."""
    return "monitor-" + sha256(repr(_versions()).encode()).hexdigest()[:16]


def difference(found: dict[str, str]) -> str:
    """`pandas 2.2.3 instead of 3.1.1` for everything that differs from this process; empty where nothing does."""
    own = versions()
    names = [name for name in own if found.get(name) != own[name]]
    return ", ".join(f"{name} {found.get(name) or 'missing'} instead of {own[name]}" for name in names)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
