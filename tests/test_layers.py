"""Imports only point downwards, and what a reader does not need is not loaded.

The layers below are the architecture. A module may import its own layer, the layers named for it, the standard
library, and the third-party packages named for it; imports inside functions count too, and some are allowed
only there.
"""

import ast
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "segedu"


@dataclass(frozen=True)
class Layer:
    """Modules (first name below segedu), the layers they may use, and the packages they may use."""

    modules: set[str]
    uses: set[int]
    packages: set[str]
    uses_in_functions: set[int] = field(default_factory=set)
    packages_in_functions: set[str] = field(default_factory=set)


LABELS, MEASURES, PICTURES, NETWORKS, LEARNING, PEOPLE = range(6)
ARRAYS = {"numpy", "scipy", "PIL"}
LAYERS = {
    LABELS: Layer(
        {"scene", "instances", "fusion", "masks", "synthetic", "photos", "datasets"},
        set(),
        ARRAYS,
        packages_in_functions={"pooch", "requests", "tqdm"},
    ),
    MEASURES: Layer({"metrics", "upsampling", "results"}, {LABELS}, ARRAYS),
    PICTURES: Layer({"plot"}, {LABELS, MEASURES}, ARRAYS | {"matplotlib"}),
    NETWORKS: Layer({"models"}, {LABELS}, ARRAYS | {"torch", "torchvision"}, packages_in_functions={"skimage"}),
    LEARNING: Layer(
        {"training"}, {LABELS, MEASURES, NETWORKS}, ARRAYS | {"torch", "torchvision", "accelerate", "tqdm"}
    ),
    PEOPLE: Layer(
        {"widgets", "exercises"},
        {LABELS, MEASURES, PICTURES},
        ARRAYS | {"matplotlib", "anywidget", "ipywidgets", "traitlets", "IPython"},
        uses_in_functions={NETWORKS, LEARNING},
        packages_in_functions={"torch", "torchvision"},
    ),
}
TOOLS = {
    # What made the labels of the photographs: run by hand, imported by nothing.
    "segedu.photos.make_labels": {"skimage"},
    "segedu.photos.painting": {"skimage"},
}
HEAVY = [
    "torch",
    "torchvision",
    "accelerate",
    "matplotlib",
    "ipywidgets",
    "anywidget",
    "IPython",
    "skimage",
    "pooch",
    "requests",
]


def layer_of(module: str) -> int | None:
    """Layer of a dotted module name; the package itself is part of the lowest one."""
    names = module.split(".")
    if len(names) == 1:
        return LABELS
    return next((number for number, layer in LAYERS.items() if names[1] in layer.modules), None)


