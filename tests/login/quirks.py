# SPDX-License-Identifier: Apache-2.0
"""Chat services that cannot be reached from a test, as their public documentation describes them.

One server on loopback. Each service lives under its own host names as the first folder of the path
(/graph.qq.com/oauth2.0/token), so that the records' own URLs are what is tested: `override()` only
puts the server before them. A service checks what it is asked as strictly as the real one says it
does, and answers wrong questions the way it documents its errors.

`person` is who sits before the browser. `mood` is what the person or the service does this time
("deny", "silent", …). `twist(path, change)` lets a test forge one answer.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import re
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ROOT = pathlib.Path(__file__).parents[2]
RECORDS = ROOT / "providers"
CLIENT = "client-1"
SECRET = "0123456789abcdef0123456789abcdef"
TENANT = "9188040d-6c67-4ac5-b112-36a304b66dad"
KEY = rsa.generate_private_key(65537, 2048)
URLS = re.compile(r"^(\w+_url|issuer|issuer_template|jwks_uri|base)=https://(\S+)$", re.MULTILINE)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Answer(Exception):
    """An answer; raised, too, so that a check can end the question."""

    def __init__(self, body, status=200, kind="application/json", headers=None):
        super().__init__(status)
        self.body = body if isinstance(body, str) else json.dumps(body)
        self.status = status
        self.kind = kind
        self.headers = headers or {}


class Question:
    """What was asked: method, path, query, form or JSON, headers."""

    def __init__(self, handler, body):
        url = urllib.parse.urlsplit(handler.path)
        self.method = handler.command
        self.path = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.headers = handler.headers
        self.kind = (handler.headers.get("Content-Type") or "").split(";")[0]
        text = body.decode()
        self.json = json.loads(text) if self.kind == "application/json" else None
        form = self.kind == "application/x-www-form-urlencoded"
        self.form = dict(urllib.parse.parse_qsl(text)) if form else {}

    def bearer(self):
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        return token if scheme == "Bearer" else None

    def basic(self):
        scheme, _, text = (self.headers.get("Authorization") or "").partition(" ")
        if scheme != "Basic":
            return None
        both = base64.b64decode(text).decode().partition(":")
        return tuple(urllib.parse.unquote(part) for part in (both[0], both[2]))


class Quirks:
    def __init__(self):
        self.person = {"id": "100200300", "name": "Alice"}
        self.mood = None
        self.codes = {}
        self.tokens = {}
        self.twists = {}
        self.asked = []
        self.key = KEY
        self.kid = "k1"
        self.lock = threading.Lock()
        quirks = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                found = quirks.serve(Question(self, body))
                data = found.body.encode()
                self.send_response(found.status)
                self.send_header("Content-Type", found.kind)
                self.send_header("Content-Length", str(len(data)))
                for name, value in found.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    # ---- for tests ---------------------------------------------------------------------------

    def override(self, name, /, **more):
        """The operator's file for a service: this server before every URL of its record."""
        text = (RECORDS / f"{name}.conf").read_text()
        for key, value in re.findall(r"^(directory)=(.*)$", text, re.MULTILINE):
            more.setdefault(key, value)
        lines = ["[provider]", f"client_id={CLIENT}", f"client_secret={SECRET}",
                 "allow_http_loopback=yes"]
        found = {key: f"{self.url}/{rest}" for key, rest in URLS.findall(text)}
        for key in "console", "share_url":  # nobody asks there
            found.pop(key, None)
        found.update(more)
        return "\n".join(lines + [f"{key}={value}" for key, value in found.items()]) + "\n"

    def twist(self, path, change):
        """The next answers of this path go through change(answer), which may return another."""
        self.twists[path] = change

    # ---- the parts that all share ------------------------------------------------------------

    def serve(self, question):
        self.asked.append(question)
        try:
            handler = ROUTES.get(question.path)
            if "authorize" in question.path or question.path.endswith(("/auth", "/login")):
                need(question.method == "POST" or "state" in question.query,
                     Answer("parameters are missing", 400))
            if not handler and question.path.startswith("/.well-known/"):
                handler = ROUTES.get("matrix" + question.path)
            if not handler:
                return Answer({"error": "no such page"}, 404)
            answer = handler(self, question)
        except Answer as early:
            answer = early
        change = self.twists.get(question.path)
        return (change(answer) or answer) if change else answer

    def new_code(self, question, **more):
        code = secrets.token_urlsafe(16)
        with self.lock:
            self.codes[code] = dict(question.query, **more)
        return code

    def take_code(self, code, refuse):
        """A code is good once."""
        with self.lock:
            begun = self.codes.pop(code, None)
        if begun is None:
            raise refuse
        return begun

    def new_token(self, begun):
        token = secrets.token_urlsafe(24)
        with self.lock:
            self.tokens[token] = begun
        return token

    def check_token(self, token, refuse):
        if token not in self.tokens:
            raise refuse
        return self.tokens[token]

    def redirect(self, question, code_name="code", **more):
        query = question.query
        need("redirect_uri" in query and "state" in query, Answer("parameters are missing", 400))
        back = {"state": query["state"]} | ({"iss": more.pop("iss")} if "iss" in more else {})
        if self.mood == "deny":
            back["error"] = "access_denied"
        elif self.mood == "broken":
            back |= {"error": "invalid_scope", "error_description": "<b>no\nsuch scope</b>"}
        elif self.mood != "silent":
            back |= {code_name: self.new_code(question), **more}
        url = query["redirect_uri"] + "?" + urllib.parse.urlencode(back)
        return Answer("", 302, "text/html", {"Location": url})

    def check_challenge(self, begun, verifier, refuse):
        challenge = begun.get("code_challenge")
        if (challenge is None) != (verifier is None):
            raise refuse
        if challenge and b64(hashlib.sha256(verifier.encode()).digest()) != challenge:
            raise refuse

    def jwt(self, claims, algorithm="RS256", **header):
        head = {"alg": algorithm, "typ": "JWT", "kid": self.kid} | header
        text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
        if algorithm == "HS256":
            signature = hmac.digest(SECRET.encode(), text.encode(), "sha256")
        else:
            signature = self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{b64(signature)}"

    def jwks(self, _question=None):
        numbers = self.key.public_key().public_numbers()
        return Answer({"keys": [{
            "kty": "RSA", "use": "sig", "kid": "k2" if self.kid == "k3" else self.kid, "e": "AQAB",
            "n": b64(numbers.n.to_bytes(256, "big"))}]})

    def id_token(self, issuer, begun, algorithm="RS256", **claims):
        now = int(time.time())
        return self.jwt({"iss": issuer, "aud": begun.get("client_id", CLIENT), "iat": now,
                         "exp": now + 600, "nonce": begun.get("nonce"),
                         "sub": self.person["id"]} | claims, algorithm)


