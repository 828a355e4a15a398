# SPDX-License-Identifier: Apache-2.0
"""A device that speaks to the server in its own words: JSON, and docs/formats/wire.md."""

import hashlib
import http.client
import json
import os


class Api:
    """A signed-in device that speaks JSON and, where it must, the bytes of /sync/v1/."""

    def __init__(self, server, name="alice", password="correct horse"):
        self.address = server.url.removeprefix("http://")
        self.token = None
        status, answer = self.call("POST", "/api/v1/login", {
            "name": name, "password": password, "device_name": "test"})
        assert status == 200, answer
        self.token = answer["token"]
        self.device = answer["device"]["id"]
        self.drive = bytes.fromhex(answer["drive"])

    def raw(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def call(self, method, path, value=None):
        body = json.dumps(value) if value is not None else None
        status, content = self.raw(method, path, body)
        return status, json.loads(content) if content else None

    def changes_body(self, cursor=b"", wait_ms=0):
        request = field(1, field(1, self.drive) + (field(2, cursor) if cursor else b""))
        return framed(request + b"\x10" + varint(wait_ms))

    def changes(self, cursor=b"", wait_ms=0):
        """The status of a request for changes, and the cursor of its first page."""
        status, content = self.raw("POST", "/sync/v1/changes", self.changes_body(cursor, wait_ms))
        return status, dict(fields(dict(fields(content[5:]))[1]))[2] if status == 200 else b""


    def create(self, number, name, content):
        """Commits a small file; returns the outcome of the operation."""
        digest = hashlib.sha256(content).digest()
        size = len(content).to_bytes(4, "little")
        operation = b"".join([
            b"\x08", varint(number), b"\x18\x01", field(4, os.urandom(16)), field(6, self.drive),
            field(7, name.encode()), b"\x40\x01", b"\x48", varint(len(content)),
            field(12, b"\0" + digest + size)])
        message = field(1, self.drive) + field(2, operation)
        chunk = digest + b"\0" + size + content
        body = framed(message) + b"C" + len(chunk).to_bytes(4, "little") + chunk
        status, answer = self.raw("POST", "/sync/v1/commit", body)
        assert status == 200, answer
        return dict(fields(dict(fields(answer[5:]))[1]))[2]

    def names(self):
        """All names of the drive, page by page."""
        names, cursor, at_head = set(), b"", False
        while not at_head:
            status, content = self.raw("POST", "/sync/v1/changes", self.changes_body(cursor))
            assert status == 200
            page = list(fields(dict(fields(content[5:]))[1]))
            names |= {dict(fields(entry)).get(3, b"").decode() for at, entry in page if at == 3}
            cursor, at_head = dict(page)[2], dict(page).get(4) == 1
        return names

    def has(self, content):
        """Whether the drive gives out this content."""
        request = field(1, self.drive) + field(2, hashlib.sha256(content).digest())
        status, answer = self.raw("POST", "/sync/v1/fetch", framed(request))
        return status == 200 and answer.endswith(content)


def framed(message):
    return b"M" + len(message).to_bytes(4, "little") + message


def varint(number):
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes(parts + bytes([number]))


def field(number, content):
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def fields(message):
    """(number, content) of the bytes and numbers of a protobuf message."""
    at = 0

    def take():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = take()
        size = take()
        if key & 7 == 2:
            yield key >> 3, message[at:at + size]
            at += size
        else:
            yield key >> 3, size
