"""The house keeps its own rules: "Adding a schedule" in CONTRIBUTING.md is this file in words."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import passo
import passo.schedules
from passo.schedules import recipes, shapes
from tests.schedules.hunt import NAMES
from tests.schedules.leaves import ENDLESS, RAMPS
from tests.strategies import LEAVES, NODES, RECIPES

ROOT = Path(__file__).parent.parent
PAGES = {page.name: page.read_text("utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
FRAGMENT = re.compile(r"(\d+|\+[a-z-]+)\.(added|changed|fixed)(\.\d+)?\.md")


for found in pkgutil.walk_packages(passo.schedules.__path__, "passo.schedules."):
    importlib.import_module(found.name)  # so that __subclasses__ knows every kind


def concrete(cls: type) -> set[type]:
    """The final classes below one, without the shadows that `dataclass(slots=True)` leaves."""
    below = [
        c for c in cls.__subclasses__() if vars(sys.modules[c.__module__]).get(c.__name__) is c
    ]
    return {cls} if not below else {leaf for c in below for leaf in concrete(c)}


def exported(room) -> dict[str, type]:
    return {name: getattr(room, name) for name in room.__all__}


SHAPES = {
    name: thing
    for name, thing in exported(shapes).items()
    if isinstance(thing, type) and issubclass(thing, passo.Schedule)
}
KINDS = {
    c.__name__
    for c in concrete(passo.Schedule)
    if c.__module__.startswith("passo.") and not c.__name__.startswith("_")
}
WAYS = {**SHAPES, **exported(recipes)}


def rows(page: str) -> dict[str, list[str]]:
    """The table rows of a page by the name in their first cell."""
    found = {}
    for line in PAGES[page].splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if cells and (name := re.match(r"`(\w+)", cells[0])):
            found[name[1]] = cells
    return found


def in_code(text: str) -> set[str]:
    """The words in a page's code spans, fences and `:::` directives."""
    code = re.findall(r"```.*?```|`[^`\n]+`|^::: .*$", text, flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"\w+", " ".join(code)))


def drawn_from_source() -> set[str]:
    """The names of the rooms that a page shows whole (`::: passo.room`), docstrings and all."""
    names = set()
    for room in re.findall(r"^::: (passo\.\w+)$", "\n".join(PAGES.values()), flags=re.MULTILINE):
        module = importlib.import_module(room)
        names |= {name for name in module.__all__ if inspect.getdoc(getattr(module, name))}
    return names


# -- adding a schedule, in five steps


def test_step_1_and_2_every_class_in_the_room_of_shapes_is_in_its_all():
    room = {
        c.__name__
        for c in concrete(passo.Schedule)
        if c.__module__.startswith(f"{shapes.__name__}.") and not c.__name__.startswith("_")
    }
    assert not room - set(SHAPES), "`__all__` of src/passo/schedules/shapes/__init__.py lacks these"
    lacks = "`__all__` of src/passo/schedules/__init__.py lacks these"
    assert not set(SHAPES) - set(passo.__all__), lacks
    assert not set(recipes.__all__) - set(passo.__all__), lacks


def for_checkers(init: str) -> set[str]:
    """The names that a file imports where a type checker sees them: at its head, or for types."""
    tree = ast.parse((ROOT / "src/passo" / init).read_text("utf-8"))
    heads = [
        *tree.body,
        *(each for node in tree.body if isinstance(node, ast.If) for each in node.body),
    ]
    return {a.asname or a.name for n in heads if isinstance(n, ast.ImportFrom) for a in n.names}


@pytest.mark.parametrize("init", ["schedules/__init__.py", "schedules/shapes/__init__.py"])
def test_step_2_a_type_checker_sees_every_name_of_the_room(init):
    room = shapes if "shapes" in init else passo.schedules
    lacks = f"src/passo/{init} imports these nowhere; what is loaded lazily, under TYPE_CHECKING"
    assert not set(room.__all__) - for_checkers(init), lacks


def test_step_2_what_is_published_is_loaded_when_it_is_asked_for():
    published = {n for n, c in SHAPES.items() if c.__module__ == "passo.schedules.shapes.published"}
    lacks = "LAZY of src/passo/schedules/__init__.py lacks these"
    assert not published - set(passo.schedules.LAZY), lacks


def test_step_3_every_kind_of_schedule_has_a_strategy():
    lacks = "RAMPS (or ENDLESS) of tests/schedules/leaves.py lacks these"
    assert not set(SHAPES) - set(RAMPS) - set(ENDLESS), lacks
    assert not KINDS - set(LEAVES) - set(NODES), "NODES of tests/strategies.py lacks these"
    assert not (set(LEAVES) | set(NODES)) - KINDS, "these are gone, and have strategies still"
    assert set(LEAVES) & set(NODES) == set()
    assert not set(recipes.__all__) - set(RECIPES), "RECIPES of tests/strategies.py lacks these"
    assert not set(RECIPES) - set(recipes.__all__), "these are gone, and have strategies still"


