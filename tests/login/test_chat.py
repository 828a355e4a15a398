# SPDX-License-Identifier: Apache-2.0
"""
Confirm in chat with a real chat server (Prosody) and a real chat program (slixmpp). What needs time
to pass, or counts attempts, is tested with a clock of its own in src/server/chat/chat_test.c.
"""

import contextlib
import time
import xml.etree.ElementTree as ET

import pytest

from confirm import Confirm
from person import CONFIRM, Person, Service
from prosody import Authority, Names, Prosody

CARBON = (
    '<sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">'
    '<message xmlns="jabber:client"><body>{}</body></message></forwarded></sent>'
)


def other(number):
    return "47" if number != "47" else "48"


@pytest.fixture
def closing():
    """Closes what is put into it, last things first."""
    with contextlib.ExitStack() as stack:
        yield lambda thing: stack.callback(
            thing.close if hasattr(thing, "close") else thing.stop
        )


@pytest.fixture
def home(tmp_path, closing):
    """A chat server with alice and bob, and room for another service."""
    server = Prosody(tmp_path / "home")
    server.services.append("service.localhost")
    server.account("alice")
    server.account("bob")
    closing(server.start())
    return server


@pytest.fixture
def confirm(home, closing):
    confirm = Confirm(home)
    closing(confirm)
    return confirm.wait_online()


@pytest.fixture
def alice(home, closing):
    person = Person(home, "alice")
    closing(person)
    return person


@pytest.fixture
def bob(home, closing):
    person = Person(home, "bob")
    closing(person)
    return person


def test_number_signs_in(confirm, alice):
    attempt = confirm.begin("Alice@LOCALHOST")
    assert attempt["mode"] == "ask"
    question = alice.receive()
    alice.answer(question, f"it's {attempt['number']}")
    assert confirm.wait_for(attempt) == "proved"
    assert "Go on in the page" in alice.receive()["body"]
    assert confirm.redeem(attempt) == {"provider": "xmpp", "subject": "alice@localhost"}


def test_question_comes_in_the_language_of_the_person(confirm, alice):
    confirm.begin("alice@localhost", language="zh-CN")
    assert "两位数字" in alice.receive()["body"]


def test_c1_another_browser_gets_nothing(confirm, alice):
    attempt = confirm.begin("alice@localhost")
    alice.answer(alice.receive(), attempt["number"])
    assert confirm.wait_for(attempt) == "proved"
    assert confirm.redeem(attempt, browser="another")["error"] == "not-found"
    assert confirm.do("poll", id=attempt["id"], browser="another")["error"] == "not-found"
    assert confirm.redeem(attempt)["subject"] == "alice@localhost"


def test_c2_wrong_number_ends_the_attempt(confirm, alice):
    attempt = confirm.begin("alice@localhost")
    question = alice.receive()
    alice.answer(question, other(attempt["number"]))
    assert confirm.wait_for(attempt) == "wrong-number"
    alice.answer(question, attempt["number"])
    alice.settle(confirm.address)
    assert confirm.outcome(attempt) == "wrong-number"
    assert "error" in confirm.redeem(attempt)


def test_c2_pressing_yes_signs_nobody_in(confirm, alice):
    attempt = confirm.begin("alice@localhost")
    question = alice.receive()
    element = question.xml.find(f"{{{CONFIRM}}}confirm")
    assert element.get("url") == "https://drive.example"
    yes = ET.tostring(element, encoding="unicode")
    alice.write(question["from"], None, thread=question["thread"], children=[yes])
    alice.answer(question, "OK")
    alice.settle(confirm.address)
    assert confirm.outcome(attempt) == "waiting"
    assert "two-digit number" in alice.receive()["body"]
    alice.answer(question, attempt["number"])
    assert confirm.wait_for(attempt) == "proved"


def test_pressing_no_refuses(confirm, alice):
    attempt = confirm.begin("alice@localhost")
    question = alice.receive()
    element = ET.tostring(question.xml.find(f"{{{CONFIRM}}}confirm"), encoding="unicode")
    no = (
        '<error type="auth"><not-authorized xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>'
    )
    alice.write(
        question["from"], None, kind="error", thread=question["thread"], children=[element, no]
    )
    assert confirm.wait_for(attempt) == "refused"


