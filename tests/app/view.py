# SPDX-License-Identifier: Apache-2.0
"""What is in the web view of the app, which at-spi does not see: driven by WebKit's WebDriver."""

import os
import subprocess

from drive import TIMEOUT_S, wait_until
from ports import free_port
from webkit import WebKit


class View(WebKit):
    """Starts an app (start, given what is to be in its environment) whose view it drives."""

    def __init__(self, desktop, start):
        port, inspected = free_port(), free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.session = None
        self.window = start(IMDRIVE_APP_AUTOMATION="1",
                            WEBKIT_INSPECTOR_SERVER=f"127.0.0.1:{inspected}")
        self.driver = subprocess.Popen(
            ["WebKitWebDriver", f"--port={port}", f"--target=127.0.0.1:{inspected}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=desktop.environment())
        try:
            wait_until(self.answers, "WebKitWebDriver answers")
            session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {}}})
        except BaseException:
            self.close()
            raise
        self.session = f"/session/{session['sessionId']}"

    def run(self, script):
        """What a script says that runs in the page."""
        return self.call("POST", self.session + "/execute/sync", {"script": script, "args": []})

    def value(self, selector):
        self.find(selector)
        return self.run(f"return document.querySelector({selector!r}).value")

    def type(self, selector, text):
        self.focus(selector)
        self.window.keys("type", text)
        wait_until(lambda: self.value(selector) == text, f"{text!r} stands in {selector}")

    def focus(self, selector):
        self.find(selector)
        self.window.focus()
        wait_until(lambda: self.run(
            f"const it = document.querySelector({selector!r}); it?.focus();"
            "return document.hasFocus() && it === document.activeElement"),
            f"{selector} has the focus")

    def press(self, selector):
        """As a person does with the keyboard: no script of a page can."""
        self.focus(selector)
        self.window.key("Return")

    def close(self):
        self.driver.terminate()
        self.driver.wait(TIMEOUT_S)
