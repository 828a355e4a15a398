# SPDX-License-Identifier: Apache-2.0
"""The whole app by the keyboard alone: each page's actions are reached and pressed, and the focus is never
lost: not when its row has gone, nor when a dialog was closed."""

import shutil

import pytest

from drive import wait_until
from test_decisions import conflict

# More than any page has.
STOPS_MAX = 40
# Of the window of folders, as it is opened.
FOLDERS_HEIGHT = 520


@pytest.fixture
def app(app):
    app.focus()
    return app


def focused(app):
    """(role, name, number in its list) of what has the focus; None: it is lost."""
    for item in app.everything():
        try:
            if (item.getState().contains(app.spi.STATE_FOCUSED)
                    and item.getRoleName() not in ("frame", "dialog", "window")):
                return item.getRoleName(), item.name, item.getIndexInParent()
        except Exception:  # just gone
            continue
    return None


def moved(app, before):
    """Where the focus is once it is no longer there."""
    return wait_until(lambda: (now := focused(app)) != before and now, f"the focus leaves {before}")


def go_to(app, name):
    """By Tab; gives what was passed."""
    passed, here = [], focused(app)
    for _ in range(STOPS_MAX):
        if here and here[1] == name:
            return passed
        passed.append(here)
        app.key("Tab")
        here = moved(app, here)
    raise AssertionError(f"Tab does not lead to {name!r}, only to {passed}")


def press(app, name, key="Return"):
    go_to(app, name)
    app.key(key)


def is_kept(app):
    return wait_until(lambda: focused(app), "something has the focus")[1]


def goes_to_window(app):
    """As a window manager has it when a window was opened or closed; there is none."""
    app.focus()
    return is_kept(app)


def test_the_overview(app, other):
    app.key("F10")
    app.wait("About imdrive")
    app.key("Escape")
    wait_until(lambda: not app.find("About imdrive"), "the menu is closed")
    is_kept(app)
    conflict(app, other, "report.odt")
    press(app, "Keep mine")
    wait_until(lambda: not app.find("Keep mine"), "nothing is left to decide")
    is_kept(app)
    press(app, "Pause", "space")
    app.wait("Until I resume")
    app.key("Down")
    app.key("Return")
    wait_until(lambda: app.ask("status")["paused"], "it is paused")
    app.wait("Paused")
    is_kept(app)
    press(app, "Resume")
    wait_until(lambda: not app.ask("status")["paused"], "it goes on")
    app.wait("Up to date")
    is_kept(app)
    press(app, "Earlier versions")
    app.wait("Now")
    goes_to_window(app)
    go_to(app, "Restore")
    app.key("Escape")
    wait_until(lambda: not app.find("Now"), "the versions are closed")
    goes_to_window(app)


def test_the_account_and_the_settings(app, other):
    press(app, "Account")
    app.wait("This device")
    name = next(item["name"] for item in app.ask("devices")["devices"] if not item["this"])
    button = f"Sign out {name}"
    press(app, button)
    app.wait("Cancel")
    goes_to_window(app)
    app.key("Escape")
    wait_until(lambda: not app.find("Cancel"), "the question is gone")
    assert goes_to_window(app) == button
    app.key("Return")
    app.wait("Cancel")
    goes_to_window(app)
    press(app, "Sign out Sign out")
    wait_until(lambda: not app.find(button), "it is signed out")
    goes_to_window(app)
    go_to(app, "Link or unlink…")
    press(app, "Settings")
    app.wait("Always use my browser")
    press(app, "Start when I log in")
    entry = app.home / ".config" / "autostart" / "org.imdrive.App.desktop"
    wait_until(entry.exists, "the session starts it")
    passed = go_to(app, "Sign out… Sign out this device")
    names = [name for _, name, _ in passed]
    assert {"Sending, KiB per second", "Receiving, KiB per second"} <= set(names), names
    for button, inside in (("What is not synced of imdrive", "Save"),
                           ("Stop syncing imdrive", "Cancel")):
        press(app, button)
        app.wait(inside)
        goes_to_window(app)
        app.key("Escape")
        wait_until(lambda: not app.find(inside), "it is closed")
        assert goes_to_window(app) == button


