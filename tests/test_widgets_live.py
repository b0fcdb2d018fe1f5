"""A widget in JupyterLab: what the reader does in the page reaches the Python trait, and back again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from segedu.widgets import describe, encodings_at
from segedu.widgets.thing_stuff import verdict
from widget_scenes import small_street

TESTS = Path(__file__).parent
PATIENCE = 120_000  # ms: a kernel starts slowly on a busy machine

CELLS = {
    "viewer": f"""\
import sys
sys.path.insert(0, {str(TESTS)!r})
from segedu.widgets import ClassifyDetectSegment, SceneViewer, ThingStuff
from widget_scenes import small_street
viewer, heard = SceneViewer(small_street()), []
viewer.observe(lambda change: heard.append(change["new"]), "view")
viewer""",
    "ask viewer": "print(heard, viewer.opacity, viewer.pixel, viewer.selected)",
    "set viewer": "viewer.view, viewer.pixel, viewer.selected = 'instance', [48, 90], 6",
    "splitter": "splitter = ThingStuff(small_street())\nsplitter",
    "ask splitter": "print(splitter.things, splitter.relabelled)\nsplitter.things = ['sky']",
    "answers": "answers = ClassifyDetectSegment(small_street())\nanswers",
    "ask answers": "print(answers.view, answers.pixel)\nanswers.view = 'boxes'",
    "confusion": "from segedu.widgets import ConfusionMatrix\nmatrix = ConfusionMatrix(small_street())\nmatrix",
    "ask confusion": (
        "print(matrix.names['a'], matrix.cell, matrix.brush)\nmatrix.b, matrix.shown = matrix.a, 'b'"
    ),
    "stamps": (
        "from segedu.widgets import SparseMatrix, TransposedConvolution\n"
        "stamps = TransposedConvolution(size=3, stride=3, output_padding=2, step=9)\nstamps"
    ),
    "ask stamps": "print(stamps)\nstamps.view, stamps.step = 'slide', 2",
    "matrix": "matrix = SparseMatrix(padding=1, row=15)\nmatrix",
    "ask matrix": "print(matrix)\nmatrix.transposed, matrix.column = True, 5",
    "lab": "from segedu.widgets import UpsamplingLab\nlab = UpsamplingLab(small_street())\nlab",
    "ask lab": "print(lab.content, lab.factor, lab.left, lab.divider)\nlab.right = 'resize fitted'",
    "field": "from segedu.widgets import ReceptiveField\nfield = ReceptiveField(small_street())\nfield",
    "ask field": "print(field)\nfield.layers, field.selected = [{'kind': 'pool', 'kernel': 4}] * 2, 1",
    "formats": "from segedu.widgets import FormatExplorer\nexplorer = FormatExplorer(small_street())\nexplorer",
    "ask formats": "print(explorer.pixel, explorer.opacity)\nexplorer.pixel = [30, 40]",
    "shapes": (
        "from segedu.models import DeconvNet, UNet\nfrom segedu.widgets import NetworkShapes\n"
        "made = {'DeconvNet': DeconvNet(3, 4, base_channels=2), 'U-Net': UNet(3, 4, base_channels=2)}\n"
        "shapes = NetworkShapes(made, small_street(), step=31, network='U-Net')\nshapes"
    ),
    "ask shapes": "print(shapes.network, shapes.step, shapes.selected.shape)\nshapes.step = 3",
    "surgery": (
        "import torch\n"
        "from segedu.models import UNet\n"
        "from segedu.widgets import SkipSurgery\n"
        "torch.manual_seed(0)\n"
        "surgery = SkipSurgery(UNet(3, 4, base_channels=2), [small_street()])\nsurgery"
    ),
    "ask surgery": "print(surgery.cut, surgery.fill)\nprint(surgery.said())\nsurgery.cut = [2]",
    "player": (
        "from segedu.widgets import TrainingPlayer\nfrom training_films import film\n"
        "player = TrainingPlayer(film())\nplayer"
    ),
    "ask player": "print(player.frame, player.view, player.selected)\nplayer.frame, player.selected = 3, 3",
    "roi": (
        "import numpy as np\nfrom segedu.widgets import RoIAlign\n"
        "roi = RoIAlign(np.arange(48).reshape(6, 8), stride=8, box=(8, 8, 24, 24))\nroi"
    ),
    "ask roi": "print(roi.box, roi.bins, roi.by_pool.tolist())\nroi.box, roi.aligned = [16, 8, 32, 24], False",
    "fusion": (
        "from segedu import Instances\nfrom segedu.widgets import PanopticFusion\n"
        "truth = Instances.from_scene(small_street())\n"
        "objects = Instances(truth.masks[:3], truth.labels[:3], [0.9, 0.7, 0.6])\n"
        "fusion = PanopticFusion(small_street(), small_street().semantic.astype(int), objects)\nfusion"
    ),
    "ask fusion": "print(fusion.min_score, fusion.fused.instance.max())\nfusion.min_score = 0.95",
    "proposals": (
        "import numpy as np\nfrom segedu.widgets import Proposals\n"
        "boxes = np.array([[16, 24, 32, 40], [17, 24, 33, 40], [80, 44, 96, 52]])\n"
        "proposals = Proposals(small_street(), boxes, [0.9, 0.8, 0.7], np.zeros((3, 4)))\nproposals"
    ),
    "ask proposals": "print(proposals.step, proposals.iou_threshold, proposals.kept)\nproposals.selected = 0",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a JupyterLab of its own, with a notebook in it."""
    home = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (home / "work").mkdir()
    nbformat.write(notebook, home / "work" / "viewer.ipynb")
    settings = home / "settings"
    settings.mkdir()
    overrides = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    }
    (settings / "overrides.json").write_text(json.dumps(overrides), encoding="utf-8")
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
             "--ServerApp.port=0", "--IdentityProvider.token=", "--LabApp.extension_manager=readonly",
             "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
             f"--LabApp.app_settings_dir={settings}", f"--ServerApp.root_dir={home / 'work'}"],
            env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield _address(server, home)
        finally:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()