ROUTES = {}


def route(*paths):
    def add(handler):
        for path in paths:
            ROUTES[path] = handler
        return handler
    return add


def need(good, refuse):
    if not good:
        raise refuse


def rfc_error(name):
    return Answer({"error": name, "error_description": "as RFC 6749 has it"}, 400)


# ---- QQ: GET, a form or JSON, a second question for the subject ------------------------------

@route("/graph.qq.com/oauth2.0/authorize")
def qq_authorize(quirks, question):
    need(question.query["client_id"] == CLIENT, Answer("client request's parameters are invalid"))
    return quirks.redirect(question)


@route("/graph.qq.com/oauth2.0/token")
def qq_token(quirks, question):
    query = question.query
    refuse = Answer('callback( {"error":100020,"error_description":"code is reused error"} );',
                    kind="text/html")
    need(question.method == "GET" and query.get("client_secret") == SECRET, refuse)
    begun = quirks.take_code(query.get("code"), refuse)
    need(query.get("redirect_uri") == begun["redirect_uri"], refuse)
    token = quirks.new_token(begun)
    if quirks.mood == "form":
        return Answer(f"access_token={token}&expires_in=7776000&refresh_token=R", kind="text/html")
    return Answer({"access_token": token, "expires_in": "7776000", "refresh_token": "R"},
                  kind="text/html")


