# SPDX-License-Identifier: Apache-2.0
"""The file managers themselves, with the menu (and emblems) that our extensions give them: pressed
through at-spi. What the extensions say in which case is asked in test_emblems.py."""

import pathlib
import platform
import shutil
import subprocess

import pytest

from desktop import Window
from door import Door
from drive import BUILD, TIMEOUT_S, Device, wait_until

PLACES = {"thunar": "thunarx-3", "caja": "caja/extensions-2.0"}
PROGRAMS = {"thunar": ["thunar"], "caja": ["caja", "--no-desktop", "--browser"]}
OVERLAY = 'mount -t overlay overlay -o lowerdir="$1:$2" "$2" && shift 2 && exec "$@"'
PLACE = pathlib.Path(f"/usr/lib/{platform.machine()}-linux-gnu")


def overlaid(layer, *command):
    """The command, for which the layer lies over PLACE; nobody else sees it."""
    return ["unshare", "-m", "sh", "-c", OVERLAY, "sh", layer, PLACE, *command]


class Program(Window):
    """A file manager that shows a folder."""

    def __init__(self, desktop, root, name, folder):
        import pyatspi
        self.spi = pyatspi
        self.desktop = desktop
        self.name = name
        home = root / "home"
        home.mkdir(exist_ok=True)
        self.log = open(root / f"{name}.log", "ab")
        self.environment = desktop.environment(
            HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"),
            XDG_STATE_HOME=str(root / "state"), XDG_DATA_HOME=str(home / ".data"),
            XDG_CACHE_HOME=str(home / ".cache"), LANG="C.UTF-8", LC_ALL="C.UTF-8",
            LANGUAGE="en")
        self.process = subprocess.Popen(self.command(root, folder), env=self.environment,
                                        stdout=self.log, stderr=self.log)

    def command(self, root, folder):
        """They look for extensions in one place only, in which they are shown ours."""
        layer = root / "layer"
        inside = layer / PLACES[self.name]
        inside.mkdir(parents=True)
        shutil.copy(BUILD / f"src/client/{self.name}/imdrive-{self.name}.so", inside)
        return overlaid(layer, *PROGRAMS[self.name], folder)

    def root(self):
        desktop = self.spi.Registry.getDesktop(0)
        for index in range(desktop.childCount):
            program = desktop.getChildAtIndex(index)
            try:
                if program.get_process_id() == self.process.pid:
                    return program
            except Exception:  # it is just going
                pass
        return None

    def open_menu(self, entry):
        """Of the one file in the folder; until our part of it is there, which a daemon is asked for."""
        def press():
            self.key("Escape")
            self.key("ctrl+a")
            self.key("Menu")
            try:
                return wait_until(lambda: self.find(entry, "menu item"), "a menu", TIMEOUT_S / 12)
            except AssertionError:
                return False
        self.wait_text("1 file" if self.name == "thunar" else "1 item")
        self.focus()
        wait_until(press, f"the menu has {entry!r}", 4 * TIMEOUT_S)

    def close(self):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
        self.log.close()


@pytest.fixture
def device(tmp_path, server):
    device = Device(tmp_path, "a", server)
    (tmp_path / "state").mkdir()
    device.profile = tmp_path / "state" / "imdrive"
    device.login()
    device.start()
    yield device
    device.stop()


@pytest.fixture(params=["thunar", "caja"])
def name(request, tmp_path):
    if not (BUILD / f"src/client/{request.param}/imdrive-{request.param}.so").exists():
        pytest.skip(f"needs what {request.param}'s extensions are built with: tools/install app")
    if not shutil.which(request.param):
        pytest.skip(f"needs {request.param}: tools/install test")
    if subprocess.run(overlaid(tmp_path, "true"), capture_output=True, check=False).returncode:
        pytest.skip("nothing can be shown in another place here (unshare, mount)")
    return request.param


@pytest.fixture
def open_in(desktop, tmp_path, name):
    """Starts the file manager on a folder."""
    opened = []

    def start(folder):
        opened.append(Program(desktop, tmp_path, name, folder))
        return opened[-1]

    yield start
    for window in opened:
        window.close()


def put_app(home, opened):
    """The app, as it is installed; here it notes what it is opened with."""
    folder = home / ".data" / "applications"
    folder.mkdir(parents=True)
    program = home / "app"
    program.write_text(f"#!/bin/sh\necho \"$1\" >> {opened}\n")
    program.chmod(0o755)
    (folder / "org.imdrive.App.desktop").write_text(
        f"[Desktop Entry]\nType=Application\nName=imdrive\nExec={program} %U\n")


def test_the_menu_leads_to_earlier_versions(device, open_in, tmp_path):
    letter, opened = device.folder / "letter.txt", tmp_path / "opened"
    letter.write_text("x")
    put_app(tmp_path / "home", opened)
    window = open_in(device.folder)
    window.open_menu("Earlier Versions…")
    window.click("Earlier Versions…", "menu item")
    wait_until(opened.exists, "the app is opened")
    wait_until(lambda: opened.read_text().split(), "with something")
    assert set(opened.read_text().split()) <= {letter.as_uri(), str(letter)}


def test_the_menu_keeps_a_file_of_the_disk_here(device, open_in):
    door = Door(device.profile)
    if not door.ask("status")["result"]["can_mount"]:
        pytest.skip("nothing can be mounted here")
    disk = device.folder.with_name("disk")
    assert "result" in door.ask("attach", folder=str(disk), create=True, mount=True)
    film = disk / "film"
    film.write_bytes(b"x" * 100_000)
    window = open_in(disk)
    window.open_menu("Keep on This Device")
    window.click("Keep on This Device", "menu item")
    wait_until(lambda: door.ask("keep", paths=[str(film)])["result"]["states"] == ["pinned"],
               "it is kept")