def _address(server: subprocess.Popen, home: Path) -> str:
    """Wait until the server has written down where it listens."""
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline and server.poll() is None:
        for path in (home / "runtime").glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text(encoding="utf-8"))["url"].rstrip("/")
            except json.JSONDecodeError:  # half written
                pass
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{(home / 'log').read_text()[-3000:]}")


@pytest.fixture(scope="module")
def notebook(browser: Browser, lab: str) -> Iterator[Page]:
    """The notebook, open, with nothing but its own server to reach."""
    beyond: list[str] = []

    def gate(route: Route) -> None:
        if route.request.url.startswith((lab, "data:", "blob:")):
            route.continue_()
        else:
            beyond.append(route.request.url)
            route.abort()

    with browser.new_context(viewport={"width": 1200, "height": 1400}) as visitor:
        visitor.route("**/*", gate)
        page = visitor.new_page()
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.goto(f"{lab}/doc/tree/viewer.ipynb")
        page.locator(".jp-CodeCell").nth(len(CELLS) - 1).wait_for()
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()  # the kernel is there
        yield page
        expect.set_options(timeout=5000)
        assert beyond == []


def run_cell(page: Page, name: str) -> Locator:
    """Run a cell of the notebook, by its name in `CELLS`; its output."""
    cell = page.locator(".jp-CodeCell").nth(list(CELLS).index(name))
    prompt = cell.locator(".jp-InputPrompt")
    for _ in range(PATIENCE // 10_000):
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        try:
            expect(prompt).not_to_have_text("[ ]:", timeout=10_000)
            break
        except AssertionError:
            continue  # JupyterLab lets the first keys go by while it still starts on a busy machine
    expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))  # it has run
    return cell.locator(".jp-OutputArea-output")


