"""Data sets on disk as scenes, and how they get there.

>>> from segedu import datasets
>>> folder = datasets.download("camvid", "data")                   # doctest: +SKIP

The same on the command line: ``python -m segedu.datasets download camvid --root data``. What can be had, how
large it is and on which terms: ``python -m segedu.datasets list``.
"""

from segedu.datasets.getting import DownloadError, download

__all__ = ["DownloadError", "download"]
