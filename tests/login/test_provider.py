# SPDX-License-Identifier: Apache-2.0
"""Every record walks through a login at a service that behaves as documented; and at one that does
not. Numbers in the names are those of the requirements in docs/security.md."""

import base64
import json
import urllib.parse

import pytest

from provider_cli import Walker, follow, get
from quirks import CLIENT, SECRET, TENANT, Answer, Quirks

OPTIONS = {"matrix": ["--server", "@alice:127.0.0.1:{port}"]}
MORE = {
    "wecom": {"agent_id": "1000002"},
    "mattermost": {"base": "{url}/chat.example"},
    "rocketchat": {"base": "{url}/chat.example"},
    "oidc": {"issuer": "{url}/issuer.example"},
    "oauth2": {"authorize_url": "{url}/discord.com/oauth2/authorize",
               "token_url": "{url}/discord.com/api/oauth2/token",
               "userinfo_url": "{url}/discord.com/api/users/@me",
               "subject": "id", "name": "global_name"},
}
ALL = ["dingtalk", "discord", "feishu", "kakao", "lark", "line", "matrix", "mattermost",
       "microsoft", "oauth2", "oidc", "qq", "rocketchat", "slack", "telegram", "vk", "wechat",
       "wecom", "zalo"]


@pytest.fixture
def quirks():
    quirks = Quirks()
    yield quirks
    quirks.stop()


@pytest.fixture
def walker(tmp_path):
    return Walker(tmp_path / "data")


def enable(walker, quirks, name, /, **more):
    known = {key: value.format(url=quirks.url) for key, value in MORE.get(name, {}).items()}
    walker.enable(name, quirks.override(name, **(known | more)))


def walk(walker, quirks, name, **options):
    port = quirks.server.server_port
    return walker.sign_in(name, *[o.format(port=port) for o in OPTIONS.get(name, [])], **options)


def sign_in(walker, quirks, name, /, **more):
    enable(walker, quirks, name, **more)
    return walk(walker, quirks, name)


def refused(outcome, *words):
    assert outcome.status == 1, outcome.out
    assert "The identity" not in outcome.out
    for word in words:
        assert word in outcome.err, outcome.err
    return outcome


# ---- each service --------------------------------------------------------------------------

TENANTS = {
    "wecom": CLIENT, "mattermost": "{url}/chat.example", "rocketchat": "{url}/chat.example",
    "telegram": "{url}/oauth.telegram.org", "slack": "{url}/slack.com",
    "kakao": "{url}/kauth.kakao.com", "line": "{url}/access.line.me",
    "microsoft": "{url}/login.microsoftonline.com/" + TENANT + "/v2.0",
    "oidc": "{url}/issuer.example", "matrix": "{url}/issuer.example",
}
CHAT = {"telegram": "4503599627370497001", "slack": "U1", "feishu": "ou_1", "lark": "ou_1",
        "matrix": "@alice:127.0.0.1:{port}", "wecom": "100200300", "line": "100200300"}
BESIDE = {"wechat": "U100200300", "dingtalk": "o1", "feishu": "ou_1", "microsoft": "o-1",
          "slack": "U1", "telegram": "4503599627370497001"}


@pytest.mark.parametrize("name", ALL)
def test_r8_r10_r15_r18_each_service_says_who_it_is(walker, quirks, name):
    outcome = sign_in(walker, quirks, name)
    assert outcome.status == 0, outcome.out + outcome.err
    assert outcome.proof["provider"] == name
    assert outcome.proof["subject"] == "100200300"
    assert outcome.proof["tenant"] == TENANTS.get(name, "").format(url=quirks.url)
    assert outcome.proof["name"].startswith("Alice")
    port = quirks.server.server_port
    if name in CHAT:
        assert outcome.proof["chat_address"] == CHAT[name].format(port=port)
    if name in BESIDE:
        assert outcome.proof["alt_subject"] == BESIDE[name]
    shown = outcome.out + outcome.err
    for secret in [SECRET, *quirks.tokens]:
        assert secret not in shown


@pytest.mark.parametrize("name", ALL)
def test_cancelling_is_told_apart(walker, quirks, name):
    quirks.mood = "deny"
    refused(sign_in(walker, quirks, name), "access_denied")
    quirks.mood = "silent"
    refused(walk(walker, quirks, name), "without a code")


