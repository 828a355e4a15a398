# SPDX-License-Identifier: Apache-2.0
"""A server that lies gets nothing by it: not the processor, not the program, not the terminal."""

import time

import pytest

from drive import BUILD, Device, run, wait_until
from liar import DRIVE, Liar, folder, node, page


@pytest.fixture
def meet(tmp_path):
    """Starts a liar, and a device of it."""
    made = []

    def make(changes):
        liar = Liar(changes)
        made.append(liar)
        device = Device(tmp_path, "laptop", liar)
        device.login()
        device.start()
        made.append(device)
        return liar, device

    yield make
    for one in reversed(made):
        one.stop()


@pytest.mark.parametrize("answer", [
    lambda number: page() if number == 1 else None,
    lambda number: page(),
    lambda number: page(at_head=False),
    lambda number: page(seq=number),
    lambda number: page(reset=True),
    lambda number: page([folder(node(7), DRIVE, "same", 1)]),
], ids=["nothing", "empty", "unfinished", "passing", "reset", "stale"])
def test_answers_that_bring_nothing_are_not_asked_for_at_once(meet, answer):
    liar, _ = meet(answer)
    wait_until(lambda: liar.asked > 60, "more than an honest server may need")
    began, asked = time.monotonic(), liar.asked
    wait_until(lambda: liar.asked > asked + 10, "it is still asked")
    # Ten a second, and some time for the machine.
    assert time.monotonic() - began > 0.8


def circle(number):
    """Two folders that lie in each other; said to be all."""
    return page([folder(node(7), node(8), "seven", 1), folder(node(8), node(7), "eight", 2)], seq=2)


def in_each_other(number):
    """First beside each other, then in each other."""
    if number == 1:
        return page([folder(node(7), DRIVE, "seven", 1), folder(node(8), DRIVE, "eight", 2)], seq=2)
    return page([folder(node(7), node(8), "seven", 3), folder(node(8), node(7), "eight", 4)], seq=4)


@pytest.mark.parametrize("answer", [circle, in_each_other])
def test_folders_that_lie_in_each_other_stop_nothing(meet, answer):
    liar, device = meet(answer)
    wait_until(lambda: "lie in each other" in str(device.status()), "what is wrong is said")
    asked = liar.asked
    wait_until(lambda: liar.asked > asked + 1, "the server is asked again")
    assert device.process.poll() is None


# It would give the window another title, and clear the screen.
COMMAND = "\x1b]0;title\x07\x1b[2J"


@pytest.fixture
def liar():
    liar = Liar()
    yield liar
    liar.stop()


def offer_codes(liar, **answer):
    """The liar takes devices in by a code, and never says yes."""
    oauth = liar.url + "/oauth/"
    liar.pages["/.well-known/oauth-authorization-server"] = {
        "issuer": liar.url, "authorization_endpoint": oauth + "authorize",
        "token_endpoint": oauth + "token", "revocation_endpoint": oauth + "revoke",
        "device_authorization_endpoint": oauth + "device",
        "authorization_response_iss_parameter_supported": True}
    liar.pages["/oauth/device"] = {
        "device_code": "code", "user_code": "ABCD-EFGH", "verification_uri": liar.url + "/device",
        "verification_uri_complete": liar.url + "/device?code=ABCD-EFGH", "expires_in": 3} | answer
    liar.pages["/oauth/token"] = (400, {"error": "authorization_pending"})


@pytest.mark.parametrize("interval", [0, -1, -2**32])
def test_a_code_is_not_asked_about_more_often_than_once_a_second(liar, tmp_path, interval):
    offer_codes(liar, interval=interval)
    done = run(BUILD / "imdrive", "--profile", tmp_path, "login", liar.url, "--device", check=False)
    assert done.returncode == 1 and "while the code was good" in done.stderr
    assert 1 <= liar.paths.count("/oauth/token") <= 3


def test_a_drive_may_have_many_services(liar, tmp_path):
    offer_codes(liar, interval=1)
    liar.pages["/.well-known/oauth-authorization-server"]["services"] = [[{"name": "chat"}]] * 100
    done = run(BUILD / "imdrive", "--profile", tmp_path, "login", liar.url, "--device", check=False)
    assert "ABCD-EFGH" in done.stdout + done.stderr


@pytest.mark.parametrize("field", ["user_code", "verification_uri", "verification_uri_complete"])
def test_no_code_commands_the_terminal(liar, tmp_path, field):
    offer_codes(liar, **{field: liar.url + "/" + COMMAND})
    done = run(BUILD / "imdrive", "--profile", tmp_path, "login", liar.url, "--device", check=False)
    assert done.returncode == 1 and "has no code for another device" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_nothing_that_is_told_commands_the_terminal(liar, tmp_path):
    device = Device(tmp_path, "laptop", liar)
    liar.pages["/api/v1/login"]["account"]["name"] = COMMAND
    liar.pages |= {
        "/api/v1/devices": {"devices": [{"name": COMMAND, "peer": COMMAND, "method": COMMAND}]},
        "/api/v1/me": {"account": {"name": COMMAND}, "device": {"name": COMMAND}},
        "/api/v1/identities": {"identities": [{"provider": COMMAND, "subject": COMMAND}]},
        "/api/v1/sessions": {"sessions": []},
        "/api/v1/links": {"links": [{"path": COMMAND, "url": COMMAND}]},
        "/api/v1/versions?path=file": {"versions": [{"device": COMMAND}]},
        "/api/v1/trash": (403, {"error": "forbidden", "message": COMMAND})}
    said = {"login": device.command("login", liar.url, "--user", "alice", text="password\n").stdout}
    device.start()
    for words in ["status"], ["devices"], ["account"], ["share"], ["versions", device.path("file")]:
        done = device.command(*words, check=False)
        said[words[0]] = done.stdout + done.stderr
    refused = device.command("restore", device.path("file"), check=False)
    device.stop()
    assert "\x1b" not in "".join(said.values()) + refused.stderr
    # All of it was said, in other characters.
    assert {words for words in said if "\\x1b[2J" in said[words]} == set(said) - {"share"}
    assert "is no link" in said["share"]
    assert "\\x1b[2J" in refused.stderr
