"""Streets with exact labels, drawn from a seed: the running example of the book.

A street is planned in metres (`layout`), seen by a camera (`camera`) in one of four lights (`light`), and
painted from far to near on a canvas that keeps image and labels together (`canvas`). Only the names below are
public.
"""

from segedu.synthetic.street import STREET, street_scene

__all__ = ["STREET", "street_scene"]
