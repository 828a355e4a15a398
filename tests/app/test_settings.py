# SPDX-License-Identifier: Apache-2.0
"""Settings that are more than a switch, and what every page owes to those who do not see it."""

import pytest

from drive import wait_until
from test_first_run import enter


@pytest.fixture
def app(window, server):
    app = window()
    enter(app, server)
    app.click("Go on")
    return app


def test_rules_say_what_is_not_synced(app):
    app.click("Start syncing")
    app.wait("Up to date")
    folder = app.home / "imdrive"
    app.click("Settings")
    app.click_for("What is not synced of imdrive", "Rules")
    app.type("Rules", "*.iso\n")
    app.click("Save")
    rules = folder / ".imdriveignore"
    wait_until(lambda: rules.exists() and rules.read_text() == "*.iso\n", "the rules are written")
    assert app.ask("rules", folder=str(folder))["rules"] == "*.iso\n"
    (folder / "large.iso").write_text("x")
    (folder / "small.txt").write_text("x")
    wait_until(lambda: app.ask("status")["files"] == 2, "the rules and small.txt are synced")
    # Nobody's change is overwritten unseen.
    app.click_for("What is not synced of imdrive", "Rules")
    rules.write_text("*.iso\n*.img\n")
    app.type("Rules", "")
    app.click("Save")
    app.wait_text("somebody has changed the rules")
    assert rules.read_text() == "*.iso\n*.img\n"



def test_a_folder_is_left_out_and_taken_in_again(app):
    app.click("Start syncing")
    app.wait("Up to date")
    folder = app.home / "imdrive"
    (folder / "Photos" / "2026").mkdir(parents=True)
    (folder / "Photos" / "2026" / "a.jpg").write_text("a")
    (folder / "Texts").mkdir()
    wait_until(lambda: app.ask("status")["files"] == 1, "the file is synced")
    app.wait("Up to date")
    app.click("Settings")
    app.click("Folders of imdrive on this device")
    app.click("Folders in Photos")
    app.wait("2026 on this device")
    app.click("Back")
    app.click("Photos on this device")
    app.wait("Only on the drive")
    wait_until(lambda: not (folder / "Photos").exists(), "it is gone here")
    assert app.ask("status")["bindings"][0]["left_out"] == ["Photos"]
    assert (folder / "Texts").exists()
    app.click("Photos on this device")
    wait_until(lambda: (folder / "Photos" / "2026" / "a.jpg").exists(), "it is back")


def buttons(app):
    roles = ("push button", "toggle button", "menu button", "check box", "radio button", "switch",
             "text", "entry", "spin button")
    found = []
    for item in app.everything():
        try:
            if item.getRoleName() in roles and item.getState().contains(app.spi.STATE_FOCUSABLE):
                found.append((item.getRoleName(), item.name))
        except Exception:  # just gone
            pass
    return found


def nameless(app):
    return [button for button in buttons(app) if not button[1] or button[1].startswith("Gtk")]


def test_whatever_can_be_pressed_has_a_name(app):
    assert nameless(app) == []
    app.click("Start syncing")
    app.wait("Up to date")
    (app.home / "imdrive" / "hello.txt").write_text("x")
    app.wait("hello.txt")
    wait_until(lambda: nameless(app) == [], "the overview has names for all")
    for page, there in (("Account", "This device"), ("Settings", "Speed")):
        app.click(page)
        app.wait(there)
        assert nameless(app) == []