@pytest.mark.parametrize("name", ALL)
def test_r3_r4_every_login_is_fresh(walker, quirks, name):
    """State, verifier and nonce are never seen twice; a challenge is sent where the record says."""
    enable(walker, quirks, name)
    first, second = (walk(walker, quirks, name).url for _ in range(2))
    one, two = (dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(u).query))
                for u in (first, second))
    for key in ("state", "nonce", "code_challenge"):
        assert (key in one) == (key in two)
        if key in one:
            assert one[key] != two[key] and len(one[key]) >= 22
    assert one["response_type"] == "code"
    without = {"qq", "wechat", "wecom", "dingtalk", "slack", "mattermost", "rocketchat"}
    assert ("code_challenge" in one) == (name not in without)
    assert ("nonce" in one) == (name in {"telegram", "slack", "line", "kakao", "microsoft", "oidc",
                                         "matrix"})


@pytest.mark.parametrize("name", ALL)
def test_r8_an_error_is_an_error_whatever_its_status(walker, quirks, name):
    """A code that is not theirs: each service's own way to say no."""
    def forge(url):
        _, headers, _ = get(url)
        place = urllib.parse.urlsplit(headers["Location"])
        query = dict(urllib.parse.parse_qsl(place.query))
        key = "authCode" if "authCode" in query else "code"
        query[key] = "forged"
        follow(place._replace(query=urllib.parse.urlencode(query)).geturl())

    enable(walker, quirks, name)
    refused(walk(walker, quirks, name, visit=forge))


def test_qq_answers_as_form_and_jsonp(walker, quirks):
    quirks.mood = "form"
    assert sign_in(walker, quirks, "qq").proof["subject"] == "100200300"


def test_wecom_spells_userid_in_two_ways(walker, quirks):
    quirks.mood = "old"
    assert sign_in(walker, quirks, "wecom").proof["subject"] == "100200300"


def test_wecom_strangers_are_not_members(walker, quirks):
    quirks.mood = "stranger"
    refused(sign_in(walker, quirks, "wecom"), "not a member")


# ---- R1, R2: tokens and their audience -----------------------------------------------------

@pytest.mark.parametrize("name, value", [
    ("access_token", "t"), ("accessToken", "t"), ("id_token", "a.b.c"), ("openid", "o"),
    ("openId", "o")])
def test_r1_no_token_is_taken_from_a_browser(walker, quirks, name, value):
    def bring(url):
        _, headers, _ = get(url)
        follow(headers["Location"] + f"&{name}={value}")

    enable(walker, quirks, "qq")
    refused(walk(walker, quirks, "qq", visit=bring), name, "not taken from a browser")
    assert not [q for q in quirks.asked if "token" in q.path]


@pytest.mark.parametrize("change", [
    {"client_id": "another-app", "openid": "100200300"}, {"openid": "100200300"},
    {"client_id": CLIENT + " ", "openid": "100200300"}])
def test_r2_qq_token_of_another_application(walker, quirks, change):
    quirks.twist("/graph.qq.com/oauth2.0/me", lambda _: Answer(change))
    refused(sign_in(walker, quirks, "qq"), "another application")


# ---- R5, R4: id_token through the whole way (all mutations: id_token_test.c) ---------------

@pytest.mark.parametrize("claims, word", [
    ({"iss": "https://evil.example"}, "iss"), ({"aud": "another"}, "aud"), ({"nonce": "x"}, "nonce"),
    ({"nonce": None}, "nonce"), ({"exp": 1}, "exp"), ({"sub": ""}, "sub"),
    ({"at_hash": "AAAA"}, "at_hash"), ({"iat": 99999999999}, "iat")])
@pytest.mark.parametrize("name, path, algorithm", [
    ("oidc", "/issuer.example/token", "RS256"),
    ("line", "/api.line.me/oauth2/v2.1/token", "HS256")])
def test_r5_r4_wrong_claims(walker, quirks, name, path, algorithm, claims, word):
    def forge(answer):
        body = json.loads(answer.body)
        part = body["id_token"].split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(part + "=="))
        body["id_token"] = quirks.jwt({k: v for k, v in (said | claims).items() if v is not None},
                                      algorithm)
        return Answer(body)

    quirks.twist(path, forge)
    refused(sign_in(walker, quirks, name), word)


