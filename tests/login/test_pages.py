# SPDX-License-Identifier: Apache-2.0
"""The pages as a browser without script meets them: passwords, programs, devices, the account."""

import http.client
import os
import re
import secrets
import subprocess
import hashlib
import base64
import json
import urllib.parse

import pytest

from drive import BUILD, PRELOAD, Server, run, wait_until
from visitor import Visitor

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT = "http://127.0.0.1:4711/callback"


def authorize(**changes):
    fields = {
        "response_type": "code", "client_id": "imdrive", "redirect_uri": REDIRECT,
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "state": "st",
        "device_name": "laptop", **changes}
    return "/oauth/authorize?" + urllib.parse.urlencode(fields)


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def redeem(server, code, redirect=REDIRECT):
    page = Visitor(server.url).post("/oauth/token", {
        "grant_type": "authorization_code", "code": code, "client_id": "imdrive",
        "redirect_uri": redirect, "code_verifier": VERIFIER})
    return page.status, json.loads(page.body)


# ---- the way in -------------------------------------------------------------------------------


def test_password_makes_a_session(visitor):
    page = visitor.sign_in()
    assert page.status == 200 and "Welcome back, alice" in page.text
    assert visitor.session


def test_wrong_password_is_told_and_keeps_the_name(visitor):
    page = visitor.sign_in(password="wrong")
    assert page.status == 403 and "wrong" in page.text
    assert page.form("/login/password").fields["name"] == "alice"
    assert not visitor.session


def test_wrong_passwords_are_in_the_audit(server, visitor, tmp_path):
    visitor.sign_in(password="wrong")
    run(BUILD / "imdrive", "--profile", tmp_path / "profile", "login", server.url, "--user", "alice",
        text="wrong\n", check=False)
    audit = run(BUILD / "imdrived", "audit", "--data", server.data).stdout
    assert audit.count("sign-in-failed\t-\talice\tpassword") == 2, audit


def test_guessing_passwords_is_slowed(visitor):
    for _ in range(100):
        page = visitor.sign_in(password="wrong")
        if page.status == 429:
            break
    assert page.status == 429 and "Too many" in page.text
    assert int(page.headers["Retry-After"]) > 0


def test_first_administrator_enters_by_link(tmp_path):
    server = Server(tmp_path / "data").start()
    log = (tmp_path / "data.log").read_text()
    link = re.search(r"http://\S+/invite/\S+", log).group()
    visitor = Visitor(server.url)
    page = visitor.get(link)
    assert "first here" in page.text
    page = visitor.submit(page, "/login/register", name="alice", password="correct horse")
    assert "Welcome, alice" in page.text and "Administrator" in page.text
    # Good once.
    assert "does not work" in Visitor(server.url).get(link).text
    server.stop()


def test_language_follows_the_browser_and_a_link(server):
    visitor = Visitor(server.url, "zh-CN,zh;q=0.9,en;q=0.8")
    page = visitor.get("/login")
    assert page.read.language == "zh-CN" and "登录" in page.text
    page = visitor.get(page.link("/language?to=en"))
    assert page.read.language == "en" and "Sign in" in page.text
    assert visitor.get("/login").read.language == "en"


def test_r16_each_sign_in_has_a_session_of_its_own(visitor):
    visitor.sign_in()
    first = visitor.session
    visitor.sign_in(url=visitor_login_again(visitor))
    assert visitor.session != first
    old = Visitor(visitor.base)
    old.cookies = {**visitor.cookies, next(k for k, v in visitor.cookies.items()
                                           if v == visitor.session): first}
    assert old.get("/account", follow=False).status == 303


def visitor_login_again(visitor):
    """A sign-in page while signed in: a program asks, and another account is to be used."""
    page = visitor.get(authorize())
    form = page.form("/oauth/consent")
    page = visitor.post(form.action, {**form.fields, "answer": "other"}, follow=False)
    return page.location


