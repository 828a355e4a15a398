# SPDX-License-Identifier: Apache-2.0
"""What the drive tells people in chat about their access; and STOP against a real page."""

import json
import re

from drive import wait_until
from visitor import Visitor


def question(person):
    """The next question; what was said before is read past."""
    message = person.receive()
    while not any(part in message["body"] for part in ("two-digit number", "两位数字")):
        message = person.receive()
    return message


def prove(visitor, page, person):
    """Types the address into the page's field, and answers in chat; the page that follows."""
    page = visitor.submit(page, "/login/chat", address=person.address)
    number = re.search(r'class="number"><strong>(\d\d)<', page.body).group(1)
    asked = question(person)
    person.answer(asked, number)
    person.receive()  # "That is the number", so the drive knows by now
    person.asked = asked["body"]
    return visitor.get(page.url)


def enter(visitor, person):
    page = prove(visitor, visitor.get("/login"), person)
    return visitor.submit(page, "/login/chat", answer="yes")


def heard(person, part):
    """Everything up to the message that has this in it."""
    message = person.receive()["body"]
    while part not in message:
        message = person.receive()["body"]
    return message


def test_r11_both_addresses_learn_of_linking_and_unlinking(drive, people):
    alice, bob = people
    visitor = Visitor(drive.url)
    enter(visitor, alice)
    page = visitor.submit(visitor.get("/account"), "/account/identity/link", provider="chat")
    page = prove(visitor, page, bob)
    page = visitor.submit(page, "/login/chat", answer="yes")
    page = visitor.submit(page, "/account/identity/bind", answer="yes")
    assert "done=linked" in page.url
    for person in people:
        notice = heard(person, "can sign in to your account")
        assert bob.address in notice and f"{drive.url}/account" in notice
    forms = [f for f in page.read.forms if f.action == "/account/identity/unlink"]
    visitor.post(forms[-1].action, forms[-1].fields)
    for person in people:
        assert bob.address in heard(person, "can no longer sign in")


def test_a10_r11_the_drive_writes_in_the_language_of_the_last_sign_in(drive, people):
    alice, bob = people
    chinese, english = Visitor(drive.url, "zh-CN,zh;q=0.9"), Visitor(drive.url, "en")
    enter(chinese, alice)
    assert "有人想以您的身份登录" in alice.asked
    # Notices, whoever they go to: a chat account and a device of alice's.
    page = chinese.submit(chinese.get("/account"), "/account/identity/link", provider="chat")
    page = prove(chinese, page, bob)
    page = chinese.submit(page, "/login/chat", answer="yes")
    chinese.submit(page, "/account/identity/bind", answer="yes")
    for person in people:
        assert bob.address in heard(person, "可以登录您的账户")
    device = json.loads(english.post(
        "/oauth/device", {"client_id": "imdrive", "device_name": "tv"}).body)
    page = chinese.submit(chinese.get(device["verification_uri_complete"]), "/device")
    chinese.submit(page, "/device/approve", answer="yes")
    for person in people:
        assert f"{drive.url}/account" in heard(person, "设备“tv”已连接")
    # Somebody else's page does not decide what alice reads; a sign-in of hers does.
    enter(english, alice)
    assert "有人想以您的身份登录" in alice.asked
    enter(Visitor(drive.url, "zh-CN"), bob)
    assert "Somebody wants to sign in" in bob.asked


def test_the_field_for_addresses_finds_the_way_of_a_matrix_id(drive):
    address = "@alice:matrix.example"
    # Not enabled: it is no address of those that can be asked here.
    asked = Visitor(drive.url)
    page = asked.submit(asked.get("/login"), "/login/chat", address=address)
    assert "matrix.example" not in "".join(link or "" for link in page.read.links)
    drive.stop()
    (drive.data / "providers").mkdir(exist_ok=True)
    (drive.data / "providers" / "matrix.conf").write_text("[provider]\nid=matrix\n")
    drive.start()
    page = asked.submit(asked.get("/login"), "/login/chat", address=address)
    link = page.link("/login/matrix?")
    assert "server=matrix.example" in link and "a=" in link
    assert "matrix.example" in page.text


def test_c5_stop_at_the_last_moment_signs_nobody_in(drive, people, tmp_path):
    alice = people[0]
    visitor = Visitor(drive.url)
    page = prove(visitor, visitor.get("/login"), alice)
    assert f"Continue as {alice.address}" in page.text
    alice.write(f"drive@drive.{alice.address.partition('@')[2]}", "STOP")
    heard(alice, "START")
    visitor.submit(page, "/login/chat", answer="yes")
    assert not visitor.session
    assert f"STOP from xmpp/{alice.address}" in (tmp_path / "data.log").read_text()


def test_while_the_chat_server_is_down_the_page_says_so(drive, chat):
    drive.add_user("carol")
    chat.stop()
    log = drive.data.parent / "data.log"
    wait_until(lambda: "no chat server" in log.read_text(), "the drive misses its chat server")
    visitor = Visitor(drive.url)
    page = visitor.submit(visitor.get("/login"), "/login/chat", address="alice@localhost")
    assert "cannot be reached" in page.text and "another way" in page.text
    page = Visitor(drive.url).sign_in("carol")
    assert page.url.startswith(f"{drive.url}/account")
