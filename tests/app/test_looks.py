# SPDX-License-Identifier: Apache-2.0
"""Every page as people have set their desktop up: Chinese and dark, from right to left with high
contrast, text at 200 %, narrow as a phone. Nothing leaves the window. With IMDRIVE_SCREENSHOTS=FOLDER each page
is put there, to be looked at: what the tests cannot see."""

import contextlib
import gettext
import os
import pathlib
import re
import time
import types

import pytest

from chat_drive import start_chat_drive
from chat_service import ChatService, answer, self_signed
from desktop import Window
from drive import BUILD, TIMEOUT_S, Device, Server, wait_until
from pictures import Album, png
from prosody import Prosody
from test_first_run import invite
from test_login_window import known_already

LOOKS = {
    "zh-dark": {"language": "zh_CN", "dark": True},
    "right-to-left": {"IMDRIVE_APP_RIGHT_TO_LEFT": "1", "ADW_DEBUG_HIGH_CONTRAST": "1"},
    "large-text": {"IMDRIVE_APP_LARGE_TEXT": "1"},
    "narrow": {"size": (360, 640)},
}
SCREENSHOTS = os.environ.get("IMDRIVE_SCREENSHOTS")
if SCREENSHOTS:
    LOOKS = {"light": {}, **LOOKS}
# What stands in a scrolled list may be wider or longer than is seen.
FITTING = ("push button", "toggle button", "label", "text", "entry")


def is_of_tab(item):
    """There are tabs of several widths, of which one fits; which is not told."""
    for _ in range(4):
        item = item.parent
        if item is None:
            return False
        if item.getRoleName() == "page tab":
            return True
    return False


def outside(app):
    """What is shown and not wholly within the window, from left to right."""
    found = []
    frame = next(item for item in app.everything() if item.getRoleName() in ("frame", "window"))
    width = frame.queryComponent().getExtents(app.spi.WINDOW_COORDS).width
    for item in app.everything():
        try:
            if item.getRoleName() not in FITTING:
                continue
            box = item.queryComponent().getExtents(app.spi.WINDOW_COORDS)
            beyond = box.x < -1 or box.x + box.width > width + 1
            if box.width > 0 and beyond and not is_of_tab(item):
                found.append((item.getRoleName(), item.name, box.x, box.width, width))
        except Exception:  # what is gone is nowhere
            continue
    return found