def imported(source: str, module: str, is_package: bool) -> list[tuple[str, int, bool]]:
    """Every import in a source: dotted name, line, whether it stands inside a function."""
    found = []

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend((alias.name, node.lineno, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: len(module.split(".")) - node.level + is_package]
                base = ".".join([*parents, base] if base else parents)
            # `from segedu import plot` names a module, `from segedu import Scene` does not.
            below = [f"segedu.{alias.name}" for alias in node.names] if base == "segedu" else []
            modules = [name for name in below if layer_of(name) is not None]
            found.extend((name, node.lineno, inside) for name in modules or [base])
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(ast.parse(source), False)
    return found


def upward_imports(source: str, module: str, is_package: bool = False) -> list[str]:
    """What a module imports and must not, one sentence each."""
    number = layer_of(module)
    if number is None:
        return [f"{module} is in no layer: add {module.split('.')[1]!r} to LAYERS in tests/test_layers.py"]
    layer, wrong = LAYERS[number], []
    for name, line, inside in imported(source, module, is_package):
        root = name.split(".")[0]
        if root == "segedu":
            target = layer_of(name)
            allowed = layer.uses | {number} | (layer.uses_in_functions if inside else set())
            if target is None:
                wrong.append(f"{module}:{line} imports {name}, which is in no layer of tests/test_layers.py")
            elif target not in allowed:
                wrong.append(f"{module}:{line} (layer {number}) imports {name} (layer {target})")
        elif root not in sys.stdlib_module_names:
            packages = layer.packages | TOOLS.get(module, set())
            if root not in packages | (layer.packages_in_functions if inside else set()):
                where = " outside a function" if root in layer.packages_in_functions else ""
                wrong.append(f"{module}:{line} (layer {number}) imports {root}{where}")
    return wrong


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_imports_only_point_downwards():
    paths = sorted(PACKAGE.rglob("*.py"))
    assert len(paths) > 10  # the package is where this test looks for it
    wrong = [
        sentence
        for path in paths
        for sentence in upward_imports(path.read_text("utf-8"), module_name(path), path.stem == "__init__")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import segedu.plot", "segedu.masks.rle"),
        ("from segedu import plot", "segedu.scene"),
        ("from segedu.plot import compare", "segedu.metrics"),
        ("from segedu import Scene, models", "segedu.plot.figures"),
        ("from ..plot import colors", "segedu.masks.rle"),
        ("def late():\n    from segedu.plot import compare", "segedu.masks.rle"),
        ("import matplotlib.pyplot as plt", "segedu.metrics.semantic"),
        ("import torch", "segedu.widgets.scene_viewer"),
        ("from segedu.models import UNet", "segedu.exercises.checks"),
        ("import skimage", "segedu.photos.stored"),
        ("from segedu.models import UNet", "segedu.upsampling"),
        ("import segedu.utils", "segedu.plot"),
        ("", "segedu.utils"),
    ],
)
def test_the_check_finds_what_points_upwards(source, module):
    assert len(upward_imports(source, module)) == 1


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from segedu import Scene, plot", "segedu.widgets.scene_viewer"),
        ("from segedu.scene import Scene\nimport numpy as np\nimport json", "segedu.masks.rle"),
        ("from .rle import rle_decode", "segedu.masks.polygons"),
        ("from segedu.instances import Instances", "segedu"),
        ("def check():\n    import torch\n    from segedu.models import UNet", "segedu.exercises.checks"),
        ("import torch\nfrom segedu.models import UNet", "segedu.training.loop"),
    ],
)
def test_the_check_lets_pass_what_points_downwards(source, module):
    assert upward_imports(source, module) == []


def test_relative_imports_are_read_from_the_package_they_stand_in():
    assert imported("from . import rle", "segedu.masks", True) == [("segedu.masks", 1, False)]
    assert imported("from .rle import x", "segedu.masks", True) == [("segedu.masks.rle", 1, False)]
    assert imported("from .rle import x", "segedu.masks.polygons", False) == [("segedu.masks.rle", 1, False)]
    assert imported("from ..plot import x", "segedu.masks.rle", False) == [("segedu.plot", 1, False)]


def loaded_by(statement: str) -> set[str]:
    """Which of the heavy packages a fresh Python has loaded after a statement."""
    program = f"import sys\n{statement}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def present(number: int) -> list[str]:
    """Modules of a layer that exist already."""
    names = sorted(LAYERS[number].modules)
    return [
        f"segedu.{n}" for n in names if (PACKAGE / f"{n}.py").exists() or (PACKAGE / n / "__init__.py").exists()
    ]


def test_importing_segedu_loads_neither_torch_nor_matplotlib_nor_widgets():
    assert loaded_by("import segedu") == set()


def test_labels_and_measures_load_nothing_heavy():
    modules = ["segedu", *present(LABELS), *present(MEASURES)]
    assert loaded_by(f"import {', '.join(modules)}") == set()


def test_pictures_and_widgets_load_no_torch():
    modules = [*present(PICTURES), *present(PEOPLE)]
    assert not loaded_by(f"import {', '.join(modules)}") & {"torch", "torchvision"}


def test_the_probe_sees_what_is_loaded():
    assert loaded_by("import matplotlib") == {"matplotlib"}