def test_c3_one_question_at_a_time_and_three_an_hour(confirm, alice):
    asked = [confirm.begin("alice@localhost", browser=f"b{i}")["mode"] for i in range(2)]
    assert asked == ["ask", "send"]
    modes = [confirm.begin("alice@localhost", browser="b0")["mode"] for i in range(4)]
    assert modes == ["ask", "ask", "send", "send"]
    questions = [alice.receive() for i in range(3)]
    assert len({question["thread"] for question in questions}) == 3
    alice.settle(confirm.address)
    assert alice.inbox.empty()


def test_c4_what_is_no_answer_of_hers_does_nothing(confirm, alice, bob):
    attempt = confirm.begin("alice@localhost")
    question = alice.receive()
    number, to = attempt["number"], question["from"]
    alice.write(to, number, thread="another-conversation")
    alice.write(to, number, kind="headline")
    alice.write(to, number, kind="error", children=['<error type="cancel"/>'])
    alice.write(to, None, children=[CARBON.format(number)])
    alice.write(to, number, children=[CARBON.format(number)])
    alice.write(to, number, children=['<x xmlns="http://jabber.org/protocol/muc#user"/>'])
    bob.write(to, number, thread=question["thread"])
    alice.settle(confirm.address)
    bob.settle(confirm.address)
    assert confirm.outcome(attempt) == "waiting"
    alice.answer(question, number)
    assert confirm.wait_for(attempt) == "proved"
    alice.answer(question, number)
    alice.answer(question, other(number))
    alice.settle(confirm.address)
    assert confirm.outcome(attempt) == "proved"
    assert confirm.redeem(attempt)["subject"] == "alice@localhost"
    assert confirm.redeem(attempt)["error"] == "conflict"
    alice.answer(question, number)
    alice.settle(confirm.address)
    assert confirm.outcome(attempt) == "redeemed"


@pytest.mark.parametrize("category, outcome", [("conference", "waiting"), ("gateway", "proved")])
def test_c4_a_room_is_no_person(home, closing, category, outcome):
    """Somebody takes a room's address for his own, and writes out of the room."""
    trusting = Confirm(home, remote="trusted")
    closing(trusting)
    trusting.wait_online()
    attempt = trusting.begin("meeting@service.localhost")
    assert attempt["mode"] == "send"
    service = Service(home, category)
    closing(service)
    service.write("meeting@service.localhost/alice", trusting.address, attempt["code"])
    assert service.asked.wait(60), "the drive did not ask what the service is"
    service.settle(trusting.address)
    assert trusting.outcome(attempt) == outcome


def test_c4_bounce_shows_at_once(confirm):
    attempt = confirm.begin("alice@localhost")  # who is not there, and nothing is kept for her
    assert confirm.wait_for(attempt) == "bounced"
    attempt = confirm.begin("nobody@localhost")
    assert confirm.wait_for(attempt) == "bounced"


def test_c5_question_names_all_but_the_number(confirm, alice):
    attempt = confirm.begin("alice@localhost")
    body = alice.receive()["body"]
    for part in "drive.example", "sign in", "Firefox on Linux", "192.0.2.7", "number", "STOP":
        assert part in body
    assert attempt["number"] not in body.replace("192.0.2.7", "").split()


def test_c5_stop_takes_back_and_blocks(confirm, alice):
    attempt = confirm.begin("alice@localhost")
    question = alice.receive()
    alice.answer(question, attempt["number"])
    assert confirm.wait_for(attempt) == "proved"
    alice.receive()
    alice.answer(question, "STOP")
    assert "START" in alice.receive()["body"]
    assert confirm.outcome(attempt) == "stopped"
    assert confirm.redeem(attempt)["error"] == "forbidden"
    assert confirm.do("online")["stops"] == 1
    assert confirm.begin("alice@localhost")["mode"] == "send"
    alice.write(confirm.address, "START")
    assert "ask you again" in alice.receive()["body"]
    assert confirm.begin("alice@localhost")["mode"] == "ask"


def test_notices_reach_people_also_later(home, confirm, alice):
    assert confirm.do("notify", address="alice@localhost", text="A new device:\nlaptop")["sent"]
    assert alice.receive()["body"] == "A new device:\nlaptop"
    assert alice.inbox.empty()


def test_goes_on_after_the_chat_server_was_away(home, confirm, closing):
    home.stop()
    confirm.wait_online(False)
    refused = confirm.do("begin", address="alice@localhost")
    assert refused["error"] == "offline"
    assert "another way to sign in" in refused["text"]
    assert confirm.do("notify", address="alice@localhost", text="kept")["sent"]
    home.start()
    alice = Person(home, "alice")
    closing(alice)
    confirm.wait_online()
    attempt = confirm.begin("alice@localhost")
    question = alice.receive()
    while "two-digit" not in question["body"]:
        question = alice.receive()
    alice.answer(question, attempt["number"])
    assert confirm.wait_for(attempt) == "proved"


