# SPDX-License-Identifier: Apache-2.0
"""A desktop of the tests' own: a display, a session bus, at-spi. What a person would see and do, seen
and done through the names that a screen reader reads."""

import os
import pathlib
import shutil
import signal
import struct
import subprocess
import time

import pytest

import pictures
from door import Door
from drive import BUILD, TIMEOUT_S, wait_until

PROGRAMS = ("Xvfb", "dbus-daemon", "WebKitWebDriver", "xdotool")
MODULES = BUILD / "src/client/app"
REGISTRY = "/usr/libexec/at-spi-bus-launcher"


def missing():
    """What these tests need and is not here; None if all is."""
    for program in PROGRAMS:
        if not shutil.which(program):
            return program
    for path in (REGISTRY, BUILD / "tests/app/imdrive-app-driven", MODULES / "imdrive-web.so"):
        if not pathlib.Path(path).exists():
            return str(path)
    try:
        import pyatspi  # noqa: F401  # looks for a bus when it is used, not here
    except ImportError:
        return "python3-pyatspi"
    return None


def mount_disk(device, disk):
    """As the app does it; gives the daemon's door."""
    door = Door(device.profile)
    if not door.ask("status")["result"]["can_mount"]:
        pytest.skip("nothing can be mounted here")
    assert "result" in door.ask("attach", folder=str(disk), create=True, mount=True)
    return door


