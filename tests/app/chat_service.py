# SPDX-License-Identifier: Apache-2.0
"""A chat service with a page of its own, which behaves or does not."""

import html
import http.server
import ssl
import subprocess
import threading
import urllib.parse

from service import Service


class Site:
    """Serves one page at every path, made by page(handler); knows what was asked."""

    def __init__(self, page, certificate=None):
        self.asked = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                page(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"{'https' if certificate else 'http'}://{self.host}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def answer(handler, body, status=200, **headers):
    data = body.encode()
    handler.send_response(status)
    for name, value in {"Content_Type": "text/html; charset=utf-8", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def self_signed(folder):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", str(key), "-out", str(certificate)], check=True,
                   capture_output=True)
    return certificate, key


class ChatService:
    """QQ, as the tests' own record of it says: its page may stand in the window."""

    def __init__(self, root, certificate=None):
        self.person = "alice"
        self.behave = self.ask
        self.broker = Service()
        self.broker.people = {name: {"sub": name, "name": name.capitalize(), "username": name}
                              for name in ("alice", "bob")}
        self.site = Site(lambda handler: self.behave(handler), certificate)
        # Where nobody is to be sent: a page that looks the same.
        self.elsewhere = Site(lambda handler: answer(handler, "<h1>QQ</h1> your password, please"))
        self.records = root / "records"
        self.records.mkdir()
        (self.records / "qq.conf").write_text(
            f"[provider]\nid=qq\nlabel=QQ\nembedded=yes\nembed_hosts={self.site.host}\n"
            f"share_url=https://{self.site.host}/share?url={{url}}\n")
        self.broker.enable(root / "data", "qq", authorize_url=self.site.url + "/authorize")
        self.broker.enable(root / "data", "stranger", authorize_url=self.site.url + "/authorize")

    def way_back(self, handler):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(handler.path).query)
        back = urllib.parse.urlencode({"state": query["state"][0], "code": self.person})
        return f"{query['redirect_uri'][0]}?{back}"

    def ask(self, handler):
        if not handler.path.startswith("/authorize"):
            return answer(handler, "", 404)
        link = html.escape(self.way_back(handler))
        return answer(handler, f"<h1>QQ</h1><p>Sign in to the drive as {self.person}?</p>"
                               f"<a id='allow' href='{link}'>Allow</a>")

    def close(self):
        for server in (self.broker, self.site, self.elsewhere):
            server.close()
