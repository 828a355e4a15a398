# SPDX-License-Identifier: Apache-2.0
"""Signing in with a chat service, seen from a browser: states, attacks on them, registration,
linking. What a service may answer is tested in test_provider.py."""

import threading
import urllib.parse

import pytest

from drive import BUILD, Server, run
from service import Service
from visitor import Visitor


@pytest.fixture
def service():
    service = Service()
    service.people = {
        "alice": {"sub": "1001", "name": "Alice", "username": "alice"},
        "bob": {"sub": "1002", "name": "Bob", "username": "bob"},
        "eve": {"sub": "1003", "name": "Alice", "username": "alice", "email": "alice@x.example",
                "email_verified": True},
    }
    yield service
    service.close()


@pytest.fixture
def drive(tmp_path, service):
    """A drive that two services sign people in to, and a third only by invitation."""
    service.enable(tmp_path / "data", "demo")
    service.enable(tmp_path / "data", "second")
    service.enable(tmp_path / "data", "closed", register="invite")
    server = Server(tmp_path / "data").start()
    yield server
    server.stop()


def leave(visitor, provider="demo", page=None):
    """Off to the service; the state with which one comes back."""
    page = page or visitor.get("/login")
    page = visitor.get(page.link(f"/login/{provider}?"), follow=False)
    assert page.status == 303, page.text
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.location).query))
    assert query["redirect_uri"] == f"{visitor.base}/login/{provider}/callback"
    assert query["response_type"] == "code"
    return query["state"]


def come_back(visitor, state, provider="demo", follow=True, **fields):
    query = urllib.parse.urlencode({"state": state, **fields})
    return visitor.get(f"/login/{provider}/callback?{query}", follow)


def sign_in(visitor, code="alice", provider="demo"):
    return come_back(visitor, leave(visitor, provider), provider, code=code)


def users(drive):
    return run(BUILD / "imdrived", "user", "list", "--data", drive.data).stdout


# ---- first and later --------------------------------------------------------------------------


def test_first_proof_registers_and_the_next_one_enters(drive):
    visitor = Visitor(drive.url)
    page = sign_in(visitor)
    assert "Welcome, alice" in page.text and visitor.session
    page = sign_in(Visitor(drive.url))
    assert "Welcome back, alice" in page.text
    # Last used stands first.
    visitor.submit(visitor.get("/account"), "/logout")
    page = visitor.get("/login")
    services = [link for link in page.read.links if link.startswith("/login/")]
    assert services[0].startswith("/login/demo?") and "Last used" in page.text


def test_r10_names_and_addresses_are_no_identity(drive):
    sign_in(Visitor(drive.url), "alice")
    page = sign_in(Visitor(drive.url), "eve")
    assert "Welcome, alice-2" in page.text
    page = sign_in(Visitor(drive.url), "alice", "second")
    assert "Welcome, alice-3" in page.text


