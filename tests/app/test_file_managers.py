# SPDX-License-Identifier: Apache-2.0
"""The file managers themselves, with the menu (and emblems) that our extensions give them: pressed
through at-spi. What the extensions say in which case is asked in test_emblems.py."""

import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import time

import pytest

from desktop import Window, mount_disk
from drive import BUILD, TIMEOUT_S, wait_until

PLACES = {"thunar": "thunarx-3", "caja": "caja/extensions-2.0", "nautilus": "nautilus/extensions-4"}
PROGRAMS = {"thunar": ["thunar"], "caja": ["caja", "--no-desktop", "--browser"],
            "nautilus": ["nautilus", "--new-window"]}
OVERLAY = 'mount -t overlay overlay -o lowerdir="$1:$2" "$2" && shift 2 && exec "$@"'
PLACE = pathlib.Path(f"/usr/lib/{platform.machine()}-linux-gnu")


def overlaid(layer, *command):
    """The command, for which the layer lies over PLACE; nobody else sees it."""
    return ["unshare", "-m", "sh", "-c", OVERLAY, "sh", layer, PLACE, *command]


class Program(Window):
    """A file manager that shows a folder."""

    def __init__(self, desktop, root, name, folder, language="en", dark=False):
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
            LANGUAGE=language, IMDRIVE_LOCALEDIR=str(BUILD / "po"),
            ADW_DEBUG_COLOR_SCHEME="prefer-dark" if dark else "default",
            **({"GTK_THEME": "Adwaita:dark"} if dark and name != "nautilus" else {}))
        self.process = subprocess.Popen(self.command(root, folder), env=self.environment,
                                        stdout=self.log, stderr=self.log)

    def command(self, root, folder):
        """They look for extensions in one place only, in which they are shown ours."""
        layer = root / "layer"
        inside = layer / PLACES[self.name]
        inside.mkdir(parents=True, exist_ok=True)
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
def device(device):
    device.start()
    return device


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

    def start(folder, **options):
        opened.append(Program(desktop, tmp_path, name, folder, **options))
        return opened[-1]

    yield start
    for window in opened:
        if window.process.poll() is None:
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


class Own(Window):
    """The app of the person's own profile, by the name under which file managers know it."""

    def command(self, *arguments):
        return [BUILD / "tests/app/imdrive-app-driven", *arguments]

    def root(self):
        return Program.root(self)


def test_the_menu_shares_a_file(device, open_in, desktop, tmp_path):
    (device.folder / "letter.txt").write_text("x")
    app = Own(desktop, tmp_path, XDG_STATE_HOME=str(tmp_path / "state"))
    try:
        app.wait("Up to date")
        manager = open_in(device.folder)
        manager.open_menu("Share by Link…")
        manager.click("Share by Link…", "menu item")
        app.wait("Make a link")
    finally:
        app.process.terminate()
        app.process.wait(TIMEOUT_S)


class Started(Own):
    """One that the bus starts, as its file says that is installed."""

    ID = "org.imdrive.App"

    def start(self, *arguments):
        installed = (BUILD / f"contrib/desktop/{self.ID}.service").read_text()
        [name] = re.findall("^Name=(.*)$", installed, re.M)
        [words] = re.findall(r"^Exec=/\S*/imdrive-app (.*)$", installed, re.M)
        self.service = self.put_service(name, *words.split())

    def number(self):
        """Of its process; None while it does not run."""
        answer = self.call_bus("GetConnectionUnixProcessID", self.ID)
        return int(re.search(r"uint32 (\d+)", answer)[1]) if answer else None

    def root(self):
        number = self.number()
        desktop = self.spi.Registry.getDesktop(0)
        for index in range(desktop.childCount if number else 0):
            program = desktop.getChildAtIndex(index)
            try:
                if program.get_process_id() == number:
                    return program
            except Exception:  # it is just going
                pass
        return None

    def close(self):
        self.service.unlink()
        self.call_bus("ReloadConfig")
        number = self.number()
        if number:
            os.kill(number, signal.SIGTERM)
            wait_until(lambda: not self.number(), "the app has ended")
        self.log.close()


