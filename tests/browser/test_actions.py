# SPDX-License-Identifier: Apache-2.0
"""From "opened the login page" to "first file synced": every click, key and character is counted, and
bench/results.md says the same number beside those of other programs.

An action is a click, or a key that sends or moves on. Where somebody is before he opens the page is the
one line that opens it: `imdrive login URL && imdrive sync FOLDER`.
"""

import itertools
import os
import re
import subprocess

import pytest

from browser import ROOT
from chat_drive import start_chat_drive
from drive import BUILD, TIMEOUT_S, Device, Server, wait_until
from person import Person
from prosody import Prosody
from service import Service

names = (f"person {i}" for i in itertools.count())
FIGURES = (ROOT / "bench" / "results.md").read_text()


class Counted:
    """A person at a browser who does only what people can: look, click, type."""

    def __init__(self, browser):
        self.browser = browser.open(next(names))
        self.actions = self.characters = 0

    def click(self, selector):
        self.browser.click(selector)
        self.actions += 1

    def type(self, text):
        """Into what has the focus by itself."""
        self.browser.do("type", value=text)
        self.characters += len(text)

    def key(self, name):
        self.browser.do("key", value=name)
        self.actions += 1

    def answer_in_chat(self, phone, number):
        """Opens the message, types the number, sends it."""
        message = phone.receive()
        while "two-digit number" not in message["body"]:
            message = phone.receive()
        phone.answer(message, number)
        self.actions += 2
        self.characters += len(number)


class Desk:
    """A new device: the one line was typed, and the login page is open in the browser."""

    def __init__(self, folder, name, server, person):
        self.device = Device(folder, name, server)
        opened, opener = folder / f"{name}.url", folder / f"{name}.sh"
        opener.write_text(f'#!/bin/sh\nprintf %s "$1" >{opened}.new && mv {opened}.new {opened}\n')
        opener.chmod(0o755)
        program = f"{BUILD}/imdrive --profile {self.device.profile}"
        with open(folder / f"{name}.out", "wb") as output:
            self.process = subprocess.Popen(
                ["sh", "-c", f"{program} login {server.url} && exec {program} sync "
                 f"{self.device.folder}"], stdout=output, stderr=output,
                env={**os.environ, "BROWSER": str(opener)})
        wait_until(opened.exists, "the login page is opened")
        person.browser.goto(opened.read_text())

    def first_file_synced(self):
        """A file that is saved now is on the drive."""
        self.device.path("first").write_text("first")
        wait_until(lambda: self.device.status().get("files", 0) >= 1, "the file is on the drive")

    def close(self):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)


@pytest.fixture
def desks():
    desks = []
    yield desks
    for desk in desks:
        desk.close()


@pytest.fixture
def chat(tmp_path):
    prosody = Prosody(tmp_path / "prosody")
    prosody.account("alice")
    prosody.start()
    yield prosody
    prosody.stop()


@pytest.fixture
def phone(chat):
    person = Person(chat, "alice")
    yield person
    person.close()


@pytest.fixture
def service():
    service = Service()
    service.people = {"alice": {"sub": "1001", "name": "Alice", "username": "alice"}}
    service.signed_in = "alice"
    yield service
    service.close()


@pytest.fixture
def chatting(tmp_path, chat):
    server = start_chat_drive(tmp_path, chat)
    yield server
    server.stop()


def assert_counted(person, row):
    """The line of bench/results.md: | row | actions | characters | … |"""
    found = re.search(rf"^\| {re.escape(row)} \| (\d+) \| (\d+) \|", FIGURES, re.MULTILINE)
    assert found, f"bench/results.md has no row '{row}'"
    assert (person.actions, person.characters) == (int(found[1]), int(found[2]))


def confirm(person, phone):
    person.browser.wait("#address:focus")
    person.type(phone.address)
    person.key("Enter")
    person.browser.wait(".number strong")
    number = re.search(r"with this number: (\d\d)", person.browser.text()).group(1)
    person.answer_in_chat(phone, number)
    person.browser.wait("button[value=yes]")
    person.click("button[value=yes]")


def test_actions_of_a_new_person_who_confirms_in_chat(tmp_path, chatting, phone, browser, desks):
    person = Counted(browser)
    desks.append(Desk(tmp_path, "laptop", chatting, person))
    confirm(person, phone)
    desks[0].first_file_synced()
    assert_counted(person, "imdrive, new person, confirms in chat")

    # The browser is known by now: a second device.
    known = Counted(browser)
    known.browser = person.browser
    desks.append(Desk(tmp_path, "desktop", chatting, known))
    known.click("button.primary")
    desks[1].first_file_synced()
    assert_counted(known, "imdrive, known person, this browser")

    # And in a browser that knows nobody.
    other = Counted(browser)
    desks.append(Desk(tmp_path, "tablet", chatting, other))
    confirm(other, phone)
    desks[2].first_file_synced()
    assert_counted(other, "imdrive, known person, another browser")


def test_actions_of_a_new_person_with_a_chat_service(tmp_path, service, browser, desks):
    """Who is signed in there; what the service itself asks is the service's."""
    service.enable(tmp_path / "data", "demo")
    server = Server(tmp_path / "data").start()
    try:
        person = Counted(browser)
        desks.append(Desk(tmp_path, "laptop", server, person))
        person.click("a[href^='/login/demo']")
        desks[0].first_file_synced()
        assert_counted(person, "imdrive, new person, a chat service's button")
    finally:
        desks.pop().close()
        server.stop()
