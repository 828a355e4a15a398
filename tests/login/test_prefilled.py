# SPDX-License-Identifier: Apache-2.0
"""What a program takes along to the sign-in pages: a chat address, an invitation. It fills in, and does
nothing before a person presses."""

import re
import urllib.parse

import pytest

from drive import BUILD, Server, run
from service import Service
from test_notices import enter, prove
from test_pages import REDIRECT, authorize, query_of, redeem
from visitor import Visitor


def field_of(page):
    return page.form("/login/chat").fields["address"]


def pressed_first(page):
    """The name of what has the focus when the page is opened."""
    return re.search(r"<(\w+)[^>]* autofocus=", page.body).group(1)


# ---- a chat address ---------------------------------------------------------------------------


def test_c3_a_chat_address_is_filled_in_and_nobody_is_written_to(drive, people):
    alice, bob = people
    visitor = Visitor(drive.url)
    page = visitor.get(authorize(login_hint=alice.address))
    assert page.status == 200 and field_of(page) == alice.address
    assert pressed_first(page) == "button"
    # Only once it is pressed alice is asked. Bob's question comes after whatever came to alice by then.
    enter(Visitor(drive.url), bob)
    assert alice.inbox.empty()
    page = prove(visitor, page, alice)
    answer = visitor.submit(page, "/login/chat", follow=False, answer="yes")
    status, token = redeem(drive, query_of(answer.location)["code"])
    assert status == 200 and token["account"]["name"] == "alice" and token["registered"]


def test_a_chat_address_is_escaped_and_bounded(drive):
    address = '"><b>@x'
    page = Visitor(drive.url).get(authorize(login_hint=address))
    assert field_of(page) == address and "<b>" not in page.body
    page = Visitor(drive.url).get(authorize(login_hint="x" * 513), follow=False)
    assert query_of(page.location)["error"] == "invalid_request"


def test_a_session_of_another_is_not_used_for_a_chat_address(drive, people):
    alice, bob = people
    visitor = Visitor(drive.url)
    enter(visitor, alice)
    page = visitor.get(authorize(login_hint=alice.address.upper()))
    assert "/oauth/consent?" in page.url
    page = visitor.get(authorize(login_hint=bob.address))
    assert "/login?" in page.url and field_of(page) == bob.address


def test_without_chat_an_address_changes_nothing(server, visitor):
    page = visitor.get(authorize(login_hint="alice@example.org"))
    assert page.status == 200 and "alice@example.org" not in page.body
    assert page.form("/login/password")


# ---- an invitation ----------------------------------------------------------------------------


@pytest.fixture
def service():
    service = Service()
    service.people = {"bob": {"sub": "1002", "name": "Bob", "username": "bob"}}
    yield service
    service.close()


@pytest.fixture
def closed(tmp_path, service):
    """A drive that lets newcomers in by invitation only, and logs all that it has to say."""
    service.enable(tmp_path / "data", "demo", register="invite")
    service.enable(tmp_path / "data", "another", register="invite")
    server = Server(tmp_path / "data", "--log-level", "debug").start()
    server.add_user("alice")
    yield server
    server.stop()


def invite(drive):
    words = run(BUILD / "imdrived", "invite", "--data", drive.data).stdout.split()
    link = next(word for word in words if "/invite/" in word)
    return urllib.parse.urlsplit(link).path


def invited(path, **changes):
    """The address that a program opens with the invitation that it was given."""
    return path + "?" + urllib.parse.urlsplit(authorize(**changes)).query


def test_an_invitation_goes_along_with_a_program(closed):
    path = invite(closed)
    visitor = Visitor(closed.url)
    page = visitor.get(invited(path))
    assert "You are invited" in page.text and "laptop" in page.text
    # Below the services it would not be seen.
    page = visitor.get(page.link("/login?"))
    assert page.body.index("/login/register") < page.body.index("/login/demo")
    answer = visitor.submit(page, "/login/register", follow=False, name="carol",
                            password="correct horse")
    assert answer.location.startswith(REDIRECT + "?")
    status, token = redeem(closed, query_of(answer.location)["code"])
    assert status == 200 and token["account"]["name"] == "carol" and token["registered"]
    assert Visitor(closed.url).get(path).status == 404


def test_r17_an_invitation_is_used_by_a_press_only(closed, service):
    """Even where a service was asked for, which would say yes at once."""
    service.signed_in = "bob"
    path = invite(closed)
    visitor = Visitor(closed.url)
    page = visitor.get(invited(path, provider="another"))
    assert page.status == 200 and "You are invited" in page.text
    services = [link for link in page.read.links if link.startswith("/login/")]
    assert services[0].startswith("/login/another?")
    assert "bob" not in run(BUILD / "imdrived", "user", "list", "--data", closed.data).stdout
    page = visitor.get(services[0], follow=False)
    state = query_of(page.location)["state"]
    answer = visitor.get(f"/login/another/callback?code=bob&state={state}", follow=False)
    assert redeem(closed, query_of(answer.location)["code"])[1]["registered"]


def test_r15_an_invitation_is_in_no_log_and_in_no_further_address(closed):
    path = invite(closed)
    token = path.rpartition("/")[2]
    visitor = Visitor(closed.url)
    for target in (path, invited(path), invited(path + "x"), invited(path, state="a" * 3000)):
        page = visitor.get(target, follow=False)
        assert token not in (page.location or "") and token not in page.body
        assert page.headers["Referrer-Policy"] == "no-referrer"
    page = visitor.get(invited(path, provider="password"))
    assert token not in page.body
    visitor.submit(page, "/login/register", follow=False, name="carol", password="correct horse")
    log = (closed.data.parent / "data.log").read_text()
    assert "path=/invite/..." in log and token not in log


@pytest.mark.parametrize("change, fails", [
    ({"client_id": "unknown"}, "does not know the program"),
    ({"redirect_uri": "https://evil.example/"}, "does not know the program")])
def test_a1_an_invitation_opens_no_other_redirect(closed, change, fails):
    page = Visitor(closed.url).get(invited(invite(closed), **change), follow=False)
    assert page.status == 400 and not page.location