@route("/graph.qq.com/oauth2.0/me")
def qq_me(quirks, question):
    quirks.check_token(question.query.get("access_token"), Answer(
        'callback( {"error":100016,"error_description":"access token check failed"} );'))
    said = {"client_id": CLIENT, "openid": quirks.person["id"]}
    if quirks.mood == "form":
        return Answer(f"callback( {json.dumps(said)} );\n", kind="text/html")
    return Answer(said, kind="text/html")


@route("/graph.qq.com/user/get_user_info")
def qq_profile(quirks, question):
    query = question.query
    quirks.check_token(query.get("access_token"), Answer({"ret": -23, "msg": "token is invalid"}))
    need(query.get("oauth_consumer_key") == CLIENT and query.get("openid") == quirks.person["id"],
         Answer({"ret": -1, "msg": "client request's parameters are invalid"}))
    return Answer({"ret": 0, "msg": "", "nickname": quirks.person["name"], "figureurl_qq_2": ""},
                  kind="text/html; charset=utf-8")


# ---- WeChat: appid and secret, errcode under 200, text/plain ---------------------------------

@route("/open.weixin.qq.com/connect/qrconnect")
def wechat_authorize(quirks, question):
    need(question.query["appid"] == CLIENT and question.query["scope"] == "snsapi_login",
         Answer("Scope error", 400))
    return quirks.redirect(question)


@route("/api.weixin.qq.com/sns/oauth2/access_token")
def wechat_token(quirks, question):
    query = question.query
    refuse = Answer({"errcode": 40029, "errmsg": "invalid code"}, kind="text/plain")
    need(question.method == "GET" and query.get("appid") == CLIENT and
         query.get("secret") == SECRET and "redirect_uri" not in query, refuse)
    token = quirks.new_token(quirks.take_code(query.get("code"), refuse))
    return Answer({"access_token": token, "expires_in": 7200, "refresh_token": "R",
                   "openid": quirks.person["id"], "scope": "snsapi_login",
                   "unionid": "U" + quirks.person["id"]}, kind="text/plain")


@route("/api.weixin.qq.com/sns/userinfo")
def wechat_userinfo(quirks, question):
    refuse = Answer({"errcode": 40003, "errmsg": "invalid openid"}, kind="text/plain")
    quirks.check_token(question.query.get("access_token"), refuse)
    need(question.query.get("openid") == quirks.person["id"] and
         question.query.get("lang") == "zh_CN", refuse)
    return Answer(json.dumps({"openid": quirks.person["id"], "nickname": quirks.person["name"],
                              "unionid": "U" + quirks.person["id"]}, ensure_ascii=False),
                  kind="text/plain")


# ---- WeCom: a token of the application, two spellings ----------------------------------------

@route("/login.work.weixin.qq.com/wwlogin/sso/login")
def wecom_authorize(quirks, question):
    query = question.query
    need(query["appid"] == CLIENT and query["agentid"] == "1000002" and
         query["login_type"] == "CorpApp", Answer("parameter error", 400))
    return quirks.redirect(question)


@route("/qyapi.weixin.qq.com/cgi-bin/gettoken")
def wecom_gettoken(quirks, question):
    need(question.query.get("corpid") == CLIENT and question.query.get("corpsecret") == SECRET,
         Answer({"errcode": 40001, "errmsg": "invalid credential"}))
    return Answer({"errcode": 0, "errmsg": "ok", "access_token": quirks.new_token({}),
                   "expires_in": 7200})


@route("/qyapi.weixin.qq.com/cgi-bin/auth/getuserinfo")
def wecom_identity(quirks, question):
    query = question.query
    quirks.check_token(query.get("access_token"), Answer({"errcode": 40014, "errmsg": "bad token"}))
    quirks.take_code(query.get("code"), Answer({"errcode": 40029, "errmsg": "invalid code"}))
    if quirks.mood == "stranger":
        return Answer({"errcode": 0, "errmsg": "ok", "openid": "o1", "external_userid": "w1"})
    spelling = "UserId" if quirks.mood == "old" else "userid"
    return Answer({"errcode": 0, "errmsg": "ok", spelling: quirks.person["id"]})


@route("/qyapi.weixin.qq.com/cgi-bin/user/get")
def wecom_profile(quirks, question):
    return Answer({"errcode": 0, "errmsg": "ok", "userid": question.query["userid"],
                   "name": quirks.person["name"], "alias": "ali"})