def test_step_3_every_shape_with_a_formula_has_it_for_the_hunt():
    formulas = {*NAMES, "Bounce", "Constant", "Function", "Greedy", "Plateau"}
    lacks = "KEPT (or RATIO) of tests/schedules/hunt.py lacks the formulas of these, in mpmath"
    assert not set(SHAPES) - formulas, lacks


@pytest.mark.parametrize("name", sorted(WAYS))
def test_step_4_every_shape_and_recipe_has_a_row_with_formula_and_source(name):
    cells = rows("schedules.md").get(name, [])
    assert len(cells) == 3, f"docs/schedules.md needs a row: | `{name}(...)` | formula | source |"
    assert all(cells), cells
    call = ast.parse(cells[0].strip("`"), mode="eval").body
    written = [a.id for a in call.args] + [k.arg for k in call.keywords]
    assert written == list(inspect.signature(WAYS[name]).parameters)


def test_step_4_the_table_names_nothing_that_is_gone():
    methods = {name for name in dir(passo.Schedule) if not name.startswith("_")}
    assert set(rows("schedules.md")) - set(WAYS) - methods - set(passo.__all__) == set()


def test_step_5_news_fragments_are_well_named_and_say_something():
    for file in sorted((ROOT / "changelog.d").iterdir()):
        if file.name != "README.md":
            assert FRAGMENT.fullmatch(file.name), f"{file.name}: write ISSUE.added.md"
            assert file.read_text("utf-8").strip(), file.name


@pytest.mark.parametrize("name", sorted(WAYS))
def test_every_shape_and_recipe_shows_an_example(name):
    doc = inspect.getdoc(WAYS[name]) or ""
    assert ">>> " in doc, f"the docstring of {name} needs an example: a line with >>>"


# -- pages and tools


def test_every_public_name_is_documented():
    known = in_code("\n".join(PAGES.values())) | drawn_from_source()
    assert [name for name in passo.__all__ if name not in known and name != "__version__"] == []


def test_ruff_ignores_at_most_twenty_rules_each_with_its_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^ignore = \[(.*?)^\]", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for line in block[1].splitlines() if line.strip().startswith('"')]
    assert 0 < len(lines) <= 20
    assert [line for line in lines if not re.search(r'",\s+# \S', line)] == []


def test_no_file_beside_a_script_hides_a_module_that_others_import():
    beside = [
        path
        for room in ("bench", "evidence", "examples", "docs", "tests")
        for path in (ROOT / room).glob("*.py")
    ]
    assert len(beside) > 20
    assert [path.name for path in beside if path.stem in sys.stdlib_module_names] == []


@pytest.mark.parametrize("path", sorted((ROOT / "bench").glob("*.py")), ids=lambda path: path.stem)
def test_every_bench_finds_what_it_measures(path):
    importlib.import_module(f"bench.{path.stem}")


def test_every_verb_of_the_makefile_explains_itself():
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[1].split()
    assert set(re.findall(r"^([\w-]+):.*## ", text, flags=re.MULTILINE)) == set(phony)


def test_every_pin_is_exact():
    text = (ROOT / "constraints.txt").read_text("utf-8")
    pins = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [pin for pin in pins if not re.match(r"[\w.-]+==[\w.]+( ; .+)?$", pin)] == []
    assert "torch==2.13.0" in pins


# -- what the package index shows


def links(text: str) -> list[str]:
    """Where the links and the images of a page lead, outside of its code."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def test_readme_leads_to_files_that_are_there():
    found = links((ROOT / "README.md").read_text("utf-8"))
    ours = [link.partition("#")[0] for link in found if not link.startswith("https://")]
    assert [name for name in ours if not (ROOT / name).is_file()] == []
    assert len(ours) > 9


def test_where_the_package_is_found_the_same_links_are_whole_addresses():
    """Done as the build does it, to this tree's README: what is installed may be older."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    source = re.search(r'^Source = "(.*)"$', text, flags=re.MULTILINE)[1]
    pages = f"{source}/blob/main/"
    files = pages.replace("github.com", "raw.githubusercontent.com").replace("/blob/", "/")
    shown = written = (ROOT / "README.md").read_text("utf-8")
    rules = re.findall(r"^pattern = '(.*)'\nreplacement = '(.*)'$", text, flags=re.MULTILINE)
    assert len(rules) == 2
    for pattern, replacement in rules:
        shown = re.sub(pattern, replacement, shown)
    assert [link for link in links(shown) if not link.startswith("https://")] == []
    assert [each.removeprefix(pages).removeprefix(files) for each in links(shown)] == links(written)
    assert re.findall(r"!\[[^\]]*\]\((?!https://)", shown) == []


def test_every_relative_link_of_a_page_leads_to_a_file():
    lost = [
        f"{name}: {link}"
        for name, text in PAGES.items()
        for link in links(text)
        if not link.startswith(("https://", "http://", "#"))
        and not (ROOT / "docs" / link.partition("#")[0]).is_file()
        and link.partition("#")[0] not in ("index.md", "contributing.md")
    ]
    assert lost == []
