"""README.md and CONTRIBUTING.md are pages too: written once, shown in both places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

MIRRORED = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the mirrored pages, with links that lead where the pages now are."""
    root = Path(config.config_file_path).parent
    for source, page in MIRRORED.items():
        text = (root / source).read_text("utf-8")
        text = text.replace("](docs/", "](")
        for other, its_page in MIRRORED.items():
            text = text.replace(f"]({other}", f"]({its_page}")
        files.append(File.generated(config, page, content=text))
    return files
