# SPDX-License-Identifier: Apache-2.0
"""A link that the drive brings into a real chat program, and whom it does not write to."""

import queue
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from chat_drive import start_chat_drive
from door import Door
from drive import BUILD, Device, run, wait_until
from person import Service
from test_share import open_link


def link_in(message):
    """What a chat program shows as a link."""
    [link] = [line for line in message["body"].splitlines() if line.startswith("http://")]
    return link


def start_device(tmp_path, drive):
    """A device of alice's, who has a chat address, with the file plan.odt."""
    drive.add_user("alice")
    run(BUILD / "imdrived", "user", "bind", "alice", "xmpp", "alice@localhost", "--data", drive.data)
    device = Device(tmp_path, "a", drive).login().start()
    device.path("plan.odt").write_text("the plan")
    device.wait_idle()
    return device


@pytest.fixture
def device(tmp_path, drive):
    device = start_device(tmp_path, drive)
    yield device
    device.stop()


def send(device, name, to, check=True):
    return device.command("share", device.path(name), "--to", to, check=check)


def refused(device, name, to):
    done = send(device, name, to, check=False)
    assert done.returncode == 1 and done.stdout == ""
    return done.stderr


def test_a_link_is_brought_into_a_chat(drive, device, people):
    bob = people[1]
    done = send(device, "plan.odt", "Bob@LOCALHOST/phone")
    assert done.stdout == f"The drive sent the link to '{device.path('plan.odt')}' to bob@localhost.\n"
    message = bob.receive()
    for part in "alice (alice@localhost)", 'the file "plan.\u2060odt"', "STOP":
        assert part in message["body"]
    # Who has no account opens it.
    link = link_in(message)
    assert link in device.command("share").stdout
    assert open_link(f"{link}/content")[2] == b"the plan"
    # The same link again, of a folder its own, and in no log.
    device.path("folder").mkdir()
    device.wait_idle()
    send(device, "plan.odt", "bob@localhost")
    assert link in bob.receive()["body"]
    send(device, "folder", "bob@localhost")
    assert 'the folder "folder"' in bob.receive()["body"]
    log = drive.data.with_name(f"{drive.data.name}.log").read_text() + device.log.read_text()
    assert link.rsplit("/", 1)[1] not in log


def test_interfaces_send_links(device, people):
    bob = people[1]
    door = Door(device.profile)
    assert door.ask("links")["result"] == {"links": [], "chat": True}
    path = str(device.path("plan.odt"))
    sent = door.ask("send-link", path=path, to="BOB@localhost")["result"]
    assert (sent["to"], sent["path"]) == ("bob@localhost", "plan.odt")
    assert sent["url"] in bob.receive()["body"]
    error = door.ask("send-link", path=path, to="carol@elsewhere.example")["error"]
    assert error["code"] == "forbidden" and "send the link yourself" in error["message"]
    assert door.ask("send-link", path=path)["error"]["code"] == "invalid"


def test_c3_stop_ends_links_too(drive, device, people):
    bob = people[1]
    send(device, "plan.odt", "bob@localhost")
    bob.answer(bob.receive(), "STOP")
    assert "neither questions nor links" in bob.receive()["body"]
    # Whoever sends, also after a restart.
    log = drive.data.with_name(f"{drive.data.name}.log")
    drive.stop()
    drive.start()
    wait_until(lambda: log.read_text().count("chat server is connected") == 2, "it is back")
    said = refused(device, "plan.odt", "bob@localhost")
    assert "'bob@localhost' does not want messages of the drive" in said
    assert "send the link yourself" in said
    bob.settle("drive@drive.localhost")
    assert bob.inbox.empty()
    bob.write("drive@drive.localhost", "START")
    assert "bring you links" in bob.receive()["body"]
    send(device, "plan.odt", "bob@localhost")
    assert "plan.\u2060odt" in bob.receive()["body"]


def test_c3_a_stranger_is_not_written_to(chat, device):
    said = refused(device, "plan.odt", "carol@elsewhere.example")
    assert "send the link yourself" in said
    assert "carol@elsewhere.example" not in chat.log()
    # It is there, for who sends it himself.
    assert "plan.odt" in device.command("share").stdout


def test_a_drive_without_chat_sends_no_links(server, tmp_path):
    with ExitStack() as ending:
        device = Device(tmp_path, "a", server).login().start()
        ending.callback(device.stop)
        device.path("plan.odt").write_text("the plan")
        device.wait_idle()
        assert "writes to nobody in chat" in refused(device, "plan.odt", "bob@localhost")


def test_an_operator_forbids_sending(tmp_path, chat):
    with ExitStack() as ending:
        drive = start_chat_drive(tmp_path, chat, "[share]\nsend = no\n")
        ending.callback(drive.stop)
        device = start_device(tmp_path, drive)
        ending.callback(device.stop)
        assert Door(device.profile).ask("links")["result"]["chat"] is False
        said = refused(device, "plan.odt", "bob@localhost")
        assert "operator of this drive does not let it send links" in said
        assert "/s/" in device.command("share", device.path("plan.odt")).stdout


# ---- rooms ----------------------------------------------------------------------------------


