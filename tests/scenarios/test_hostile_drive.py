# SPDX-License-Identifier: Apache-2.0
"""A drive that says what it likes: nothing of it commands the terminal of who reads it."""

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from drive import Device

EVIL = "a\x1b[2J\x9b1m\r\u202egpj.exe\u2066\nimdrive: all is well"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
GOOD = "http://127.0.0.1/s/x"


class Hostile(HTTPServer):
    """Answers the same to whatever is asked."""

    def __init__(self, listen):
        host, port = listen.split(":")
        super().__init__((host, int(port)), Handler)
        self.answer = {}
        self.code = 200


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps(self.server.answer).encode()
        self.send_response(self.server.code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = handle_any

    def log_message(self, *arguments):
        pass


@contextmanager
def in_its_place(server):
    """What answers where the drive was, in which a device is signed in."""
    server.stop()
    hostile = Hostile(server.listen)
    thread = threading.Thread(target=hostile.serve_forever)
    thread.start()
    try:
        yield hostile
    finally:
        hostile.shutdown()
        thread.join()
        hostile.server_close()


@pytest.fixture
def device(tmp_path, server):
    """Signed in, with a folder that is bound; nothing runs."""
    device = Device(tmp_path, "a", server).login().start()
    device.path("plan").write_text("x")
    device.wait_idle()
    device.stop()
    return device


def read(device, *arguments):
    done = device.command(*arguments, check=False)
    for text in done.stdout, done.stderr:
        assert not OBEYED.search(text), ascii(text)
    return done


def test_what_a_drive_names_commands_no_terminal(server, device):
    link = {"path": EVIL, "url": GOOD, "node": "0", "to": EVIL}
    version = {"number": 1, "time_us": 1, "size": 1, "device": EVIL}
    about = {"id": 1, "name": EVIL, "peer": EVIL, "method": EVIL, "seen_us": 1, "role": EVIL,
             "provider": EVIL, "address": EVIL}
    file = device.path("plan")
    with in_its_place(server) as hostile:
        hostile.answer = {**link, "links": [link], "versions": [version], "devices": [about],
                          "account": about, "device": about, "identities": [about]}
        for arguments in (["share"], ["share", file, "--to", "bob@localhost"], ["versions", file],
                          ["devices"], ["account"]):
            done = read(device, *arguments)
            assert done.returncode == 0, done.stderr
            assert "\\x1b[2J" in done.stdout and "\\u202egpj.exe" in done.stdout
            # Nor is there a line that it made.
            assert not re.search("^imdrive: ", done.stdout, re.M)
        assert read(device, "share", file).stdout == GOOD + "\n"


@pytest.mark.parametrize("url", [EVIL, GOOD + "\n" + GOOD, GOOD + "\u202e", "javascript:alert(1)",
                                 f" {GOOD}", "", 7, None])
def test_what_is_no_link_is_none(server, device, url):
    link = {"path": "plan", "url": url, "node": "0"}
    file = device.path("plan")
    with in_its_place(server) as hostile:
        hostile.answer = {**link, "links": [link]}
        for arguments in ["share"], ["share", file], ["share", file, "--to", "bob@localhost"]:
            done = read(device, *arguments)
            assert done.returncode == 1 and done.stdout == ""
            assert "is no link" in done.stderr


def test_what_a_drive_refuses_commands_no_terminal(server, device):
    file = device.path("plan")
    with in_its_place(server) as hostile:
        hostile.code = 403
        hostile.answer = {"error": EVIL, "message": EVIL, "error_description": EVIL,
                          "title": EVIL, "detail": EVIL}
        for arguments in (["share"], ["share", file], ["versions", file], ["restore", file],
                          ["devices"], ["account"], ["devices", "revoke", "1"]):
            assert read(device, *arguments).returncode == 1
