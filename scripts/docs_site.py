"""Hooks of the documentation's site: the README, the changelog and the page on cards are pages of it, as they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

# Files outside docs/, by their paths in the repository, and the pages that they become.
BORROWED: Mapping[str, str] = MappingProxyType(
    {
        "README.md": "readme.md",
        "CHANGELOG.md": "changelog.md",
        "model_cards/README.md": "model-cards.md",
        "model_cards/reference/README.md": "reference-card.md",
    }
)
LINK = re.compile(r"(?<=\]\()([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the borrowed pages, with their links as they are from docs/."""
    root = Path(config.config_file_path).parent
    for source, page in BORROWED.items():
        text = (root / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_links_of(text, source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """A page links to ../README.md, which holds wherever the repository is read; on the site that is a page beside."""
    return _links_of(markdown, f"docs/{page.file.src_uri}")


def _links_of(text: str, place: str) -> str:
    """The text with its links to pages and pictures as they are on the site; place is its path in the repository."""

    def moved(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(place), found[1]))
        return BORROWED.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else found[1])

    return LINK.sub(moved, text)
