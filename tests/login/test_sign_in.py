# SPDX-License-Identifier: Apache-2.0
"""imdrive login and what comes of it, with a drive whose pages say yes at once."""

import json
import re
import stat
import subprocess
import urllib.error
import urllib.request

import pytest

from yes import BUILD, PRELOAD, TIMEOUT_S, YesServer, environment, make_browser

VISIT = "urllib.request.urlopen(url).read()"


@pytest.fixture
def server(tmp_path):
    server = YesServer(tmp_path)
    yield server
    server.stop()


class Client:
    def __init__(self, folder, name, script=VISIT):
        self.profile = folder / name
        self.folder = folder / f"{name}-folder"
        self.folder.mkdir()
        self.environment = environment(make_browser(folder, script))

    def run(self, *words, text=None):
        return subprocess.run([*PRELOAD, BUILD / "imdrive", "--profile", self.profile, *words], input=text,
                              capture_output=True, text=True, timeout=4 * TIMEOUT_S,
                              env=self.environment)

    def start(self, *words):
        return subprocess.Popen([*PRELOAD, BUILD / "imdrive", "--profile", self.profile, *words],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=self.environment)

    @property
    def tokens(self):
        return json.loads((self.profile / "token").read_text())

    def set_tokens(self, **changes):
        path = self.profile / "token"
        path.write_text(json.dumps({**self.tokens, **changes}))

    def sync(self):
        return self.run("sync", self.folder, "--once")


