# SPDX-License-Identifier: Apache-2.0
"""Links with which others read a file: made, copied, limited and ended in the app."""

import subprocess

import pytest

from drive import wait_until
from test_background import name_of
from test_keyboard import go_to, goes_to_window
from test_share import open_link, status


@pytest.fixture
def plan(app):
    """A file that is on the drive."""
    file = app.home / "imdrive" / "plan.odt"
    file.write_text("the plan")
    app.wait("plan.odt")
    app.wait("Up to date")
    return file


def links(app):
    return app.ask("links")["links"]


def hand_on(app, desktop, path):
    """As a file manager does."""
    name = name_of(app)
    subprocess.run(["gdbus", "call", "--session", "--dest", name,
                    "--object-path", "/" + name.replace(".", "/"), "--method",
                    "org.freedesktop.Application.ActivateAction", "share",
                    f"[<'{path.as_uri()}'>]", "{}"], check=True, env=desktop.environment(),
                   stdout=subprocess.DEVNULL)


def test_a_file_is_shared_and_the_link_copied(app, plan):
    app.click("Share by link")
    app.wait("Make a link")
    assert links(app) == []
    app.click("Make a link")
    app.wait("Copy")
    [link] = links(app)
    app.wait_text(link["url"])
    assert open_link(f"{link['url']}/content")[2] == b"the plan"
    app.click("Copy")
    app.wait("Link copied")
    wait_until(lambda: not app.find("Link copied"), "it was said")
    assert goes_to_window(app) == "Copy"
    app.key("Escape")
    wait_until(lambda: not app.find("Copy"), "it is closed")
    # It is what is pasted, as in any other program.
    app.click("Settings")
    app.click("What is not synced of imdrive")
    app.wait("Rules")
    goes_to_window(app)
    go_to(app, "Rules")
    app.key("ctrl+v")
    wait_until(lambda: app.find("Rules").queryText().getText(0, -1).strip() == link["url"],
               "it is pasted")


def test_a_link_is_limited_and_ended(app, plan):
    url = app.ask("share", path=str(plan), days=7)["url"]
    app.click("Share by link")
    app.wait_text("Good until")
    app.click("End link")
    app.click("End it End it")  # as GTK 4.8 reads it out
    app.wait("Make a link")
    assert links(app) == [] and status(url) == 404


def test_all_links_are_in_the_settings(app, plan):
    url = app.ask("share", path=str(plan))["url"]
    app.click("Settings")
    app.click("Show Shared links")
    app.click("Copy the link to plan.odt")
    app.wait("Link copied")
    app.click("End the link to plan.odt")
    app.click("End it End it")  # as GTK 4.8 reads it out
    app.wait("Nothing is shared")
    assert status(url) == 404


def test_what_the_file_manager_hands_on_is_shared(app, desktop, plan):
    hand_on(app, desktop, plan)
    app.wait("Make a link")
    goes_to_window(app)
    app.key("Escape")
    wait_until(lambda: not app.find("Make a link"), "it is closed")
    # What is not on the drive cannot be, nor the whole of it, and says so.
    for path, reason in ((app.home / "imdrive", "the whole drive cannot be shared"),
                         (app.home / "elsewhere", "does not lie in a folder that is synced")):
        hand_on(app, desktop, path)
        app.wait("It cannot be shared now")
        app.wait_text(reason)
        goes_to_window(app)
        app.key("Escape")
        wait_until(lambda: not app.find("It cannot be shared now"), "it is closed")
