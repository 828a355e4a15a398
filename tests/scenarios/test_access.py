# SPDX-License-Identifier: Apache-2.0
"""Who may enter, as the operator and a signed-in device see it."""

import json
import re

from api import Api
from drive import BUILD, Server, run

IMDRIVED = BUILD / "imdrived"


def admin(server, *words, text=None, check=True):
    return run(IMDRIVED, *words, "--data", server.data, text=text, check=check)


def log_of(server):
    return (server.data.parent / f"{server.data.name}.log").read_text()


def first_links(server):
    return re.findall(r"^  (http\S+/invite/\S+)$", log_of(server), re.MULTILINE)


def test_first_administrator_gets_one_link_while_nobody_is_there(tmp_path):
    server = Server(tmp_path / "data").start()
    assert len(first_links(server)) == 1
    assert first_links(server)[0].startswith(server.url + "/invite/")
    server.stop()
    server.start()
    assert len(set(first_links(server))) == 2
    server.add_user("alice")
    server.stop()
    server.start()
    assert len(first_links(server)) == 2, "a link although somebody is there"
    server.stop()


def test_access_is_managed_with_and_without_server(tmp_path):
    server = Server(tmp_path / "data")
    admin(server, "user", "add", "alice", text="correct horse\n")
    refused = admin(server, "invite", check=False)
    assert refused.returncode == 1 and "public_url" in refused.stderr
    server.start()
    admin(server, "user", "bind", "alice", "qq", "12345")
    admin(server, "user", "role", "alice", "admin")
    link = admin(server, "invite", "--uses", "2", "--days", "3").stdout.splitlines()[0]
    assert link.startswith(server.url + "/invite/")
    listed = [admin(server, *words).stdout for words in
              (("user", "list"), ("user", "identities", "alice"), ("invitation", "list"),
               ("audit", "--account", "alice"))]
    server.stop()
    again = [admin(server, *words).stdout for words in
             (("user", "list"), ("user", "identities", "alice"), ("invitation", "list"),
              ("audit", "--account", "alice"))]
    assert listed == again
    assert "\tadmin\t1" in listed[0] and "12345" in listed[1]
    events = [line.split("\t")[3] for line in listed[3].splitlines()]
    assert events == ["what", "add", "link", "role"]
    token = link.rsplit("/", 1)[1]
    assert token not in log_of(server) and token not in admin(server, "audit").stdout


def test_a_device_sees_how_its_account_is_signed_in(server):
    phone, laptop = Api(server), Api(server)
    admin(server, "user", "bind", "alice", "xmpp", "alice@localhost")
    status, answer = laptop.call("GET", "/api/v1/devices")
    assert status == 200
    assert [(d["id"], d["this"], d["method"]) for d in answer["devices"]] == [
        (phone.device, False, "password"), (laptop.device, True, "password")]
    status, answer = laptop.call("GET", "/api/v1/identities")
    assert status == 200 and answer["password"] is True
    assert [i["provider"] for i in answer["identities"]] == ["xmpp"]
    assert laptop.call("GET", "/api/v1/sessions") == (200, {"sessions": []})
    assert laptop.raw("DELETE", "/api/v1/sessions/1")[0] == 404
    assert laptop.raw("DELETE", f"/api/v1/devices/{phone.device}")[0] == 204
    assert phone.call("GET", "/api/v1/me")[0] == 401
    rows = admin(server, "audit", "--account", "alice").stdout
    assert re.search(rf"\talice\t127.0.0.1\trevoke\talice\tdevice {phone.device} test", rows)


def test_r13_new_password_signs_everything_out(server):
    before = Api(server)
    admin(server, "user", "passwd", "alice", text="another horse\n")
    assert before.call("GET", "/api/v1/me")[0] == 401
    assert Api(server, "alice", "another horse").call("GET", "/api/v1/me")[0] == 200
    assert "correct horse" not in log_of(server) and "another horse" not in log_of(server)
    assert json.dumps(before.token) not in log_of(server)


def test_many_identities_are_bound_by_a_table(server):
    server.add_user("bob")
    table = "name,provider,subject,tenant\nalice,qq,1\nbob,wecom,zhang,corp\n"
    refused = admin(server, "user", "bind-all", text=table + "carol,qq,3\n", check=False)
    assert refused.returncode == 1 and "nothing was changed: line 4: " in refused.stderr
    assert "\tqq\t" not in admin(server, "user", "identities", "alice").stdout
    assert "2 identities" in admin(server, "user", "bind-all", text=table).stdout
    server.stop()
    assert "2 identities" in admin(server, "user", "bind-all", text=table).stdout
    assert "wecom\tcorp\tzhang" in admin(server, "user", "identities", "bob").stdout
    large = admin(server, "user", "bind-all", text="#" * (1 << 20) + "\n", check=False)
    assert large.returncode == 2 and "1 MiB" in large.stderr


def test_a_person_sees_who_he_is(server, devices):
    laptop = devices("laptop", start=False)
    admin(server, "user", "bind", "alice", "xmpp", "alice@localhost")
    admin(server, "user", "role", "alice", "admin")
    admin(server, "user", "quota", "alice", "1G")
    shown = laptop.command("account").stdout
    for part in ("alice, administrator", server.url, "number", "0 bytes of 1.1", "by xmpp",
                 "by password"):
        assert part in shown, part
    answer = json.loads(laptop.command("account", "--json").stdout)
    assert answer["account"]["name"] == "alice" and answer["account"]["role"] == "admin"
    assert answer["server"] == server.url and answer["quota"] == 1 << 30
    assert answer["password"] is True
    assert [identity["provider"] for identity in answer["identities"]] == ["xmpp"]
    laptop.command("logout")
    refused = laptop.command("account", check=False)
    assert refused.returncode == 1 and "imdrive login" in refused.stderr


def test_a_person_signs_another_device_out(devices):
    laptop, phone = devices("laptop", "phone", start=False)
    listed = laptop.command("devices").stdout.splitlines()
    assert len(listed) == 3 and sum("(this one)" in line for line in listed) == 1
    number = next(line.split()[0] for line in listed[1:] if "(this one)" not in line)
    assert "password" in listed[1]
    laptop.command("devices", "revoke", number)
    refused = phone.command("devices", check=False)
    assert refused.returncode == 1 and "sign" in refused.stderr
    assert laptop.command("devices", "revoke", number, check=False).returncode == 1
    assert laptop.command("devices", "revoke", check=False).returncode == 2
    assert len(laptop.command("devices").stdout.splitlines()) == 2