class Tour:
    """Through all pages, by the names that they have in the person's language."""

    def __init__(self, desktop, root, look, service, drive, *arguments):
        options = dict(LOOKS[look])
        self.look, self.size = look, options.pop("size", None)
        language = options.get("language", "en")
        self.say = gettext.translation("imdrive", BUILD / "po", [language], fallback=True).gettext
        self.service, self.drive = service, drive
        self.app = Window(desktop, root, *arguments, IMDRIVE_APP_RECORDS=str(service.records), **options)

    def click(self, name):
        self.app.click(self.say(name))

    def wait(self, name):
        self.app.wait(self.say(name))

    def resize(self):
        if self.size:
            window = self.app.keys("search", "--onlyvisible", "--pid",
                                   str(self.app.process.pid)).split()[-1]
            self.app.keys("windowsize", window, *(str(side) for side in self.size))

    def page(self, name):
        found = []

        def fits():
            found[:] = outside(self.app)
            return not found
        try:
            wait_until(fits, f"{name} fits", TIMEOUT_S / 4)
        except AssertionError as error:
            raise AssertionError(f"{error}: {found}") from None
        if SCREENSHOTS:
            suffix = "" if self.look == "light" else f"-{self.look}"
            self.app.picture(pathlib.Path(SCREENSHOTS) / f"app-{name}{suffix}.png")

    def sign_in(self):
        self.app.wait(self.say("Address of the drive"))
        self.resize()
        self.page("first-run")
        if SCREENSHOTS:
            self.app.type(self.say("Address of the drive"), "http://127.0.0.1:1")
            self.wait("No drive answers there. Is the address right, and are you online?")
            self.page("unreachable")
        self.app.type(self.say("Address of the drive"), self.drive.url)
        self.click("Next")
        qq = self.say("Sign in with %s").replace("%s", "QQ")
        self.app.wait(qq)
        self.page("sign-in")
        if SCREENSHOTS:
            self.fail()
        self.service.behave = self.service.ask
        self.app.click(self.say("Sign in with %s").replace("%s", "Stranger"))
        self.wait("Waiting for your browser")
        self.page("waiting")
        self.click("Cancel")
        self.app.click(qq)
        self.app.wait(self.service.site.host)
        self.page("chat-service")
        self.click("Back")
        self.service.behave = lambda handler: known_already(self.service, handler)
        self.app.click(qq)
        self.app.wait(self.say("Welcome, %s!").replace("%s", "alice"))

    def fail(self):
        """What goes wrong, as it is shown; from the page where one signs in, and back to it."""
        qq = self.say("Sign in with %s").replace("%s", "QQ")
        self.service.behave = lambda handler: answer(
            handler, "", 302, Location=re.sub("code=[^&]*", "error=access_denied",
                                              self.service.way_back(handler)))
        self.app.click(qq)
        self.app.wait(self.drive.url.removeprefix("http://"))
        time.sleep(5)  # the drive's own page, which at-spi does not see
        self.page("refused")
        self.click("Back")
        self.service.behave = lambda handler: answer(
            handler, "x", Content_Type="application/octet-stream")
        self.app.click(qq)
        self.wait("The page was closed")
        self.page("page-closed")
        self.click("Try again")
        self.service.behave = lambda handler: answer(
            handler, "", 302, Location=self.service.elsewhere.url)
        self.app.click(qq)
        self.wait("Waiting for your browser")
        self.page("foreign-page")
        self.click("Cancel")
        self.app.wait(qq)

    def conflict(self, other):
        here = self.app.home / "imdrive"
        (here / "report.odt").write_text("base")
        wait_until(lambda: other.once() and other.path("report.odt").exists(), "the other has it")
        self.app.ask("pause")
        (here / "report.odt").write_text("mine")
        other.path("report.odt").write_text("theirs, longer")
        other.once()
        self.app.ask("resume")
        self.wait("Changed on two devices")
        self.page("conflict")
        self.app.click_for(self.say("Earlier versions"), self.say("Now"))
        self.page("versions")
        self.app.click(self.say("Close"))

    def share(self, name):
        self.click("Share by link")
        self.click("Make a link")
        self.wait("Copy")
        self.resize()
        self.page(name)
        self.app.focus()
        self.app.key("Escape")
        wait_until(lambda: not self.app.find(self.say("Copy")), "it is closed")

    def use(self):
        self.click("Go on")
        self.wait("Choose your folder")
        self.page("first-run-folder")
        self.click("Start syncing")
        self.wait("Up to date")
        folder = self.app.home / "imdrive"
        (folder / "holiday.jpg").write_bytes(b"x" * 300_000)
        (folder / "A rather long name that somebody gave to a document.odt").write_text("x")
        self.app.wait("holiday.jpg")
        self.wait("Up to date")
        self.page("main")
        self.share("share-without-chat")
        self.app.ask("pause", seconds=3600)
        self.wait("Paused")
        self.page("paused")
        self.app.ask("resume")
        self.click("Account")
        self.wait("This device")
        self.page("account")
        self.click("Settings")
        self.wait("Always use my browser")
        self.page("settings")


@pytest.fixture
def place(tmp_path):
    service, album = ChatService(tmp_path), Album()
    service.broker.people["alice"]["picture"] = album.put("/alice.png", png(256, 256, (94, 129, 172)))
    server = Server(tmp_path / "data").start()
    yield service, server
    server.stop()
    service.close()
    album.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_fits(desktop, tmp_path, place, look):
    tour = Tour(desktop, tmp_path, look, *place)
    try:
        tour.sign_in()
        wait_until(lambda: desktop.count(94, 129, 172) > 2000, "the picture is shown")
        tour.page("feedback")
        tour.use()
    finally:
        tour.app.close()


