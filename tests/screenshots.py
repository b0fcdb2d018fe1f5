"""Photograph every page of the built book: wide, dark, and on a phone (``make shots``)."""

import argparse
from pathlib import Path

from bookfiles import pages
from browser import chromium, opened, served

VIEWS = {
    "wide": {"color_scheme": "light", "viewport": {"width": 1400, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1400, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("html", type=Path, help="folder of the built pages")
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument("--only", default="", help="photograph only pages whose name has this in it")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with served(options.html) as site, chromium() as browser:
        for page in (name for name in pages() if options.only in name):
            for view, context in VIEWS.items():
                picture = options.out / f"{Path(page).name}-{view}.png"
                with opened(browser, f"{site}/{page}.html", site=site, **context) as (tab, _):
                    tab.screenshot(path=picture, full_page=True)
                print(picture)


if __name__ == "__main__":
    main()