def expect_answer(page: Page, name: str, text: str) -> None:
    """Run a cell until it prints this: a widget holds news back while Python still takes in the last ones."""
    for _ in range(PATIENCE // 10_000):
        try:
            expect(run_cell(page, name)).to_have_text(text, timeout=10_000)
            return
        except AssertionError:
            continue
    expect(run_cell(page, name)).to_have_text(text)


def test_a_widget_is_live_in_jupyterlab_in_both_directions(notebook: Page) -> None:
    widget = run_cell(notebook, "viewer").locator(".segedu")
    expect(widget.get_by_role("radio", name="Panoptic")).to_be_checked()

    # The reader looks at the semantic view, covers a step more, selects a car, and goes to a pixel by keys.
    widget.get_by_role("radio", name="Semantic").check()
    widget.get_by_role("slider").press("ArrowRight")
    widget.get_by_role("button", name="car 5").click()
    widget.get_by_role("application").focus()
    for key in ("ArrowUp", "ArrowUp", "Shift+ArrowLeft", "ArrowLeft"):  # the first key shows the cursor: 32, 64
        notebook.keyboard.press(key)
    expect(widget.locator(".where")).to_have_text("Pixel in row 31, column 53")

    # Python has heard of it.
    expect_answer(notebook, "ask viewer", "['semantic'] 0.65 [31, 53] 5")

    # And what Python sets, the page shows.
    run_cell(notebook, "set viewer")
    expect(widget.get_by_role("radio", name="Instance")).to_be_checked()
    expect(widget.get_by_role("button", name="car 6")).to_have_attribute("aria-pressed", "true")
    for task, sentence in describe(small_street(), 48, 90).items():
        expect(widget.locator(f"[data-answer={task}]")).to_have_text(sentence)


def test_a_split_declared_in_the_page_is_a_scene_in_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")  # the imports, should this test run alone
    widget = run_cell(notebook, "splitter").locator(".segedu")
    widget.get_by_role("group", name="car").get_by_role("radio", name="stuff").check()
    said = run_cell(notebook, "ask splitter")
    expect(said).to_have_text("['person'] Scene(64×128 pixels, 4 categories, 0 instances, 6.2 % void)")
    expect(widget.get_by_role("group", name="sky").get_by_role("radio", name="thing")).to_be_checked()
    expect(widget.locator(".verdict")).to_have_text(verdict(small_street(), ["sky"]))


def test_an_answer_chosen_in_the_page_reaches_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "answers").locator(".segedu")
    widget.get_by_role("radio", name="Labels").check()
    widget.get_by_role("application").press("Home")
    expect_answer(notebook, "ask answers", "labels [32, 0]")
    expect(widget.locator(".frame")).to_have_count(3)
    expect(widget.locator(".frame").first).to_be_visible()


def test_a_prediction_made_in_the_page_reaches_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "confusion").locator(".segedu")
    widget.get_by_role("button", name="grown", exact=True).click()
    widget.locator("[data-cell='0 3']").click()
    widget.get_by_label("Paint").select_option("car")
    expect_answer(notebook, "ask confusion", "grown, 2 pixels [0, 3] car")
    expect(widget.get_by_role("radio", name="Prediction B")).to_be_checked()
    expect(widget.locator(".cm-verdict")).to_have_text("PA, MPA, mIoU and FWIoU see no difference.")


def test_a_stack_of_layers_built_in_the_page_reaches_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "field").locator(".segedu")
    widget.get_by_role("button", name="2 × conv 3×3", exact=True).click()
    widget.get_by_label("stride").select_option("2")
    widget.get_by_role("button", name="Add after").click()
    widget.get_by_role("application").press("ArrowUp")
    # 1 + 2 + 2, then one more 3 × 3 at stride 2 adds 4.
    expect_answer(
        notebook,
        "ask field",
        "ReceptiveField(64×128 pixels, 3 layers, field 9, stride 2, pixel=[31, 64], padded=True, caption='')",
    )
    expect(widget.locator(".field-table tr[data-layer]")).to_have_count(2)
    expect(widget.locator("tr.on")).to_have_attribute("data-layer", "1")


def test_a_smaller_geometry_chosen_in_the_page_is_one_in_python(notebook: Page) -> None:
    widget = run_cell(notebook, "stamps").locator(".segedu")
    widget.get_by_role("group", name="Stride").get_by_role("radio", name="2").check()
    widget.get_by_role("group", name="Input").get_by_role("radio", name="2×2").check()
    # Nine stamps become four, and the output padding stays below the stride.
    expect_answer(
        notebook,
        "ask stamps",
        "TransposedConvolution(size=2, kernel_size=3, stride=2, padding=0, output_padding=1, view='stamp', "
        "step=4, caption='')",
    )
    expect(widget.get_by_role("radio", name="Slide")).to_be_checked()
    expect(widget.locator(".tc-count")).to_have_text("2 / 36")


def test_a_row_pointed_at_in_the_page_reaches_python(notebook: Page) -> None:
    widget = run_cell(notebook, "matrix").locator(".segedu")
    widget.get_by_role("group", name="Padding").get_by_role("radio", name="0").check()
    widget.locator("[data-grid=to] .grid-board").press("ArrowDown")
    expect_answer(
        notebook,
        "ask matrix",
        "SparseMatrix(size=4, kernel_size=3, stride=1, padding=0, transposed=False, row=2, column=None, "
        "caption='')",
    )
    expect(widget.locator("[data-said=matrix]")).to_contain_text("Row 5, column 2 of Cᵀ: 2")


def test_a_pixel_of_a_format_is_the_same_in_the_page_and_in_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "formats").locator(".segedu")
    widget.get_by_role("slider").press("ArrowRight")
    widget.get_by_role("application").press("Home")
    expect_answer(notebook, "ask formats", "[32, 0] 0.55")
    for name, value in encodings_at(small_street(), 30, 40).items():
        expect(widget.locator(f"[data-value={name}]")).to_have_text(value)


