"""CITATION.cff says of the package what pyproject.toml says."""

from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
CITATION = (ROOT / "CITATION.cff").read_text("utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
REQUIRED = {"authors", "cff-version", "message", "title"}  # by the schema of cff 1.2.0


def fields() -> dict[str, str]:
    """The top of the file, without its lists."""
    return dict(re.findall(r"^([a-z-]+): ?(.*)$", CITATION, flags=re.MULTILINE))


def of_project(name: str) -> str:
    """A string of pyproject.toml."""
    return re.search(rf'^{name} = "([^"]*)"$', PROJECT, flags=re.MULTILINE)[1]


def test_it_has_what_its_schema_requires():
    assert set(fields()) >= REQUIRED
    assert fields()["cff-version"] == "1.2.0"
    assert fields()["type"] == "software"


def test_it_says_what_the_project_says():
    found = fields()
    for name, named in {"title": "name", "version": "version", "license": "license"}.items():
        assert found[name] == of_project(named), name
    assert found["repository-code"] == of_project("Source")
    assert f'authors = [{{ name = "{re.search(r"- name: (.*)", CITATION)[1]}" }}]' in PROJECT
    words = re.search(r"^keywords:\n((?:  - .*\n)+)", CITATION, flags=re.MULTILINE)[1]
    assert re.findall(r"- (.*)", words) == re.findall(
        r'"([^"]+)"', re.search(r"^keywords = \[(.*)\]$", PROJECT, flags=re.MULTILINE)[1]
    )


def test_each_address_of_the_project_begins_with_the_one_of_its_source():
    urls = dict(each.split(", ") for each in metadata("passo").get_all("Project-URL"))
    assert {"Homepage", "Documentation", "Changelog", "Issues", "Source"} <= set(urls)
    assert [url for url in urls.values() if not url.startswith(of_project("Source"))] == []
