# SPDX-License-Identifier: Apache-2.0
"""What is full, forbidden or wrong is said clearly, harms nothing, and heals by itself."""

import os
import subprocess

import pytest

from drive import (BUILD, Device, Server, run, snapshot, tries_without_reading, wait_equal,
                   wait_until)
from test_sync import write


def errors(device):
    return [error["message"] for error in device.status().get("errors", [])]


def put(path, content):
    """The whole at once: what is half written when a device looks is synced, too."""
    whole = path.parents[1] / f"{path.name}.whole"
    whole.write_bytes(content)
    whole.rename(path)


def test_quota_is_a_clear_refusal(devices, server):
    run(BUILD / "imdrived", "user", "quota", "alice", "1000000", "--data", server.data)
    a, b = devices("a", "b")
    write(a.path("small"), "fits")
    wait_equal(a, b)
    put(a.path("large"), os.urandom(3_000_000))
    wait_until(lambda: any("storage" in text for text in errors(a)), "the refusal is shown")
    assert not b.path("large").exists()
    write(a.path("other"), "still fits")
    wait_until(lambda: b.path("other").exists(), "other files go on")
    a.path("large").unlink()
    wait_until(lambda: not errors(a), "the refusal goes with its cause")
    wait_equal(a, b)


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder],
                             capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("may not mount a small disk here: needs CAP_SYS_ADMIN")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk_heals(devices, server, tmp_path, small_disk):
    a = devices("a")
    b = Device(tmp_path, "b", server)
    b.folder = small_disk
    b.login().start()
    write(a.path("fits"), "fits")
    wait_until(lambda: b.path("fits").exists(), "a small file arrives")
    put(a.path("large"), os.urandom(4_000_000))
    wait_until(lambda: errors(b), "the full disk is shown")
    assert not b.path("large").exists() or b.path("large").stat().st_size == 4_000_000
    assert b.path("fits").read_text() == "fits"
    subprocess.run(["mount", "-o", "remount,size=32m", small_disk], check=True)
    wait_until(lambda: b.path("large").exists(), "it arrives when there is room")
    # Well before the next answer of the feed, 55 s later.
    wait_until(lambda: not errors(b), "the error is gone", 40)
    wait_equal(a, b)
    b.stop()


def test_full_drive_heals(tmp_path, small_disk):
    """The reserve of the server's disk stays free, and deletions still pass."""
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    config = tmp_path / "imdrived.conf"
    config.write_text("[storage]\nreserve = 40M\n")
    server = Server(small_disk / "data", "--config", config).start()
    server.add_user("alice")
    a, b = [Device(tmp_path, name, server).login().start() for name in "ab"]
    write(a.path("fits"), "fits")
    wait_equal(a, b)
    put(a.path("large"), os.urandom(30_000_000))
    wait_until(lambda: any("the drive's disk is full" in text for text in errors(a)),
               "the full disk is shown")
    assert not b.path("large").exists()
    a.path("fits").unlink()
    wait_until(lambda: not b.path("fits").exists(), "deletions pass")
    subprocess.run(["mount", "-o", "remount,size=256m", small_disk], check=True)
    wait_until(b.path("large").exists, "it arrives when there is room")
    wait_equal(a, b)
    for device in (a, b):
        device.stop()
    server.stop()


def fill(folder, leave):
    """Fills the file system of a folder by a file of its own, but for so many bytes."""
    info = os.statvfs(folder)
    filler = folder / "filler"
    with open(filler, "wb") as file:
        file.write(bytes(info.f_bavail * info.f_frsize - leave))
    return filler


@pytest.mark.parametrize("leave", [8_000_000, 0])
def test_deletions_make_room_on_a_full_disk(tmp_path, small_disk, leave):
    """Deletions, moves and folders go although content beside them is refused. (Without a byte left
    the journal may refuse them, too: that heals as well.)"""
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    config = tmp_path / "imdrived.conf"
    config.write_text("[storage]\nreserve = 16M\n")
    server = Server(small_disk / "data", "--config", config).start()
    server.add_user("alice")
    a, b = [Device(tmp_path, name, server).login().start() for name in "ab"]
    for name in ("deleted", "moved", "edited"):
        write(a.path(name), name)
    wait_equal(a, b)
    a.stop()
    a.path("deleted").unlink()
    a.path("moved").rename(a.path("moved away"))
    a.path("folder").mkdir()
    write(a.path("edited"), "edited again")
    for number in range(100):
        write(a.path(f"new {number}"), os.urandom(5000))
    filler = fill(small_disk, leave)
    a.start()
    wait_until(lambda: any("the drive's disk is full" in text for text in errors(a)),
               "the full disk is shown")
    if leave:
        wait_until(lambda: not b.path("deleted").exists() and b.path("moved away").exists() and
                   b.path("folder").exists(), "what needs no room arrives")
    assert b.path("edited").read_text() == "edited"
    assert not b.path("new 0").exists()
    filler.unlink()
    wait_equal(a, b)
    assert errors(a) == [] and b.path("edited").read_text() == "edited again"
    for device in (a, b):
        device.stop()
    server.stop()
    server.check()


