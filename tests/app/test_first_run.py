# SPDX-License-Identifier: Apache-2.0
"""First run and everyday life, as somebody sees it who has never heard the word "sync"."""

import pytest

from desktop import Window
from door import Door
from drive import BUILD, run, wait_until
from view import View

PASSWORD = "correct horse"


def find_drive(window, server):
    window.type("Address of the drive", server.url)
    window.wait_text("a drive is there")
    window.click("Next")


def enter(window, server, password=PASSWORD):
    find_drive(window, server)
    window.type("Name", "alice")
    window.type("Password", password)
    window.click("Sign in")


def test_from_the_first_start_to_a_synced_file(window, server):
    app = window()
    app.type("Address of the drive", "http://127.0.0.1:1")
    app.wait_text("No drive answers there")
    enter(app, server, "wrong")
    app.wait("The name or the password is wrong.")
    app.type("Password", PASSWORD)
    app.click("Sign in")
    app.wait("Welcome back, alice!")
    app.click("Go on")
    app.wait("Choose your folder")
    app.wait("~/imdrive")
    app.click("Start syncing")
    app.wait("Up to date")
    (app.home / "imdrive" / "hello.txt").write_text("x")
    app.wait("hello.txt")
    app.wait_text("1 file")

    # Paused, and on again.
    app.ask("pause", seconds=3600)
    app.wait("Paused")
    app.wait_text("Goes on in")
    app.click("Resume")
    app.wait("Up to date")

    app.click("Account")
    app.wait("This device")
    app.click("Settings")
    app.wait("Always use my browser")

    # Revoked from elsewhere, it says so, and what to do.
    number = next(item["id"] for item in app.ask("devices")["devices"] if item["this"])
    app.ask("revoke", device=number)
    app.click("Overview")
    app.wait("Signed out")
    app.wait_text("Your files are safe")
    app.click("Sign in")
    app.wait("Where is your drive?")


def test_the_keyboard_chooses_the_virtual_disk(window, server):
    app = window()
    enter(app, server)
    app.click("Go on")
    app.wait("Choose your folder")
    if not app.ask("status")["can_mount"]:
        pytest.skip("nothing can be mounted here")
    app.focus()
    wait_until(lambda: app.has_focus("Start syncing"), "the button has the focus")
    app.key("shift+Tab")
    wait_until(lambda: app.has_focus("Virtual disk"), "the row has the focus")
    app.key("space")
    wait_until(lambda: app.is_checked("Virtual disk"), "the disk is chosen")
    app.click("Start syncing")
    app.wait("Up to date")
    place = app.home / "imdrive"
    assert place.is_mount() and app.ask("status")["bindings"][0]["kind"] == "mount"
    (place / "hello.txt").write_text("x")
    app.wait("hello.txt")
    app.wait_text("1 file")


def test_the_daemon_outlives_the_window_and_is_started_again(window, server):
    app = window()
    enter(app, server)
    app.click("Go on")
    app.click("Start syncing")
    app.wait("Up to date")
    app.process.kill()
    app.process.wait()
    (app.home / "imdrive" / "later.txt").write_text("x")
    door = Door(app.profile)
    door.watch(lambda status: status["files"] == 1)
    door = Door(app.profile)
    door.ask("stop")
    again = window()
    again.wait("Up to date")
    again.wait_text("1 file")


def test_an_invitation_only_fills_in_the_address(window, server):
    host = server.url.removeprefix("http://")
    app = window(f"imdrive://{host}/invite/abc")
    app.wait_text("a drive is there")
    assert Door(app.profile).ask("status")["result"]["server"] is None
    app.wait("You are invited")
    app.wait(f"To the drive at {host}")
    # The window that is there takes the next link: there is one instance.
    app.again("imdrive:127.0.0.1:1")
    app.wait_text("No drive answers there")
    assert not app.find("You are invited")
    assert app.process.poll() is None


def invite(server):
    words = run(BUILD / "imdrived", "invite", "--data", server.data).stdout.split()
    return next(word for word in words if "/invite/" in word)


def test_an_invitation_goes_along_to_the_page_where_an_account_is_made(desktop, tmp_path, server):
    link = invite(server)
    view = View(desktop, lambda **more: Window(desktop, tmp_path, **more))
    app = view.window
    try:
        # Pasted as it is.
        app.type("Address of the drive", link)
        app.wait("You are invited")
        app.wait_text("a drive is there")
        app.click("Next")
        app.wait("You are invited. Choose how you sign in from now on.")
        assert not app.find("Password")
        app.click("Choose a name and a password")
        view.type("#local-name", "carol")
        view.type("#local-password", "correct horse")
        view.press("form.local button")
        app.wait("Welcome, carol!")
        app.click("Go on")
        app.wait("Choose your folder")
    finally:
        view.close()
        app.close()
    assert link.rpartition("/")[2] not in (tmp_path / "data.log").read_text()


def test_an_invitation_is_for_its_own_drive_and_can_be_left_out(window, server):
    link = invite(server).replace("http:", "imdrive:")
    app = window(link)
    app.wait("You are invited")
    app.click("Leave the invitation out")
    app.click("Next")
    app.wait("Password")
    app.click("Another drive")
    app.again(link)
    app.wait("You are invited")
    app.type("Address of the drive", server.url + "/")
    app.wait_text("a drive is there")
    assert not app.find("You are invited")


def test_the_app_speaks_chinese(window, server):
    app = window(language="zh_CN")
    app.wait("您的网盘在哪里？")
    app.type("网盘地址", server.url)
    app.wait_text("找到网盘")
