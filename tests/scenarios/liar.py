# SPDX-License-Identifier: Apache-2.0
"""A drive server that answers as a test likes; nothing of it is ours but the words of the protocol.

What it says is put together by hand (docs/formats/wire.md), so that it can be what no server of ours
would say.
"""

import http.server
import json
import struct
import threading

DRIVE = bytes(range(1, 17))


def number(field, value):
    return varint(field << 3) + varint(value)


def data(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def node(mark):
    """The id of a node."""
    return bytes([mark]) * 16


def folder(id, parent, name, seq):
    return data(1, id) + data(2, parent) + data(3, name.encode()) + number(4, 2) + number(9, seq)


def page(entries=(), seq=1, at_head=True, reset=False):
    """A body of /sync/v1/changes."""
    message = data(1, DRIVE) + data(2, b"cursor %d" % seq)
    message += b"".join(data(3, entry) for entry in entries)
    message += number(4, at_head) + number(5, reset) + number(6, seq)
    message = data(1, message)
    return b"M" + struct.pack("<I", len(message)) + message


class Liar:
    """changes(number) gives the answer to a question for changes, by its number: a body, or None.

    pages gives other answers by their paths: (status, object), or what is good as it is (200).
    """

    def __init__(self, changes=lambda number: None, pages=None):
        liar = self
        self.asked = 0
        self.pages = pages or {}
        self.paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def answer(self, status, body, kind="application/json"):
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                liar.paths.append(self.path)
                found = liar.pages.get(self.path, (404, {}))
                status, value = found if isinstance(found, tuple) else (200, found)
                self.answer(status, json.dumps(value).encode())

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path != "/sync/v1/changes":
                    self.do_GET()
                    return
                liar.asked += 1
                body = changes(liar.asked)
                kind = "application/octet-stream"
                self.answer(200 if body else 204, body or b"", kind)

        self.pages["/api/v1/login"] = {
            "token": "token", "drive": DRIVE.hex(), "account": {"name": "alice"}, "device": {"id": 1}}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
