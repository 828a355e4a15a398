# SPDX-License-Identifier: Apache-2.0
"""What only a person can decide, one click each: conflicts, mass deletions, what is to come back."""

import shutil

from drive import Device, snapshot, wait_until
from liar import Liar, page


def conflict(app, other, name):
    """Edited here and there at once."""
    here = app.home / "imdrive"
    (here / name).write_text("base")
    other.once()
    wait_until(lambda: other.once() and other.path(name).exists(), "the other has it")
    app.ask("pause")
    (here / name).write_text("mine")
    other.path(name).write_text("theirs, longer")
    other.once()
    app.ask("resume")
    app.wait("Changed on two devices")
    return here


def test_a_conflict_is_settled_with_one_click(app, other):
    here = conflict(app, other, "report.odt")
    app.wait_text("Theirs: 14 bytes")
    # What was written after it was shown is not overwritten unseen.
    (here / "report.odt").write_text("theirs, and a word since")
    app.wait_text("Theirs: 24 bytes")
    app.click("Keep mine")
    wait_until(lambda: [path.name for path in here.iterdir() if path.name != ".imdrive"]
               == ["report.odt"], "one is left")
    assert (here / "report.odt").read_text() == "mine"
    app.wait("Up to date")
    wait_until(lambda: not app.find("Keep mine"), "nothing is left to decide")

    conflict(app, other, "both.txt")
    app.click("Keep both")
    wait_until(lambda: not app.find("Keep both"), "nothing is left to decide")
    assert sorted(path.read_text() for path in here.glob("both*")) == ["mine", "theirs, longer"]


def test_a_choice_is_not_lost_when_the_list_grows(app, other):
    """By another conflict, which comes above it while a button is being pressed."""
    here = conflict(app, other, "report.odt")
    button = app.wait("Keep both", "push button")
    conflict(app, other, "another.txt")
    wait_until(lambda: app.find("Keep both", "push button") != button, "another is above it")
    assert app.act(button)
    wait_until(lambda: app.ask("status")["conflicts"] == 1, "one is settled")
    assert not [path for path in here.glob("report*") if "(conflict" in path.name]


def test_what_was_deleted_comes_back_from_the_activity(app):
    file = app.home / "imdrive" / "hello.txt"
    file.write_text("first")
    app.wait("Sent to the drive")
    file.write_text("second, longer")
    app.wait_text("1 file, 14 bytes")
    app.click_for("Earlier versions", "Now")
    app.click("Restore")
    wait_until(lambda: file.read_text() == "first", "the first version is back")
    file.unlink()
    app.wait("Deleted")
    app.click("Restore")
    wait_until(file.exists, "the file is back")
    assert file.read_text() == "first"


def test_mass_deletions_are_asked_about(app):
    many = app.home / "imdrive" / "many"
    many.mkdir()
    for number in range(1100):
        (many / str(number)).write_text("x")
    wait_until(lambda: app.ask("status")["files"] == 1100 and app.ask("status")["state"] == "idle",
               "all is on the drive")
    before = snapshot(many)
    app.stop_daemon_for(lambda: shutil.rmtree(many))
    app.wait("1101 files were deleted here")
    app.click("Put them back")
    wait_until(lambda: many.exists() and snapshot(many) == before, "all is back")
    app.wait("Up to date")
    app.stop_daemon_for(lambda: shutil.rmtree(many))
    app.click("Delete everywhere")
    wait_until(lambda: app.ask("status")["files"] == 0, "all is gone")


def test_a_file_that_the_file_manager_hands_on_shows_what_it_was(app):
    file = app.home / "imdrive" / "a.txt"
    file.write_text("x")
    app.wait("a.txt")
    app.again(str(file))
    app.wait("Earlier versions")
    app.wait("Now")


def test_what_a_server_says_is_shown_as_it_is(window, tmp_path):
    """It makes no link in the window, and hides nothing."""
    said = "<a href='https://evil.example/'>Sign in again</a>"
    liar = Liar(lambda number: page(), {
        "/api/v1/versions?path=a.txt": (403, {"error": "forbidden", "message": said})})
    device = Device(tmp_path, "a", liar)
    device.profile = tmp_path / "profile"
    try:
        device.login().start()
        device.path("a.txt").write_text("x")
        window(str(device.path("a.txt"))).wait_text(said)
    finally:
        device.stop()
        liar.stop()
