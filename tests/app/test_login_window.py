# SPDX-License-Identifier: Apache-2.0
"""The login window: a chat service's page in it, and what must never be in it (DESIGN.md, section 7)."""

import html
import http.cookiejar
import pathlib
import re
import urllib.request

import pytest

import chat_service
from chat_service import ChatService, answer
from desktop import Window
from pictures import Album, png
from drive import Server, wait_until
from test_first_run import find_drive
from view import View


@pytest.fixture
def service(tmp_path):
    service = ChatService(tmp_path)
    yield service
    service.close()


@pytest.fixture
def drive(tmp_path, service):
    server = Server(tmp_path / "data").start()
    yield server
    server.stop()


@pytest.fixture
def browser(tmp_path):
    """The person's browser: keeps the addresses that it was given."""
    program = tmp_path / "browser"
    opened = tmp_path / "opened"
    opened.touch()
    program.write_text(f"#!/bin/sh\necho \"$1\" >> {opened}\n")
    program.chmod(0o755)
    return program, lambda: opened.read_text().split()


@pytest.fixture
def app(desktop, tmp_path, service, drive, browser):
    window = Window(desktop, tmp_path, IMDRIVE_APP_RECORDS=str(service.records),
                          browser=str(browser[0]))
    find_drive(window, drive)
    yield window
    window.close()


def sign_in_in(opener, page):
    """What a person does in the browser."""
    with opener.open(page) as answered:
        link = re.search(r"id='allow' href='([^']+)'", answered.read().decode()).group(1)
    with opener.open(link.replace("&amp;", "&")) as answered:
        assert answered.status == 200


def known_already(service, handler):
    """A service in whose session the person is says yes at once."""
    answer(handler, "", 302, Location=service.way_back(handler))


def test_the_service_signs_in_inside_the_window(app, service):
    app.click("Sign in with QQ")
    app.wait(service.site.host)
    app.click("Use my browser instead")
    app.wait("Waiting for your browser")
    app.click("Cancel")
    service.behave = lambda handler: known_already(service, handler)
    app.click("Sign in with QQ")
    app.wait("Welcome, alice!")
    app.wait_text("Your account is new")
    app.click("Go on")
    app.wait("Choose your folder")
    assert app.ask("status")["account"] == "alice"


def test_the_web_engine_is_loaded_for_a_page_only(app, service):
    maps = pathlib.Path(f"/proc/{app.process.pid}/maps")
    app.wait("Sign in with QQ")
    assert "webkit" not in maps.read_text()
    app.click("Sign in with QQ")
    app.wait(service.site.host)
    assert "webkit" in maps.read_text()


def test_without_the_web_engine_the_page_opens_in_the_browser(desktop, tmp_path, service, drive,
                                                              browser):
    window = Window(desktop, tmp_path, IMDRIVE_APP_RECORDS=str(service.records),
                    browser=str(browser[0]), IMDRIVE_MODULEDIR=str(tmp_path))
    try:
        find_drive(window, drive)
        window.click("Sign in with QQ")
        window.wait("Waiting for your browser")
        wait_until(browser[1], "the browser was opened")
    finally:
        window.close()


RED = (200, 30, 60)


@pytest.fixture
def album():
    album = Album()
    yield album
    album.close()


def test_the_persons_picture_is_shown(app, service, album, desktop):
    """On the feedback page as soon as the drive has it, and on the account's."""
    assert desktop.count(*RED) == 0
    service.broker.people["alice"]["picture"] = album.put("/alice.png", png(colour=RED))
    service.behave = lambda handler: known_already(service, handler)
    app.click("Sign in with QQ")
    app.wait("Welcome, alice!")
    wait_until(lambda: desktop.count(*RED) > 3000, "the picture is shown")
    app.click("Go on")
    app.click("Start syncing")
    app.wait("Up to date")
    assert desktop.count(*RED) == 0
    app.click("Account")
    wait_until(lambda: desktop.count(*RED) > 2000, "the picture is shown there, too")


def test_a_service_that_the_app_does_not_know_opens_in_the_browser(app, service, browser):
    app.click("Sign in with Stranger")
    app.wait("Waiting for your browser")
    page = wait_until(browser[1], "the browser was opened")[-1]
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    sign_in_in(opener, page)
    app.wait("Welcome, alice!")