def test_a_step_of_a_network_chosen_in_the_page_reaches_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "shapes").locator(".segedu")
    widget.get_by_role("button", name="DeconvNet").click()  # it has 21 steps: the last one is taken
    widget.get_by_role("button", name="Back").click()
    expect_answer(notebook, "ask shapes", "DeconvNet 20 (2, 64, 128)")
    expect(widget.locator(".net-count")).to_have_text("3 / 21")
    expect(widget.locator(".net-head strong")).to_have_text("max pool 2×2")


def test_a_comparison_set_up_in_the_page_reaches_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "lab").locator(".segedu")
    widget.get_by_role("button", name="Corners", exact=True).click()
    left = widget.get_by_role("group", name="Method on the left")
    left.get_by_role("combobox").select_option(label="Nearest")
    widget.get_by_role("slider").press("PageUp")
    expect_answer(notebook, "ask lab", "labels 8 nearest 0.6")
    expect(widget.locator(".lab-tag-right")).to_have_text("resize + 3 × 3, fitted")


def test_a_skip_cut_in_the_page_is_cut_in_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "surgery").locator(".segedu")
    widget.get_by_role("switch", name="Skip 3").click()
    widget.get_by_role("switch", name="Skip 1").click()
    widget.get_by_role("radio", name="zeros").check()
    said = widget.get_by_role("status").text_content()
    assert said is not None
    expect_answer(notebook, "ask surgery", f"[1, 3] zero\n{said}")
    expect(widget.get_by_role("switch", name="Skip 2")).not_to_be_checked()
    expect(widget.get_by_role("switch", name="Skip 1")).to_be_checked()


def test_an_epoch_chosen_in_the_page_reaches_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "player").locator(".segedu")
    widget.get_by_role("slider", name="Epoch").press("Home")
    widget.get_by_role("radio", name="Errors").check()
    widget.get_by_role("button", name="sky").click()
    expect_answer(notebook, "ask player", "0 errors 1")
    expect(widget.locator("output")).to_have_text("3 of 4")
    expect(widget.get_by_role("button", name="car")).to_have_attribute("aria-pressed", "true")


def test_a_box_moved_in_the_page_is_read_in_python(notebook: Page) -> None:
    widget = run_cell(notebook, "roi").locator(".segedu")
    widget.get_by_role("application").first.press("ArrowRight")
    widget.get_by_role("group", name="Bins").get_by_role("radio", name="3×3").check()
    # Columns 9/8 → 1 to 25/8 → 3, rows 1 to 3: three places, one a bin, 8 · row + column.
    said = run_cell(notebook, "ask roi")
    expect(said).to_have_text("[9, 8, 25, 24] 3 [[9.0, 10.0, 11.0], [17.0, 18.0, 19.0], [25.0, 26.0, 27.0]]")
    expect(widget.get_by_role("radio", name="not")).to_be_checked()
    expect(widget.locator(".roi-sentence")).to_contain_text("columns 2 to 4 and rows 1 to 3")


def test_a_threshold_set_in_the_page_fuses_in_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "fusion").locator(".segedu")
    slider = widget.get_by_role("slider", name="Least score")
    for _ in range(5):
        slider.press("ArrowRight")
    expect_answer(notebook, "ask fusion", "0.75 1")
    expect(widget.locator(".pf-verdict")).to_contain_text("0 of 3 objects stay.")


def test_suppression_set_in_the_page_suppresses_in_python(notebook: Page) -> None:
    run_cell(notebook, "viewer")
    widget = run_cell(notebook, "proposals").locator(".segedu")
    widget.get_by_role("radio", name="3 Suppressed").check()
    slider = widget.get_by_role("slider", name="Struck out above an IoU of")
    for _ in range(4):
        slider.press("ArrowRight")
    # The first two share 15 of 17 columns: 0.88 is not above 0.9.
    expect_answer(notebook, "ask proposals", "suppressed 0.9 [0 1 2]")
    expect(widget.get_by_role("button", name="Proposal 1")).to_have_attribute("aria-pressed", "true")


def test_a_dark_jupyterlab_has_dark_widgets(notebook: Page) -> None:
    widget = run_cell(notebook, "viewer").locator(".segedu")
    expect(widget).to_have_css("background-color", "rgb(255, 255, 255)")
    notebook.evaluate("document.body.dataset.jpThemeLight = 'false'")
    expect(widget).to_have_css("background-color", "rgb(23, 27, 33)")  # --card of the dark theme, #171b21
    notebook.evaluate("document.body.dataset.jpThemeLight = 'true'")