def test_a_wrong_secret_is_told(home, closing):
    home.secret = "wrong"
    confirm = Confirm(home)
    closing(confirm)
    assert not confirm.is_online()
    assert confirm.do("begin", address="alice@localhost")["error"] == "offline"


# ---- people of other servers ----------------------------------------------------------------


class Federation:
    """home.example with the drive, and away.example with bob; both know each other by name."""

    def __init__(self, folder, closing, good=True, secure=True, module=True):
        names = Names()
        closing(names)
        authority = Authority(folder / "authority")
        self.home = Prosody(folder / "home", "home.example")
        self.home.federate(
            names,
            authority.certify("home", "home.example", "drive.home.example"),
            authority,
            secure,
        )
        if module:
            self.home.of_component = ['\tmodules_enabled = { "imdrive_checked" }']
        self.away = Prosody(folder / "away", "away.example", "other.away.example")
        certificate = (
            authority.certify("away", "away.example")
            if good
            else authority.self_signed("away", "away.example")
        )
        self.away.federate(names, certificate, authority, secure)
        self.away.account("bob")
        closing(self.home.start())
        closing(self.away.start())
        self.bob = Person(self.away, "bob")
        closing(self.bob)


def send_code(federation, confirm):
    attempt = confirm.begin("bob@away.example")
    assert attempt["mode"] == "send"
    assert attempt["send_to"] == "drive@drive.home.example"
    assert attempt["link"] == f"xmpp:drive@drive.home.example?message;body={attempt['code']}"
    federation.bob.write(attempt["send_to"], attempt["code"])
    return attempt


def test_c6_strangers_stay_out_until_the_operator_says_so(tmp_path, closing):
    federation = Federation(tmp_path, closing)
    confirm = Confirm(federation.home)
    closing(confirm)
    confirm.wait_online()
    assert confirm.do("begin", address="bob@away.example")["error"] == "forbidden"


def test_c6_a_certified_stranger_sends_the_code(tmp_path, closing):
    federation = Federation(tmp_path, closing)
    confirm = Confirm(federation.home, remote="checked")
    closing(confirm)
    confirm.wait_online()
    attempt = send_code(federation, confirm)
    assert confirm.wait_for(attempt) == "proved"
    assert "STOP" in federation.bob.receive()["body"]
    assert confirm.redeem(attempt) == {"provider": "xmpp", "subject": "bob@away.example"}


def test_c6_a_known_stranger_is_asked(tmp_path, closing):
    federation = Federation(tmp_path, closing)
    confirm = Confirm(federation.home, remote="checked", known="bob@away.example")
    closing(confirm)
    confirm.wait_online()
    attempt = confirm.begin("bob@away.example")
    assert attempt["mode"] == "ask"
    federation.bob.answer(federation.bob.receive(), attempt["number"])
    assert confirm.wait_for(attempt) == "proved"


def wait_for_log(server, text):
    end = time.monotonic() + 60
    while text not in server.log():
        assert time.monotonic() < end, f"not in the log: {text}\n{server.log()[-3000:]}"
        time.sleep(0.1)


def test_c6_a_server_without_certificate_is_dropped(tmp_path, closing):
    """The chat server itself would let it in (dialback); the module does not."""
    federation = Federation(tmp_path, closing, good=False, secure=False)
    confirm = Confirm(federation.home, remote="checked")
    closing(confirm)
    confirm.wait_online()
    attempt = send_code(federation, confirm)
    wait_for_log(federation.home, "dropped a message from bob@away.example")
    assert confirm.outcome(attempt) == "waiting"


def test_c6_without_the_module_nobody_is_believed(tmp_path, closing):
    federation = Federation(tmp_path, closing, module=False)
    confirm = Confirm(federation.home, remote="checked")
    closing(confirm)
    confirm.wait_online()
    attempt = confirm.begin("bob@away.example")
    mark = '<checked xmlns="urn:imdrive:checked:0" key="00"/>'
    federation.bob.write(attempt["send_to"], attempt["code"], children=[mark])
    federation.bob.settle(confirm.address)
    assert confirm.outcome(attempt) == "waiting"