def test_r14_goes_on_to_own_pages_only(server):
    for target, place in [("/device", "/device"), ("//evil.example", "/account"),
                          ("https://evil.example", "/account"), ("/\\evil.example", "/account"),
                          ("/x\r\nSet-Cookie: a=b", "/account")]:
        visitor = Visitor(server.url)
        page = visitor.get("/login?" + urllib.parse.urlencode({"next": target}))
        page = visitor.submit(page, "/login/password", name="alice", password="correct horse",
                              follow=False)
        assert page.status == 303
        assert urllib.parse.urlsplit(page.location).path == place, target
        assert page.location.startswith(server.url + "/")


# ---- forms ------------------------------------------------------------------------------------


def test_a11_forms_of_others_do_nothing(server):
    alice, eve = Visitor(server.url), Visitor(server.url)
    alice.sign_in()
    page = alice.get("/account")
    form = page.form("/account/end-all")
    stolen = eve.get("/login").read.forms[0].fields["csrf"]
    for fields in [{}, {"csrf": ""}, {"csrf": stolen}, {"csrf": form.fields["csrf"][:-1]}]:
        assert alice.post(form.action, fields).status == 403
    cross = alice.request("POST", form.action, urllib.parse.urlencode(form.fields),
                          {"Sec-Fetch-Site": "cross-site"})
    assert cross.status == 403
    assert alice.get("/account", follow=False).status == 200


def test_a11_login_csrf_cannot_sign_a_victim_in(server):
    """An attacker's form with his own password, sent by the victim's browser."""
    eve, victim = Visitor(server.url), Visitor(server.url)
    server.add_user("eve", "eve's own password")
    form = eve.get("/login").form("/login/password")
    page = victim.post(form.action, {**form.fields, "name": "eve",
                                     "password": "eve's own password"})
    assert page.status == 403 and not victim.session


def test_r3_an_attempt_is_of_one_browser(server):
    alice, other = Visitor(server.url), Visitor(server.url)
    form = alice.get("/login").form("/login/password")
    own = other.get("/login").form("/login/password")
    page = other.post(form.action, {**own.fields, "name": "alice", "password": "correct horse"})
    assert page.status == 410 and not other.session


# ---- programs ---------------------------------------------------------------------------------


def test_fresh_proof_is_consent(server, visitor):
    page = visitor.get(authorize())
    assert "imdrive on laptop" in page.text
    page = visitor.submit(page, "/login/password", follow=False, name="alice",
                          password="correct horse")
    assert page.status == 303
    answer = query_of(page.location)
    assert page.location.startswith(REDIRECT + "?")
    assert answer["state"] == "st" and answer["iss"] == server.url
    status, tokens = redeem(server, answer["code"])
    assert status == 200 and tokens["access_token"]


def test_a_live_session_costs_one_continue(server, visitor):
    visitor.sign_in()
    page = visitor.get(authorize())
    assert "Continue as alice" in page.text and "laptop" in page.text
    form = page.form("/oauth/consent")
    page = visitor.post(form.action, {**form.fields, "answer": "yes"}, follow=False)
    status, tokens = redeem(server, query_of(page.location)["code"])
    assert status == 200
    # Once.
    again = visitor.post(form.action, {**form.fields, "answer": "yes"}, follow=False)
    assert again.status in (404, 410)


def test_a4_refusing_tells_the_program(server, visitor):
    visitor.sign_in()
    form = visitor.get(authorize()).form("/oauth/consent")
    page = visitor.post(form.action, {**form.fields, "answer": "no"}, follow=False)
    answer = query_of(page.location)
    assert answer["error"] == "access_denied" and answer["iss"] == server.url
    assert answer["state"] == "st"


def test_a1_unknown_clients_are_shown_and_not_redirected(visitor):
    for changes in [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/callback"}]:
        page = visitor.get(authorize(**changes), follow=False)
        assert page.status == 400 and page.location is None
        assert "makes no sense" in page.text


def test_a11_pages_are_closed_to_others(visitor):
    visitor.sign_in()
    page = visitor.get(authorize())
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:4711" in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Access-Control-Allow-Origin"] is None
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "unsafe" not in policy and "<script>" not in page.body


