# SPDX-License-Identifier: Apache-2.0
"""A chat service that signs people in by OAuth 2, as small as it gets. It has no page: a test comes
back to the drive with a code as the service would send it. A code is somebody's name."""

import http.server
import json
import threading
import urllib.parse


class Service:
    def __init__(self):
        self.people = {}  # code -> what userinfo says
        self.asked = []  # forms that came to the token endpoint
        self.down = False
        self.signed_in = None  # whose browser it is: sends him back at once
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, value, status=200):
                body = json.dumps(value).encode()
                self.send_response(503 if service.down else status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                size = int(self.headers.get("Content-Length", 0))
                form = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode()))
                service.asked.append(form)
                code = form.get("code")
                if code in service.people:
                    self.answer({"access_token": code, "token_type": "Bearer"})
                else:
                    self.answer({"error": "invalid_grant"}, 400)

            def do_GET(self):
                target = urllib.parse.urlsplit(self.path)
                if target.path == "/authorize" and service.signed_in:
                    query = dict(urllib.parse.parse_qsl(target.query))
                    back = {"code": service.signed_in, "state": query["state"]}
                    self.send_response(302)
                    self.send_header("Location", f"{query['redirect_uri']}?"
                                     f"{urllib.parse.urlencode(back)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                self.answer(service.people.get(token, {"error": "invalid_token"}))

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def record(self, name, **fields):
        """A provider's record, as an operator writes it."""
        values = {
            "extends": "oauth2", "id": name, "label": name.capitalize(), "client_id": "drive",
            "client_secret": "a secret of the drive", "allow_http_loopback": "true",
            "authorize_url": self.url + "/authorize", "token_url": self.url + "/token",
            "userinfo_url": self.url + "/me", "register": "auto", **fields}
        lines = [f"{key}={value}" for key, value in values.items()]
        return "[provider]\n" + "\n".join(lines) + "\n"

    def enable(self, data, name, **fields):
        folder = data / "providers"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.conf"
        path.write_text(self.record(name, **fields))
        path.chmod(0o600)
