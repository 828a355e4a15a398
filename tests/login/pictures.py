# SPDX-License-Identifier: Apache-2.0
"""A place where a chat service has people's pictures."""

import http.server
import struct
import threading
import zlib


def png_of(width, height, rows):
    """Of rows of red, green, blue."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    data = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))


def png(width=32, height=32, colour=(200, 30, 60)):
    """A picture of one colour."""
    return png_of(width, height, [bytes(colour) * width] * height)


class Album:
    """Answers with what is at each path: (status, headers, bytes)."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        self.held = threading.Event()  # until it is set, "/slow" is not answered
        album = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                album.asked.append(self.path)
                if self.path == "/slow":
                    album.held.wait(60)
                status, headers, data = album.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:  # nobody wants so much
                    pass

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, path, data, status=200, **headers):
        self.pages[path] = (status, headers, data)
        return self.url + path

    def close(self):
        self.held.set()
        self.server.shutdown()
        self.server.server_close()
