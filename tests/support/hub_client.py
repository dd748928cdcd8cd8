"""The hub's own client, in this process, on a hub of loopback; another process is given environment variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import close_session

from tests.support.loopback_hub import TOKEN, LoopbackHub, loopback_hub


@contextmanager
def hub_in_this_process(home: Path) -> Iterator[LoopbackHub]:
    """A hub that is all the client knows within the block, with a cache of its own, logged in, and online."""
    with pytest.MonkeyPatch.context() as patch, loopback_hub() as hub:
        point_at(hub.url, patch)
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        patch.setattr(constants, "HF_HUB_CACHE", str(home))
        patch.setenv("HF_TOKEN", TOKEN)
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        close_session()
        yield hub
    close_session()


def point_at(url: str, patch: pytest.MonkeyPatch) -> None:
    """Makes the client ask this address, as HF_ENDPOINT does where it is set before the client is imported."""
    patch.setattr(constants, "ENDPOINT", url)
    patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
