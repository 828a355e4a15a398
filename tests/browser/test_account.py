# SPDX-License-Identifier: Apache-2.0
"""Whoever has an account brings in devices, adds a second way in, and sends away what he does not want
any more; in Chromium and in WebKitGTK, whose cookies differ."""

import re
import subprocess

import pytest

from chat_drive import start_chat_drive
from drive import BUILD, TIMEOUT_S, Device, Server, run, wait_until
from person import Person
from prosody import Prosody
from service import Service
from test_webkit import begin_login
from visitor import Visitor


@pytest.fixture
def service():
    """A chat service at which somebody is signed in already: it asks nothing."""
    service = Service()
    service.people = {"alice": {"sub": "1001", "name": "Alice", "username": "alice"},
                      "work": {"sub": "2001", "name": "Alice at work", "username": "a.work"}}
    service.signed_in = "alice"
    yield service
    service.close()


@pytest.fixture
def drive(tmp_path, service):
    for name in "demo", "second":
        service.enable(tmp_path / "data", name)
    server = Server(tmp_path / "data").start()
    yield server
    server.stop()


@pytest.fixture
def laptop(tmp_path, drive, person):
    """A device that the person let in by his session: it took no second proof."""
    person.goto(drive.url + "/login")
    person.click("a[href^='/login/demo']")
    person.wait(".notice")
    device = Device(tmp_path, "laptop", drive)
    process, link = begin_login(drive, device.profile)
    person.goto(link)
    person.click("button[value=yes]")
    output = process.communicate(timeout=TIMEOUT_S)[0]
    assert process.returncode == 0, output
    device.start()
    device.path("first").write_text("first")
    wait_until(lambda: device.status().get("files") == 1, "the file is on the drive")
    yield device
    device.stop()


def account(person, drive):
    person.goto(drive.url + "/account")
    person.wait("button.grave")
    return person.text()


def click_beside(person, text, path):
    """The button with that action in the row that shows the text. Both engines know :has()."""
    person.click(f"li:has([aria-label*='{text}']) form[action='{path}'] button")


def link_second(person, drive, service):
    account(person, drive)
    service.signed_in = "work"
    person.click("button[name=provider][value=second]")
    person.wait("form[action^='/account/identity/bind']")
    text = person.text()
    assert "Alice at work (Second)" in text and "alice" in text
    person.click("button[value=yes]")
    person.wait(".notice")
    assert "sign in that way too" in person.text()


def come_in_by(visitor, code, provider):
    """Another browser, elsewhere."""
    page = visitor.get("/login")
    page = visitor.get(page.link(f"/login/{provider}?"), follow=False)
    state = re.search(r"state=([^&]+)", page.location).group(1)
    return visitor.get(f"/login/{provider}/callback?state={state}&code={code}")


def is_in(visitor):
    return visitor.get("/account", follow=False).status == 200


def test_r11_r13_a_second_way_in_is_linked_used_and_unlinked(drive, service, laptop, person):
    link_second(person, drive, service)

    # It enters the same account, also where nobody was signed in.
    person.forget()
    person.goto(drive.url + "/account")
    person.click("a[href^='/login/second']")
    person.wait("button.grave")
    assert "Alice at work" in person.text()

    # Who removes it ends all access but his own, and is told so.
    thief = Visitor(drive.url)
    come_in_by(thief, "work", "second")
    assert is_in(thief)
    service.signed_in = "alice"
    person.forget()
    person.goto(drive.url + "/account")
    person.click("a[href^='/login/demo']")
    person.wait("button.grave")
    click_beside(person, "Alice at work", "/account/identity/unlink")
    person.wait(".notice")
    text = person.text()
    assert "Devices and other browsers are signed out" in text
    assert "Alice at work" not in text and "only way in" in text
    assert not is_in(thief)
    wait_until(lambda: laptop.status().get("signed_in") is False, "the device is out too")


def test_r13_devices_and_browsers_are_sent_away(drive, laptop, person):
    other = Visitor(drive.url)
    come_in_by(other, "alice", "demo")
    assert is_in(other)
    text = account(person, drive)
    assert "this one" in text
    person.click("li:not(:has(em)) form[action='/account/session/end'] button")
    person.wait(".notice")
    assert not is_in(other)

    account(person, drive)
    person.click("form[action='/account/device/end'] button")
    person.wait(".notice")
    assert "disconnected" in person.text()
    wait_until(lambda: laptop.status().get("signed_in") is False, "the device knows")
    assert laptop.path("first").read_text() == "first"

    # And everything at once: this browser too.
    person.click("button.grave")
    person.wait(".sign.good")
    assert "All devices are disconnected" in person.text()
    person.goto(drive.url + "/account")
    person.wait("a[href^='/login/demo']")


def test_r11_a_chat_address_is_linked(tmp_path, person):
    prosody = Prosody(tmp_path / "prosody")
    prosody.account("alice")
    prosody.start()
    phone = Person(prosody, "alice")
    server = start_chat_drive(tmp_path, prosody)
    try:
        server.add_user("owner")
        person.goto(server.url + "/login")
        person.fill("#local-name", "owner")
        person.fill("#local-password", "correct horse")
        person.click("form[action^='/login/password'] button")
        person.wait("button.grave")
        person.click("button[name=provider][value=chat]")
        person.fill("#address", phone.address)
        person.click("form[action^='/login/chat'] button")
        person.wait(".number strong")
        number = re.search(r"with this number: ?(\d\d)", person.text()).group(1)
        phone.answer(phone.receive(), number)
        person.click("button[value=yes]")
        person.wait("form[action^='/account/identity/bind']")
        assert phone.address in person.text() and "owner" in person.text()
        person.click("button[value=yes]")
        person.wait(".notice")
        assert phone.address in person.text()
        listed = run(BUILD / "imdrived", "user", "identities", "owner", "--data", server.data)
        assert phone.address in listed.stdout
    finally:
        server.stop()
        phone.close()
        prosody.stop()
