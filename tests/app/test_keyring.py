# SPDX-License-Identifier: Apache-2.0
"""The credential in the desktop's keyring (gnome-keyring), and in its file where there is none, a locked
one, or one that hangs."""

import os
import shutil
import signal
import stat
import subprocess
import sys

import pytest

from drive import TIMEOUT_S, Device, wait_until

gi = pytest.importorskip("gi")
from gi.repository import Gio, GLib  # noqa: E402

SERVICE = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
HANGS = f"""
import sys
from gi.repository import Gio, GLib
bus = Gio.DBusConnection.new_for_address_sync(
    sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
    | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
              "RequestName", GLib.Variant("(su)", ("{SERVICE}", 4)), None, 0, -1, None)
GLib.MainLoop().run()
"""


class Session:
    """A session bus, maybe with a keyring; the device's programs of this test find it."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        folder.mkdir()
        (folder / "bus.conf").write_text(
            "<busconfig><type>session</type><keep_umask/><listen>unix:tmpdir=/tmp</listen>"
            '<policy context="default"><allow send_destination="*" eavesdrop="true"/>'
            '<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>')
        self.bus = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address", "--nopidfile",
             f"--config-file={folder}/bus.conf"], stdout=subprocess.PIPE, text=True)
        self.address = self.bus.stdout.readline().strip()
        self.keyring = None
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", self.address)
        self.connection = Gio.DBusConnection.new_for_address_sync(
            self.address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)

    def call(self, path, interface, method, parameters):
        return self.connection.call_sync(SERVICE, path, interface, method, parameters, None, 0,
                                         -1, None).unpack()

    def has_keyring(self):
        return self.connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "NameHasOwner", GLib.Variant("(s)", (SERVICE,)), None, 0, -1, None).unpack()[0]

    def start_keyring(self):
        home = self.folder / "home"
        runtime = self.folder / "runtime"
        for place in (home, runtime):
            place.mkdir(mode=0o700, exist_ok=True)
        self.keyring = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets",
             f"--control-directory={runtime}"],
            env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home),
                 "XDG_RUNTIME_DIR": str(runtime)},
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.keyring.stdin.write(b"open")
        self.keyring.stdin.close()
        wait_until(self.has_keyring, "the keyring is on the bus")
        return self

    def start_hanging(self):
        """Somebody has the name, and has gone to sleep."""
        self.keyring = subprocess.Popen([sys.executable, "-c", HANGS, self.address])
        wait_until(self.has_keyring, "somebody has the name")
        os.kill(self.keyring.pid, signal.SIGSTOP)

    def secrets(self):
        return self.call(ROOT, "org.freedesktop.Secret.Service", "SearchItems",
                         GLib.Variant("(a{ss})", ({"xdg:schema": "org.imdrive.Credential"},)))

    def lock(self):
        self.call(ROOT, "org.freedesktop.Secret.Service", "Lock",
                  GLib.Variant("(ao)", ([f"{ROOT}/aliases/default"],)))

    def close(self):
        self.connection.close_sync(None)
        for process in (self.keyring, self.bus):
            if process:
                process.kill()
                process.wait(TIMEOUT_S)


@pytest.fixture
def session(tmp_path, monkeypatch):
    for program in ("dbus-daemon", "gnome-keyring-daemon"):
        if not shutil.which(program):
            pytest.skip(f"needs {program}: tools/install test")
    session = Session(tmp_path / "session", monkeypatch)
    yield session
    session.close()


@pytest.fixture
def device(tmp_path, server):
    device = Device(tmp_path, "device", server)
    yield device
    device.stop()


def credential(device):
    return device.status()["credential"]


def test_the_keyring_keeps_the_credential_until_logout(session, device):
    session.start_keyring()
    device.login()
    file = device.profile / "token"
    assert file.read_text() == "secret-service\n" and len(session.secrets()[0]) == 1
    device.start()
    device.path("hello").write_text("x")
    device.wait_idle()
    assert credential(device) == {"kept_in": "keyring"}
    assert "alice" in device.command("account").stdout
    device.command("logout")
    assert not file.exists() and session.secrets() == ([], [])


def test_what_lies_in_the_file_moves_when_a_keyring_is_there(session, device):
    device.login()
    file = device.profile / "token"
    assert "refresh" in file.read_text() and stat.S_IMODE(file.stat().st_mode) == 0o600
    session.start_keyring()
    device.start()
    wait_until(lambda: credential(device)["kept_in"] == "keyring", "it moved")
    assert "refresh" not in file.read_text()
    device.path("hello").write_text("x")
    device.wait_idle()


def test_without_a_keyring_the_file_keeps_it_and_status_says_so(session, device):
    device.login()
    device.start()
    device.wait_idle()
    kept = credential(device)
    assert kept["kept_in"] == "file" and kept["why"].startswith("there is no keyring")


def test_a_locked_keyring_is_not_waited_for(session, device):
    session.start_keyring()
    device.login()
    session.lock()
    failed = device.command("account", check=False)
    assert failed.returncode == 1 and "keyring is locked" in failed.stderr
    # Whoever signs in again does so without it.
    device.login()
    assert credential(device) == {"kept_in": "file", "why": "the keyring is locked"}
    assert "alice" in device.command("account").stdout


def test_a_keyring_that_hangs_is_not_waited_for(session, device):
    """Somebody has the name and answers nothing."""
    session.start_hanging()
    device.login()
    assert credential(device)["kept_in"] == "file"
    assert "does not answer" in credential(device)["why"]
