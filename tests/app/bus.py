# SPDX-License-Identifier: Apache-2.0
"""What a desktop has on its session bus, for tests: a tray, and notifications that can be pressed."""

import threading

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

from drive import wait_until  # noqa: E402

WATCHER = "org.kde.StatusNotifierWatcher"
NOTIFICATIONS = "org.freedesktop.Notifications"
XML = f"""<node>
<interface name="{WATCHER}">
  <method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
  <property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
</interface>
<interface name="{NOTIFICATIONS}">
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/>
    <arg type="u" direction="out"/>
  </method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
  </method>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
  <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
</interface>
</node>"""


class Shell:
    """The part of a desktop that shows icons and notifications."""

    def __init__(self, address):
        self.bus = Gio.DBusConnection.new_for_address_sync(
            address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.items = []
        self.count = 0
        self.shown = {}  # number of a notification -> (title, text, {label: action})
        self.context = GLib.MainContext()
        self.loop = GLib.MainLoop.new(self.context, False)
        ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=[ready], daemon=True)
        self.thread.start()
        ready.wait()

    def run(self, ready):
        self.context.push_thread_default()
        for interface in Gio.DBusNodeInfo.new_for_xml(XML).interfaces:
            path = "/" + ("StatusNotifierWatcher" if interface.name == WATCHER
                          else "org/freedesktop/Notifications")
            self.bus.register_object(path, interface, self.called, lambda *_: None, None)
            self.bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", "RequestName",
                               GLib.Variant("(su)", (interface.name, 4)), None, 0, -1, None)
        ready.set()
        self.loop.run()

    def called(self, bus, sender, path, interface, method, parameters, invocation):
        values = parameters.unpack()
        result = None
        if method == "RegisterStatusNotifierItem":
            self.items.append(values[0])
        elif method == "Notify":
            actions = values[5]
            self.count += 1
            number = values[1] or self.count
            self.shown[number] = (values[3], values[4],
                                  dict(zip(actions[1::2], actions[::2])))
            result = GLib.Variant("(u)", (number,))
        elif method == "CloseNotification":
            self.shown.pop(values[0], None)
        elif method == "GetCapabilities":
            result = GLib.Variant("(as)", (["actions", "body", "persistence"],))
        elif method == "GetServerInformation":
            result = GLib.Variant("(ssss)", ("shell", "imdrive", "1", "1.2"))
        invocation.return_value(result)

    def call(self, name, path, interface, method, parameters=None):
        return self.bus.call_sync(name, path, interface, method, parameters, None, 0, 60000,
                                  None).unpack()

    # ---- notifications

    def wait_notice(self, title):
        def look():
            return next((number for number, shown in list(self.shown.items())
                         if shown[0] == title), None)
        return wait_until(look, f"a notification says {title!r}, not {self.shown}")

    def press(self, number, label):
        """As a desktop does it: what was pressed is done with, and goes."""
        action = self.shown.pop(number)[2][label]
        self.bus.emit_signal(None, "/org/freedesktop/Notifications", NOTIFICATIONS,
                             "ActionInvoked",
                             GLib.Variant("(us)", (number, action)))

    # ---- the tray

    def wait_item(self):
        return wait_until(lambda: self.items and self.items[-1], "the tray has an icon")

    def property(self, item, name):
        return self.call(item, "/StatusNotifierItem", "org.freedesktop.DBus.Properties", "Get",
                         GLib.Variant("(ss)", ("org.kde.StatusNotifierItem", name)))[0]

    def menu(self, item):
        """{label: number}, as the tray draws it."""
        layout = self.call(item, self.property(item, "Menu"), "com.canonical.dbusmenu",
                           "GetLayout", GLib.Variant("(iias)", (0, -1, [])))[1]
        return {child[1].get("label"): child[0] for child in layout[2]}

    def choose(self, item, label):
        self.call(item, self.property(item, "Menu"), "com.canonical.dbusmenu", "Event",
                  GLib.Variant("(isvu)", (self.menu(item)[label], "clicked",
                                          GLib.Variant("i", 0), 0)))

    def close(self):
        self.context.invoke_full(GLib.PRIORITY_DEFAULT, self.loop.quit)
        self.thread.join()
        self.bus.close_sync(None)
