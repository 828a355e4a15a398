# SPDX-License-Identifier: Apache-2.0
"""Chromium through Playwright (browser.mjs), as plain calls."""

import json
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Browser:
    def __init__(self):
        found = subprocess.run([ROOT / "tools/node", "tests/node"], cwd=ROOT, check=True,
                               capture_output=True, text=True)
        node = found.stdout.split()[-1]
        modules = pathlib.Path(node).parent / "node_modules"
        self.process = subprocess.Popen(
            [node, pathlib.Path(__file__).with_name("browser.mjs"), modules,
             shutil.which("chromium")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, verb, **values):
        self.process.stdin.write(json.dumps({"do": verb, **values}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the browser ended"
        answer = json.loads(line)
        assert answer["ok"], f"{verb} {values}: {answer.get('error')}"
        return answer

    def open(self, name, **options):
        self.do("open", context=name, **options)
        return Context(self, name)

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class Context:
    """One person's browser: cookies of its own."""

    def __init__(self, browser, name):
        self.browser = browser
        self.name = name

    def do(self, verb, tab=0, **values):
        return self.browser.do(verb, context=self.name, tab=tab, **values)

    def goto(self, url, tab=0):
        return self.do("goto", tab, url=url)

    def fill(self, selector, value, tab=0):
        self.do("fill", tab, selector=selector, value=value)

    def click(self, selector, tab=0):
        self.do("click", tab, selector=selector)

    def wait(self, selector=None, url=None, tab=0):
        self.do("wait", tab, **({"url": url} if url else {"selector": selector}))

    def look(self, tab=0):
        return self.do("look", tab)

    def text(self, tab=0):
        return " ".join(self.look(tab)["text"].split())

    def forget(self):
        self.do("forget")

    def shot(self, path, tab=0):
        self.do("shot", tab, path=str(path))

    def sign_in(self, tab=0, name="alice", password="correct horse"):
        self.fill("#local-name", name, tab)
        self.fill("#local-password", password, tab)
        self.click("form[action^='/login/password'] button", tab)
