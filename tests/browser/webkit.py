# SPDX-License-Identifier: Apache-2.0
"""WebKitGTK's own MiniBrowser on a display of its own, driven over WebDriver (W3C)."""

import json
import os
import subprocess
import urllib.error
import urllib.request

from drive import TIMEOUT_S, wait_until
from ports import free_port

MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
PASSING = "no such element", "no such frame", "stale element reference", "unload event"


class WebKit:
    def __init__(self, folder):
        read, write = os.pipe()
        self.display = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
            pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as number:
            display = number.readline().strip()
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.driver = subprocess.Popen(
            ["WebKitWebDriver", f"--port={port}"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "DISPLAY": f":{display}", "HOME": str(folder),
                 "XDG_RUNTIME_DIR": str(folder), "LIBGL_ALWAYS_SOFTWARE": "1",
                 "WEBKIT_DISABLE_COMPOSITING_MODE": "1"})
        self.session = None
        wait_until(self.answers, "WebKitWebDriver answers")
        options = {"binary": MINI_BROWSER, "args": ["--automation"]}
        session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "MiniBrowser", "webkitgtk:browserOptions": options}}})
        self.session = f"/session/{session['sessionId']}"

    def answers(self):
        try:
            return self.call("GET", "/status")
        except OSError:
            return None

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=4 * TIMEOUT_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from None

    def goto(self, url):
        self.call("POST", self.session + "/url", {"url": url})

    @property
    def url(self):
        return self.call("GET", self.session + "/url")

    def find_now(self, selector):
        """None if it is not there, or if the page is leaving while it is looked for."""
        try:
            found = self.call("POST", self.session + "/element",
                              {"using": "css selector", "value": selector})
            return f"{self.session}/element/{next(iter(found.values()))}"
        except AssertionError as error:
            if any(name in str(error) for name in PASSING):
                return None
            raise

    def find(self, selector):
        """Waits for the element, whatever pages pass by until then. (The driver's own waiting can
        hang for good when a page leaves.)"""
        try:
            return wait_until(lambda: self.find_now(selector), f"there is {selector}")
        except AssertionError as error:
            body = self.find_now("body")
            text = body and self.call("GET", body + "/text")
            raise AssertionError(f"{error}, at {self.url}: {text}") from None

    def wait(self, selector):
        self.find(selector)

    def fill(self, selector, text):
        self.call("POST", self.find(selector) + "/value", {"text": text})

    def click(self, selector):
        self.call("POST", self.find(selector) + "/click", {})

    def text(self, selector="body"):
        return " ".join(self.call("GET", self.find(selector) + "/text").split())

    def forget(self):
        """All cookies of the site that is open; they are gone when this returns."""
        self.call("DELETE", self.session + "/cookie")
        wait_until(lambda: not self.call("GET", self.session + "/cookie"), "the cookies are gone")

    def close(self):
        try:
            if self.session:
                self.call("DELETE", self.session)
        finally:
            for process in (self.driver, self.display):
                process.terminate()
                process.wait(TIMEOUT_S)
