"""Getting a data set: fetched, checked, unpacked beside its place, checked again, then moved in.

`sources` says what there is and where, `transfer` brings one file over, `archives` unpacks without trust,
`contents` says what is missing, `locks` keeps two processes apart, and `place` puts all of it in order.
"""

from segedu.datasets.getting.place import DownloadError, download

__all__ = ["DownloadError", "download"]
