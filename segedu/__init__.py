"""segedu: image segmentation with deep learning, the package behind the book.

``import segedu`` loads NumPy-level parts only. The submodules come when they are first named
(``segedu.plot`` brings matplotlib, ``segedu.widgets`` ipywidgets, ``segedu.models`` torch).
"""

from importlib import import_module
from types import ModuleType

from segedu.instances import Instances
from segedu.scene import NO_INSTANCE, VOID, Category, Scene, Segment

__all__ = ["NO_INSTANCE", "VOID", "Category", "Instances", "Scene", "Segment"]
__version__ = "0.1.0"

_SUBMODULES = (
    "datasets",
    "exercises",
    "fusion",
    "masks",
    "metrics",
    "models",
    "photos",
    "plot",
    "synthetic",
    "upsampling",
    "widgets",
)


def __getattr__(name: str) -> ModuleType:
    if name in _SUBMODULES:
        return import_module(f"segedu.{name}")
    raise AttributeError(f"module 'segedu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBMODULES])
