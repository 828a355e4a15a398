# SPDX-License-Identifier: Apache-2.0
import itertools
import pathlib
import shutil
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "scenarios"), str(TESTS / "login")]

from browser import Browser  # noqa: E402
from drive import Server  # noqa: E402
from webkit import WebKit  # noqa: E402

names = (f"person {i}" for i in itertools.count())


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


@pytest.fixture
def webkit(tmp_path):
    if not shutil.which("WebKitWebDriver") or not shutil.which("Xvfb"):
        pytest.skip("needs WebKitWebDriver and Xvfb: tools/install test")
    home = tmp_path / "webkit"
    home.mkdir(mode=0o700)
    browser = WebKit(home)
    yield browser
    browser.close()


@pytest.fixture(params=["chromium", "webkit"])
def person(request):
    """Somebody at a browser that knows nobody, of both engines."""
    if request.param == "webkit":
        return request.getfixturevalue("webkit")
    return request.getfixturevalue("browser").open(next(names))