def test_waiting_for_the_browser_can_be_given_up(app, browser):
    app.click("Sign in with Stranger")
    app.wait("Waiting for your browser")
    app.click("Cancel")
    app.wait("Sign in with QQ")
    wait_until(lambda: app.ask("status")["sign_in"]["state"] == "cancelled", "it was given up")


def redirect(service, handler):
    answer(handler, "", 302, Location=service.elsewhere.url)


def refresh(service, handler):
    answer(handler, f"<meta http-equiv='refresh' content='0; url={service.elsewhere.url}'>")


def script(service, handler):
    answer(handler, f"<script>location = '{service.elsewhere.url}'</script>")


@pytest.mark.parametrize("trick", [redirect, refresh, script])
def test_a_page_of_another_host_goes_to_the_browser(app, service, browser, trick):
    service.behave = lambda handler: trick(service, handler)
    app.click("Sign in with QQ")
    app.wait("Waiting for your browser")
    assert not app.find(service.elsewhere.host)
    pages = wait_until(browser[1], "the browser was opened")
    # The whole attempt, begun anew, at the drive: not the page that wanted to be seen.
    assert "/oauth/authorize?" in pages[-1] and service.elsewhere.host not in pages[-1]


LINK = "<a id='press' target='_blank' href='{url}'>More</a>"
SCRIPT = "<button id='press' onclick='window.open(\"{url}\")'>More</button>"
FORM = "<form target='_blank' action='{url}'><button id='press'>More</button></form>"


@pytest.fixture
def view(desktop, tmp_path, service, drive, browser):
    """The same, whose page is driven."""
    view = View(desktop, lambda **more: Window(
        desktop, tmp_path, IMDRIVE_APP_RECORDS=str(service.records), browser=str(browser[0]), **more))
    find_drive(view.window, drive)
    yield view
    view.close()
    view.window.close()


@pytest.mark.parametrize("page", [LINK, SCRIPT, FORM])
def test_a_pop_up_that_is_pressed_goes_to_the_browser(view, service, browser, page):
    service.behave = lambda handler: answer(handler, page.format(url=service.elsewhere.url))
    view.window.click("Sign in with QQ")
    view.press("#press")
    view.window.wait("Waiting for your browser")
    pages = wait_until(browser[1], "the browser was opened")
    # The whole attempt, begun anew, at the drive; the other page was not even asked for.
    assert "/oauth/authorize?" in pages[-1] and service.elsewhere.host not in pages[-1]
    assert service.elsewhere.asked == []


def test_a_pop_up_that_nobody_pressed_does_not_open(view, service, browser):
    page = f"<script>shown = window.open('{service.elsewhere.url}')</script>"
    service.behave = lambda handler: answer(
        handler, f"{page}<a id='allow' href='{html.escape(service.way_back(handler))}'>Allow</a>")
    view.window.click("Sign in with QQ")
    view.find("#allow")
    assert view.run("return shown === null")
    view.press("#allow")
    view.window.wait("Welcome, alice!")
    assert service.elsewhere.asked == [] and browser[1]() == []


def test_a_page_that_stores_a_file_is_stopped(app, service):
    service.behave = lambda handler: answer(
        handler, "x", Content_Type="application/octet-stream",
        Content_Disposition="attachment; filename=program")
    app.click("Sign in with QQ")
    app.wait("The page was closed")
    app.wait_text("wanted to store a file")
    assert not [path for path in app.home.rglob("program*") if path.is_file()]
    app.click("Try again")
    app.wait("Sign in with QQ")


def test_a_bad_certificate_ends_it(desktop, tmp_path):
    service = ChatService(tmp_path, chat_service.self_signed(tmp_path))
    drive = Server(tmp_path / "data").start()
    window = Window(desktop, tmp_path, IMDRIVE_APP_RECORDS=str(service.records))
    try:
        window.type("Address of the drive", drive.url)
        window.wait_text("a drive is there")
        window.click("Next")
        window.click("Sign in with QQ")
        window.wait("The page was closed")
        window.wait_text("could not prove that it is who it says")
        assert service.site.asked == []
    finally:
        window.close()
        drive.stop()
        service.close()