def test_imdrive_login_through_the_pages(server, tmp_path):
    """The real program, its listener and this browser."""
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    process = subprocess.Popen(
        [*PRELOAD, BUILD / "imdrive", "--profile", tmp_path / "profile", "login", server.url],
        env={**os.environ, "BROWSER": str(browser)}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    try:
        wait_until(opened.exists, "the program opens a browser")
        visitor = Visitor(server.url)
        page = visitor.get(opened.read_text())
        page = visitor.submit(page, "/login/password", follow=False, name="alice",
                              password="correct horse")
        target = urllib.parse.urlsplit(page.location)
        assert target.hostname == "127.0.0.1" and target.path == "/callback"
        connection = http.client.HTTPConnection(target.netloc, timeout=60)
        connection.request("GET", f"{target.path}?{target.query}")
        assert connection.getresponse().status == 200
        connection.close()
        output, _ = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert process.returncode == 0, output
    assert "alice" in output
    status = json.loads(run(BUILD / "imdrive", "--profile", tmp_path / "profile", "status",
                            "--json").stdout)
    assert status["signed_in"] and status["account"] == "alice"


# ---- devices ----------------------------------------------------------------------------------


def ask_for_device(server, name="tv"):
    page = Visitor(server.url).post("/oauth/device", {"client_id": "imdrive", "device_name": name})
    assert page.status == 200, page.body
    return json.loads(page.body)


def poll_device(server, device):
    page = Visitor(server.url).post("/oauth/token", {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "imdrive",
        "device_code": device["device_code"]})
    return page.status, json.loads(page.body)


def test_a10_a_device_is_let_in_by_hand(server, visitor):
    device = ask_for_device(server, "tv <b>\u202e")
    page = visitor.get(device["verification_uri_complete"])
    # Signing in is not yet saying yes.
    page = visitor.submit(page, "/login/password", name="alice", password="correct horse")
    assert page.form("/device").fields["code"] == device["user_code"]
    page = visitor.submit(page, "/device")
    for text in (device["user_code"], "imdrive", "tv <b>", "127.0.0.1", "see and change",
                 "Only go on if you started this yourself"):
        assert text in page.text, text
    assert "\u202e" not in page.body
    form = page.form("/device/approve")
    assert form.buttons[0] == ("answer", "no")  # what Enter presses
    page = visitor.post(form.action, {**form.fields, "answer": "yes"})
    assert "connected" in page.text
    status, tokens = poll_device(server, device)
    assert status == 200 and tokens["access_token"]
    assert "tv <b>" in visitor.get("/account").text
    audit = run(BUILD / "imdrived", "audit", "--data", server.data, check=False)
    if audit.returncode == 0:
        assert "device-approved" in audit.stdout


def test_a10_a_device_can_be_refused(server, visitor):
    visitor.sign_in()
    device = ask_for_device(server)
    page = visitor.submit(visitor.get("/device"), "/device", code=device["user_code"].lower())
    form = page.form("/device/approve")
    page = visitor.post(form.action, {**form.fields, "answer": "no"})
    assert "refused" in page.text
    status, answer = poll_device(server, device)
    assert status == 400 and answer["error"] == "access_denied"
    # One answer.
    assert visitor.post(form.action, {**form.fields, "answer": "yes"}).status == 410


def test_a10_a_device_has_no_other_door(server, visitor):
    """Neither the question for programs nor a fresh proof lets it in without its own click."""
    visitor.sign_in()
    device = ask_for_device(server)
    page = visitor.submit(visitor.get("/device"), "/device", code=device["user_code"])
    form = page.form("/device/approve")
    journey = form.action.partition("a=")[2]
    for answer in ("yes", "no"):
        page = visitor.post(f"/oauth/consent?a={journey}", {**form.fields, "answer": answer})
        assert page.status == 410
    page = visitor.post(f"/login/password?a={journey}", {
        **form.fields, "name": "alice", "password": "correct horse"})
    assert page.form("/device/approve")
    status, answer = poll_device(server, device)
    assert status == 400 and answer["error"] == "authorization_pending"


def test_a9_codes_cannot_be_guessed(server, visitor):
    visitor.sign_in()
    ask_for_device(server)
    statuses = [visitor.submit(visitor.get("/device"), "/device", code="BCDF-GHJK").status
                for _ in range(7)]
    assert statuses[:5] == [404] * 5 and statuses[-1] == 429


# ---- the account ------------------------------------------------------------------------------


def test_revoking_a_device_ends_it(server, visitor):
    visitor.sign_in()
    form = visitor.get(authorize()).form("/oauth/consent")
    page = visitor.post(form.action, {**form.fields, "answer": "yes"}, follow=False)
    _, tokens = redeem(server, query_of(page.location)["code"])
    me = {"Authorization": "Bearer " + tokens["access_token"]}
    assert visitor.request("GET", "/api/v1/me", headers=me).status == 200
    page = visitor.get("/account")
    assert "laptop" in page.text
    page = visitor.submit(page, "/account/device/end")
    assert "disconnected" in page.text
    assert visitor.request("GET", "/api/v1/me", headers=me).status == 401


def test_signing_out_everywhere_ends_all(server):
    here, there = Visitor(server.url), Visitor(server.url)
    here.sign_in()
    there.sign_in()
    page = here.submit(here.get("/account"), "/account/end-all")
    assert "signed out" in page.text
    for visitor in (here, there):
        assert visitor.get("/account", follow=False).status == 303


def test_signing_out_ends_the_session_itself(server, visitor):
    page = visitor.sign_in()
    cookies = dict(visitor.cookies)
    visitor.submit(page, "/logout")
    assert not visitor.session
    thief = Visitor(server.url)
    thief.cookies = cookies
    assert thief.get("/account", follow=False).status == 303


def test_r12_password_is_changed_by_who_proved_himself(server, visitor):
    page = visitor.sign_in()
    page = visitor.submit(page, "/account/password", password="another password")
    assert "password is set" in page.text
    assert Visitor(server.url).sign_in(password="correct horse").status == 403
    assert "Welcome back" in Visitor(server.url).sign_in(password="another password").text


def test_pages_need_somebody(visitor):
    for path in ("/account", "/device", "/device/approve?a=x", "/oauth/consent?a=x"):
        page = visitor.get(path)
        assert page.status == 200 and page.form("/login/password"), path


# ---- addresses --------------------------------------------------------------------------------


def test_a12_links_come_from_configuration_alone(server, visitor):
    for host in ("evil.example", "127.0.0.1:1", "localhost"):
        headers = {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": "https"}
        page = visitor.request("GET", "/login", headers=headers)
        assert page.status == 303 and page.location == server.url + "/login"
        page = visitor.request("POST", "/login/password", "", headers)
        assert page.status == 421


def test_a12_plain_http_elsewhere_signs_nobody_in(tmp_path):
    config = tmp_path / "conf"
    config.write_text("[server]\npublic_url = http://drive.example.org\n")
    server = Server(tmp_path / "data", "--config", config).start()
    visitor = Visitor(server.url)
    for path in ("/login", "/account", "/", authorize()):
        page = visitor.get(path, follow=False)
        assert page.status == 403 and "not safe" in page.text, path
    assert not visitor.cookies and not page.read.forms
    refused = run(BUILD / "imdrive", "--profile", tmp_path / "profile", "login", server.url,
                  check=False)
    assert refused.returncode == 1 and "this drive needs https" in refused.stderr
    refused = run(BUILD / "imdrived", "invite", "--data", server.data, check=False)
    assert refused.returncode == 1 and "set public_url" in refused.stderr
    server.stop()


def test_a12_behind_tls_cookies_are_of_this_host_alone(tmp_path):
    config = tmp_path / "conf"
    config.write_text("[server]\npublic_url = https://drive.example.org/\n")
    server = Server(tmp_path / "data", "--config", config).start()
    server.add_user("alice")
    visitor = Visitor(server.url)
    page = visitor.request("GET", "/login")
    assert page.status == 200  # the proxy's Host is not looked at
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-imdrive-browser=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    page = visitor.submit(page, "/login/password", follow=False, name="alice",
                          password="correct horse")
    assert page.location == "https://drive.example.org/account?done=back"
    assert any(name == "__Host-imdrive" for name in visitor.cookies)
    server.stop()


def test_domain_proofs_are_served_at_the_root(tmp_path):
    config = tmp_path / "conf"
    config.write_text("[login]\nname = Our drive\nmeta = qc:admins=0123&\"\n")
    data = tmp_path / "data"
    server = Server(data, "--config", config).start()
    (data / "verify").mkdir()
    (data / "verify/WW_verify_1.txt").write_text("proof")
    (data / "verify/link.txt").symlink_to(data / "imdrive.sqlite")
    visitor = Visitor(server.url)
    page = visitor.get("/WW_verify_1.txt")
    assert page.status == 200 and page.body == "proof"
    assert page.headers["Content-Type"].startswith("text/plain")
    for path in ("/link.txt", "/none.txt", "/..%2flock.txt", "/imdrive.sqlite", "/.hidden.txt"):
        assert visitor.get(path).status == 404, path
    page = visitor.get("/login")
    assert '<meta name="qc:admins" content="0123&amp;&quot;"/>' in page.body
    assert "Our drive" in page.text
    server.stop()


def test_assets_are_kept_by_browsers(visitor):
    style = re.search(r'/assets/page-[0-9a-f]+\.css', visitor.get("/login").body).group()
    page = visitor.get(style)
    assert page.status == 200 and "immutable" in page.headers["Cache-Control"]
    again = visitor.request("GET", style, headers={"If-None-Match": page.headers["ETag"]})
    assert again.status == 304 and not again.body
    assert visitor.get("/assets/page.css").status == 404


def test_services_are_listed_for_programs(visitor):
    page = visitor.get("/login/services")
    answer = json.loads(page.body)
    assert answer["services"] == [] and answer["password"] is True and answer["chat"] is False


def test_no_parameter_breaks_a_page(server, visitor):
    visitor.sign_in()
    odd = ["", "%", "%00", "%ff", "a" * 5000, "../../etc/passwd", "<script>", "%0d%0aX: y"]
    for path in ("/login?a=", "/login?next=", "/device?user_code=", "/oauth/consent?a=",
                 "/oauth/authorize?client_id=", "/language?to=en&back=", "/invite/", "/login/",
                 "/login/x/callback?state=", "/account?done=", "/account/identity/link?a="):
        for value in odd:
            page = visitor.get(path + urllib.parse.quote(value, safe="%"), follow=False)
            assert page.status < 500, (path, value)
            assert "<script>" not in page.body and page.headers["X"] is None


@pytest.mark.parametrize("path", ["/login/qq/callback", "/login/qq", "/login/nobody/callback"])
def test_r1_tokens_that_are_posted_are_refused(visitor, path):
    for fields in ({"access_token": "t", "openId": "o"}, {"id_token": "j", "state": "s"},
                   {"code": "c", "state": secrets.token_urlsafe(32)}):
        page = visitor.post(path, fields)
        assert page.status == 400 and not visitor.session


def test_a8_a13_what_is_not_offered_is_not_announced(visitor):
    """No DPoP, no pushed requests, and nobody registers a client of his own."""
    page = visitor.get("/.well-known/oauth-authorization-server")
    metadata = json.loads(page.body)
    for name in ("registration_endpoint", "pushed_authorization_request_endpoint",
                 "dpop_signing_alg_values_supported", "jwks_uri"):
        assert name not in metadata
    for path in ("/oauth/register", "/oauth/par"):
        for method in ("GET", "POST"):
            assert visitor.request(method, path).status in (404, 405)
