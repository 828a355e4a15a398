# SPDX-License-Identifier: Apache-2.0
"""Chat services through the drive's own pages: whoever comes first is registered, whoever comes back
is known, and whatever goes wrong ends on a page that says so. Numbers: docs/security.md."""

import concurrent.futures
import re
import urllib.parse

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from drive import BUILD, Server, run
from provider_cli import get
from quirks import CLIENT, KEY, SECRET, Answer, Quirks
from visitor import Visitor

MORE = {
    "wecom": {"agent_id": "1000002"},
    "mattermost": {"base": "{url}/chat.example"},
    "rocketchat": {"base": "{url}/chat.example"},
    "oidc": {"issuer": "{url}/issuer.example"},
}
SERVICES = ["dingtalk", "discord", "feishu", "kakao", "lark", "line", "matrix", "mattermost",
            "microsoft", "oidc", "qq", "rocketchat", "slack", "telegram", "vk", "wechat", "wecom",
            "zalo"]


class House:
    """A drive with every service, and the services."""

    def __init__(self, folder):
        self.quirks = Quirks()
        self.data = folder / "data"
        (self.data / "providers").mkdir(parents=True)
        for name in SERVICES:
            self.enable(name, register="auto")
        self.server = Server(self.data)

    def enable(self, name, /, **more):
        known = {k: v.format(url=self.quirks.url) for k, v in MORE.get(name, {}).items()}
        path = self.data / "providers" / f"{name}.conf"
        path.write_text(self.quirks.override(name, **(known | more)))
        path.chmod(0o600)

    def start(self):
        self.server.start()
        return self

    def accounts(self):
        text = run(BUILD / "imdrived", "user", "list", "--data", self.data).stdout
        return [line.split("\t")[0] for line in text.splitlines()[1:]]

    def leave(self, visitor, name):
        """To the service; the URL there."""
        typed = f"?server=127.0.0.1:{self.quirks.server.server_port}" if name == "matrix" else ""
        page = visitor.get(f"/login/{name}{typed}")
        assert page.status == 303, page.text
        return page.location

    def come_back(self, visitor, url):
        status, headers, text = get(url)
        assert status == 302, text
        return visitor.get(headers["Location"])

    def sign_in(self, name, person="100200300", visitor=None):
        visitor = visitor or Visitor(self.server.url)
        self.quirks.person = {"id": person, "name": "Alice"}
        page = self.come_back(visitor, self.leave(visitor, name))
        return visitor, page

    def stop(self):
        self.server.stop()
        self.quirks.stop()

    def log(self):
        return (self.data.parent / "data.log").read_text()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house")).start()
    yield house
    house.stop()


@pytest.fixture(autouse=True)
def calm(house):
    yield
    house.quirks.mood = None
    house.quirks.twists.clear()
    house.quirks.key, house.quirks.kid = KEY, "k1"


@pytest.mark.parametrize("name", SERVICES)
def test_r10_first_registers_second_is_welcomed_back(house, name):
    before = house.accounts()
    visitor, page = house.sign_in(name)
    assert page.status == 200 and visitor.session, page.text
    first = house.accounts()
    assert len(first) == len(before) + 1
    again, page = house.sign_in(name)
    assert page.status == 200 and again.session, page.text
    assert again.session != visitor.session
    assert house.accounts() == first


def refused(house, name, visitor, page, *words):
    assert not visitor.session, page.text
    assert page.status in (400, 403, 502), page.status
    for word in words:
        assert word in page.text, page.text
    assert visitor.get("/login").status == 200


def test_cancelled_refused_and_down_have_pages_of_their_own(house):
    before = house.accounts()
    texts = set()
    house.quirks.mood = "deny"
    visitor, page = house.sign_in("discord", "stranger-1")
    refused(house, "discord", visitor, page)
    texts.add(page.text)
    house.quirks.mood = None
    house.quirks.twist("/discord.com/api/oauth2/token", lambda _: Answer("", 503))
    visitor, page = house.sign_in("discord", "stranger-1")
    refused(house, "discord", visitor, page)
    texts.add(page.text)
    house.quirks.twist("/discord.com/api/oauth2/token", lambda _: Answer({"error": "bad"}, 400))
    visitor, page = house.sign_in("discord", "stranger-1")
    refused(house, "discord", visitor, page)
    texts.add(page.text)
    assert len(texts) == 3
    assert house.accounts() == before


def test_r2_a_token_of_another_application_signs_nobody_in(house):
    before = house.accounts()
    house.quirks.twist("/graph.qq.com/oauth2.0/me",
                       lambda _: Answer({"client_id": "other", "openid": "100200300"}))
    visitor, page = house.sign_in("qq")
    refused(house, "qq", visitor, page)
    assert house.accounts() == before


@pytest.mark.parametrize("body", ["access_token=t&openId=100200300", "id_token=a.b.c"])
def test_r1_nothing_is_taken_by_post(house, body):
    visitor = Visitor(house.server.url)
    fields = dict(urllib.parse.parse_qsl(body))
    for path in ("/login/qq/callback", "/login/qq"):
        page = visitor.post(path, fields)
        assert page.status == 400 and not visitor.session


