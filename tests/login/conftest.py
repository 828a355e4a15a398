# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "scenarios"))

from drive import Server  # noqa: E402
from visitor import Visitor  # noqa: E402


@pytest.fixture
def server(tmp_path):
    """A running drive with the account alice."""
    server = Server(tmp_path / "data").start()
    server.add_user("alice")
    yield server
    server.stop()


@pytest.fixture
def visitor(server):
    return Visitor(server.url)
