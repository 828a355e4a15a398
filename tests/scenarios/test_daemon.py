# SPDX-License-Identifier: Apache-2.0
"""The daemon that user interfaces talk to: from nothing to a synced folder through the control
socket alone (docs/formats/control.md)."""

import os
import signal
import subprocess
import urllib.parse
import urllib.request

import pytest

from door import Door
from drive import BUILD, TIMEOUT_S, run, wait_until


class Daemon:
    def __init__(self, root):
        self.profile = root / "profile"
        self.log = open(root / "daemon.log", "ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen([BUILD / "imdrive", "--profile", self.profile, "daemon"],
                                        stdout=self.log, stderr=self.log)
        wait_until((self.profile / "control.sock").exists, "the daemon listens")

    def door(self):
        return Door(self.profile)

    def ask(self, method, **params):
        answer = self.door().ask(method, **params)
        assert "result" in answer, answer
        return answer["result"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(TIMEOUT_S) == 0


@pytest.fixture
def daemon(tmp_path):
    daemon = Daemon(tmp_path)
    yield daemon
    daemon.stop()
    daemon.log.close()


def enter(daemon, server, name="alice", password="correct horse"):
    watch = daemon.door()
    begun = daemon.ask("sign-in", server=server.url, how="password", name=name, password=password,
                       device_name="laptop")
    return watch.watch(lambda status: (status["sign_in"] or {}).get("id") == begun["id"] and
                       status["sign_in"]["state"] in ("done", "failed"))


def test_it_runs_before_anybody_signed_in(daemon):
    status = daemon.ask("status")
    assert status["running"] and not status["signed_in"] and status["version"] == 1
    assert status["bindings"] == [] and status["sign_in"] is None


def test_looking_at_an_address_says_what_answers_there(daemon, server):
    found = daemon.ask("look", address=server.url.removeprefix("http://") + "/")
    assert found["server"] == server.url and found["loopback"]
    assert found["password"] and found["services"] == []
    nothing = daemon.door().ask("look", address="http://127.0.0.1:1")["error"]
    assert nothing["code"] == "offline" and "127.0.0.1:1" in nothing["message"]
    assert daemon.door().ask("look", address="http://example.org")["error"]["code"] == "forbidden"
    assert daemon.door().ask("look")["error"]["code"] == "invalid"


def test_from_nothing_to_a_synced_folder(daemon, server, devices, tmp_path):
    status = enter(daemon, server)
    assert status["sign_in"]["state"] == "done" and status["sign_in"]["account"] == "alice"
    assert "correct horse" not in str(status)
    folder = tmp_path / "new" / "folder"
    other = devices("b")
    other.path("hello").write_text("x")
    assert daemon.door().ask("attach", folder=str(folder))["error"]["code"] == "not-found"
    daemon.ask("attach", folder=str(folder), create=True)
    wait_until(lambda: (folder / "hello").exists(), "the file arrives")
    # It comes back with all that was bound.
    daemon.stop()
    daemon.start()
    other.path("later").write_text("x")
    wait_until(lambda: (folder / "later").exists(), "the next one too")


def test_a_wrong_password_says_so_and_changes_nothing(daemon, server):
    enter(daemon, server)
    status = enter(daemon, server, password="wrong")
    assert status["sign_in"]["state"] == "failed" and status["sign_in"]["error"]["message"]
    assert status["signed_in"] and status["account"] == "alice"


def test_a_page_signs_in_and_the_interface_sees_it(daemon, server):
    watch = daemon.door()
    begun = daemon.ask("sign-in", server=server.url, how="page", provider="demo")
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(begun["url"]).query)
    assert query["provider"] == ["demo"] and query["redirect_uri"] == [begun["redirect"]]
    assert "verifier" not in str(begun)
    shown = watch.watch(lambda status: (status["sign_in"] or {}).get("state") == "waiting")
    assert query["state"][0] not in str(shown)
    # The person says no.
    answer = urllib.parse.urlencode({"state": query["state"][0], "error": "access_denied",
                                     "iss": server.url})
    with urllib.request.urlopen(f"{begun['redirect']}?{answer}") as page:
        assert page.status == 200
    status = daemon.door().watch(lambda status: status["sign_in"]["state"] == "failed")
    assert status["sign_in"]["error"]["code"] == "forbidden"