def test_r3_a_callback_is_good_once_and_in_its_own_browser(house):
    alice, mallory = Visitor(house.server.url), Visitor(house.server.url)
    house.quirks.person = {"id": "77", "name": "Mallory"}
    back = get(house.leave(mallory, "discord"))[1]["Location"]
    # Login CSRF: the victim's browser is sent to the attacker's callback.
    assert alice.get(back).status >= 400 and not alice.session
    assert mallory.get(back).status == 200 and mallory.session
    session = mallory.session
    mallory.get(back)
    assert mallory.session == session


def test_r3_many_tabs_work_side_by_side(house):
    visitor = Visitor(house.server.url)
    house.quirks.person = {"id": "88", "name": "Tabs"}
    places = [house.leave(visitor, "discord") for _ in range(5)]
    states = {dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(p).query))["state"] for p in places}
    assert len(states) == 5
    for place in reversed(places):
        page = house.come_back(visitor, place)
        assert page.status == 200 and visitor.session, page.text


@pytest.mark.parametrize("mine, other", [("discord", "vk"), ("mattermost", "rocketchat")])
def test_r6_a_code_is_not_taken_at_another_services_callback(house, mine, other):
    visitor = Visitor(house.server.url)
    house.quirks.person = {"id": "99", "name": "Mixed"}
    asked = len(house.quirks.asked)
    back = get(house.leave(visitor, mine))[1]["Location"]
    page = visitor.get(back.replace(f"/login/{mine}/", f"/login/{other}/") + "&device_id=d")
    assert page.status >= 400 and not visitor.session
    assert not [q for q in house.quirks.asked[asked:] if "token" in q.path]


def test_r5_new_keys_are_asked_for_once_a_minute(house):
    quirks = house.quirks

    def asked():
        return len([q for q in quirks.asked if q.path == "/slack.com/openid/connect/keys"])

    _, page = house.sign_in("slack", "k-1")
    assert page.status == 200 and asked() == 1
    quirks.key, quirks.kid = rsa.generate_private_key(65537, 2048), "k2"
    _, page = house.sign_in("slack", "k-1")
    assert page.status == 200 and asked() == 2
    # A forger's unknown keys make no more questions of it.
    quirks.kid = "k3"
    for _ in range(3):
        visitor, page = house.sign_in("slack", "k-1")
        refused(house, "slack", visitor, page)
    assert asked() < 2 + 3
    quirks.kid = "k2"
    _, page = house.sign_in("slack", "k-1")
    assert page.status == 200


def test_wecom_may_end_the_applications_token(house):
    house.sign_in("wecom", "w-1")
    before = house.accounts()
    asked = len(house.quirks.asked)
    house.quirks.tokens.clear()
    _, page = house.sign_in("wecom", "w-1")
    assert page.status == 200 and house.accounts() == before
    _, page = house.sign_in("wecom", "w-1")
    assert page.status == 200
    fetched = [q for q in house.quirks.asked[asked:] if q.path.endswith("/gettoken")]
    assert len(fetched) == 1


def test_r6_every_service_has_a_callback_of_its_own(house):
    visitor = Visitor(house.server.url)
    found = set()
    for name in SERVICES:
        query = urllib.parse.urlsplit(house.leave(visitor, name)).query
        found.add(dict(urllib.parse.parse_qsl(query))["redirect_uri"])
    assert found == {f"{house.server.url}/login/{name}/callback" for name in SERVICES}


def test_r10_one_name_at_two_services_is_two_people(house):
    before = len(house.accounts())
    house.sign_in("discord", "555")
    house.sign_in("zalo", "555")
    assert len(house.accounts()) == before + 2


def test_r10_a_new_name_at_the_service_moves_nobody(house):
    house.sign_in("discord", "4711")
    before = house.accounts()
    house.quirks.twist("/discord.com/api/users/@me", lambda _: Answer(
        {"id": "4711", "username": "renamed", "global_name": "Renamed", "email": "new@example.org"}))
    _, page = house.sign_in("discord", "4711")
    assert page.status == 200 and house.accounts() == before


def test_r17_two_first_logins_at_once_make_one_account(house):
    before = house.accounts()
    house.quirks.person = {"id": "31337", "name": "Racer"}
    visitors = [Visitor(house.server.url) for _ in range(4)]
    backs = [get(house.leave(visitor, "discord"))[1]["Location"] for visitor in visitors]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pages = list(pool.map(lambda pair: pair[0].get(pair[1]), zip(visitors, backs)))
    assert all(page.status == 200 for page in pages)
    assert len(house.accounts()) == len(before) + 1


def test_r15_no_secret_in_logs_and_pages(house):
    _, page = house.sign_in("wechat", "2718")
    text = house.log() + page.body
    for secret in [SECRET, *house.quirks.tokens, *house.quirks.codes]:
        assert secret not in text
    assert CLIENT not in page.body
    assert not re.search(r"[?&](code|authCode|access_token|secret)=", house.log())


def test_r17_nobody_is_registered_without_an_invitation(tmp_path):
    house = House(tmp_path)
    house.enable("discord", register="invite")
    house.enable("vk", register="off")
    house.start()
    try:
        for name in ("discord", "vk"):
            visitor, page = house.sign_in(name, "1")
            refused(house, name, visitor, page)
        assert house.accounts() == []
    finally:
        house.stop()
