"""Hooks of the documentation's site: the README, the changelog and the page on cards are pages of it, as they are."""

from __future__ import annotations

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
    {"README.md": "readme.md", "CHANGELOG.md": "changelog.md", "model_cards/README.md": "model-cards.md"}
)
LINK = re.compile(r"(?<=\]\()([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the borrowed pages, with their links as they are from docs/."""
    root = Path(config.config_file_path).parent
    for source, page in BORROWED.items():
        text = (root / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_links_of(text, "")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """A page links to ../README.md, which holds wherever the repository is read; on the site that is a page beside."""
    return _links_of(markdown, "../")


def _links_of(text: str, up: str) -> str:
    """The text with its links to pages and pictures of docs/ as they are on the site.

    up is the way from the text to the repository's root.
    """

    def moved(found: re.Match[str]) -> str:
        target = found[1]
        if target.startswith(up) and target.removeprefix(up) in BORROWED:
            return BORROWED[target.removeprefix(up)]
        return target.removeprefix("docs/") if not up else target

    return LINK.sub(moved, text)