@pytest.mark.parametrize("cause", ["disk", "account"])
def test_what_waits_for_room_is_not_read_again(tmp_path, small_disk, cause):
    """One small file tries, and what needs no room goes at once."""
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    config = tmp_path / "imdrived.conf"
    config.write_text("[storage]\nreserve = 16M\n")
    server = Server(small_disk / "data", "--config", config, "--log-level", "debug").start()
    server.add_user("alice")
    a, b = [Device(tmp_path, name, server).login().start() for name in "ab"]
    stored = os.urandom(30_000)
    write(a.path("stored"), stored)
    wait_equal(a, b)
    filler = None
    if cause == "disk":
        filler = fill(small_disk, 8_000_000)
    else:
        run(BUILD / "imdrived", "user", "quota", "alice", "30000", "--data", server.data)
    for number in range(200):
        put(a.path(f"new {number}"), os.urandom(20_000 + number))
    wait_until(lambda: errors(a), "it is shown that there is no room")
    # First, which of them the server has already is looked at.
    assert any(tries_without_reading(a, 1_000_000) for _ in range(3))
    put(a.path("copy"), stored)
    wait_until(lambda: b.path("copy").exists(), "what the server has arrives")
    a.path("stored").rename(a.path("moved"))
    wait_until(lambda: b.path("moved").exists(), "what needs no room arrives")
    assert not list(b.folder.glob("new*")) and errors(a)
    assert tries_without_reading(a, 1_000_000)
    if filler:
        filler.unlink()
    else:
        run(BUILD / "imdrived", "user", "quota", "alice", "none", "--data", server.data)
    wait_equal(a, b, timeout_s=120)
    assert errors(a) == [] and len(list(b.folder.glob("new*"))) == 200
    for device in (a, b):
        device.stop()
    server.stop()
    server.check()


def test_things_that_are_not_synced_are_listed(devices):
    a, b = devices("a", "b")
    os.mkfifo(a.path("pipe"))
    write(a.path("file"), "1")
    wait_until(lambda: b.path("file").exists(), "the file arrives")
    wait_until(lambda: a.status()["bindings"][0]["skipped"] == ["pipe"], "the pipe is listed")
    assert not b.path("pipe").exists()


def test_second_imdrive_of_a_profile_joins_the_first(devices, tmp_path):
    a, b = devices("a", "b")
    other = tmp_path / "other"
    other.mkdir()
    a.command("sync", other)
    wait_until(lambda: len(a.status()["bindings"]) == 2, "it is bound too")
    write(other / "x", "both folders show the drive")
    wait_until(lambda: b.path("x").exists() and a.path("x").exists(), "all folders agree")


def test_one_folder_goes_on_while_another_is_closed(devices, tmp_path):
    a = devices("a")
    other = tmp_path / "other"
    other.mkdir()
    a.command("sync", other)
    wait_until(lambda: len(a.status()["bindings"]) == 2, "it is bound too")
    for n in range(300):
        write(a.path(f"a{n}"), "one")
        write(other / f"b{n}", "the other")
    a.stop()
    a.start()
    a.command("sync", other)
    wait_until(lambda: all(len(list(folder.glob("[ab]*"))) == 600 for folder in (a.folder, other)),
               "both have all")