def has_focus(app, name):
    now = focused(app)
    return now and now[1] == name


def lead(app, *ways):
    """Each key, and where the focus is then."""
    for key, name in ways:
        app.key(key)
        wait_until(lambda: has_focus(app, name), f"{key} leads to {name}")


def is_seen(app, name):
    """Not scrolled away."""
    box = app.find(name, "list item").queryComponent().getExtents(app.spi.WINDOW_COORDS)
    return box.y >= 0 and box.y + box.height <= FOLDERS_HEIGHT


@pytest.fixture
def folders(app):
    """The window of the folders on this device, of which there are more than it shows."""
    folder = app.home / "imdrive"
    for name in ("A/1", "M2", *(f"M{number}" for number in range(11, 30)), "Z/1", "Z/2"):
        (folder / name).mkdir(parents=True)
    (folder / "Z" / "2" / "a.txt").write_text("x")
    wait_until(lambda: app.ask("status")["files"] == 1, "the file is synced")
    press(app, "Settings")
    app.wait("Always use my browser")
    press(app, "Folders of imdrive on this device")
    app.wait("Z on this device")
    app.focus()
    wait_until(lambda: has_focus(app, "A"), "the first folder has the focus")
    return folder


def left_out(app):
    return app.ask("status")["bindings"][0]["left_out"]


def test_the_folders_on_this_device_are_a_list_and_a_tree(app, folders):
    lead(app, ("Up", "A"), ("Down", "M2"), ("Down", "M11"), ("Up", "M2"), ("End", "Z"),
         ("Down", "Z"), ("Home", "A"))
    # From what is in a row, too.
    lead(app, ("Tab", "Folders in A"), ("Down", "M2"), ("Tab", "M2 on this device"),
         ("Down", "M11"), ("Right", "M11"), ("End", "Z"))
    # In, out, and back where one was, which is in sight.
    for ways in ([("Right", "1"), ("Left", "Z")], [("Right", "1"), ("BackSpace", "Z")],
                 [("Tab", "Folders in Z"), ("Return", "1"), ("shift+Tab", "Back"), ("space", "Z")]):
        lead(app, *ways)
        wait_until(lambda: is_seen(app, "Z"), "Z is in sight")


def test_a_folder_is_left_out_with_the_keyboard_and_keeps_the_focus(app, folders):
    lead(app, ("End", "Z"), ("Right", "1"), ("Down", "2"))
    for way, stays in ((None, "2"), ("Tab", "2 on this device")):
        if way:
            lead(app, (way, stays))
        app.key("space")
        app.wait("Only on the drive")
        wait_until(lambda: left_out(app) == ["Z/2"], "it is left out")
        assert has_focus(app, stays)
        app.key("space")
        wait_until(lambda: not left_out(app) and not app.find("Only on the drive"), "it is back")
        assert has_focus(app, stays)
    # In the order in which it was wished, however fast.
    app.keys("key", *["space"] * 5)
    wait_until(lambda: left_out(app) == ["Z/2"], "it is left out")
    app.wait("Only on the drive")
    assert left_out(app) == ["Z/2"] and has_focus(app, "2 on this device")
    # One came meanwhile, above it; and it goes itself.
    (folders / "Z" / "1b").mkdir()
    app.key("space")
    app.wait("1b on this device")
    wait_until(lambda: has_focus(app, "2"), "the focus stays with its folder")
    wait_until((folders / "Z" / "2" / "a.txt").exists, "it is back")
    shutil.rmtree(folders / "Z" / "2")
    wait_until(lambda: app.ask("status")["files"] == 0, "it is deleted")
    lead(app, ("Up", "1b"), ("space", "1b"))
    lead(app, ("Left", "Z"), ("Right", "1"))
    wait_until(lambda: not app.find("2 on this device"), "it is gone")
    app.key("Escape")
    wait_until(lambda: not app.find("1 on this device"), "the window is closed")
    assert goes_to_window(app) == "Folders of imdrive on this device"