# ---- DingTalk: authCode, JSON, camelCase, a header of its own --------------------------------

@route("/login.dingtalk.com/oauth2/auth")
def dingtalk_authorize(quirks, question):
    need(question.query["prompt"] == "consent", Answer("parameter error", 400))
    return quirks.redirect(question, "authCode")


@route("/api.dingtalk.com/v1.0/oauth2/userAccessToken")
def dingtalk_token(quirks, question):
    body = question.json or {}
    refuse = Answer({"code": "invalidParameter.authCode", "message": "code is invalid",
                     "requestid": "r1"}, 400)
    need(set(body) == {"clientId", "clientSecret", "code", "grantType"} and
         body["clientSecret"] == SECRET, refuse)
    token = quirks.new_token(quirks.take_code(body["code"], refuse))
    return Answer({"accessToken": token, "refreshToken": "R", "expireIn": 7200, "corpId": "corp1"})


@route("/api.dingtalk.com/v1.0/contact/users/me")
def dingtalk_me(quirks, question):
    quirks.check_token(question.headers.get("x-acs-dingtalk-access-token"),
                       Answer({"code": "InvalidAuthentication", "message": "bad token"}, 400))
    return Answer({"nick": quirks.person["name"], "unionId": quirks.person["id"], "openId": "o1",
                   "avatarUrl": "https://static.example/a.png"})


# ---- Feishu and Lark: an envelope around the claims ------------------------------------------

@route("/accounts.feishu.cn/open-apis/authen/v1/authorize",
       "/accounts.larksuite.com/open-apis/authen/v1/authorize")
def feishu_authorize(quirks, question):
    need(question.query["code_challenge_method"] == "S256", Answer("no challenge", 400))
    return quirks.redirect(question)


@route("/accounts.feishu.cn/oauth/v3/token", "/accounts.larksuite.com/oauth/v3/token")
def feishu_token(quirks, question):
    refuse = Answer({"code": 20003, "error": "invalid_grant", "error_description": "used"}, 400)
    form = question.form
    need(form.get("client_id") == CLIENT and form.get("client_secret") == SECRET, refuse)
    begun = quirks.take_code(form.get("code"), refuse)
    quirks.check_challenge(begun, form.get("code_verifier"), refuse)
    return Answer({"code": 0, "access_token": quirks.new_token(begun), "token_type": "Bearer",
                   "expires_in": 7200})


@route("/open.feishu.cn/open-apis/authen/v1/user_info",
       "/open.larksuite.com/open-apis/authen/v1/user_info")
def feishu_userinfo(quirks, question):
    quirks.check_token(question.bearer(), Answer({"code": 20005, "msg": "bad token"}))
    return Answer({"code": 0, "msg": "success", "data": {
        "name": quirks.person["name"], "union_id": quirks.person["id"], "open_id": "ou_1",
        "tenant_key": "tenant1", "email": ""}})


# ---- plain OAuth 2 with PKCE: Discord; Mattermost and Rocket.Chat without --------------------

@route("/discord.com/oauth2/authorize", "/chat.example/oauth/authorize")
def plain_authorize(quirks, question):
    need(question.query["client_id"] == CLIENT and question.query["response_type"] == "code",
         Answer("bad", 400))
    return quirks.redirect(question)


@route("/discord.com/api/oauth2/token", "/chat.example/oauth/access_token",
       "/chat.example/oauth/token")
def plain_token(quirks, question):
    form = question.form
    client = question.basic() or (form.get("client_id"), form.get("client_secret"))
    need(client == (CLIENT, SECRET), Answer({"error": "invalid_client"}, 401))
    refuse = rfc_error("invalid_grant")
    begun = quirks.take_code(form.get("code"), refuse)
    need(form.get("redirect_uri") == begun["redirect_uri"], refuse)
    quirks.check_challenge(begun, form.get("code_verifier"), refuse)
    return Answer({"access_token": quirks.new_token(begun), "token_type": "Bearer",
                   "expires_in": 604800, "scope": "identify"})