def test_a_sign_in_can_be_given_up_and_begun_anew(daemon, server):
    first = daemon.ask("sign-in", server=server.url, how="page")
    daemon.ask("sign-in-cancel")
    daemon.door().watch(lambda status: status["sign_in"]["state"] == "cancelled")
    code = daemon.ask("sign-in", server=server.url, how="device")
    assert code["id"] > first["id"] and code["user_code"] and code["page"].startswith(server.url)
    assert enter(daemon, server)["sign_in"]["state"] == "done"


def test_account_devices_and_revoking(daemon, server, devices):
    enter(daemon, server)
    account = daemon.ask("account")
    assert account["account"]["name"] == "alice" and account["password"]
    assert account["identities"] == [] and account["usage"]["bytes"] >= 0
    other = devices("b", start=False)
    listed = daemon.ask("devices")
    assert len(listed["devices"]) == 2 and "sessions" in listed
    number = next(device["id"] for device in listed["devices"] if not device["this"])
    daemon.ask("revoke", device=number)
    assert len(daemon.ask("devices")["devices"]) == 1
    assert other.command("devices", check=False).returncode == 1
    assert daemon.door().ask("revoke", device=number)["error"]["message"]


def test_signing_in_anew_leaves_no_second_device(daemon, server):
    enter(daemon, server)
    enter(daemon, server)
    wait_until(lambda: len(daemon.ask("devices")["devices"]) == 1, "the former device is gone")


def test_signing_out_keeps_the_files(daemon, server, tmp_path):
    enter(daemon, server)
    folder = tmp_path / "folder"
    daemon.ask("attach", folder=str(folder), create=True)
    (folder / "file").write_text("x")
    daemon.door().watch(lambda status: status["files"] == 1)
    assert daemon.ask("sign-out")["told"]
    status = daemon.door().watch(lambda status: not status["signed_in"])
    assert status["bindings"][0]["state"] == "attention"
    assert (folder / "file").read_text() == "x"
    assert daemon.door().ask("devices")["error"]["code"] == "unauthenticated"
    # And in again: it goes on where it was.
    enter(daemon, server)
    daemon.door().watch(lambda status: status["state"] == "idle" and status["files"] == 1)


def test_a_folder_can_be_unbound_and_bound_again(daemon, server, tmp_path):
    enter(daemon, server)
    folder = tmp_path / "folder"
    daemon.ask("attach", folder=str(folder), create=True)
    (folder / "file").write_text("x")
    daemon.door().watch(lambda status: status["files"] == 1)
    daemon.ask("detach", folder=str(folder))
    assert daemon.ask("status")["bindings"] == []
    assert (folder / "file").read_text() == "x"
    assert daemon.door().ask("detach", folder=str(folder))["error"]["code"] == "not-found"
    daemon.ask("attach", folder=str(folder))
    daemon.door().watch(lambda status: status["state"] == "idle" and status["files"] == 1)


def test_a_pause_ends_by_itself(daemon, server, tmp_path):
    enter(daemon, server)
    folder = tmp_path / "folder"
    daemon.ask("attach", folder=str(folder), create=True)
    daemon.ask("pause", seconds=3600)
    status = daemon.ask("status")
    assert status["paused"] and status["resume_us"] > 0 and status["state"] == "paused"
    daemon.ask("pause")
    assert daemon.ask("status")["resume_us"] == 0
    daemon.ask("pause", seconds=1)
    daemon.door().watch(lambda status: not status["paused"])
    assert daemon.door().ask("pause", seconds=-1)["error"]["code"] == "invalid"


def test_it_ends_cleanly_whatever_is_under_way(daemon, server):
    daemon.ask("sign-in", server=server.url, how="page")
    slow = daemon.door()
    slow.file.write('{"method": "look", "params": {"address": "http://127.0.0.1:1"}}\n' * 3)
    slow.file.flush()
    daemon.stop()
    daemon.start()


def test_commands_attach_to_it(daemon, server, tmp_path):
    enter(daemon, server)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("x")
    run(BUILD / "imdrive", "--profile", daemon.profile, "sync", folder, "--once")
    assert daemon.ask("status")["files"] == 1
    assert os.access(daemon.profile / "control.sock", os.W_OK)


def test_whoever_asks_it_again_and_again_to_end_lets_it_end(devices):
    device = devices("laptop", start=False)
    for number in range(5):
        device.start()
        device.path(f"{number}").write_text("x")
        while device.process.poll() is None:
            device.process.send_signal(signal.SIGTERM)
        assert device.process.returncode == 0
