# SPDX-License-Identifier: Apache-2.0
import contextlib
import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "scenarios"))

from disk import MountedDevice  # noqa: E402
from drive import Device, Server  # noqa: E402


def why_not():
    """Why nothing can be mounted here; None if it can."""
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"/dev/fuse: {error.strerror}"
    if os.geteuid() != 0 and not shutil.which("fusermount3"):
        return "there is no fusermount3 (package fuse3)"
    return None


def pytest_collection_modifyitems(items):
    reason = why_not()
    if reason:
        here = str(pathlib.Path(__file__).parent)
        for item in items:
            if str(item.path).startswith(here):
                item.add_marker(pytest.mark.skip(reason=f"no virtual disk: {reason}"))


@pytest.fixture
def server(tmp_path):
    """A running drive with the account alice."""
    server = Server(tmp_path / "data").start()
    server.add_user("alice")
    yield server
    server.stop()


@pytest.fixture
def made():
    devices = []
    with contextlib.ExitStack() as stack:
        yield devices
        # All of them, whatever becomes of one.
        for device in reversed(devices):
            stack.callback(device.stop)


@pytest.fixture
def mounts(tmp_path, server, made):
    """Makes devices that are signed in and have the drive mounted; ends them."""
    def make(*names, without_override=False):
        new = []
        for name in names:
            new.append(MountedDevice(tmp_path, name, server).login())
            made.append(new[-1])
            if without_override:
                new[-1].prefix = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fsetid")
            new[-1].start()
        return new if len(new) > 1 else new[0]

    return make


@pytest.fixture
def folders(tmp_path, server, made):
    """Makes devices that are signed in and sync a folder; ends them."""
    def make(*names):
        new = []
        for name in names:
            new.append(Device(tmp_path, name, server).login())
            made.append(new[-1])
            new[-1].start()
        return new if len(new) > 1 else new[0]

    return make