def me(server, token):
    request = urllib.request.Request(f"{server.url}/api/v1/me",
                                     headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_n1_the_browser_of_the_person_signs_in(server, tmp_path):
    client = Client(tmp_path, "a")
    done = client.run("login", server.url)
    assert done.returncode == 0, done.stderr
    # The link is shown, whatever became of the browser.
    assert f"{server.url}/oauth/authorize?" in done.stdout
    assert f"Welcome back, alice! Signed in to {server.url} as alice" in done.stdout
    status = json.loads(client.run("status", "--json").stdout)
    assert status["signed_in"] and status["account"] == "alice"
    (client.folder / "file").write_text("x")
    assert client.sync().returncode == 0


def test_a_new_account_is_told_so(server, tmp_path):
    done = Client(tmp_path, "a").run("login", server.url, "--provider", "new")
    assert done.returncode == 0, done.stderr
    assert "Welcome, alice!" in done.stdout and "account is new" in done.stdout


def test_who_says_no_is_not_signed_in(server, tmp_path):
    client = Client(tmp_path, "a")
    done = client.run("login", server.url, "--provider", "no")
    assert done.returncode == 1 and "not approved" in done.stderr
    assert not (client.profile / "token").exists()


def test_n2_only_the_answer_counts(server, tmp_path):
    """Whatever else comes to the listener, the sign-in goes on."""
    script = """
import urllib.parse
asked = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
callback = asked["redirect_uri"][0]
base = callback.removesuffix("/callback")
iss = urllib.parse.quote(url.split("/oauth/")[0])
for other in (base + "/", base + "/favicon.ico", callback, callback + "?code=x&state=guess",
              callback + "?error=access_denied&state=guess&iss=" + iss):
    try:
        urllib.request.urlopen(other)
        sys.exit("was taken: " + other)
    except urllib.error.HTTPError as error:
        assert error.code in (400, 404), error.code
foreign = urllib.request.Request(callback + "?code=x&state=" + asked["state"][0] + "&iss=" + iss,
                                 headers={"Host": "evil.example"})
try:
    urllib.request.urlopen(foreign)
    sys.exit("was taken")
except urllib.error.HTTPError as error:
    assert error.code == 404
urllib.request.urlopen(url).read()
"""
    done = Client(tmp_path, "a", script).run("login", server.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Signed in" in done.stdout


def test_n2_an_answer_of_another_server_is_refused(server, tmp_path):
    script = """
import urllib.parse
asked = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
urllib.request.urlopen(asked["redirect_uri"][0] + "?code=x&state=" + asked["state"][0] +
                       "&iss=https://evil.example")
"""
    done = Client(tmp_path, "a", script).run("login", server.url)
    assert done.returncode == 1 and "another server" in done.stderr


def test_n3_tokens_are_private_and_logout_ends_them(server, tmp_path):
    client = Client(tmp_path, "a")
    done = client.run("login", server.url)
    path = client.profile / "token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    tokens = client.tokens
    assert me(server, tokens["access"]) == 200
    for secret in (tokens["access"], tokens["refresh"]):
        assert secret not in done.stdout + done.stderr
        assert secret not in (tmp_path / "yes-server.log").read_text()
    assert client.run("logout").returncode == 0
    assert not path.exists() and me(server, tokens["access"]) == 401


def test_n3_a_credential_that_ended_is_renewed_quietly(server, tmp_path):
    client = Client(tmp_path, "a")
    assert client.run("login", server.url).returncode == 0
    before = client.tokens
    client.set_tokens(renew_us=1, expires_us=2)
    assert client.sync().returncode == 0
    after = client.tokens
    assert after["refresh"] != before["refresh"] and me(server, after["access"]) == 200
    # Ended at the server before its time: the drive's 401 is reason enough.
    client.set_tokens(access="imdrive_" + "x" * 43)
    assert client.run("versions", client.folder / "nothing").returncode == 1
    assert client.tokens["access"] != "imdrive_" + "x" * 43


def test_a6_a_crash_before_the_answer_is_kept_signs_nobody_out(server, tmp_path):
    client = Client(tmp_path, "a")
    assert client.run("login", server.url).returncode == 0
    client.set_tokens(renew_us=1, expires_us=2)
    before = (client.profile / "token").read_text()
    assert client.sync().returncode == 0
    (client.profile / "token").write_text(before)
    assert client.sync().returncode == 0


def test_n3_who_was_signed_out_is_told_once(server, tmp_path):
    client = Client(tmp_path, "a")
    assert client.run("login", server.url).returncode == 0
    other = Client(tmp_path, "b")
    assert other.run("login", server.url).returncode == 0
    device = int(re.search(r"device=(\d+)", (client.profile / "profile.conf").read_text())[1])
    request = urllib.request.Request(
        f"{server.url}/api/v1/devices/{device}", method="DELETE",
        headers={"Authorization": f"Bearer {other.tokens['access']}"})
    assert urllib.request.urlopen(request).status == 204
    done = client.sync()
    assert done.returncode == 1 and "sign in again" in done.stderr
    # From then on nobody is asked any more.
    assert (client.profile / "token").read_text() == ""
    done = client.sync()
    assert done.returncode == 1 and "not signed in" in done.stderr
    assert client.run("login", server.url).returncode == 0
    assert client.sync().returncode == 0


def test_who_signs_in_anew_leaves_no_device_behind(server, tmp_path):
    client = Client(tmp_path, "a")
    for _ in range(3):
        assert client.run("login", server.url).returncode == 0
    request = urllib.request.Request(
        f"{server.url}/api/v1/devices",
        headers={"Authorization": f"Bearer {client.tokens['access']}"})
    devices = json.loads(urllib.request.urlopen(request).read())["devices"]
    assert [device["this"] for device in devices] == [True]


def test_the_drive_must_be_where_it_says(server, tmp_path):
    done = Client(tmp_path, "a").run("login", server.url.replace("127.0.0.1", "localhost"))
    assert done.returncode == 1 and f"says that its address is {server.url}" in done.stderr


def test_plain_http_elsewhere_is_refused(tmp_path):
    for words in (["login", "http://drive.example.org"],
                  ["login", "http://drive.example.org", "--device"],
                  ["login", "http://drive.example.org", "--user", "alice"]):
        client = Client(tmp_path, words[-1].replace("/", "_"))
        done = client.run(*words, text="correct horse\n")
        assert done.returncode == 1 and "https" in done.stderr


def test_a9_another_device_lets_this_one_in(server, tmp_path):
    client = Client(tmp_path, "a")
    process = client.start("login", server.url, "--device", "--device-name", "attic")
    shown = ""
    while "Waiting" not in shown:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        shown += line
    code = re.search(r"[B-Z]{4}-[B-Z]{4}", shown)[0]
    # Nobody else can open an address of this machine, so there is nothing to scan.
    assert "scan" not in shown and f"{server.url}/device\n" in shown
    assert urllib.request.urlopen(f"{server.url}/device?user_code={code.lower()}").status == 204
    out, err = process.communicate(timeout=4 * TIMEOUT_S)
    assert process.returncode == 0, err
    assert "Signed in" in out and "called 'attic'" in out
    assert client.sync().returncode == 0


def test_name_and_password_end_in_the_same_words(server, tmp_path):
    client = Client(tmp_path, "a")
    done = client.run("login", server.url, "--user", "alice", text="correct horse\n")
    assert done.returncode == 0, done.stderr
    assert f"Welcome back, alice! Signed in to {server.url} as alice" in done.stdout
    client.set_tokens(renew_us=1, expires_us=2)
    assert client.sync().returncode == 0
    done = client.run("login", server.url, "--user", "alice", text="wrong\n")
    assert done.returncode == 1 and "wrong" in done.stderr


def test_only_one_way_at_a_time(tmp_path):
    client = Client(tmp_path, "a")
    assert client.run("login", "https://drive.example.org", "--user", "a", "--device").returncode == 2
