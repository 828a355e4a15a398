# SPDX-License-Identifier: Apache-2.0
"""The whole app by the keyboard alone: each page's actions are reached and pressed, and the focus is never
lost: not when its row has gone, nor when a dialog was closed."""

import pytest

from drive import wait_until
from test_decisions import conflict

# More than any page has.
STOPS_MAX = 40


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
