"""What every test stands on: no network, one thread, seeded chance, and the shared data where they are to be had."""

from __future__ import annotations

import os

# Before numpy, torch or any library of the hub is imported: they read these once.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import ipaddress
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast tests first: a mistake shows within seconds."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):  # a path: AF_UNIX
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost")


@pytest.fixture(autouse=True, scope="session")
def closed_network() -> Iterator[None]:
    """Connections leave this machine nowhere; loopback and files stay open (gloo, the web page's test client)."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refuse_far(original: Any) -> Any:
        def guarded(self: socket.socket, address: Any) -> Any:
            if not _is_local(address):
                raise OSError(f"the tests have no network, but something connects to {address!r}")
            return original(self, address)

        return guarded

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", refuse_far(connect))
    patch.setattr(socket.socket, "connect_ex", refuse_far(connect_ex))
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def one_torch_thread() -> None:
    """One thread in torch, where torch is imported at all."""
    if "torch" in sys.modules and sys.modules["torch"].get_num_threads() != 1:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture
def generator() -> np.random.Generator:
    """A fresh, seeded source of chance."""
    return np.random.default_rng(20240229)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def package(repository: Path) -> Path:
    """The folder of the package's source."""
    return repository / "ecg_text"


@pytest.fixture(scope="session")
def shared_dir(repository: Path) -> Path:
    """The shared data folder: ECG_TEXT_SHARED, else ../shared."""
    folder = Path(os.environ.get("ECG_TEXT_SHARED", repository.parent / "shared"))
    if not (folder / "unpack_ptbxl.py").exists():
        pytest.skip("needs the shared data folder")
    return folder


@pytest.fixture(scope="session")
def ptbxl_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PTB-XL at 100 Hz, at least the records of fold 9, in its official layout: ECG_TEXT_PTBXL, else unpacked once."""
    if "ECG_TEXT_PTBXL" in os.environ:
        return Path(os.environ["ECG_TEXT_PTBXL"])
    shared: Path = request.getfixturevalue("shared_dir")
    folder = tmp_path_factory.mktemp("ptbxl")
    unpack = [sys.executable, str(shared / "unpack_ptbxl.py"), str(folder), "--folds", "9"]
    subprocess.run(unpack, check=True, capture_output=True)
    return folder
