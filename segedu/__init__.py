"""segedu: image segmentation with deep learning, the package behind the book.

``import segedu`` loads NumPy-level parts only; torch, matplotlib and the widgets come with the submodules
that need them (``segedu.models``, ``segedu.plot``, ``segedu.widgets``).
"""

from segedu.instances import Instances
from segedu.scene import NO_INSTANCE, VOID, Category, Scene, Segment

__all__ = ["NO_INSTANCE", "VOID", "Category", "Instances", "Scene", "Segment"]
__version__ = "0.1.0"
