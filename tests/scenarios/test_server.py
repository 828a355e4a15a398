# SPDX-License-Identifier: Apache-2.0
"""The server as its operator sees it: a process, a data folder, commands."""

import http.client
import json
import os
import pathlib
import re
import signal
import ssl
import stat
import subprocess
import threading
import time
import urllib.request

import pytest

from api import Api
from drive import BUILD, Server, run, wait_until

IMDRIVED = BUILD / "imdrived"
MAN = pathlib.Path(__file__).parents[2] / "docs" / "man"


def admin(server, *words, text=None, check=True):
    return run(IMDRIVED, *words, "--data", server.data, text=text, check=check)


def log_of(server):
    return (server.data.parent / f"{server.data.name}.log").read_text()


def test_accounts_are_managed_with_and_without_server(tmp_path):
    server = Server(tmp_path / "data")
    admin(server, "user", "add", "alice", text="correct horse\n")
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    server.start()
    admin(server, "user", "add", "bob", text="another horse\n")
    again = admin(server, "user", "add", "Bob", text="another horse\n", check=False)
    assert again.returncode == 1 and "Bob" in again.stderr and again.stdout == ""
    assert Api(server, "bob", "another horse").call("GET", "/api/v1/me")[0] == 200
    admin(server, "user", "passwd", "bob", text="new horse\n")
    assert Api(server, "bob", "new horse").call("GET", "/api/v1/me")[0] == 200
    admin(server, "user", "quota", "bob", "1M")
    running = admin(server, "user", "list").stdout
    server.stop()
    assert admin(server, "user", "list").stdout == running
    assert [line.split("\t")[0] for line in running.splitlines()] == ["name", "alice", "bob"]
    admin(server, "user", "remove", "bob")
    assert "bob" not in admin(server, "user", "list").stdout
    assert admin(server, "check").stdout == "The drive is whole.\n"


def test_one_server_per_folder(server):
    second = run(IMDRIVED, "--data", server.data, "--listen", "127.0.0.1:0", check=False)
    assert second.returncode == 1
    assert str(server.data) in second.stderr and str(server.process.pid) in second.stderr
    assert second.stdout == ""


def test_a_killed_server_starts_again(server):
    api = Api(server)
    server.kill()
    server.start()
    assert api.call("GET", "/api/v1/me")[0] == 200
    server.stop()
    server.check()


def test_what_was_acknowledged_survives_kills(server):
    """kill -9 among commits of several devices, again and again."""
    acknowledged, stop = [], threading.Event()
    devices = [Api(server) for _ in range(4)]

    def commit(api, device):
        for number in range(1, 100000):
            content = f"{device} {number} ".encode() * 50
            try:
                outcome = api.create(number, f"{device}-{number}", content)
            except (OSError, http.client.HTTPException):
                stop.wait(0.05)
                continue
            assert outcome == 1
            acknowledged.append((f"{device}-{number}", content))
            if stop.is_set():
                return

    threads = [threading.Thread(target=commit, args=(api, i)) for i, api in enumerate(devices)]
    for thread in threads:
        thread.start()
    for round in range(5):
        before = len(acknowledged)
        wait_until(lambda: len(acknowledged) >= before + 40, "commits are acknowledged")
        server.kill()
        server.start()
    stop.set()
    for thread in threads:
        thread.join(60)
    names = devices[0].names()
    assert {name for name, _ in acknowledged} <= names
    assert all(devices[1].has(content) for _, content in acknowledged)
    server.stop()
    server.check()


def test_revoked_device_is_out_at_once_while_waiting(server):
    waiting, other = Api(server), Api(server)
    cursor = waiting.changes()[1]
    seen = {}

    def wait():
        seen["status"] = waiting.changes(cursor, wait_ms=50000)[0]
        seen["at"] = time.monotonic()

    thread = threading.Thread(target=wait)
    thread.start()
    wait_until(lambda: "imdrive_waiting_devices 1" in other.raw("GET", "/metrics")[1].decode(),
               "the device waits")
    start = time.monotonic()
    admin(server, "device", "revoke", "alice", str(waiting.device))
    thread.join(60)
    assert seen["status"] == 401
    assert seen["at"] - start < 40, "it was told only when its wait was over"
    assert waiting.call("GET", "/api/v1/me")[0] == 401
    assert other.call("GET", "/api/v1/me")[0] == 200


def test_content_moves_over_connections_that_are_made_for_it(devices, server):
    """Over others it is read 4 KiB at a time; and who waits must not take those."""
    a, b = devices("a", "b")
    a.path("film").write_bytes(os.urandom(3 << 20))
    wait_until(lambda: b.path("film").exists(), "b has it")

    def count(what):
        counted = Api(server).raw("GET", "/metrics")[1].decode()
        return int(re.search(rf"^imdrive_{what} (\d+)$", counted, re.M)[1])

    wait_until(lambda: count("waiting_devices") == 2, "both wait for more")
    bulk = count("bulk_connections")
    assert bulk >= 2
    assert count("connections") >= bulk + 2


