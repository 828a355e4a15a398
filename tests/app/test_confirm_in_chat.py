# SPDX-License-Identifier: Apache-2.0
"""Confirming in chat inside the window: real Prosody, a real chat program, the page driven by WebDriver."""

import pathlib
import subprocess

import pytest

from chat_drive import start_chat_drive
from desktop import Window
from drive import BUILD
from person import Person
from view import View


@pytest.fixture
def alice(chat):
    person = Person(chat, "alice")
    yield person
    person.close()


@pytest.fixture
def drive(tmp_path, chat):
    server = start_chat_drive(tmp_path, chat)
    yield server
    server.stop()


@pytest.fixture
def view(desktop, tmp_path, drive):
    view = View(desktop, lambda **more: Window(desktop, tmp_path, **more))
    app = view.window
    app.type("Address of the drive", drive.url)
    app.wait_text("a drive is there")
    app.click("Next")
    yield view
    view.close()
    app.close()


class Built(Window):
    """The program itself, in the folder where it was built; no settings say where its parts are."""

    def start(self, *arguments):
        del self.environment["IMDRIVE_MODULEDIR"]
        # Not from where somebody happens to be.
        planted = self.home / "src/client/app"
        planted.mkdir(parents=True)
        for folder in self.home, planted:
            (folder / "imdrive-web.so").write_text("no module")
        self.process = subprocess.Popen([BUILD / "imdrive-app", "--profile", self.profile],
                                        env=self.environment, cwd=self.home, stdout=self.log,
                                        stderr=self.log)


def test_an_app_that_is_not_installed_shows_the_page_in_the_window(desktop, tmp_path, drive):
    app = Built(desktop, tmp_path)
    try:
        app.type("Address of the drive", drive.url)
        app.wait_text("a drive is there")
        app.click("Next")
        app.click("Confirm in your chat program")
        app.wait("Use my browser instead")
        maps = pathlib.Path(f"/proc/{app.process.pid}/maps").read_text()
        assert str(BUILD / "src/client/app/imdrive-web.so") in maps
    finally:
        app.close()


def test_the_address_that_was_typed_is_confirmed_in_the_window(view, alice):
    app = view.window
    app.type("Chat address, like alice@example.org", alice.address)
    app.click("Confirm in your chat program")
    assert view.value("#address") == alice.address
    # One press, which nobody but the person does, and of what has the focus already.
    assert view.run("return document.activeElement.textContent") == "Continue"
    assert alice.inbox.empty()
    view.press(".joined button")
    question = alice.receive()
    number = view.text(".number strong")
    alice.answer(question, number)
    # The page goes on by itself the moment the answer is there.
    view.press("button[value=yes]")
    app.wait("Welcome, alice!")
    app.click("Go on")
    app.wait("Choose your folder")
    assert app.ask("status")["account"] == "alice"


def test_a_wrong_number_is_told_in_the_window(view, alice):
    app = view.window
    app.click("Confirm in your chat program")
    assert view.value("#address") == ""
    view.type("#address", alice.address)
    view.press(".joined button")
    question = alice.receive()
    number = view.text(".number strong")
    alice.answer(question, "47" if number != "47" else "48")
    view.find("a[href^='/login?a=']")
    assert not app.ask("status")["signed_in"]
