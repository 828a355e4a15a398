# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "scenarios"), str(TESTS / "login"), str(TESTS / "browser"),
                str(TESTS / "app")]

import desktop as desktops  # noqa: E402
from drive import Device, Server  # noqa: E402
from prosody import Prosody  # noqa: E402
from test_first_run import enter  # noqa: E402


@pytest.fixture
def chat(tmp_path):
    """A chat server with accounts of alice and bob."""
    prosody = Prosody(tmp_path / "prosody")
    prosody.account("alice")
    prosody.account("bob")
    prosody.start()
    yield prosody
    prosody.stop()


@pytest.fixture(scope="session")
def desktop(tmp_path_factory):
    missing = desktops.missing()
    if missing:
        pytest.skip(f"needs {missing}: tools/install app test")
    folder = tmp_path_factory.mktemp("desktop")
    folder.chmod(0o700)
    desktop = desktops.Desktop(folder)
    yield desktop
    desktop.close()


@pytest.fixture
def server(tmp_path):
    """A running drive with the account alice."""
    server = Server(tmp_path / "data").start()
    server.add_user("alice")
    yield server
    server.stop()


@pytest.fixture
def device(tmp_path, server):
    """Hers, where file managers look for it; not started yet."""
    device = Device(tmp_path, "a", server)
    (tmp_path / "state").mkdir()
    device.profile = tmp_path / "state" / "imdrive"
    device.login()
    yield device
    device.stop()


@pytest.fixture
def window(desktop, tmp_path):
    """Starts the app; ends it."""
    opened = []

    def start(*arguments, **options):
        opened.append(desktops.Window(desktop, tmp_path, *arguments, **options))
        return opened[-1]

    yield start
    for window in reversed(opened):
        window.close()


@pytest.fixture
def app(window, server):
    """The app of alice, up to date, with a folder."""
    app = window()
    enter(app, server)
    app.click("Go on")
    app.click("Start syncing")
    app.wait("Up to date")
    return app


@pytest.fixture
def other(tmp_path, server):
    """Another device of hers, which runs when it is told to."""
    device = Device(tmp_path, "other", server).login()
    yield device
    device.stop()
