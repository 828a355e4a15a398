# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "scenarios"), str(TESTS / "login")]

from browser import Browser  # noqa: E402
from drive import Server  # noqa: E402


@pytest.fixture(scope="session")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def server(tmp_path):
    """A running drive with the account alice."""
    server = Server(tmp_path / "data").start()
    server.add_user("alice")
    yield server
    server.stop()