def test_r5_userinfo_is_about_the_same_person(walker, quirks):
    quirks.twist("/issuer.example/userinfo", lambda _: Answer({"sub": "somebody-else"}))
    refused(sign_in(walker, quirks, "oidc"), "somebody else")


def test_r5_line_takes_no_public_key_signature(walker, quirks):
    def sign_otherwise(answer):
        body = json.loads(answer.body)
        body["id_token"] = quirks.jwt({"iss": f"{quirks.url}/access.line.me"}, "RS256")
        return Answer(body)

    quirks.twist("/api.line.me/oauth2/v2.1/token", sign_otherwise)
    refused(sign_in(walker, quirks, "line"), "alg")


def test_r5_entra_tenant_must_be_the_issuer(walker, quirks):
    def other_tenant(answer):
        body = json.loads(answer.body)
        body["id_token"] = quirks.id_token(
            f"{quirks.url}/login.microsoftonline.com/{TENANT}/v2.0", {},
            tid="11111111-2222-3333-4444-555555555555")
        return Answer(body)

    quirks.twist("/login.microsoftonline.com/common/oauth2/v2.0/token", other_tenant)
    refused(sign_in(walker, quirks, "microsoft"), "iss")


# ---- R6, R7: who is who --------------------------------------------------------------------

@pytest.mark.parametrize("iss", [None, "https://evil.example", ""])
def test_r6_announced_iss_must_be_there_and_right(walker, quirks, iss):
    def change(url):
        _, headers, _ = get(url)
        place = urllib.parse.urlsplit(headers["Location"])
        query = dict(urllib.parse.parse_qsl(place.query)) | {"iss": iss}
        follow(place._replace(query=urllib.parse.urlencode(
            {k: v for k, v in query.items() if v is not None})).geturl())

    enable(walker, quirks, "matrix")
    refused(walk(walker, quirks, "matrix", visit=change), "iss")


def test_r6_unannounced_iss_must_be_right(walker, quirks):
    enable(walker, quirks, "slack")
    refused(walk(walker, quirks, "slack", visit=lambda url: follow(
        get(url)[1]["Location"] + "&iss=https%3A%2F%2Fevil.example")), "iss")


def test_r6_mixed_up_homeserver_gets_no_code(walker, quirks):
    """The server names a token endpoint of its own beside a good issuer: it is not asked."""
    assert sign_in(walker, quirks, "matrix").status == 0
    assert not [q for q in quirks.asked if "evil" in q.path]


@pytest.mark.parametrize("issuer", ["https://evil.example", "{url}/issuer.example/", "", None])
def test_r7_discovery_must_name_the_same_issuer(walker, quirks, issuer):
    def rename(answer):
        body = json.loads(answer.body) | {"issuer": issuer and issuer.format(url=quirks.url)}
        return Answer(body)

    quirks.twist("/issuer.example/.well-known/openid-configuration", rename)
    refused(sign_in(walker, quirks, "oidc"), "issuer")


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri", "authorization_endpoint"])
def test_r7_discovery_names_https_only(walker, quirks, endpoint):
    quirks.twist("/issuer.example/.well-known/openid-configuration", lambda answer: Answer(
        json.loads(answer.body) | {endpoint: "http://issuer.example/x"}))
    refused(sign_in(walker, quirks, "oidc"), endpoint)


def test_r7_http_needs_the_test_flag(walker, quirks):
    text = MORE["oidc"]["issuer"].format(url=quirks.url)
    walker.enable("oidc", quirks.override("oidc", issuer=text).replace(
        "allow_http_loopback=yes\n", ""))
    refused(walk(walker, quirks, "oidc"), "https")
    assert not quirks.asked


# ---- R8, R9: answers -----------------------------------------------------------------------

@pytest.mark.parametrize("subject", [
    None, "", " " * 300, "a\nb", "x" * 256, [], {}, True])
def test_r8_missing_and_malformed_subjects(walker, quirks, subject):
    quirks.twist("/discord.com/api/users/@me", lambda _: Answer({"id": subject, "username": "a"}))
    refused(sign_in(walker, quirks, "discord"))


def test_r8_numbers_keep_all_their_digits(walker, quirks):
    quirks.twist("/discord.com/api/users/@me", lambda _: Answer('{"id": 18446744073709551617}'))
    assert sign_in(walker, quirks, "discord").proof["subject"] == "18446744073709551617"


