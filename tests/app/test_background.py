# SPDX-License-Identifier: Apache-2.0
"""Life without a window: tray icon, notifications that can be pressed, D-Bus activation, the session's
start; and what is installed for the desktop."""

import configparser
import hashlib
import pathlib
import shutil
import subprocess
import time

import pytest

from door import Door
from drive import BUILD, run, wait_until
from test_first_run import enter

pytest.importorskip("gi", reason="needs python3-gi: tools/install test")
from gi.repository import GLib  # noqa: E402

from bus import Shell  # noqa: E402

DESKTOP = BUILD.parent / "contrib" / "desktop"


@pytest.fixture
def shell(desktop):
    shell = Shell(desktop.variables["DBUS_SESSION_BUS_ADDRESS"])
    yield shell
    shell.close()


@pytest.fixture
def app(window, server, shell):
    app = window()
    enter(app, server)
    app.click("Go on")
    app.click("Start syncing")
    app.wait("Up to date")
    return app


def name_of(app):
    digest = hashlib.sha1(str(app.profile).encode()).hexdigest()
    return f"org.imdrive.App.p{digest}"


def path_of(app):
    return "/" + name_of(app).replace(".", "/")


def test_it_lives_on_in_the_tray(app, shell):
    item = shell.wait_item()
    assert shell.property(item, "Category") == "ApplicationStatus"
    app.click("Close")
    wait_until(lambda: not app.find("Overview"), "the window is gone")
    wait_until(lambda: "Up to date" in shell.menu(item), "the menu says how things stand")
    shell.choose(item, "Pause for an hour")
    wait_until(lambda: app.ask("status")["paused"], "it is paused")
    wait_until(lambda: "Resume" in shell.menu(item), "it can be resumed")
    assert shell.property(item, "ToolTip")[2] == "Paused"
    shell.choose(item, "Resume")
    wait_until(lambda: not app.ask("status")["paused"], "it goes on")
    shell.choose(item, "Show imdrive")
    app.wait("Up to date")
    shell.choose(item, "Quit")
    app.process.wait(60)
    # The daemon does not care.
    assert Door(app.profile).ask("status")["result"]["state"] == "idle"


def woken(app):
    """How often each of its threads has been, so far."""
    tasks = pathlib.Path(f"/proc/{app.process.pid}/task").glob("*/status")
    return {path: path.read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0]
            for path in tasks}


def sleeps(app):
    before = woken(app)
    time.sleep(4)  # whatever is drawn again, or looked at again, is so within that
    return woken(app) == before


def test_whoever_is_not_looked_at_wakes_nobody(app):
    app.click("Account")
    app.wait("This device")
    app.click("Settings")
    app.wait("Always use my browser")
    app.click("Overview")
    app.wait("Up to date")
    wait_until(lambda: sleeps(app), "the app sleeps, whatever stands on the pages that are not seen")
    app.click("Close")
    wait_until(lambda: not app.find("Overview"), "the window is gone")
    wait_until(lambda: sleeps(app), "the app sleeps without a window")


def test_notifications_say_what_has_happened_and_do_it(app, shell):
    many = app.home / "imdrive" / "many"
    many.mkdir()
    for count in range(1100):
        (many / str(count)).touch()
    wait_until(lambda: app.ask("status")["files"] == 1100 and app.ask("status")["state"] == "idle",
               "all is on the drive")
    app.click("Close")
    wait_until(lambda: not app.find("Overview"), "the window is gone")
    app.stop_daemon_for(lambda: shutil.rmtree(many))
    number = shell.wait_notice("1101 files were deleted here")
    shell.press(number, "Put them back")
    wait_until(lambda: many.exists() and len(list(many.iterdir())) == 1100, "all is back")
    this = next(item["id"] for item in app.ask("devices")["devices"] if item["this"])
    app.ask("revoke", device=this)
    shell.press(shell.wait_notice("Signed out"), "Sign in")
    app.wait("Where is your drive?")


def test_the_end_of_the_first_sync_is_told(window, server, shell):
    """To somebody who has closed the window meanwhile: here there never was one."""
    app = window("--gapplication-service")
    wait_until(lambda: (app.profile / "control.sock").exists(), "the daemon answers")
    run(BUILD / "imdrive", "--profile", app.profile, "login", server.url, "--user", "alice",
        text="correct horse\n")
    wait_until(lambda: app.ask("status")["signed_in"], "the daemon is alice's")
    app.ask("attach", folder=str(app.home / "imdrive"), create=True)
    number = shell.wait_notice("Your files are here")
    assert "Open folder" in shell.shown[number][2]


def test_it_is_started_over_the_bus_and_is_one(app, shell):
    app.process.terminate()
    app.process.wait(60)
    app.put_service(name_of(app), "--gapplication-service")
    shell.call(name_of(app), path_of(app), "org.freedesktop.Application", "Activate",
               GLib.Variant("(a{sv})", ({},)))
    app.wait("Up to date")
    app.again("imdrive:127.0.0.1:1")
    app.wait_text("No drive answers there")
    shell.call(name_of(app), path_of(app), "org.gtk.Actions", "Activate",
               GLib.Variant("(sava{sv})", ("quit", [], {})))
    wait_until(lambda: not app.root(), "it has ended")


def test_it_starts_with_the_session_if_asked_to(app):
    entry = app.home / ".config" / "autostart" / "org.imdrive.App.desktop"
    app.click("Settings")
    app.click("Start when I log in")
    wait_until(entry.exists, "the session starts it")
    file = configparser.ConfigParser(interpolation=None)
    file.read(entry)
    assert file["Desktop Entry"]["Exec"].endswith('imdrive-app-driven" --gapplication-service')
    subprocess.run(["desktop-file-validate", entry], check=True)
    app.click("Start when I log in")
    wait_until(lambda: not entry.exists(), "the session does not start it any more")


def test_what_is_installed_is_as_desktops_want_it():
    subprocess.run(["desktop-file-validate", DESKTOP / "org.imdrive.App.desktop"], check=True)
    subprocess.run(["appstreamcli", "validate", "--no-net", "--pedantic",
                    DESKTOP / "org.imdrive.App.metainfo.xml"], check=True)
    service = (BUILD / "contrib/desktop/org.imdrive.App.service").read_text()
    assert "Name=org.imdrive.App\n" in service and "--gapplication-service" in service