for_people = pytest.mark.skipif(not SCREENSHOTS,
                                reason="for people to look at: IMDRIVE_SCREENSHOTS")
in_both = pytest.mark.parametrize("look", ["light", "zh-dark"])


@for_people
@in_both
def test_a_bad_certificate_is_shown(desktop, tmp_path, look):
    service = ChatService(tmp_path, self_signed(tmp_path))
    server = Server(tmp_path / "data").start()
    tour = Tour(desktop, tmp_path, look, service, server)
    try:
        tour.app.type(tour.say("Address of the drive"), server.url)
        tour.click("Next")
        tour.app.click(tour.say("Sign in with %s").replace("%s", "QQ"))
        tour.wait("The page was closed")
        tour.page("bad-certificate")
    finally:
        tour.app.close()
        server.stop()
        service.close()


@for_people
@in_both
def test_an_invitation_is_shown(desktop, tmp_path, place, look):
    """As its link leads to it."""
    service, server = place
    link = invite(server).replace("http:", "imdrive:")
    tour = Tour(desktop, tmp_path, look, service, server, link)
    try:
        tour.wait("You are invited")
        tour.app.wait(tour.say("Leave the invitation out"))
        wait_until(lambda: tour.app.find(tour.say("Next")).getState().contains(
            tour.app.spi.STATE_SENSITIVE), "the drive answers")
        tour.page("invitation")
        tour.click("Next")
        tour.wait("You are invited. Choose how you sign in from now on.")
        tour.page("invited")
    finally:
        tour.app.close()


@contextlib.contextmanager
def alices(desktop, tmp_path, look, server):
    """The app of alice, up to date."""
    server.add_user("alice")
    (tmp_path / "records").mkdir()
    tour = Tour(desktop, tmp_path, look, types.SimpleNamespace(records=tmp_path / "records"), server)
    try:
        tour.app.type(tour.say("Address of the drive"), server.url)
        tour.click("Next")
        tour.app.type(tour.say("Name"), "alice")
        tour.app.type(tour.say("Password"), "correct horse")
        tour.click("Sign in")
        tour.click("Go on")
        tour.click("Start syncing")
        tour.wait("Up to date")
        yield tour
    finally:
        tour.app.close()
        server.stop()


@pytest.fixture
def everyday(desktop, tmp_path, look):
    with alices(desktop, tmp_path, look, Server(tmp_path / "data").start()) as tour:
        yield tour


@for_people
@pytest.mark.parametrize("look", LOOKS)
def test_a_link_is_shown_that_the_drive_can_send(desktop, tmp_path, look):
    chat = Prosody(tmp_path / "prosody")
    chat.start()
    try:
        with alices(desktop, tmp_path, look, start_chat_drive(tmp_path, chat)) as tour:
            (tour.app.home / "imdrive" / "Garden plan, spring.odt").write_text("x")
            tour.app.wait("Garden plan, spring.odt")
            tour.wait("Up to date")
            tour.share("share")
    finally:
        chat.stop()


@for_people
@in_both
def test_a_conflict_is_shown(everyday, tmp_path):
    other = Device(tmp_path, "other", everyday.drive).login()
    try:
        everyday.conflict(other)
    finally:
        other.stop()


@for_people
@in_both
def test_the_folders_on_this_device_are_shown(everyday):
    app, folder = everyday.app, everyday.app.home / "imdrive"
    for name in ("Films", "Music", "Photos/2025", "Photos/2026", "Texts"):
        (folder / name).mkdir(parents=True)
    wait_until(lambda: app.ask("status")["state"] == "idle", "all is on the drive")
    app.ask("exclude", path=str(folder / "Films"))
    app.ask("exclude", path=str(folder / "Photos" / "2025"))
    everyday.click("Settings")
    everyday.app.click(everyday.say("Folders of %s on this device").replace("%s", "imdrive"))
    everyday.app.wait(everyday.say("%s on this device").replace("%s", "Texts"))
    everyday.page("folders")