class Desktop:
    """One for all tests: at-spi's library finds its bus once in a process."""

    def __init__(self, folder):
        self.folder = folder
        read, write = os.pipe()
        self.display = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1000x1000x24", "-nolisten", "tcp",
             "-fbdir", str(folder), "-nocursor"],
            pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as number:
            display = number.readline().strip()
        # What the bus may start for the tests.
        self.services = folder / "data" / "dbus-1" / "services"
        self.services.mkdir(parents=True)
        self.bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address", "--nopidfile"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=self.environment(DISPLAY=f":{display}", XDG_DATA_HOME=str(folder / "data")))
        self.variables = {
            "DISPLAY": f":{display}",
            "DBUS_SESSION_BUS_ADDRESS": self.bus.stdout.readline().strip(),
            "XDG_RUNTIME_DIR": str(folder),
            "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo", "LIBGL_ALWAYS_SOFTWARE": "1",
            "GTK_A11Y": "atspi",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1", "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
            # The test machine may be a container in which no sandbox can be made.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "GSETTINGS_BACKEND": "memory",
        }
        subprocess.run(["gdbus", "call", "--session", "--dest", "org.a11y.Bus", "--object-path",
                        "/org/a11y/bus", "--method", "org.freedesktop.DBus.Properties.Set",
                        "org.a11y.Status", "IsEnabled", "<true>"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False, env=self.environment())
        self.connect()

    def connect(self):
        """at-spi's library looks for its bus once; other tests shall not see this desktop."""
        import pyatspi
        before = dict(os.environ)
        os.environ.update(self.variables)
        pyatspi.Registry.getDesktop(0)
        os.environ.clear()
        os.environ.update(before)

    def screen(self):
        """Its pixels, and how many are in a line: they lie in a file, as xwd writes one."""
        data = (self.folder / "Xvfb_screen0").read_bytes()
        fields = struct.unpack(">20I", data[:80])
        begin, end = fields[0] + 12 * fields[19], fields[12] * fields[5]
        return memoryview(data)[begin:begin + end], fields[12] // 4

    def picture(self, path, left, top, width, height):
        """A part of the screen, for people to look at."""
        pixels, line = self.screen()
        rows = []
        for y in range(top, top + height):
            row = pixels[4 * (y * line + left):4 * (y * line + left + width)].tobytes()
            bytes_ = bytearray(3 * width)
            bytes_[0::3], bytes_[1::3], bytes_[2::3] = row[2::4], row[1::4], row[0::4]
            rows.append(bytes(bytes_))
        pathlib.Path(path).write_bytes(pictures.png_of(width, height, rows))

    def count(self, red, green, blue):
        """How many pixels of the screen have this colour."""
        pixels = self.screen()[0].cast("I")
        wanted = red << 16 | green << 8 | blue
        return sum(1 for pixel in pixels if pixel & 0xffffff == wanted)

    def environment(self, **more):
        return {**os.environ, **getattr(self, "variables", {}), **more}

    def close(self):
        for process in (self.bus, self.display):
            process.terminate()
            process.wait(TIMEOUT_S)


class Window:
    """A running imdrive-app of one person."""

    def __init__(self, desktop, root, *arguments, language="en", dark=False,
                 browser="/bin/true", **environment):
        import pyatspi
        self.spi = pyatspi
        self.desktop = desktop
        self.profile = pathlib.Path(root) / "profile"
        self.home = pathlib.Path(root) / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = open(pathlib.Path(root) / "app.log", "ab")
        self.environment = desktop.environment(
            HOME=str(self.home), XDG_CONFIG_HOME=str(self.home / ".config"),
            XDG_DATA_HOME=str(self.home / ".data"), XDG_CACHE_HOME=str(self.home / ".cache"),
            PATH=f"{BUILD}:{os.environ['PATH']}", LANG="C.UTF-8", LC_ALL="C.UTF-8",
            LANGUAGE=language, BROWSER=browser,
            ADW_DEBUG_COLOR_SCHEME="prefer-dark" if dark else "default",
            IMDRIVE_LOCALEDIR=str(BUILD / "po"), **{"IMDRIVE_MODULEDIR": str(MODULES), **environment})
        self.start(*arguments)

    def start(self, *arguments):
        self.process = subprocess.Popen(self.command(*arguments), env=self.environment,
                                        stdout=self.log, stderr=self.log)

    def command(self, *arguments):
        return [BUILD / "tests/app/imdrive-app-driven", "--profile", self.profile, *arguments]

    def again(self, *arguments):
        """A second start, as by a link: it shows the window of the first, and ends."""
        return subprocess.run(self.command(*arguments), env=self.environment, stdout=self.log,
                              stderr=self.log, timeout=TIMEOUT_S, check=True)

    def put_service(self, name, *arguments):
        """From now on the bus starts the app when somebody asks for that name."""
        words = " ".join(f"'{key}={value}'" for key, value in self.environment.items()
                         if key.startswith(("HOME", "XDG", "IMDRIVE", "GDK", "LANG", "LC_", "PATH",
                                            "DISPLAY", "GSK", "GTK", "WEBKIT", "GSETTINGS")))
        command = " ".join(str(word) for word in self.command(*arguments))
        service = self.desktop.services / f"{name}.service"
        service.write_text(f"[D-BUS Service]\nName={name}\nExec=/usr/bin/env {words} {command}\n")
        self.call_bus("ReloadConfig")
        return service

    def call_bus(self, method, *arguments):
        """What the bus itself answers; None: it does not."""
        done = subprocess.run(
            ["gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path",
             "/org/freedesktop/DBus", "--method", f"org.freedesktop.DBus.{method}", *arguments],
            env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else None

    # ---- what is there

    def root(self):
        desktop = self.spi.Registry.getDesktop(0)
        for index in range(desktop.childCount):
            program = desktop.getChildAtIndex(index)
            try:
                words = pathlib.Path(f"/proc/{program.get_process_id()}/cmdline").read_bytes()
                if os.fsencode(self.profile) in words.split(b"\0"):
                    return program
            except Exception:  # it is just going
                pass
        return None

    def everything(self):
        """All that is shown, front to back."""
        pending = [self.root()]
        while pending:
            item = pending.pop()
            if item is None:
                continue
            try:
                states = item.getState()
                shown = (states.contains(self.spi.STATE_VISIBLE)
                         or item.getRole() == self.spi.ROLE_APPLICATION)
                if shown:
                    yield item
                    pending += [item.getChildAtIndex(i)
                                for i in reversed(range(min(item.childCount, 200)))]
            except Exception:  # what is gone is not shown
                continue

    def texts(self):
        """All names and texts that are shown."""
        found = []
        for item in self.everything():
            try:
                found += [text for text in (item.name, item.description) if text]
            except Exception:
                pass
        return found

    def is_named(self, item, name, role):
        try:
            return item.name == name and role in (None, item.getRoleName())
        except Exception:  # what is gone has no name
            return False

    def find(self, name, role=None):
        return next((item for item in self.everything() if self.is_named(item, name, role)), None)

    def act(self, item):
        """As a screen reader presses what is a button, a row, a tab."""
        roles = ("push button", "toggle button", "list item", "page tab", "radio button",
                 "menu item", "check box", "switch")
        try:
            if (item.getRoleName() not in roles
                    or not item.getState().contains(self.spi.STATE_SENSITIVE)):
                return False
            action = item.queryAction()
            return action.nActions > 0 and action.doAction(0)
        except Exception:  # not one that can be pressed, or gone
            return False

    # ---- what a person does

    def wait(self, name, role=None):
        try:
            return wait_until(lambda: self.find(name, role), f"the app shows {name!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nit shows {self.texts()}") from None

    def wait_text(self, part):
        """Waits for a text that has this in it; gives it whole."""
        def look():
            return next((text for text in self.texts() if part in text), None)
        try:
            return wait_until(look, f"the app says {part!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nit shows {self.texts()}") from None

    def click(self, name, role=None):
        def press():
            return any(self.act(item) for item in self.everything()
                       if self.is_named(item, name, role))
        try:
            wait_until(press, f"{name!r} can be pressed")
        except AssertionError as error:
            raise AssertionError(f"{error}\nit shows {self.texts()}") from None

    def click_for(self, name, wanted):
        """Presses it until what it is to bring is there: a list may be made anew just then."""
        def press():
            if not self.find(wanted):
                next((True for item in self.everything()
                      if self.is_named(item, name, None) and self.act(item)), False)
                return False
            return True
        try:
            wait_until(press, f"{name!r} brings {wanted!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nit shows {self.texts()}") from None

    def type(self, name, text):
        """Into the entry of that name."""
        def put():
            item = self.find(name)
            if not item:
                return False
            for entry in self.below(item):
                try:
                    return entry.queryEditableText().setTextContents(text)
                except NotImplementedError:
                    continue
            return False
        try:
            wait_until(put, f"{name!r} can be typed into")
        except AssertionError as error:
            raise AssertionError(f"{error}\nit shows {self.texts()}") from None

    def keys(self, *words):
        """The display's keyboard, and what it is connected to."""
        return subprocess.run(["xdotool", *words], capture_output=True, text=True, check=True,
                              env=self.environment).stdout

    def focus(self):
        """There is no window manager that would do it."""
        windows = self.keys("search", "--onlyvisible", "--pid", str(self.process.pid)).split()
        self.keys("windowfocus", windows[-1])

    def has_focus(self, name):
        def look(item):
            try:
                return item.name == name and item.getState().contains(self.spi.STATE_FOCUSED)
            except Exception:  # what is gone has none
                return False
        return any(look(item) for item in self.everything())

    def is_checked(self, row):
        """Whether what can be checked in the row of that name is."""
        item = self.find(row, "list item")
        try:
            return bool(item) and any(below.getState().contains(self.spi.STATE_CHECKED)
                                      for below in self.below(item))
        except Exception:  # it is just made anew
            return False

    def key(self, name):
        self.keys("key", name)

    def below(self, item):
        pending = [item]
        while pending:
            item = pending.pop()
            if item is not None:
                yield item
                pending += [item.getChildAtIndex(i) for i in reversed(range(item.childCount))]

    def ask(self, method, **params):
        """Of its daemon."""
        answer = Door(self.profile).ask(method, **params)
        assert "result" in answer, answer
        return answer["result"]

    def boxes(self):
        """(left, top, width, height) of all its windows on the screen, the last one opened last."""
        found = []
        for window in self.keys("search", "--onlyvisible", "--pid", str(self.process.pid)).split():
            text = self.keys("getwindowgeometry", "--shell", window)
            values = dict(line.split("=") for line in text.split())
            found.append(tuple(int(values[key]) for key in ("X", "Y", "WIDTH", "HEIGHT")))
        return found

    def picture(self, path):
        """Of the window that was opened last, for people to look at: once nothing moves any more."""
        self.keys("mousemove", "999", "999")
        time.sleep(0.8)
        self.desktop.picture(path, *self.boxes()[-1])

    def close(self):
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
        self.log.close()
        self.stop_daemon()

    def stop_daemon(self):
        """The app started it, and it outlives the app."""
        try:
            Door(self.profile).ask("stop")
        except OSError:
            return
        wait_until(lambda: not (self.profile / "control.sock").exists(), "the daemon ended")

    def stop_daemon_for(self, deed):
        """Something happens while no daemon runs; the app starts it again."""
        self.process.send_signal(signal.SIGSTOP)
        self.stop_daemon()
        deed()
        self.process.send_signal(signal.SIGCONT)