@route("/discord.com/api/users/@me")
def discord_me(quirks, question):
    quirks.check_token(question.bearer(), Answer({"message": "401: Unauthorized", "code": 0}, 401))
    return Answer({"id": quirks.person["id"], "username": "alice_1", "avatar": "a_1",
                   "global_name": quirks.person["name"]})


@route("/chat.example/api/v4/users/me")
def mattermost_me(quirks, question):
    quirks.check_token(question.bearer(), Answer({"id": "api.context.session_expired"}, 401))
    return Answer({"id": quirks.person["id"], "username": "alice", "nickname": "",
                   "first_name": quirks.person["name"], "last_name": "", "email": "a@chat.example"})


@route("/chat.example/oauth/userinfo")
def rocketchat_userinfo(quirks, question):
    quirks.check_token(question.bearer(), Answer({"status": "error"}, 401))
    return Answer({"sub": quirks.person["id"], "name": quirks.person["name"],
                   "preffered_username": "alice", "email": "a@chat.example",
                   "email_verified": True})


# ---- Zalo: the secret in a header, the token in a header, error under 200 --------------------

@route("/oauth.zaloapp.com/v4/permission")
def zalo_authorize(quirks, question):
    need(question.query["app_id"] == CLIENT and "code_challenge" in question.query,
         Answer("bad", 400))
    return quirks.redirect(question)


@route("/oauth.zaloapp.com/v4/access_token")
def zalo_token(quirks, question):
    refuse = Answer({"error": -14019, "error_name": "Invalid code", "error_reason": "used"})
    need(question.headers.get("secret_key") == SECRET and question.form.get("app_id") == CLIENT,
         refuse)
    begun = quirks.take_code(question.form.get("code"), refuse)
    quirks.check_challenge(begun, question.form.get("code_verifier"), refuse)
    return Answer({"access_token": quirks.new_token(begun), "refresh_token": "R",
                   "expires_in": "90000"})


@route("/graph.zalo.me/v2.0/me")
def zalo_me(quirks, question):
    quirks.check_token(question.headers.get("access_token"),
                       Answer({"error": 452, "message": "Session key invalid"}))
    return Answer({"error": 0, "message": "Success", "id": quirks.person["id"],
                   "name": quirks.person["name"]})


# ---- VK ID: device_id in the callback, to be repeated ----------------------------------------

@route("/id.vk.ru/authorize")
def vk_authorize(quirks, question):
    need("code_challenge" in question.query, Answer("bad", 400))
    return quirks.redirect(question, device_id="device-7", type="code_v2")


@route("/id.vk.ru/oauth2/auth")
def vk_token(quirks, question):
    refuse = Answer({"error": "invalid_grant", "error_description": "Code is invalid or expired"})
    form = question.form
    need(form.get("device_id") == "device-7" and form.get("client_id") == CLIENT, refuse)
    begun = quirks.take_code(form.get("code"), refuse)
    quirks.check_challenge(begun, form.get("code_verifier"), refuse)
    return Answer({"access_token": quirks.new_token(begun), "token_type": "Bearer",
                   "user_id": int(quirks.person["id"]), "id_token": "not.looked.at"})


@route("/id.vk.ru/oauth2/user_info")
def vk_userinfo(quirks, question):
    need(question.method == "POST" and question.form.get("client_id") == CLIENT,
         Answer({"error": "invalid_request"}))
    quirks.check_token(question.form.get("access_token"), Answer({"error": "invalid_token"}))
    return Answer({"user": {"user_id": quirks.person["id"], "first_name": quirks.person["name"],
                            "last_name": "Doe"}})


# ---- OpenID Connect, with the quirks of each -------------------------------------------------

def describe(quirks, issuer, hosts, **more):
    """A description with endpoints at {url}/host/…"""
    return {"issuer": issuer, "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"]} | {
                name: f"{quirks.url}/{path}" for name, path in hosts.items()} | more


@route("/oauth.telegram.org/.well-known/openid-configuration")
def telegram_description(quirks, _question):
    return Answer(describe(quirks, f"{quirks.url}/oauth.telegram.org", {
        "authorization_endpoint": "oauth.telegram.org/auth",
        "token_endpoint": "oauth.telegram.org/token",
        "jwks_uri": "oauth.telegram.org/.well-known/jwks.json"}))


