# SPDX-License-Identifier: Apache-2.0
"""Links with which others read a file: made, copied, sent on, limited and ended in the app."""

import subprocess
import urllib.parse

import pytest

from chat_drive import start_chat_drive
from drive import wait_until
from person import Person
from test_background import name_of
from test_first_run import enter
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


# ---- sending

# On which page of a service which parameter is the link, and which says what it is.
PAGES = {"QQ": ("connect.qq.com", "/widget/shareqq/index.html", "url", "title"),
         "Telegram": ("t.me", "/share/url", "url", "text"),
         "LINE": ("social-plugins.line.me", "/lineit/share", "url", None),
         "VK": ("vk.com", "/share.php", "url", None)}
ODD = "plan & <b>100 % #1.odt"


def keeper(path):
    """A program that keeps what it is called with."""
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$1\" >> {path}.kept\n")
    path.chmod(0o755)
    kept = path.with_name(f"{path.name}.kept")
    kept.touch()
    return lambda: kept.read_text().split("\n")[:-1]


def share(app, server, name=ODD):
    """Signs in, and opens the window of a file that is shared."""
    enter(app, server)
    app.click("Go on")
    app.click("Start syncing")
    app.wait("Up to date")
    (app.home / "imdrive" / name).write_text("the plan")
    app.wait(name)
    app.wait("Up to date")
    app.click("Share by link")
    app.click("Make a link")
    app.wait("Copy")
    return links(app)[0]["url"]


def test_a_link_is_sent_on_the_pages_of_services(window, server, tmp_path):
    opened = keeper(tmp_path / "browser")
    app = window(browser=str(tmp_path / "browser"))
    url = share(app, server)
    for count, (service, (host, path, link, title)) in enumerate(PAGES.items(), 1):
        app.click(f"Send by {service}")
        wait_until(lambda: len(opened()) == count, "the page is opened")
        page = urllib.parse.urlsplit(opened()[-1])
        query = {link: [url], **({title: [ODD]} if title else {})}
        assert (page.scheme, page.netloc, page.path, page.fragment) == ("https", host, path, "")
        assert urllib.parse.parse_qs(page.query, strict_parsing=True) == query
    # There is no chat program here, and a drive without a chat server sends nothing itself.
    offered = {text for text in app.texts() if text.startswith("Send")}
    assert offered == {"Send by…", *(f"Send by {service}" for service in PAGES)}


def test_a_link_is_handed_to_the_chat_program_of_this_machine(window, server, tmp_path):
    called = keeper(tmp_path / "program")
    applications = tmp_path / "home" / ".data" / "applications"
    applications.mkdir(parents=True)
    (applications / "chatter.desktop").write_text(
        f"[Desktop Entry]\nType=Application\nName=Chatter\nExec={tmp_path}/program %u\n"
        "MimeType=x-scheme-handler/xmpp;\n")
    (applications / "mimeapps.list").write_text(
        "[Default Applications]\nx-scheme-handler/xmpp=chatter.desktop\n")
    app = window()
    url = share(app, server)
    app.click("Send by Chatter")
    wait_until(called, "the program is started")
    assert called() == ["xmpp:?message;body=" + urllib.parse.quote(url, safe="")]


def test_a_phone_reads_the_link_of_a_drive_that_it_can_reach(window, server, tmp_path):
    app = window()
    assert share(app, server, "plan.odt").startswith("http://127.0.0.1:")
    assert not app.find("Show a code for a phone's camera")
    app.key("Escape")
    goes_to_window(app)
    # The same drive, which others reach by a name.
    config = tmp_path / "imdrived.conf"
    config.write_text("[server]\npublic_url = https://drive.example.org\n")
    server.stop()
    server.options = ("--config", config)
    server.start()
    url = links(app)[0]["url"]
    assert url.startswith("https://drive.example.org/s/")
    app.click("Share by link")
    app.wait("Copy")
    app.click("Show a code for a phone's camera")
    app.wait("The link as a QR code")

    def read():
        picture = tmp_path / "screen.png"
        app.desktop.picture(picture, *app.boxes()[-1])
        done = subprocess.run(["zbarimg", "--quiet", "--raw", picture], capture_output=True,
                              text=True, check=False)
        return done.stdout == f"{url}\n"
    wait_until(read, "the code is drawn, and says the link")


def test_the_drive_brings_a_link_to_a_chat_address(window, chat, tmp_path):
    server = start_chat_drive(tmp_path, chat)
    bob = Person(chat, "bob")
    try:
        server.add_user("alice")
        app = window()
        url = share(app, server, "plan.odt")
        app.click("Send")  # to nobody yet
        app.type("Send to a chat address or room", "nobody")
        app.click("Send")
        app.wait("Close")
        app.click("Close")
        app.type("Send to a chat address or room", f" {bob.address} ")
        app.click("Send")
        app.wait(f"Sent to {bob.address}")
        assert url in bob.receive()["body"]
        assert bob.inbox.empty()
    finally:
        bob.close()
        server.stop()