def test_the_menu_starts_the_app_to_share_a_file(device, open_in, desktop, tmp_path):
    (device.folder / "letter.txt").write_text("x")
    app = Started(desktop, tmp_path, XDG_STATE_HOME=str(tmp_path / "state"))
    try:
        manager = open_in(device.folder)
        manager.open_menu("Share by Link…")
        assert not app.number(), "it runs already"
        manager.click("Share by Link…", "menu item")
        app.wait("Make a link")
        app.wait("letter.txt")
    finally:
        app.close()


def test_the_menu_keeps_a_file_of_the_disk_here(device, open_in):
    disk = device.folder.with_name("disk")
    door = mount_disk(device, disk)
    film = disk / "film"
    film.write_bytes(b"x" * 100_000)
    window = open_in(disk)
    window.open_menu("Keep on This Device")
    window.click("Keep on This Device", "menu item")
    wait_until(lambda: door.ask("keep", paths=[str(film)])["result"]["states"] == ["pinned"],
               "it is kept")


# ---- pictures, for people to look at

SCREENSHOTS = os.environ.get("IMDRIVE_SCREENSHOTS")
# Where the only file of a folder lies in their windows.
FILES = {"thunar": ("215", "150"), "caja": ("235", "163")}
CHINESE = {"language": "zh_CN", "dark": True}


@pytest.fixture
def disk(device, tmp_path):
    """A mounted disk with a file of each kind."""
    disk = tmp_path / "home" / "Drive"
    disk.parent.mkdir()
    door = mount_disk(device, disk)
    (disk / "Photos").mkdir()
    for name in ("Film.mkv", "Letter.odt", "Song.ogg", "Text.txt",
                 "Text (conflict, laptop, 2026-11-30 12.00).txt"):
        (disk / name).write_bytes(b"x" * 100_000)
    wait_until(lambda: door.ask("status")["result"]["state"] == "idle", "all is on the drive")
    for name, keep in (("Film.mkv", "online-only"), ("Song.ogg", "pinned")):
        wait_until(lambda: door.ask("keep", paths=[str(disk / name)], keep=keep)["result"]["states"]
                   == [keep], f"{name} is {keep}")
    icons = tmp_path / "home" / ".data" / "icons" / "hicolor"
    shutil.copytree(BUILD.parent / "src/client/app/assets/icons", icons)
    yield disk


def open_submenu(window):
    """Ours, of the only file in the folder; as it is once it is known how that stands."""
    window.focus()
    for known in False, True:
        window.keys("mousemove", *FILES[window.name], "click", "3")
        time.sleep(1)
        if not known:
            window.key("Escape")
            time.sleep(1)
    boxes = [item.queryComponent().getExtents(window.spi.DESKTOP_COORDS)
             for item in window.everything() if window.is_named(item, "imdrive", "menu")]
    box = next(box for box in boxes if box.x >= 0)
    window.keys("mousemove", str(box.x + box.width - 5), str(box.y + 10))
    time.sleep(1)


@pytest.mark.skipif(not SCREENSHOTS, reason="for people to look at: IMDRIVE_SCREENSHOTS")
@pytest.mark.parametrize("name", PLACES, indirect=True)
@pytest.mark.parametrize("look", ["light", "zh-dark"])
def test_the_file_manager_is_shown(disk, open_in, name, look):
    options, suffix = (CHINESE, f"-{look}") if look != "light" else ({}, "")
    pictures = pathlib.Path(SCREENSHOTS)
    if name != "thunar":  # whose extensions have no emblems
        window = open_in(disk, **options)
        wait_until(window.root, "it is there")
        time.sleep(3)
        window.picture(pictures / f"{name}-emblems{suffix}.png")
        window.close()
    if name != "nautilus":  # whose menu has black corners where nothing composes windows
        (disk / "Texts").mkdir()
        (disk / "Texts" / "Report.odt").write_bytes(b"x" * 100_000)
        window = open_in(disk / "Texts", **options)
        wait_until(window.root, "it is there")
        time.sleep(3)
        open_submenu(window)
        boxes = [box for box in window.boxes() if box[0] >= 0]
        window.desktop.picture(pictures / f"{name}-menu{suffix}.png", 0, 0,
                               max(left + width for left, _, width, _ in boxes),
                               max(top + height for _, top, _, height in boxes))
