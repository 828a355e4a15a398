# SPDX-License-Identifier: Apache-2.0
"""The person's picture: fetched from where the chat service has it, under the rules of R9."""

import http.client
import sqlite3
import urllib.parse

import pytest

from drive import Server, wait_until
from pictures import Album, png
from ports import free_port
from service import Service
from test_openid_providers import Script, through_forms
from visitor import Visitor

KEPT = "SELECT url, type, bytes FROM picture"


@pytest.fixture
def album():
    album = Album()
    yield album
    album.close()


@pytest.fixture
def service():
    service = Service()
    service.people = {name: {"sub": name, "username": name} for name in ("alice", "bob")}
    yield service
    service.close()


@pytest.fixture
def drive(tmp_path, service):
    service.enable(tmp_path / "data", "demo")
    server = Server(tmp_path / "data").start()
    yield server
    server.stop()


def kept(drive):
    """What is kept of everybody; (url, type, bytes)."""
    with sqlite3.connect(f"file:{drive.data}/imdrive.sqlite?mode=ro", uri=True) as database:
        return database.execute(KEPT).fetchall()


def sign_in(drive, code="alice", visitor=None):
    visitor = visitor or Visitor(drive.url)
    page = visitor.get(visitor.get("/login").link("/login/demo?"), follow=False)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.location).query))
    back = urllib.parse.urlencode({"state": query["state"], "code": code})
    page = visitor.get(f"/login/demo/callback?{back}")
    assert "Welcome" in page.text
    return visitor


def picture_of(visitor):
    """Status, headers and bytes of what the pages of this browser show."""
    connection = http.client.HTTPConnection(visitor.host, timeout=60)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    connection.request("GET", "/account/picture", headers={"Cookie": cookies, "Host": visitor.host})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, answer.headers, data


def await_picture(visitor):
    return wait_until(lambda: (found := picture_of(visitor))[0] == 200 and found, "it is kept")


def test_a_picture_is_shown_to_its_person_only(drive, service, album):
    service.people["alice"]["picture"] = album.put("/alice.png", png(), Content_Type="text/html")
    alice = sign_in(drive)
    status, headers, data = await_picture(alice)
    assert data == png() and headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"]
    assert 'src="/account/picture"' in alice.get("/account").body
    bob = sign_in(drive, "bob")
    assert picture_of(bob)[0] == 404 and "/account/picture" not in bob.get("/account").body
    assert picture_of(Visitor(drive.url))[0] == 303
    # It is known: nobody asks for it again.
    sign_in(drive)
    assert album.asked == ["/alice.png"]


def test_a_sign_in_does_not_wait_for_it(drive, service, album):
    service.people["alice"]["picture"] = album.put("/slow", png())
    alice = sign_in(drive)
    wait_until(lambda: album.asked, "it was asked for")
    assert picture_of(alice)[0] == 404
    album.held.set()


def test_another_address_is_another_picture(drive, service, album):
    red, blue = png(), png(colour=(0, 0, 255))
    service.people["alice"]["picture"] = album.put("/1", red)
    await_picture(sign_in(drive))
    service.people["alice"]["picture"] = album.put("/2", blue)
    wait_until(lambda: picture_of(sign_in(drive))[2] == blue, "the new one is kept")
    del service.people["alice"]["picture"]
    assert picture_of(sign_in(drive))[0] == 404
    assert kept(drive) == []


@pytest.mark.parametrize("trick", ["redirect", "page", "gif", "large", "absent", "empty"])
def test_r9_what_is_no_picture_is_not_kept(drive, service, album, trick):
    good = album.put("/good.png", png())
    tricks = {
        "redirect": lambda: album.put("/x", png(), 302, Location=good),
        "page": lambda: album.put("/x", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "gif": lambda: album.put("/x", b"GIF89a" + bytes(100)),
        "large": lambda: album.put("/x", png() + bytes(64 * 1024)),
        "absent": lambda: album.put("/x", png(), 404),
        "empty": lambda: album.put("/x", b""),
    }
    url = service.people["alice"]["picture"] = tricks[trick]()
    alice = sign_in(drive)
    wait_until(lambda: kept(drive) == [(url, "", b"")], "it is known that there is none")
    assert picture_of(alice)[0] == 404 and album.asked == ["/x"]
    lines = [line for line in (drive.data.parent / "data.log").read_text().splitlines()
             if "no picture of somebody who signed in with 'demo'" in line]
    assert len(lines) == 1 and "/x" not in lines[0]
    # At the next sign-in there may be one.
    album.put("/x", png())
    await_picture(sign_in(drive))


@pytest.mark.parametrize("url", ["https://10.0.0.1/x", "https://[::ffff:127.0.0.1]/x",
                                 "https://169.254.169.254/latest", "https://localhost.:1/x"])
def test_r9_inside_is_not_asked(drive, service, url):
    service.people["alice"]["picture"] = url
    alice = sign_in(drive)
    wait_until(lambda: kept(drive) == [(url, "", b"")], "it is known that there is none")
    assert picture_of(alice)[0] == 404


def test_a_certified_providers_picture(tmp_path, album):
    port = free_port()
    folder = tmp_path / "op"
    folder.mkdir()
    provider = Script(folder, "certified_op.mjs", f"http://127.0.0.1:{port}/login/office/callback",
                      PICTURE=album.put("/alice.png", png()))
    records = tmp_path / "data" / "providers"
    records.mkdir(parents=True)
    (records / "office.conf").write_text(
        "[provider]\nextends=oidc\nid=office\nlabel=Office\nregister=auto\nclient_id=client-1\n"
        "client_secret=0123456789abcdef0123456789abcdef\n"
        f"issuer={provider.issuer}\nallow_http_loopback=yes\n")
    (records / "office.conf").chmod(0o600)
    server = Server(tmp_path / "data")
    server.listen = f"127.0.0.1:{port}"
    server.start()
    try:
        visitor = Visitor(server.url)
        through_forms(visitor.get(visitor.get("/login").link("/login/office?"), follow=False)
                      .location, visitor.cookies)
        assert await_picture(visitor)[2] == png()
    finally:
        server.stop()
        provider.stop()