def test_ends_cleanly_with_devices_waiting(server):
    api = Api(server)
    cursor = api.changes()[1]
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(api.changes(cursor, 50000)[0]))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    wait_until(lambda: "imdrive_waiting_devices 20" in api.raw("GET", "/metrics")[1].decode(),
               "all wait")
    start = time.monotonic()
    server.stop()
    for thread in threads:
        thread.join(30)
    assert statuses == [204] * 20
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(server, number):
    server.process.send_signal(number)
    assert server.process.wait(30) == 0
    assert server.process.stdout.read() == ""
    assert not (server.data / "control").exists()


def test_secrets_stay_out_of_log_and_folder(tmp_path):
    server = Server(tmp_path / "data", "--log-level", "debug").start()
    server.add_user("alice", "a very secret password")
    api = Api(server, "alice", "a very secret password")
    api.call("GET", f"/api/v1/me?token={api.token}")
    api.call("GET", "/api/v1/devices")
    api.changes()
    Api.call(api, "POST", "/api/v1/login", {"name": "alice", "password": "a wrong secret",
                                            "device_name": "x"})
    server.stop()
    log = log_of(server)
    assert "path=/api/v1/me status=200" in log
    kept = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    for secret in (api.token, "a very secret password", "a wrong secret"):
        assert secret not in log
        assert secret.encode() not in kept


def test_configuration(tmp_path):
    config = tmp_path / "imdrived.conf"
    data = tmp_path / "data"
    config.write_text("[server]\nlistne = 127.0.0.1:0\n")
    wrong = run(IMDRIVED, "--data", data, "--config", config, check=False)
    assert wrong.returncode == 1 and "listne" in wrong.stderr and str(config) in wrong.stderr
    assert not data.exists()
    config.write_text("[server]\nlisten = 127.0.0.1:0\n[storage]\nquota = 5M\n")
    process = subprocess.Popen([IMDRIVED, "--data", data, "--config", config],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    server = Server(data)
    server.process = process
    server.url = process.stdout.readline().split()[-1]
    server.add_user("alice")
    assert Api(server).call("GET", "/api/v1/me")[1]["quota"] == 5 * 1024 * 1024
    server.stop()


def test_tls(tmp_path):
    config = tmp_path / "imdrived.conf"
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key, "-out", certificate)
    config.write_text(f"[tls]\ncertificate = {certificate}\nkey = {key}\n")
    process = subprocess.Popen(
        [IMDRIVED, "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--config", config],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    url = process.stdout.readline().split()[-1]
    assert url.startswith("https://")
    trust = ssl.create_default_context(cafile=certificate)
    with urllib.request.urlopen(f"{url}/healthz", context=trust) as answer:
        assert json.load(answer) == {"status": "ok"}
    process.terminate()
    assert process.wait(30) == 0


def test_wrong_usage(tmp_path):
    data = tmp_path / "data"
    cases = [
        ([], 2), (["--bogus"], 2), (["--data"], 2), (["explode", "--data", data], 2),
        (["user", "add", "--data", data], 2), (["user", "--data", data], 2),
        (["user", "list", "extra", "--data", data], 2), (["check", "--data", data], 1),
        (["--data", data, "--log-level", "loud"], 2), (["--data", data, "--listen", "nowhere"], 1),
        (["--help"], 0), (["user", "--help"], 0), (["version"], 0), (["--version"], 0),
    ]
    for words, code in cases:
        done = run(IMDRIVED, *words, check=False, text="")
        assert done.returncode == code, (words, done)
        assert bool(done.stderr) == (code != 0), (words, done)
        assert bool(done.stdout) == (code == 0), (words, done)


def test_man_page_has_what_help_has():
    page = re.sub(r"[*_\\]", "", (MAN / "imdrived.1.scd").read_text())
    shown = run(IMDRIVED, "--help").stdout
    commands = re.findall(r"^imdrived ((?!--)[a-z ]+?)(?= [A-Z\[-]|$)", shown, re.MULTILINE)
    assert "user add" in commands and "check" in commands
    for command in commands:
        assert re.search(rf"^{command}\b", page, re.MULTILINE), f"{command} is not in the man page"
    for option in set(re.findall(r"--[a-z-]+", shown)):
        assert option in page, f"{option} is not in the man page"


def test_server_has_what_openapi_says(server):
    """Each documented call is there: a stranger is asked to sign in, and not told of nothing."""
    text = (MAN.parent / "openapi.yaml").read_text()
    calls = re.findall(r"^  (/[^:]*):\n    (\w+):", text, re.MULTILINE)
    assert len(calls) >= 10
    api = Api(server)
    api.token = None
    for path, method in calls:
        status, answer = api.raw(method.upper(), re.sub(r"{\w+}", "1", path),
                                 b"{}" if method == "post" else None)
        open_to_all = path in ("/healthz", "/metrics", "/.well-known/oauth-authorization-server")
        signs_in = path == "/api/v1/login" or path.startswith("/oauth/")
        by_link = path.startswith("/s/")
        wanted = 200 if open_to_all else 400 if signs_in else 404 if by_link else 401
        assert status == wanted, (method, path, status, answer)