@pytest.mark.parametrize("body", [
    '{"id":"1","id":"2"}', "[" * 100 + "]" * 100, '{"id":"1"', "", "null", "<html>",
    '{"a":' * 40 + "1" + "}" * 40, '{"id":"' + "x" * 300000 + '"}'], ids=range(8))
def test_r9_malformed_answers(walker, quirks, body):
    quirks.twist("/discord.com/api/users/@me", lambda _: Answer(body))
    refused(sign_in(walker, quirks, "discord"))


@pytest.mark.parametrize("path", ["/discord.com/api/oauth2/token", "/discord.com/api/users/@me"])
def test_r9_redirects_are_not_followed(walker, quirks, path):
    quirks.twist(path, lambda answer: Answer(
        answer.body, 302, headers={"Location": quirks.url + "/stolen"}))
    refused(sign_in(walker, quirks, "discord"), "redirect")
    assert not [q for q in quirks.asked if q.path == "/stolen"]


@pytest.mark.parametrize("server", [
    "127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "2130706433", "a", "a..b/",
    "user@example.org:80/x", "example.org:99999", "-a.example", "", "exa mple.org"])
def test_r9_typed_servers_reach_nothing_inside(walker, quirks, server):
    walker.enable("matrix", "[provider]\nid=matrix\n")
    outcome = walker.sign_in("matrix", "--server", server)
    refused(outcome)
    assert outcome.url is None


def test_r9_a_public_name_with_an_inside_address(walker):
    """localhost.localdomain resolves here without asking anybody, and passes as a name."""
    walker.enable("matrix", "[provider]\nid=matrix\n")
    refused(walker.sign_in("matrix", "--server", "localhost.localdomain"))


@pytest.mark.parametrize("status, word", [(500, "500"), (503, "503"), (429, "429"), (404, "404")])
def test_a_service_that_is_down_is_told_apart(walker, quirks, status, word):
    quirks.twist("/discord.com/api/oauth2/token", lambda _: Answer("down", status, "text/html"))
    refused(sign_in(walker, quirks, "discord"), word)


def test_words_of_a_service_are_shown_printable(walker, quirks):
    quirks.mood = "broken"
    outcome = refused(sign_in(walker, quirks, "discord"), "invalid_scope", "no\\x0asuch scope")
    assert outcome.err.count("\n") == 1


# ---- R17: circles --------------------------------------------------------------------------

@pytest.mark.parametrize("name, inside", [
    ("slack", "T1"), ("microsoft", TENANT), ("dingtalk", "corp1"), ("feishu", "tenant1")])
def test_r17_only_listed_groups(walker, quirks, name, inside):
    assert sign_in(walker, quirks, name, groups=f"other;{inside}").status == 0
    refused(sign_in(walker, quirks, name, groups="other"), "groups")


def test_r17_only_listed_servers(walker, quirks):
    refused(sign_in(walker, quirks, "matrix", servers="example.org"), "servers")


# ---- the operator's view -------------------------------------------------------------------

def test_list_and_show_tell_what_to_do(walker, quirks):
    enable(walker, quirks, "oidc")
    enable(walker, quirks, "qq")
    listed = walker.verb("list").stdout
    assert "oidc\tOpenID Connect\toidc\tinvite" in listed and "vk\t-\t-\tnot enabled" in listed
    shown = walker.verb("show", "oidc")
    assert shown.returncode == 0, shown.stdout
    assert "/login/oidc/callback" in shown.stdout and "1 keys" in shown.stdout
    assert "has verified" in walker.verb("show", "wechat").stdout
    unknown = walker.verb("show", "icq")
    assert unknown.returncode == 1 and "provider list" in unknown.stderr
    assert SECRET not in listed + shown.stdout
    quirks.twist("/issuer.example/jwks", lambda _: Answer("gone", 404))
    broken = walker.verb("show", "oidc")
    assert broken.returncode == 1 and "FAIL" in broken.stdout


def test_a_callback_of_another_login_is_not_taken(walker, quirks):
    def wander(url):
        back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))["redirect_uri"]
        assert get(back + "?code=x&state=other")[0] == 404
        assert get(back.replace("/login/", "/log/") + "?code=x")[0] == 404
        follow(url)

    enable(walker, quirks, "discord")
    assert walk(walker, quirks, "discord", visit=wander).status == 0