@pytest.mark.parametrize("arguments, code, says", [
    ((), 2, "Usage"),
    (("nonsense",), 2, "no command 'nonsense'"),
    (("sync",), 2, "usage: imdrive sync FOLDER"),
    (("sync", "/nonexistent"), 1, "bind '/nonexistent': there is no such folder: make it first"),
    (("sync", "/etc/passwd"), 1, "bind '/etc/passwd': that is no folder"),
    (("versions", "nowhere"), 1, "does not lie in a folder that is synced"),
    (("login", "http://127.0.0.1:1"), 1,
     "sign in to http://127.0.0.1:1: no drive answers at http://127.0.0.1:1 (Failed to connect"),
    (("--nonsense",), 2, "unknown option"),
    (("status", "--nonsense"), 2, "nonsense"),
    (("versions", "/etc/passwd"), 1, "does not lie in a folder"),
    (("pause",), 1, "start it with 'imdrive sync FOLDER'"),
    (("login", "ftp://drive", "--user", "alice"), 1, "ftp://drive"),
])
def test_wrong_use_is_answered(devices, arguments, code, says):
    a = devices("a", start=False)
    done = a.command(*arguments, check=False)
    assert (done.returncode, says in done.stderr) == (code, True), done


def test_wrong_password_and_no_server(devices, tmp_path, server):
    a = Device(tmp_path, "wrong", server)
    done = a.command("login", server.url, "--user", "alice", text="not it\n", check=False)
    assert done.returncode == 1 and "name or password is wrong" in done.stderr
    done = a.command("login", "http://127.0.0.1:1", "--user", "alice", text="x\n", check=False)
    assert done.returncode == 1
    assert "no drive answers at http://127.0.0.1:1 (" in done.stderr
    assert "is the address right" in done.stderr
    assert a.status() == {} or a.status()["signed_in"] is False
    done = a.command("sync", a.folder, check=False)
    assert done.returncode == 1 and "not signed in" in done.stderr
    assert snapshot(a.folder) == {}


def test_what_is_asked_for_and_not_there(devices):
    a = devices("a", start=False)
    write(a.path("file"), "1")
    a.once()
    for arguments, says in [
            (("versions", a.path("no")), "no such file or folder on the drive; if it was deleted, "
                                         "'imdrive restore FILE' brings it back"),
            (("devices", "revoke", "99"), "no device 99; 'imdrive devices' lists them"),
            (("restore", a.path("no")), "nothing of that name was deleted"),
            (("restore", a.path("file"), "--version", "7"), "'imdrive versions FILE' lists"),
            (("sync", a.folder.parent), "one lies in the other: choose a folder beside it")]:
        done = a.command(*arguments, check=False)
        assert (done.returncode, says in done.stderr) == (1, True), done
        assert done.stderr.splitlines()[-1].startswith("imdrive: "), done


def test_a_folder_of_another_profile_is_refused(devices, tmp_path, server):
    a = devices("a", start=False)
    a.once()
    other = Device(tmp_path, "other", server).login()
    done = other.command("sync", a.folder, check=False)
    assert done.returncode == 1 and "another profile or device has bound this folder" in done.stderr


def test_what_cannot_be_bound_is_not_bound(devices, tmp_path, server):
    """What was tried in vain is forgotten, and leaves nothing in anybody's way."""
    a = devices("a", start=False)
    for command, place, says in [
            ("sync", "/proc", "make '.imdrive'"),
            ("mount", "/etc", "there are files in that folder"),
            ("mount", "/etc/passwd", "that is no folder")]:
        done = a.command(command, place, check=False)
        assert done.returncode == 1 and says in done.stderr and "Ctrl-C" not in done.stderr, done
    a.once()
    assert [binding["path"] for binding in a.status()["bindings"]] == [str(a.folder)]
    # The one that is already running says what it was about.
    a.start()
    for command in ("sync", "mount"):
        done = a.command(command, "/proc", check=False)
        assert done.returncode == 1 and f"imdrive: {command} '/proc': " in done.stderr, done
        assert "Ctrl-C" not in done.stderr
    assert len(a.status()["bindings"]) == 1


def test_status_says_what_is_wrong_once(devices, server):
    a = devices("a")
    a.wait_idle()
    server.stop()
    a.wait_state("offline")
    shown = a.command("status").stdout
    assert shown.count("the drive cannot be reached (") == 1 and "when it is there again" in shown
    server.start()
    a.wait_idle()
    a.stop()
    shown = a.command("status").stdout
    assert shown.startswith("not running, http://") and "offline" not in shown
    assert f"{a.folder}: not running, 0 files" in shown


def test_an_address_in_use_is_said(server, tmp_path):
    done = run(BUILD / "imdrived", "--data", tmp_path / "second", "--listen", server.listen,
               check=False)
    assert done.returncode == 1 and "choose another port with --listen" in done.stderr
