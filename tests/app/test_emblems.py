# SPDX-License-Identifier: Apache-2.0
"""Emblems and menu in the file manager, asked for as nautilus and Caja ask: tests/app/emblems.c."""

import json
import os
import queue
import signal
import subprocess
import threading

import pytest

from desktop import mount_disk
from drive import BUILD, TIMEOUT_S, wait_until


class FileManager:
    def __init__(self, name, state):
        self.process = subprocess.Popen(
            [BUILD / f"tests/app/emblems-{name}", BUILD / f"src/client/{name}/imdrive-{name}.so"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "XDG_STATE_HOME": str(state)})
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def do(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()

    def hear(self, key):
        """The next line that is about this."""
        while True:
            line = self.lines.get(timeout=TIMEOUT_S)
            if key in line:
                return line

    def look(self, path):
        self.do("look", path)
        answer = self.hear("path")
        assert answer["path"] == str(path)
        return answer["emblems"], answer["how"]

    def emblem(self, path):
        return self.look(path)[0]

    def menu(self, *paths):
        self.do("menu", *paths)
        return self.hear("menu")["menu"]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(TIMEOUT_S) == 0


@pytest.fixture(params=["nautilus", "caja"])
def manager(request, tmp_path, device):
    if not (BUILD / f"tests/app/emblems-{request.param}").exists():
        pytest.skip(f"needs what {request.param}'s extensions are built with: tools/install app")
    manager = FileManager(request.param, tmp_path / "state")
    yield manager
    manager.close()


def test_files_have_the_emblems_of_how_they_stand(device, manager, server, tmp_path):
    done = device.folder / "done.txt"
    done.write_text("x")
    # Without a daemon, and elsewhere, there is nothing to wait for.
    assert manager.look(done) == ([], "at once")
    device.start()
    wait_until(lambda: manager.emblem(done) == ["imdrive-synced"], "it is on the drive")
    assert manager.look(tmp_path / "elsewhere") == ([], "at once")
    copy = device.folder / "a (conflict, bob, 2026-11-30 12.00).txt"
    copy.write_text("x")
    wait_until(lambda: manager.emblem(copy) == ["imdrive-problem"], "it waits for a choice")
    assert manager.menu(copy) == ["imdrive::decide"]
    assert manager.menu(done) == ["imdrive::versions", "imdrive::share"]
    assert manager.menu(done, copy) == [] and manager.menu(device.folder) == []
    server.kill()
    done.write_text("xy")
    wait_until(lambda: manager.emblem(done) == ["imdrive-syncing"], "it is on its way")
    # The file manager is told once it is there, and asks again.
    while not manager.lines.empty():
        manager.lines.get()
    server.start()
    manager.hear("changed")
    wait_until(lambda: manager.emblem(done) == ["imdrive-synced"], "it came there")


def test_a_daemon_that_hangs_holds_nobody_up(device, manager):
    (device.folder / "a").write_text("x")
    device.start()
    wait_until(lambda: manager.emblem(device.folder / "a") == ["imdrive-synced"], "it is there")
    device.process.send_signal(signal.SIGSTOP)
    try:
        manager.do("look", device.folder / "a")
        # Answered meanwhile, by the same thread.
        assert manager.menu(device.folder / "a") == ["imdrive::versions", "imdrive::share"]
    finally:
        device.process.send_signal(signal.SIGCONT)
    assert manager.hear("path")["emblems"] == ["imdrive-synced"]


def test_a_daemon_that_ends_and_comes_back_is_followed(device, manager):
    (device.folder / "a").write_text("x")
    for _ in range(2):
        device.start()
        wait_until(lambda: manager.emblem(device.folder / "a") == ["imdrive-synced"], "it is there")
        device.stop()
        wait_until(lambda: manager.look(device.folder / "a") == ([], "at once"), "it is not known")


def test_the_menu_keeps_and_frees_on_a_mounted_disk(device, manager):
    device.start()
    disk = device.folder.with_name("disk")
    mount_disk(device, disk)
    film, folder = disk / "film", disk / "folder"
    film.write_bytes(b"x" * 100_000)
    folder.mkdir()
    wait_until(lambda: manager.emblem(film) == ["imdrive-synced"], "it is on the drive")
    assert manager.menu(film) == ["imdrive::versions", "imdrive::share", "imdrive::pin", "imdrive::free"]

    def choose(name, emblem):
        manager.do("choose", f"imdrive::{name}", film)
        wait_until(lambda: manager.emblem(film) == [emblem], f"{name} is done")

    choose("pin", "imdrive-pinned")
    assert "imdrive::unpin" in manager.menu(film) and "imdrive::pin" not in manager.menu(film)
    choose("unpin", "imdrive-synced")
    choose("free", "imdrive-online")
    assert manager.menu(film) == ["imdrive::versions", "imdrive::share", "imdrive::pin"]
    assert film.read_bytes() == b"x" * 100_000
