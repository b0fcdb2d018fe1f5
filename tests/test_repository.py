"""What is said in several places is said alike: the address, the packages, the chapters, the notebooks."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from bookfiles import ROOT, notebooks, pages
from exercise_files import exercise_notebooks
from store_notebooks import faults, tidy

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = PROJECT["urls"]["Repository"]
OWNER_AND_NAME = ADDRESS.removeprefix("https://github.com/")
SITE = PROJECT["urls"]["Homepage"]
INSTALL = f'''\
import sys
if "google.colab" in sys.modules:
    %pip install -q "segedu @ git+{ADDRESS}"'''
PAPERS = ["README.md", "CONTRIBUTING.md", "CITATION.cff", "_config.yml", "environment.yml"]
BUILT_IN = {"actions/checkout", "actions/setup-python", "actions/upload-pages-artifact", "actions/deploy-pages"}

each_notebook = pytest.mark.parametrize(
    "path", [*notebooks(), *exercise_notebooks()], ids=lambda path: str(path.relative_to(ROOT / "book"))
)


def text(path: str | Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def settings(path: str) -> Any:
    return yaml.safe_load(text(path))


def test_the_books_settings_name_the_repository_and_the_site() -> None:
    config = settings("_config.yml")
    assert config["repository"]["url"] == ADDRESS
    assert config["html"]["baseurl"] == SITE


def test_the_citation_names_the_repository_the_site_and_the_version() -> None:
    citation = settings("CITATION.cff")
    assert citation["repository-code"] == ADDRESS
    assert citation["url"] == SITE
    assert citation["version"] == PROJECT["version"]


def test_the_package_says_the_version_of_the_project() -> None:
    said = re.search(r'^__version__ = "(.+)"$', text("segedu/__init__.py"), re.MULTILINE)
    assert said is not None
    assert said[1] == PROJECT["version"]


@pytest.mark.parametrize(
    "path", [*PAPERS, *(page + ".md" for page in pages() if (ROOT / f"{page}.md").exists())]
)
def test_a_link_to_colab_or_to_this_repository_has_its_address(path: str) -> None:
    linked = set(re.findall(r"github\.com/([\w.-]+/segedu)\b", text(path)))
    linked |= set(re.findall(r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/", text(path)))
    assert linked <= {OWNER_AND_NAME}


def test_the_readme_leads_to_the_site_and_to_a_chapter_in_colab() -> None:
    readme = text("README.md")
    assert SITE in readme
    chapter = re.search(
        rf"colab\.research\.google\.com/github/{OWNER_AND_NAME}/blob/main/(book/\w+\.ipynb)", readme
    )
    assert chapter is not None
    assert (ROOT / chapter[1]).is_file()


def test_conda_installs_what_the_project_lists_and_nothing_else() -> None:
    python, pip, extras = settings("environment.yml")["dependencies"]
    assert python.startswith(f"python {PROJECT['requires-python']}")
    assert pip == "pip"
    (line,) = extras["pip"]
    named = re.fullmatch(r"-e \.\[([\w,]+)\]", line)
    assert named is not None
    assert set(named[1].split(",")) <= set(PROJECT["optional-dependencies"])


def test_the_makefile_installs_extras_that_exist() -> None:
    named = re.findall(r"EXTRAS := ([\w,]+)", text("Makefile"))
    assert len(named) == 4
    assert {extra for line in named for extra in line.split(",")} <= set(PROJECT["optional-dependencies"])


def test_ci_runs_exactly_what_a_contributor_runs() -> None:
    assert text(".ci/run").rstrip().endswith("\nmake test")
    steps = settings(".github/workflows/test.yml")["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]


def test_ci_runs_on_the_oldest_and_the_newest_python() -> None:
    versions = settings(".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.13"]
    assert PROJECT["requires-python"] == f">={versions[0]}"


def test_a_deployment_without_a_first_page_fails() -> None:
    steps = settings(".github/workflows/pages.yml")["jobs"]["build"]["steps"]
    commands = [step.get("run", "") for step in steps]
    assert commands.index("make book") < next(k for k, run in enumerate(commands) if "index.html" in run)


@pytest.mark.parametrize("path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=lambda path: path.name)
def test_workflows_use_githubs_own_actions_only(path: Path) -> None:
    used = {line.split("@")[0] for line in re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))}
    assert used <= BUILT_IN


def test_every_page_of_the_contents_has_a_file_and_every_notebook_a_place() -> None:
    listed = pages()
    for page in listed:
        assert (ROOT / f"{page}.md").is_file() or (ROOT / f"{page}.ipynb").is_file(), page
    assert len(listed) == len(set(listed))
    assert {f"book/{notebook.stem}" for notebook in notebooks()} <= set(listed)


def test_the_api_reference_has_every_module() -> None:
    modules = {path.stem for path in (ROOT / "segedu").glob("[a-z]*.py")}
    modules |= {path.parent.name for path in (ROOT / "segedu").glob("[a-z]*/__init__.py")}
    reference = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "book" / "api").glob("*.md"))
    documented = re.findall(r"automodule:: segedu\.(\w+)$", reference, re.MULTILINE)
    assert sorted(documented) == sorted(modules)


def test_chapters_stand_in_the_order_of_their_numbers() -> None:
    numbered = [page for page in pages() if re.match(r"book/\d\d_", page)]
    assert numbered == sorted(numbered)


@each_notebook
def test_a_notebook_installs_the_package_on_colab_and_hides_it(path: Path) -> None:
    first = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    assert first.source == INSTALL
    assert "remove-cell" in first.metadata.tags
    assert first.outputs == []


@each_notebook
def test_a_notebook_is_stored_as_make_notebooks_stores_it(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert notebook == tidy(notebook), f"run: make notebooks NB={path.relative_to(ROOT)}"
    assert faults(notebook) == []


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_a_notebook_links_only_to_this_repository_in_colab(path: Path) -> None:
    linked = re.findall(
        r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/", path.read_text(encoding="utf-8")
    )
    assert set(linked) <= {OWNER_AND_NAME}
