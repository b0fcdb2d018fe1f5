"""``python -m segedu.datasets download NAME [--root FOLDER]`` and ``python -m segedu.datasets list``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from segedu.datasets.getting import DownloadError, download
from segedu.datasets.getting.sources import SOURCES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    Examples
    --------
    >>> main(["list"])                                                 # doctest: +ELLIPSIS
    camvid                  179 MB  CamVid, SegNet's 11 classes: 701 street images of 480×360
    ...
    0
    """
    parser = argparse.ArgumentParser(prog="python -m segedu.datasets", description="Get data sets.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what can be had: name, size of the download, what it is, terms of use")
    get = commands.add_parser("download", help="fetch, check, and put in place")
    get.add_argument("name", choices=list(SOURCES), help="one of the names that `list` shows", metavar="NAME")
    get.add_argument("--root", default="data", help="folder below which it lies afterwards (default: data)")
    get.add_argument("--keep-archives", action="store_true", help="keep what was fetched, in ROOT/.download")
    asked = parser.parse_args(arguments)
    if asked.command == "list":
        _list()
        return 0
    try:
        download(asked.name, asked.root, keep_archives=asked.keep_archives)
    except DownloadError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where this one stopped.", file=sys.stderr)
        return 130
    return 0


def _list() -> None:
    for source in SOURCES.values():
        size = sum(archive.size for archive in source.archives)
        print(f"{source.name:22} {f'{size / 1e6:,.0f} MB' if size else '–':>8}  {source.title}")
        print(f"{'':33}{source.terms}")


if __name__ == "__main__":
    sys.exit(main())