@route("/slack.com/.well-known/openid-configuration")
def slack_description(quirks, _question):
    return Answer(describe(quirks, f"{quirks.url}/slack.com", {
        "authorization_endpoint": "slack.com/openid/connect/authorize",
        "token_endpoint": "slack.com/api/openid.connect.token",
        "userinfo_endpoint": "slack.com/api/openid.connect.userInfo",
        "jwks_uri": "slack.com/openid/connect/keys"}))


@route("/kauth.kakao.com/.well-known/openid-configuration")
def kakao_description(quirks, _question):
    return Answer(describe(quirks, f"{quirks.url}/kauth.kakao.com", {
        "authorization_endpoint": "kauth.kakao.com/oauth/authorize",
        "token_endpoint": "kauth.kakao.com/oauth/token",
        "userinfo_endpoint": "kapi.kakao.com/v1/oidc/userinfo",
        "jwks_uri": "kauth.kakao.com/.well-known/jwks.json"}))


@route("/login.microsoftonline.com/common/v2.0/.well-known/openid-configuration")
def microsoft_description(quirks, _question):
    base = "login.microsoftonline.com/common"
    return Answer(describe(
        quirks, f"{quirks.url}/login.microsoftonline.com/{{tenantid}}/v2.0", {
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "userinfo_endpoint": "graph.microsoft.com/oidc/userinfo",
            "jwks_uri": f"{base}/discovery/v2.0/keys"}))


for jwks in ("oauth.telegram.org/.well-known/jwks.json", "slack.com/openid/connect/keys",
             "kauth.kakao.com/.well-known/jwks.json", "issuer.example/jwks",
             "login.microsoftonline.com/common/discovery/v2.0/keys"):
    ROUTES["/" + jwks] = Quirks.jwks


@route("/oauth.telegram.org/auth", "/slack.com/openid/connect/authorize",
       "/kauth.kakao.com/oauth/authorize", "/access.line.me/oauth2/v2.1/authorize",
       "/login.microsoftonline.com/common/oauth2/v2.0/authorize", "/issuer.example/authorize")
def oidc_authorize(quirks, question):
    need("openid" in re.split("[ ,]", question.query["scope"]) and question.query["nonce"],
         Answer("no OpenID Connect", 400))
    more = {"iss": f"{quirks.url}/issuer.example"} if "issuer.example" in question.path else {}
    return quirks.redirect(question, **more)


def redeem(quirks, question, client):
    """RFC 6749 4.1.3 with PKCE if there was a challenge."""
    need(client == (CLIENT, SECRET), Answer({"error": "invalid_client"}, 401))
    refuse = rfc_error("invalid_grant")
    begun = quirks.take_code(question.form.get("code"), refuse)
    need(question.form.get("redirect_uri") == begun["redirect_uri"], refuse)
    quirks.check_challenge(begun, question.form.get("code_verifier"), refuse)
    return begun


def posted(question):
    return question.form.get("client_id"), question.form.get("client_secret")


@route("/oauth.telegram.org/token")
def telegram_token(quirks, question):
    need(question.form.get("client_id") == CLIENT, rfc_error("invalid_request"))
    begun = redeem(quirks, question, question.basic())
    token = quirks.id_token(f"{quirks.url}/oauth.telegram.org", begun, id=4503599627370497001,
                            name=quirks.person["name"], preferred_username="alice")
    return Answer({"access_token": quirks.new_token(begun), "token_type": "Bearer",
                   "id_token": token})


@route("/slack.com/api/openid.connect.token")
def slack_token(quirks, question):
    need("code_verifier" not in question.form, Answer({"ok": False, "error": "bad_verifier"}))
    if question.form.get("code") not in quirks.codes:
        return Answer({"ok": False, "error": "invalid_code"})
    begun = redeem(quirks, question, posted(question))
    return Answer({"ok": True, "access_token": quirks.new_token(begun), "token_type": "Bearer",
                   "id_token": quirks.id_token(f"{quirks.url}/slack.com", begun)})


