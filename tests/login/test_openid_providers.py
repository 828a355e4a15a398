# SPDX-License-Identifier: Apache-2.0
"""OpenID providers that nobody here wrote: a certified one, and one that forges."""

import http.client
import os
import pathlib
import re
import subprocess
import urllib.parse

import pytest

from ports import free_port
from provider_cli import TIMEOUT_S, Walker, follow
from quirks import CLIENT, SECRET

NODE = pathlib.Path(__file__).parents[2] / "build/node/tests/node"
HERE = pathlib.Path(__file__).parent
RECORD = """[provider]
client_id={client}
client_secret={secret}
issuer={issuer}
allow_http_loopback=yes
"""


class Script:
    """A program for Node.js that says where it is and ends with its standard input."""

    def __init__(self, folder, name, *arguments, **environment):
        # Modules are looked for beside the script.
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(NODE / "node_modules")
        (folder / name).write_text((HERE / name).read_text())
        with open(folder / f"{name}.log", "wb") as log:
            self.process = subprocess.Popen(
                [NODE / "node", folder / name, *arguments], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, **environment})
        self.issuer = self.line()

    def line(self):
        """What it says next, but for what its libraries say at their start."""
        for text in self.process.stdout:
            text = text.strip()
            if text and not text.startswith(("oidc-provider", "WARNING", "INFO", "NOTICE")):
                return text
        raise AssertionError("the script ended")

    def tell(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.line()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT_S)


def post(url, fields, cookies):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    connection.request("POST", parts.path, urllib.parse.urlencode(fields), {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})
    answer = connection.getresponse()
    answer.read()
    for line in answer.headers.get_all("Set-Cookie") or []:
        name, _, value = line.split(";")[0].partition("=")
        cookies[name] = value
    connection.close()
    return urllib.parse.urljoin(url, answer.headers["Location"])


def through_forms(url, cookies=None):
    """Signs in as alice at the certified provider's own pages."""
    cookies = {} if cookies is None else cookies
    status, text, url = follow(url, cookies)
    for prompt in ("login", "consent"):
        assert status == 200 and f'value="{prompt}"' in text, text
        action = urllib.parse.urljoin(url, re.search(r'action="([^"]+)"', text).group(1))
        fields = {"prompt": prompt, "login": "alice", "password": "x"}
        status, text, url = follow(post(action, fields, cookies), cookies)
    return url


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("openid")


def enable(walker, issuer, name="oidc"):
    walker.enable(name, RECORD.format(client=CLIENT, secret=SECRET, issuer=issuer))


def test_r4_r5_r6_r7_a_certified_provider_lets_us_in(folder, tmp_path):
    port = free_port()
    provider = Script(folder, "certified_op.mjs", f"http://127.0.0.1:{port}/login/oidc/callback")
    try:
        walker = Walker(tmp_path / "data")
        enable(walker, provider.issuer)
        done = walker.sign_in("oidc", "--port", str(port), visit=through_forms)
        assert done.status == 0, done.out + done.err
        assert done.proof["subject"] == "alice" and done.proof["tenant"] == provider.issuer
        assert done.proof["name"] == "Alice"
        shown = walker.verb("show", "oidc")
        assert shown.returncode == 0, shown.stdout
        # Somebody who stops at the provider's page.
        cancelled = walker.sign_in("oidc", "--port", str(port), visit=give_up)
        assert cancelled.status == 1 and "access_denied" in cancelled.err
    finally:
        provider.stop()


def give_up(url):
    cookies = {}
    _, text, url = follow(url, cookies)
    follow(urllib.parse.urljoin(url, re.search(r'href="([^"]+/abort)"', text).group(1)), cookies)


@pytest.fixture(scope="module")
def forger(folder):
    script = Script(folder, "forging_op.mjs")
    yield script
    script.stop()


@pytest.fixture
def walker(tmp_path, forger):
    walker = Walker(tmp_path / "data")
    enable(walker, forger.issuer)
    return walker


def test_r5_a_token_that_is_not_forged(walker, forger):
    forger.tell("nothing")
    done = walker.sign_in("oidc")
    assert done.status == 0, done.out + done.err
    assert done.proof["subject"] == "johndoe"


@pytest.mark.parametrize("forgery, word", [
    ("iss", "(iss)"), ("iss-slash", "(iss)"), ("aud", "(aud)"), ("aud-list", "(azp)"),
    ("azp", "(azp)"), ("expired", "(exp)"), ("no-exp", "(exp)"), ("future", "(iat)"),
    ("not-before", "(nbf)"), ("nonce", "(nonce)"), ("no-nonce", "(nonce)"), ("no-sub", "(sub)"),
    ("at-hash", "(at_hash)"), ("kid", "no key"), ("typ", "type"),
    ("none", "no signed JWT"), ("none-signed", "(alg)"), ("payload", "signature"),
    ("missing", "without an id_token"), ("userinfo", "somebody else")])
def test_r5_r4_forged_tokens_are_refused(walker, forger, forgery, word):
    forger.tell(forgery)
    done = walker.sign_in("oidc")
    assert done.status == 1 and "The identity" not in done.out
    assert word in done.err, done.err


def test_r7_the_forger_has_no_place_outside_loopback(walker, forger):
    walker.enable("oidc", (walker.providers / "oidc.conf").read_text().replace(
        "allow_http_loopback=yes\n", ""))
    done = walker.sign_in("oidc")
    assert done.status == 1 and "https" in done.err