class Room:
    """A chat room that bob keeps open."""

    CONFIG = ('<iq type="set" to="{}" id="{}"><query xmlns="http://jabber.org/protocol/muc#owner">'
              '<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>'
              'http://jabber.org/protocol/muc#roomconfig</value></field>{}</x></query></iq>')

    def __init__(self, name, bob):
        self.address = f"{name}@conference.localhost"
        self.bob = bob
        self.seen = queue.Queue()
        rooms = bob.program["xep_0045"]
        bob.do(lambda: bob.program.add_event_handler("groupchat_message", self.hear))
        bob.do(lambda: bob.program.add_event_handler("groupchat_presence", self.hear))
        bob.run(rooms.join_muc_wait(self.address, "bob", timeout=60))
        while not self.seen.empty():
            self.seen.get()

    def hear(self, stanza):
        if stanza["from"].bare == self.address:
            self.seen.put(stanza)

    def configure(self, **fields):
        text = "".join(f'<field var="muc#roomconfig_{name}"><value>{value}</value></field>'
                       for name, value in fields.items())
        self.bob.send_raw(self.CONFIG.format(self.address, "config", text))
        self.bob.settle(self.address)
        while not self.seen.empty():
            self.seen.get()

    def next(self, kind):
        while True:
            stanza = self.seen.get(timeout=60)
            if stanza.name == kind and stanza["from"].resource != "bob":
                return stanza


@pytest.fixture
def chat(chat):
    """A chat server that has rooms, too."""
    chat.stop()
    chat.rooms = "conference.localhost"
    chat.services.append("silent.localhost")
    return chat.start()


def test_a_room_is_told_of_a_link(device, people):
    room = Room("plans", people[1])
    done = send(device, "plan.odt", "Plans@conference.localhost")
    assert done.stdout.endswith("to plans@conference.localhost.\n")
    # It comes as a guest by its own name, says it, and goes.
    came = room.next("presence")
    assert came["from"].resource == "127.0.0.1" and came["type"] != "unavailable"
    message = room.next("message")
    assert message["from"].resource == "127.0.0.1"
    assert "alice (alice@localhost) shares the file" in message["body"]
    assert open_link(f"{link_in(message)}/content")[2] == b"the plan"
    assert room.next("presence")["type"] == "unavailable"
    # What was said before the drive came is no answer to it.
    send(device, "plan.odt", "plans@conference.localhost")
    assert "plan.\u2060odt" in room.next("message")["body"]


def test_a_room_that_lets_nobody_in_is_told_so(device, people):
    bob = people[1]
    room = Room("plans", bob)
    room.configure(membersonly=1)
    assert "is for its members" in refused(device, "plan.odt", room.address)
    room.configure(membersonly=0, roomsecret="secret", passwordprotectedroom=1)
    assert "has a password" in refused(device, "plan.odt", room.address)
    room.configure(roomsecret="", passwordprotectedroom=0, moderatedroom=1)
    assert "does not let the drive write" in refused(device, "plan.odt", room.address)
    room.configure(moderatedroom=0)
    bob.run(bob.program["xep_0045"].set_affiliation(
        room.address, "outcast", jid="drive@drive.localhost"))
    assert "does not let the drive in" in refused(device, "plan.odt", room.address)


def test_somebody_in_the_room_has_the_drives_name(device, people):
    room = Room("plans", people[1])
    alice = people[0]
    alice.run(alice.program["xep_0045"].join_muc_wait(room.address, "127.0.0.1", timeout=60))
    assert "is called as the drive is" in refused(device, "plan.odt", room.address)


def test_c3_only_rooms_that_are_there(chat, device, people):
    said = refused(device, "plan.odt", "nothing@conference.localhost")
    assert "'nothing@conference.localhost' is not there" in said
    # It has made none by asking.
    people[1].settle("conference.localhost")
    assert "is not there" in refused(device, "plan.odt", "nothing@conference.localhost")
    assert "send the link yourself" in refused(device, "plan.odt", "plans@conference.elsewhere.example")
    assert "elsewhere.example" not in chat.log()


def test_who_waits_for_rooms_leaves_workers(tmp_path, chat):
    """Whoever waits for rooms that do not answer does not take all that serve."""
    with ExitStack() as ending:
        drive = start_chat_drive(tmp_path, chat, "[server]\nworkers = 2\n")
        ending.callback(drive.stop)
        device = start_device(tmp_path, drive)
        ending.callback(device.stop)
        silent = Service(chat, "conference")
        ending.callback(silent.close)
        silent.do(lambda: silent.program.add_filter("in", lambda stanza: None))
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(refused, device, "plan.odt", "plans@silent.localhost")
            assert silent.asked.wait(60)
            said = refused(device, "plan.odt", "other@silent.localhost")
            assert "on the way into rooms" in said and "send the link yourself" in said
            assert "plan.odt" in device.command("share").stdout
            assert not first.done()
            chat.stop()
            assert "just now" in first.result()


def test_who_waits_for_a_room_is_told_when_the_chat_server_goes(chat, device):
    """The first is asked and does not answer; the second is behind it."""
    silent = Service(chat, "conference")
    silent.do(lambda: silent.program.add_filter("in", lambda stanza: None))
    with ThreadPoolExecutor(2) as pool:
        sends = [pool.submit(refused, device, "plan.odt", f"{name}@silent.localhost")
                 for name in ("plans", "other")]
        assert silent.asked.wait(60)
        chat.stop()
        for sent in sends:
            assert "cannot" in sent.result() and "just now" in sent.result()
    silent.close()