@route("/slack.com/api/openid.connect.userInfo")
def slack_userinfo(quirks, question):
    quirks.check_token(question.bearer(), Answer({"ok": False, "error": "invalid_auth"}))
    return Answer({"ok": True, "sub": quirks.person["id"], "name": quirks.person["name"],
                   "https://slack.com/user_id": "U1", "https://slack.com/team_id": "T1",
                   "email": "a@example.org", "email_verified": True})


@route("/kauth.kakao.com/oauth/token")
def kakao_token(quirks, question):
    begun = redeem(quirks, question, posted(question))
    return Answer({"access_token": quirks.new_token(begun), "token_type": "bearer",
                   "id_token": quirks.id_token(f"{quirks.url}/kauth.kakao.com", begun,
                                               nickname=quirks.person["name"])})


@route("/kapi.kakao.com/v1/oidc/userinfo")
def kakao_userinfo(quirks, question):
    quirks.check_token(question.bearer(), Answer({"msg": "bad token", "code": -401}, 401))
    return Answer({"sub": quirks.person["id"], "nickname": quirks.person["name"]})


@route("/api.line.me/oauth2/v2.1/token")
def line_token(quirks, question):
    begun = redeem(quirks, question, posted(question))
    return Answer({"access_token": quirks.new_token(begun), "token_type": "Bearer",
                   "id_token": quirks.id_token(f"{quirks.url}/access.line.me", begun, "HS256",
                                               name=quirks.person["name"])})


@route("/api.line.me/oauth2/v2.1/userinfo")
def line_userinfo(quirks, question):
    quirks.check_token(question.bearer(), rfc_error("invalid_token"))
    return Answer({"sub": quirks.person["id"], "name": quirks.person["name"]})


@route("/login.microsoftonline.com/common/oauth2/v2.0/token")
def microsoft_token(quirks, question):
    begun = redeem(quirks, question, posted(question))
    issuer = f"{quirks.url}/login.microsoftonline.com/{TENANT}/v2.0"
    return Answer({"access_token": quirks.new_token(begun), "token_type": "Bearer",
                   "id_token": quirks.id_token(issuer, begun, tid=TENANT, oid="o-1",
                                               name=quirks.person["name"],
                                               email="victim@example.org")})


# ---- Matrix: the server names an issuer, which describes itself and registers clients --------

def own_description(quirks, _question=None):
    return Answer(describe(quirks, f"{quirks.url}/issuer.example", {
        "authorization_endpoint": "issuer.example/authorize",
        "token_endpoint": "issuer.example/token",
        "userinfo_endpoint": "issuer.example/userinfo",
        "registration_endpoint": "issuer.example/register",
        "jwks_uri": "issuer.example/jwks"},
        authorization_response_iss_parameter_supported=True))


ROUTES["/issuer.example/.well-known/openid-configuration"] = own_description


@route("matrix/.well-known/matrix/client")
def matrix_client(quirks, _question):
    return Answer({"m.homeserver": {"base_url": f"{quirks.url}/matrix.example/"}})


@route("/matrix.example/_matrix/client/v1/auth_metadata")
def matrix_metadata(quirks, question):
    # What stands here beside the issuer must not matter.
    return Answer({"issuer": f"{quirks.url}/issuer.example",
                   "token_endpoint": f"{quirks.url}/evil.example/token"})


@route("/issuer.example/register")
def matrix_register(quirks, question):
    body = question.json or {}
    need(body.get("token_endpoint_auth_method") == "none" and len(body["redirect_uris"]) == 1,
         Answer({"error": "invalid_client_metadata"}, 400))
    return Answer({"client_id": "01H-registered"}, 201)


@route("/issuer.example/token")
def own_token(quirks, question):
    public = question.form.get("client_id") == "01H-registered"
    client = (CLIENT, SECRET) if public else question.basic()
    begun = redeem(quirks, question, client)
    return Answer({"access_token": quirks.new_token(begun), "token_type": "Bearer",
                   "id_token": quirks.id_token(f"{quirks.url}/issuer.example", begun)})


@route("/issuer.example/userinfo")
def own_userinfo(quirks, question):
    quirks.check_token(question.bearer(), rfc_error("invalid_token"))
    return Answer({"sub": quirks.person["id"], "username": "alice",
                   "name": quirks.person["name"]})