def test_r17_race_of_two_first_proofs_makes_one_account(drive):
    visitors = [Visitor(drive.url) for _ in range(4)]
    states = [leave(visitor) for visitor in visitors]
    pages = [None] * len(visitors)

    def finish(i):
        pages[i] = come_back(visitors[i], states[i], code="bob")

    threads = [threading.Thread(target=finish, args=(i,)) for i in range(len(visitors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(page.status == 200 and "bob" in page.text for page in pages)
    assert sum("Welcome, bob" in page.text for page in pages) == 1
    assert users(drive).count("bob") == 1


def test_r17_who_is_not_invited_leaves_nothing_behind(drive):
    visitor = Visitor(drive.url)
    page = sign_in(visitor, "bob", "closed")
    assert page.status == 403 and "You need an invitation" in page.text
    assert not visitor.session and "bob" not in users(drive)


def test_r17_an_invitation_and_the_first_proof_are_one_step(drive):
    done = run(BUILD / "imdrived", "invite", "--data", drive.data, check=False)
    if done.returncode != 0:
        pytest.skip("imdrived invite is not there yet")
    link = next(word for word in done.stdout.split() if "/invite/" in word)
    path = urllib.parse.urlsplit(link).path
    for _ in range(3):  # previews of chat programs change nothing
        Visitor(drive.url).get(path)
    visitor = Visitor(drive.url)
    page = visitor.get(path)
    assert "invited" in page.text
    page = come_back(visitor, leave(visitor, "closed", page), "closed", code="bob")
    assert "Welcome, bob" in page.text
    assert "does not work" in Visitor(drive.url).get(path).text


def test_pages_say_what_became_of_it(drive, service):
    visitor = Visitor(drive.url)
    page = come_back(visitor, leave(visitor), error="access_denied")
    assert "cancelled" in page.text and page.link("/login?a=")
    page = come_back(visitor, leave(visitor), code="nobody")
    assert page.status == 502 and "did not confirm" in page.text
    service.down = True
    page = come_back(visitor, leave(visitor), code="alice")
    assert page.status == 502 and "does not answer" in page.text
    service.down = False
    # The way on leads on.
    page = visitor.get(page.link("/login?a="))
    page = come_back(visitor, leave(visitor, page=page), code="alice")
    assert "Welcome" in page.text


# ---- states -----------------------------------------------------------------------------------


def test_r3_r16_a_used_callback_says_so_and_keeps_the_session(drive):
    visitor = Visitor(drive.url)
    state = leave(visitor)
    come_back(visitor, state, code="alice")
    session = visitor.session
    page = come_back(visitor, state, code="bob")
    assert page.status == 409 and "done its work" in page.text
    assert visitor.session == session
    assert "alice" in visitor.get("/account").text


def test_r3_login_csrf_another_browser_cannot_come_back(drive):
    """Eve's code and state in the victim's browser."""
    eve, victim = Visitor(drive.url), Visitor(drive.url)
    victim.get("/login")
    state = leave(eve)
    page = come_back(victim, state, code="eve")
    assert page.status == 400 and not victim.session
    assert "belongs to another browser" in page.text
    # It was of no use there, and is still Eve's.
    assert "Welcome" in come_back(eve, state, code="eve").text


def test_r6_mix_up_another_providers_callback_uses_it_up(drive, service):
    visitor = Visitor(drive.url)
    state = leave(visitor, "demo")
    page = come_back(visitor, state, "second", code="alice")
    assert page.status == 400 and not visitor.session and not service.asked
    assert come_back(visitor, state, "demo", code="alice").status == 409


def test_r3_invented_and_lost_states(drive, service):
    visitor = Visitor(drive.url)
    visitor.get("/login")
    for query in ("", "state=", "state=" + "A" * 43, "code=alice", "state=x&state=y&code=alice"):
        page = visitor.get("/login/demo/callback?" + query)
        assert page.status == 400, query
    assert not service.asked and not visitor.session


def test_r3_five_tabs_at_once(drive):
    visitor = Visitor(drive.url)
    states = [leave(visitor) for _ in range(5)]
    assert len(set(states)) == 5 and all(len(state) >= 22 for state in states)
    for state in reversed(states):
        assert come_back(visitor, state, code="alice").status == 200


def test_r1_tokens_in_a_callback_are_refused(drive, service):
    visitor = Visitor(drive.url)
    for fields in ({"access_token": "alice", "openId": "1001"}, {"id_token": "x", "code": "alice"}):
        page = come_back(visitor, leave(visitor), **fields)
        assert page.status == 400 and not visitor.session
        page = visitor.post("/login/demo/callback", {"state": leave(visitor), **fields})
        assert page.status == 400 and not visitor.session
    assert not service.asked


def test_r4_each_flow_has_a_verifier_of_its_own(drive, service):
    for visitor in (Visitor(drive.url), Visitor(drive.url)):
        sign_in(visitor)
    verifiers = [form["code_verifier"] for form in service.asked]
    assert len(set(verifiers)) == 2 and all(len(verifier) >= 43 for verifier in verifiers)


def test_r15_callback_ends_at_a_clean_address_and_no_secret_is_logged(drive, tmp_path):
    visitor = Visitor(drive.url)
    state = leave(visitor)
    page = come_back(visitor, state, follow=False, code="alice")
    assert page.status == 303 and "code" not in page.location and state not in page.location
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    other = Visitor(drive.url)
    come_back(other, leave(other), code="nobody")
    log = (tmp_path / "data.log").read_text()
    assert state not in log and "a secret of the drive" not in log
    assert visitor.session not in log


def test_r12_an_account_of_a_chat_service_has_no_password(drive):
    sign_in(Visitor(drive.url))
    for password in ("", "alice", "correct horse"):
        page = Visitor(drive.url).sign_in("alice", password)
        assert page.status in (400, 403)


# ---- linking ----------------------------------------------------------------------------------


def link(visitor, provider="second"):
    """Presses "Connect"; the page from which the browser goes on."""
    page = visitor.get("/account")
    forms = [form for form in page.read.forms if ("provider", provider) in form.buttons]
    return visitor.post(forms[0].action, {**forms[0].fields, "provider": provider})


def test_r11_linking_names_both_and_opens_the_same_account(drive):
    visitor = Visitor(drive.url)
    sign_in(visitor)
    page = link(visitor)
    page = come_back(visitor, leave(visitor, "second", page), "second", code="bob")
    assert "Bob (Second)" in page.text and "alice" in page.text
    form = page.form("/account/identity/bind")
    page = visitor.post(form.action, {**form.fields, "answer": "yes"})
    assert "sign in that way too" in page.text
    assert "Welcome back, alice" in sign_in(Visitor(drive.url), "bob", "second").text
    # Once.
    assert visitor.post(form.action, {**form.fields, "answer": "yes"}).status in (403, 410)


def test_r11_linking_asks_first(drive):
    visitor = Visitor(drive.url)
    sign_in(visitor)
    page = link(visitor)
    page = come_back(visitor, leave(visitor, "second", page), "second", code="bob")
    form = page.form("/account/identity/bind")
    visitor.post(form.action, {**form.fields, "answer": "no"})
    assert "Welcome, bob" in sign_in(Visitor(drive.url), "bob", "second").text


def test_r11_an_identity_of_another_account_is_refused(drive):
    sign_in(Visitor(drive.url), "bob", "second")
    visitor = Visitor(drive.url)
    sign_in(visitor)
    page = link(visitor)
    page = come_back(visitor, leave(visitor, "second", page), "second", code="bob")
    form = page.form("/account/identity/bind")
    page = visitor.post(form.action, {**form.fields, "answer": "yes"})
    assert page.status == 409 and "another account already" in page.text


def test_r11_link_csrf_an_attackers_code_does_not_enter_the_victims_account(drive):
    """A state of a sign-in cannot finish a link, nor another browser's state anything."""
    victim, eve = Visitor(drive.url), Visitor(drive.url)
    sign_in(victim)
    sign_in(eve, "eve")
    state = leave(eve, "second", link(eve))
    page = come_back(victim, state, "second", code="bob")
    assert page.status == 400
    assert "Welcome, bob" in sign_in(Visitor(drive.url), "bob", "second").text


def test_r11_a_link_ends_with_the_session_that_began_it(drive):
    visitor = Visitor(drive.url)
    page = sign_in(visitor)
    state = leave(visitor, "second", link(visitor))
    visitor.submit(visitor.get("/account"), "/logout")
    page = come_back(visitor, state, "second", code="bob")
    assert page.status == 403 and not visitor.session
    assert "bob" not in users(drive)


def test_r11_the_last_way_in_stays(drive):
    visitor = Visitor(drive.url)
    sign_in(visitor)
    page = visitor.get("/account")
    assert "the only way in" in page.text
    page = visitor.post("/account/identity/unlink", {
        "csrf": page.read.forms[0].fields["csrf"], "id": "1"})
    assert page.status == 403 and "only way in" in page.text
    assert "Welcome back" in sign_in(Visitor(drive.url)).text


def test_r13_unlinking_ends_what_it_opened(drive):
    visitor, thief = Visitor(drive.url), Visitor(drive.url)
    sign_in(visitor)
    page = come_back(visitor, leave(visitor, "second", link(visitor)), "second", code="bob")
    form = page.form("/account/identity/bind")
    visitor.post(form.action, {**form.fields, "answer": "yes"})
    sign_in(thief, "bob", "second")
    page = visitor.get("/account")
    identities = [form for form in page.read.forms if form.action == "/account/identity/unlink"]
    assert len(identities) == 2
    visitor.post(identities[1].action, identities[1].fields)
    assert thief.get("/account", follow=False).status == 303
    assert "Welcome, bob" in sign_in(Visitor(drive.url), "bob", "second").text


def test_r15_links_hold_no_token_that_opens_a_session(drive):
    visitor = Visitor(drive.url)
    page = visitor.get("/login")
    other = Visitor(drive.url)
    for href in page.read.links:
        if href and href.startswith("/login/demo"):
            page = other.get(href, follow=False)
            assert page.status == 410


def test_authorize_goes_straight_to_the_service(drive):
    from test_pages import authorize, query_of, redeem
    visitor = Visitor(drive.url)
    page = visitor.get(authorize(provider="demo"))
    assert page.status == 303 and "/authorize?" in page.location
    state = query_of(page.location)["state"]
    page = come_back(visitor, state, follow=False, code="alice")
    status, tokens = redeem(drive, query_of(page.location)["code"])
    assert status == 200 and tokens.get("registered") is True


def test_r19_no_service_makes_an_administrator(drive, service):
    """Not even of the very first one, nor by what it says of somebody."""
    service.people["root"] = {"sub": "0", "name": "root", "username": "admin", "role": "admin",
                              "admin": True, "groups": ["admin"]}
    page = sign_in(Visitor(drive.url), "root")
    assert page.status == 200 and "Administrator" not in page.text
