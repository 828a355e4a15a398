# SPDX-License-Identifier: Apache-2.0
"""Whole flows in Chromium: what only a real browser enforces (policies for forms, cookies), what
script does, and that all of it works without."""

import http.server
import itertools
import json
import os
import queue
import re
import subprocess
import threading
import urllib.parse

import pytest

from chat_drive import start_chat_drive
from drive import BUILD, run, wait_until
from person import Person
from prosody import Prosody
from visitor import Visitor

names = (f"context {i}" for i in itertools.count())


@pytest.fixture
def alice(browser):
    return browser.open(next(names))


class Loopback:
    """Where a program waits for its code."""

    def __init__(self, host="127.0.0.1"):
        self.came = queue.Queue()
        came = self.came

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path.startswith("/callback"):
                    came.put(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)))
                body = b"<h1>back in the program</h1>"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/callback"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def loopback():
    loopback = Loopback()
    yield loopback
    loopback.close()


def authorize(server, loopback, **changes):
    return server.url + "/oauth/authorize?" + urllib.parse.urlencode({
        "response_type": "code", "client_id": "imdrive", "redirect_uri": loopback.url,
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256", "state": "st", "device_name": "laptop", **changes})


# ---- programs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [True, False])
def test_a11_chromium_follows_the_forms_to_the_program(server, browser, loopback, script):
    alice = browser.open(next(names), script=script)
    alice.goto(authorize(server, loopback))
    alice.sign_in()
    assert loopback.came.get(timeout=120)["state"] == "st"
    alice.wait(url=loopback.url)
    # And from the question that a live session is asked.
    alice.goto(authorize(server, loopback, state="again"))
    alice.click("button[value=yes]")
    answer = loopback.came.get(timeout=120)
    assert answer["state"] == "again" and answer["iss"] == server.url
    alice.wait(url=loopback.url)
    assert not alice.look()["complaints"]


def test_imdrive_login_in_a_browser(server, tmp_path, alice):
    opened = tmp_path / "opened"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.new && mv {opened}.new {opened}\n')
    program.chmod(0o755)
    profile = tmp_path / "profile"
    process = subprocess.Popen(
        [BUILD / "imdrive", "--profile", profile, "login", server.url],
        env={**os.environ, "BROWSER": str(program)}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    try:
        wait_until(opened.exists, "the program opens a browser")
        page = opened.read_text()
        alice.goto(page)
        alice.sign_in()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(page).query)
        alice.wait(url=query["redirect_uri"][0])
        output, _ = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert process.returncode == 0, output
    status = json.loads(run(BUILD / "imdrive", "--profile", profile, "status", "--json").stdout)
    assert status["signed_in"] and status["account"] == "alice"
    # On the account's page, from which it can be sent away again.
    alice.goto(server.url + "/account")
    alice.click("form[action='/account/device/end'] button")
    alice.wait(".notice")
    assert "disconnected" in alice.text()
    done = run(BUILD / "imdrive", "--profile", profile, "sync", tmp_path / "folder", "--once",
               check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("script", [True, False])
def test_a10_a_device_is_let_in_from_a_browser(server, browser, script):
    alice = browser.open(next(names), script=script)
    asked = json.loads(Visitor(server.url).post(
        "/oauth/device", {"client_id": "imdrive", "device_name": "tv"}).body)
    alice.goto(asked["verification_uri_complete"])
    alice.sign_in()
    alice.wait("#code")
    alice.click("form[action='/device'] button")
    alice.wait(".care")
    assert asked["user_code"] in alice.text() and "Only go on if you started this" in alice.text()
    alice.click("button[value=yes]")
    alice.wait(".sign.good")
    page = Visitor(server.url).post("/oauth/token", {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "imdrive",
        "device_code": asked["device_code"]})
    assert page.status == 200
    assert not alice.look()["complaints"]


# ---- tabs, languages --------------------------------------------------------------------------


def test_r3_five_tabs_of_one_browser(server, alice, loopback):
    for tab in range(5):
        alice.goto(authorize(server, loopback, state=f"tab {tab}"), tab)
    for tab in reversed(range(5)):
        # One signs in; the others need only say yes then.
        if tab == 4:
            alice.sign_in(tab)
        else:
            alice.goto(authorize(server, loopback, state=f"tab {tab}"), tab)
            alice.click("button[value=yes]", tab)
        assert loopback.came.get(timeout=120)["state"] == f"tab {tab}"


def test_pages_speak_the_browsers_language(server, browser):
    person = browser.open(next(names), language="zh-CN", dark=True, width=390, height=844)
    person.goto(server.url + "/login")
    assert "登录" in person.text()
    person.click("footer a[hreflang=en]")
    person.wait("html[lang=en]")
    person.goto(server.url + "/login")
    assert "Sign in" in person.text() and not person.look()["complaints"]


# ---- confirm in chat --------------------------------------------------------------------------


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
def chatting(tmp_path, chat):
    server = start_chat_drive(tmp_path, chat)
    yield server
    server.stop()


@pytest.fixture
def careful(tmp_path, chat):
    """A drive that may write to nobody it does not know."""
    server = start_chat_drive(tmp_path, chat, "prompt_domains = nobody.test\n")
    yield server
    server.stop()


def ask(person, server, address):
    person.goto(server.url + "/login")
    person.fill("#address", address)
    person.click("form[action^='/login/chat'] button")


def number_on(person):
    return re.search(r"with this number: (\d\d)", person.text()).group(1)


@pytest.mark.parametrize("script", [True, False])
def test_c2_alice_enters_by_the_number(chatting, chat, phone, browser, script):
    alice = browser.open(next(names), script=script)
    ask(alice, chatting, phone.address)
    alice.wait(".number strong")
    number = number_on(alice)
    question = phone.receive()
    assert not re.search(rf"\b{number}\b", question["body"])
    phone.answer(question, number)
    alice.wait("button[value=yes]")
    assert f"Continue as {phone.address}" in alice.text()
    alice.click("button[value=yes]")
    alice.wait(".notice")
    assert "Welcome, alice" in alice.text()
    assert not [text for text in alice.look()["complaints"]]


def test_c1_c2_a_wrong_number_signs_nobody_in(chatting, phone, alice):
    ask(alice, chatting, phone.address)
    alice.wait(".number strong")
    number = number_on(alice)
    phone.answer(phone.receive(), "47" if number != "47" else "48")
    alice.wait(".sign.bad")
    assert "another number" in alice.text()
    alice.click("a.button.primary")
    alice.wait("#address")
    wait_until(lambda: "wrong number" in run(BUILD / "imdrived", "audit", "--data",
                                             chatting.data).stdout, "the audit has it")


def test_cancelling_leads_back_to_the_ways_in(chatting, phone, alice):
    """Also the page that waits, which learns of it at the same moment."""
    ask(alice, chatting, phone.address)
    alice.wait(".number strong")
    waits = alice.look()["url"]
    alice.click("form[action^='/login/chat/cancel'] button")
    alice.wait("#address")
    alice.goto(waits)
    alice.wait("#address")


def test_c1_a_forwarded_page_logs_nobody_in(chatting, phone, alice, browser):
    ask(alice, chatting, phone.address)
    alice.wait(".number strong")
    url = alice.look()["url"]
    eve = browser.open(next(names))
    eve.goto(url)
    assert "no longer known" in eve.text()


def test_c3_who_is_not_known_sends_the_code(careful, phone, alice):
    ask(alice, careful, phone.address)
    alice.wait("p.code code")
    alice.wait("svg.qr")
    _, address, code = re.search(r"from (\S+) to (\S+): (\S+)", alice.text()).groups()
    phone.write(address, code)
    alice.wait("button[value=yes]")
    alice.click("button[value=yes]")
    alice.wait(".notice")
    assert "Welcome, alice" in alice.text()


def test_an_address_that_cannot_be_asked_is_told_why(chatting, alice):
    ask(alice, chatting, "eve@elsewhere.example")
    alice.wait(".problem")
    assert "takes no chat addresses of that server" in alice.text()
    ask(alice, chatting, "not an address")
    alice.wait("text=It looks like")


def test_a_page_that_waits_survives_a_restart_and_says_so(chatting, phone, alice, tmp_path):
    ask(alice, chatting, phone.address)
    alice.wait(".number strong")
    chatting.stop()
    alice.wait(".waiting.lost")
    assert "does not answer" in alice.text()
    chatting.start()
    alice.wait(".sign.bad")
    assert "no longer known" in alice.text()
    alice.click("a.button.primary")
    alice.wait("#local-name")
