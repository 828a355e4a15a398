# SPDX-License-Identifier: Apache-2.0
import pytest

from drive import Device, Server


@pytest.fixture
def server(tmp_path):
    """A running drive with the account alice."""
    server = Server(tmp_path / "data").start()
    server.add_user("alice")
    yield server
    server.stop()


@pytest.fixture
def devices(tmp_path, server):
    """Makes devices that are signed in; ends them."""
    made = []

    def make(*names, user="alice", start=True):
        new = [Device(tmp_path, name, server, user).login() for name in names]
        made.extend(new)
        for device in new:
            if start:
                device.start()
        return new if len(new) > 1 else new[0]

    yield make
    for device in made:
        device.stop()
