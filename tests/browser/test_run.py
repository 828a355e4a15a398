# SPDX-License-Identifier: Apache-2.0
"""./run to the letter: what the README's "Try it" and the printed instructions say, with Chromium."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

from browser import ROOT
from ports import free_port

LIMIT_S = 180


@pytest.fixture
def story(tmp_path):
    """./run, started, with what it printed. Ended by Ctrl-C; then nothing of it is left."""
    ports = {name: free_port() for name in ("drive", "chat", "component")}
    environment = {
        **os.environ,
        "IMDRIVE_DATA": str(tmp_path / "demo"),
        "IMDRIVE_LISTEN": f"127.0.0.1:{ports['drive']}",
        "IMDRIVE_CHAT_PORT": str(ports["chat"]),
        "IMDRIVE_COMPONENT_PORT": str(ports["component"]),
    }
    with open(tmp_path / "run.log", "wb") as log:
        process = subprocess.Popen([ROOT / "run"], stdout=subprocess.PIPE, stderr=log, text=True,
                                   env=environment, start_new_session=True)
    printed = ""
    while "Ctrl-C here" not in printed:
        line = process.stdout.readline()
        assert line, f"./run ended:\n{printed}\n{(tmp_path / 'run.log').read_text()}"
        printed += line
    yield printed
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(LIMIT_S) == 0
    for port in ports.values():
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def commands(printed, word):
    """The printed commands of imdrive with that verb, as they are to be typed."""
    return [line.split() for line in printed.split("\n") if re.match(rf" +build/imdrive .*{word} ", line)]


def login(command, browser_of, folder, name):
    """Types the command; the page that it opens is shown in the given browser."""
    opened = folder / f"{name}.url"
    opener = folder / f"{name}.sh"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" >{opened}.new && mv {opened}.new {opened}\n')
    opener.chmod(0o755)
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "BROWSER": str(opener)},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + LIMIT_S
    while not opened.exists():
        assert time.monotonic() < end and process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    browser_of.goto(opened.read_text(), tab=2)
    browser_of.click("button.primary", tab=2)
    output = process.communicate(timeout=LIMIT_S)[0]
    assert process.returncode == 0, output
    return output


def test_the_whole_story_as_it_is_printed(story, browser, tmp_path):
    chat = re.search(r"http://\S+/alice.html", story).group()
    drive = re.search(r"Open the drive in another:\s+(http://\S+)", story).group(1)
    alice = browser.open("alice of ./run")
    field = "textarea.chat-textarea"
    alice.goto(chat)
    alice.wait(field)
    alice.goto(drive, tab=1)
    alice.fill("#address", "alice@localhost", tab=1)
    alice.do("press", 1, selector="#address", value="Enter")
    alice.wait(url=f"{drive}/login/chat", tab=1)
    number = re.search(r"\b([1-9][0-9])\b", alice.text(tab=1)).group(1)
    alice.wait("text=two-digit number")
    assert "Demo drive" in alice.text()
    alice.fill(field, number)
    alice.do("press", 0, selector=field, value="Enter")
    alice.wait("text=You have shown that", tab=1)
    alice.click("button.primary", tab=1)
    alice.wait(url=f"{drive}/account", tab=1)

    logins = commands(story, "login")
    assert [len(logins), "--user" in story, "password" in story.lower()] == [2, False, True]
    outputs = [login(c, alice, tmp_path, f"device{i}") for i, c in enumerate(logins)]
    assert all("alice" in output for output in outputs)
    laptop, desktop = [[*command, "--once"] for command in commands(story, "sync")]
    subprocess.run(laptop, cwd=ROOT, check=True, timeout=LIMIT_S)
    with open(f"{laptop[-2]}/hello.txt", "w") as file:
        file.write("hello\n")
    for command in laptop, desktop:
        subprocess.run(command, cwd=ROOT, check=True, timeout=LIMIT_S)
    with open(f"{desktop[-2]}/hello.txt") as file:
        assert file.read() == "hello\n"

    bob = browser.open("bob of ./run")
    bob.goto(re.search(r"http://\S+/bob.html", story).group())
    bob.wait(field)
    [share] = commands(story, "share")
    subprocess.run(share, cwd=ROOT, check=True, timeout=LIMIT_S)
    # With the word joiner that keeps chat programs from making a link of a name.
    bob.wait("text=hello.\u2060txt")
    link = re.search(rf"{drive}/s/\S+", bob.text()).group()
    bob.goto(link, tab=1)
    bob.wait("text=Demo drive", tab=1)
    assert "hello.txt" in bob.text(tab=1)


def test_pages_with_passwords_are_nobody_elses(story):
    """No other site may read them."""
    chat = re.search(r"http://\S+/bob.html", story).group()
    asked = urllib.request.Request(chat, headers={"Origin": "http://evil.example"})
    with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:
        assert answer.status == 200
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
