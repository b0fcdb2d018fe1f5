"""Real photographs with our own labels: small, free to use, and there without a download.

The photographs come with scikit-image; the labels lie in this folder, one JSON file a scene. They were drawn
by hand, pulled onto the edges of the photograph, looked at enlarged, and corrected:
``python -m segedu.photos.make_labels`` makes them anew.
"""

from segedu.photos.stored import Credit, credit, load, names

__all__ = ["Credit", "credit", "load", "names"]
