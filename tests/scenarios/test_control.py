# SPDX-License-Identifier: Apache-2.0
"""The door for user interfaces, and commands beside a running daemon."""

import os

from door import Door
from drive import wait_until


def test_a_second_folder_is_taken_by_the_one_that_runs(devices, tmp_path):
    a = devices("a")
    a.path("here").write_text("x")
    a.wait_idle()
    other = tmp_path / "other"
    other.mkdir()
    a.command("sync", other, "--once")
    assert (other / "here").read_text() == "x"
    assert [binding["path"] for binding in a.status()["bindings"]] == [str(a.folder), str(other)]


def test_watching_tells_each_change(devices):
    a = devices("a")
    a.wait_idle()
    door = Door(a.profile)
    assert door.ask("watch")["result"]["files"] == 0
    a.path("new").write_text("x")
    while door.next()["result"]["files"] != 1:
        pass


def test_wrong_requests_get_an_error_and_no_more(devices):
    a = devices("a")
    door = Door(a.profile)
    assert door.ask("attach")["error"]["code"] == "invalid"
    assert door.ask("attach", folder="/no/such/folder")["error"]["code"] == "not-found"
    assert door.ask("nonsense")["error"]["code"] == "not-found"
    assert door.ask("status")["result"]["running"]


def test_stop_ends_it(devices):
    a = devices("a")
    assert Door(a.profile).ask("stop") == {"result": {}}
    wait_until(lambda: a.process.poll() == 0, "it ended")


def test_status_at_rest_tells_what_was_there(devices):
    a = devices("a")
    a.path("file").write_text("12345")
    a.wait_idle()
    a.stop()
    status = a.status()
    assert (status["state"], status["files"], status["bytes"]) == ("offline", 1, 5)
    assert status["signed_in"] and not status["running"]


def test_limits_hold_at_once_and_stay(devices):
    a = devices("a")
    a.wait_idle()
    assert "no limit" in a.command("limit").stdout
    a.command("limit", "--up", "1k")
    assert a.status()["limits"] == {"up": 1024, "down": 0}
    assert "limited to" in a.command("status").stdout
    a.path("large").write_bytes(os.urandom(8 << 20))
    wait_until(lambda: a.status()["bindings"][0]["bytes_left"] > 0, "the upload waits")
    assert a.status()["state"] == "syncing"
    # It would take hours; without the limit, a moment.
    a.command("limit", "--up", "off", "--down", "1G")
    a.wait_idle()
    assert a.status()["limits"] == {"up": 0, "down": 1 << 30}
    a.stop()
    assert a.status()["limits"]["down"] == 1 << 30
    a.command("limit", "--down", "2M")
    a.start()
    assert a.status()["limits"]["down"] == 2 << 20
    wrong = a.command("limit", "--up", "fast", check=False)
    assert wrong.returncode == 2 and "500k" in wrong.stderr


def test_another_who_signs_in_takes_over_what_runs(server, devices):
    """The daemon goes on as bob; what is new goes to his drive, and not to the one of before."""
    server.add_user("bob")
    a = devices("a")
    a.path("hers").write_text("x")
    a.wait_idle()
    a.command("login", server.url, "--user", "bob", text="correct horse\n")
    wait_until(lambda: a.status().get("account") == "bob", "the daemon is bob's")
    a.wait_idle()
    a.path("his").write_text("y")
    bob = devices("b", user="bob")
    wait_until(lambda: bob.path("his").exists(), "bob's other device has it")
    alice = devices("c")
    alice.wait_idle()
    assert alice.path("hers").exists() and not alice.path("his").exists()
