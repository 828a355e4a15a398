# SPDX-License-Identifier: Apache-2.0
"""Walks through logins with `imdrived provider test`, being the browser between."""

import http.client
import os
import pathlib
import re
import subprocess
import urllib.parse

BUILD = pathlib.Path(os.environ.get("IMDRIVE_BUILD", pathlib.Path(__file__).parents[2] / "build"))
TIMEOUT_S = float(os.environ.get("IMDRIVE_TIMEOUT", "60"))


def get(url, cookies=None):
    """(status, headers, text) of one GET; redirects are not followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())} if cookies else {}
    connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""),
                       headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    for line in answer.headers.get_all("Set-Cookie") or []:
        if cookies is not None:
            name, _, value = line.split(";")[0].partition("=")
            cookies[name] = value
    connection.close()
    return answer.status, answer.headers, text


def follow(url, cookies=None, steps=20):
    """Goes where redirects lead, as a browser does; the last answer and its URL."""
    for _ in range(steps):
        status, headers, text = get(url, cookies)
        if status not in (301, 302, 303, 307, 308):
            return status, text, url
        url = urllib.parse.urljoin(url, headers["Location"])
    raise AssertionError(f"more than {steps} redirects")


class Outcome:
    """What `provider test` printed."""

    def __init__(self, status, out, err, url):
        self.status = status
        self.out = out
        self.err = err
        self.url = url
        found = re.findall(r"^  (provider|tenant|subject|alt_subject|name|username|email|verified|"
                           r"chat_address) +(.*)$", out, re.MULTILINE)
        self.proof = dict(found) if status == 0 else {}


class Walker:
    """A data folder with enabled services."""

    def __init__(self, folder):
        self.data = pathlib.Path(folder)
        self.providers = self.data / "providers"
        self.providers.mkdir(parents=True, exist_ok=True)

    def enable(self, name, text):
        path = self.providers / f"{name}.conf"
        path.write_text(text)
        path.chmod(0o600)

    def verb(self, *words):
        return subprocess.run([BUILD / "imdrived", "provider", *words, "--data", self.data],
                              capture_output=True, text=True, timeout=4 * TIMEOUT_S)

    def sign_in(self, name, *options, visit=follow):
        """visit(url) is the browser, from the service's page until it is back here."""
        program = subprocess.Popen(
            [BUILD / "imdrived", "provider", "test", name, *options, "--data", self.data],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out = ""
        url = None
        try:
            for line in program.stdout:
                out += line
                if out.endswith("\nOpen this in a browser:\n"):
                    url = program.stdout.readline().strip()
                    visit(url)
                    break
            rest, err = program.communicate(timeout=4 * TIMEOUT_S)
        finally:
            program.kill()
        return Outcome(program.returncode, out + rest, err, url)
