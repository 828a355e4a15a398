# SPDX-License-Identifier: Apache-2.0
"""Links with which others read: made on a device, opened by somebody who has nothing else."""

import hashlib
import io
import os
import re
import urllib.error
import urllib.request
import zipfile

from drive import BUILD, run, wait_until
from test_care import write


def share(device, name, *options):
    link = device.command("share", device.path(name), *options).stdout.strip()
    assert re.fullmatch(rf"{device.server.url}/s/[A-Za-z0-9_-]{{43}}", link), link
    return link


def shared_plan(devices):
    """A device, and the link to a file of it that holds an x."""
    a = devices("a")
    write(a.path("plan"), "x")
    a.wait_idle()
    return a, share(a, "plan")


def open_link(url, **headers):
    """Status, headers, body: as whoever has the link gets it."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def status(url):
    return open_link(url)[0]


def hrefs(server, page):
    return [server.url + href for href in re.findall(r'href="(/s/[^"]*)"', page.decode())]


def test_a_large_file_by_link(devices, server):
    a = devices("a")
    content = os.urandom(40_000_000)
    a.path("film").write_bytes(content)
    a.wait_idle()
    link = share(a, "film")
    code, headers, body = open_link(f"{link}/content")
    assert code == 200 and headers["Content-Length"] == str(len(content))
    assert hashlib.sha256(body).digest() == hashlib.sha256(content).digest()
    # A download that was cut goes on where it was.
    code, headers, rest = open_link(f"{link}/content", Range="bytes=39000001-",
                                    **{"If-Range": headers["ETag"]})
    assert code == 206 and rest == content[39_000_001:]
    assert headers["Content-Range"] == "bytes 39000001-39999999/40000000"


def test_a_link_leads_to_what_is_there_now(devices):
    a, b = devices("a", "b")
    write(a.path("plan"), "first")
    a.wait_idle()
    link = share(a, "plan")
    tag = open_link(f"{link}/content")[1]["ETag"]
    b.wait_idle()
    write(b.path("plan"), "second")
    wait_until(lambda: open_link(f"{link}/content")[2] == b"second", "the link shows the change")
    # Of another file there is no rest.
    assert open_link(f"{link}/content", Range="bytes=3-", **{"If-Range": tag})[0] == 200
    # It follows the file, and ends with it.
    wait_until(lambda: a.path("plan").read_text() == "second", "the change is on a")
    a.path("sub").mkdir()
    a.path("plan").rename(a.path("sub/moved"))
    wait_until(lambda: b"moved" in open_link(link)[2], "the link shows the new name")
    a.path("sub/moved").unlink()
    wait_until(lambda: status(link) == 404, "the link is dead")
    assert "(deleted)" in a.command("share").stdout
    a.wait_idle()
    a.command("restore", a.path("sub/moved"))
    wait_until(lambda: status(f"{link}/content") == 200, "the link is good again")


def test_a_folder_by_link(devices, server):
    a = devices("a")
    a.path("open/below").mkdir(parents=True)
    a.path("open/empty").mkdir()
    write(a.path("open/file <&>"), "one")
    write(a.path("open/below/二"), "two")
    a.path("open/run").write_text("#!/bin/sh")
    a.path("open/run").chmod(0o755)
    a.path("open/way").symlink_to("/etc/passwd")
    write(a.path("beside"), "secret")
    a.wait_idle()
    link = share(a, "open")
    code, headers, page = open_link(link)
    assert code == 200
    assert b"file &lt;&amp;&gt;" in page and b"<&>" not in page
    pages = [href for href in hrefs(server, page) if not href.endswith(("/content", "/archive"))]
    inside = [open_link(href)[2] for href in pages]
    assert any("二".encode() in page for page in inside)
    contents = [open_link(href)[2] for href in hrefs(server, page) if href.endswith("/content")]
    assert sorted(contents) == [b"#!/bin/sh", b"one"]
    # All of it at once, and nothing that leads elsewhere.
    code, headers, body = open_link(f"{link}/archive")
    assert code == 200 and 'filename="open.zip"' in headers["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(body))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == ["below/", "below/二", "empty/", "file <&>", "run"]
    assert archive.read("below/二") == b"two"
    assert archive.getinfo("run").external_attr >> 16 & 0o111


def test_a_folder_of_many_by_link(devices, server):
    a = devices("a")
    a.path("many").mkdir()
    names = {f"file {number:04}" for number in range(1203)}
    for name in names:
        a.path("many").joinpath(name).write_text(name)
    a.wait_idle()
    link = share(a, "many")
    shown = set()
    page = link
    pages = 0
    while page:
        body = open_link(page)[2]
        shown |= set(re.findall(r"file \d{4}", body.decode()))
        page = next((href for href in hrefs(server, body) if "after=" in href), None)
        pages += 1
    assert shown == names and pages == 3
    archive = zipfile.ZipFile(io.BytesIO(open_link(f"{link}/archive")[2]))
    assert set(archive.namelist()) == names and archive.testzip() is None


def test_the_whole_drive_is_not_shared(devices):
    a, link = shared_plan(devices)
    for options in ((), ("--days", "7")):
        done = a.command("share", a.folder, *options, check=False)
        assert done.returncode == 1 and "the whole drive cannot be shared: share a folder in it" \
            in done.stderr, done
    done = a.command("share", a.folder, "--end", check=False)
    assert done.returncode == 1 and "it is not shared" in done.stderr
    assert link in a.command("share").stdout
    # Nor is there anything else that is done with a file.
    assert a.command("versions", a.folder).stdout == ""
    done = a.command("restore", a.folder, "--version", "1", check=False)
    assert done.returncode == 1, done


def test_a_link_ends_when_its_owner_says_so(devices):
    a, b = devices("a", "b")
    write(a.path("plan"), "x")
    a.wait_idle()
    link = share(a, "plan", "--days", "7")
    assert share(a, "plan") == link
    listed = a.command("share").stdout
    assert "plan" in listed and link in listed and "until" in listed
    share(a, "plan", "--days", "0")
    assert "until" not in a.command("share").stdout
    # From any device of the account.
    b.wait_idle()
    assert link in b.command("share").stdout
    b.command("share", b.path("plan"), "--end")
    assert status(link) == status(f"{link}/content") == 404
    assert a.command("share").stdout == ""
    assert share(a, "plan") != link


def test_others_do_not_see_links(devices, server):
    server.add_user("bob")
    a = devices("a")
    bob = devices("bob", user="bob")
    write(a.path("plan"), "x")
    write(bob.path("plan"), "y")
    a.wait_idle()
    bob.wait_idle()
    link = share(a, "plan")
    assert bob.command("share").stdout == ""
    done = bob.command("share", bob.path("plan"), "--end", check=False)
    assert done.returncode == 1 and "it is not shared" in done.stderr
    assert open_link(f"{link}/content")[2] == b"x"


def test_a_link_is_in_no_log(devices, server):
    _, link = shared_plan(devices)
    token = link.rsplit("/", 1)[1]
    for url in (link, f"{link}/content", f"{link}/nothing", link[:-1], f"{link}x"):
        open_link(url)
    server.stop()
    log = server.data.with_name(f"{server.data.name}.log").read_text()
    assert "/s/..." in log and token[:-1] not in log
    server.check()
    server.start()
    assert status(link) == 200


def test_links_survive_a_kill(devices, server):
    a, link = shared_plan(devices)
    server.kill()
    server.start()
    assert open_link(f"{link}/content")[2] == b"x"
    a.wait_idle()
    a.command("share", a.path("plan"), "--end")
    server.kill()
    server.start()
    assert status(link) == 404


def test_a_removed_account_shares_nothing(devices, server):
    _, link = shared_plan(devices)
    run(BUILD / "imdrived", "user", "remove", "alice", "--data", server.data)
    assert status(link) == status(f"{link}/content") == 404


def test_an_operator_forbids_links(devices, server, tmp_path):
    a, link = shared_plan(devices)
    a.path("folder").mkdir()
    a.wait_idle()
    folder = share(a, "folder")
    config = tmp_path / "imdrived.conf"
    config.write_text("[share]\nlinks = no\n")
    server.stop()
    server.options = ("--config", config)
    server.start()
    for url in link, f"{link}/content", folder, f"{folder}/archive":
        assert status(url) == 404
    done = a.command("share", a.path("plan"), check=False)
    assert done.returncode == 1 and "operator of this drive does not allow links" in done.stderr
    assert "ask the operator" in done.stderr
    # They can be ended, and come back if he changes his mind.
    assert link in a.command("share").stdout
    a.command("share", a.path("folder"), "--end")
    server.stop()
    server.options = ()
    server.start()
    assert (status(link), status(folder)) == (200, 404)
