# SPDX-License-Identifier: Apache-2.0
"""A browser without script, as small as it gets: cookies, links, forms.

It goes where a person would go, and shows what a test wants to look at. Redirects are followed only
when asked, so that each can be looked at.
"""

import html.parser
import http.client
import urllib.parse


class Form:
    def __init__(self, action, method):
        self.action = action
        self.method = method
        self.fields = {}
        self.buttons = []  # (name, value)


class Reader(html.parser.HTMLParser):
    """What stands on a page."""

    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.links = []
        self.refresh = None
        self.language = None
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "html":
            self.language = values.get("lang")
        elif tag == "form":
            self.forms.append(Form(values.get("action"), values.get("method", "get")))
        elif tag == "input" and self.forms and values.get("name"):
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append((values.get("name"), values.get("value")))
        elif tag == "a":
            self.links.append(values.get("href"))
        elif tag == "meta" and values.get("http-equiv") == "refresh":
            self.refresh = values["content"]

    def handle_data(self, data):
        self.text += data


class Page:
    def __init__(self, url, response):
        self.url = url
        self.status = response.status
        self.headers = response.headers
        self.body = response.read().decode("utf-8", "replace")
        self.read = Reader(self.body)

    @property
    def location(self):
        return self.headers.get("Location")

    @property
    def text(self):
        return " ".join(self.read.text.split())

    def form(self, action):
        """The form whose action begins so."""
        for form in self.read.forms:
            if form.action.startswith(action):
                return form
        raise AssertionError(f"{self.url} has no form for {action}: {self.text}")

    def link(self, begin):
        for link in self.read.links:
            if link and link.startswith(begin):
                return link
        raise AssertionError(f"{self.url} has no link to {begin}: {self.text}")


class Visitor:
    def __init__(self, base, language=None):
        self.base = base
        self.host = base.removeprefix("http://")
        self.language = language
        self.cookies = {}

    def request(self, method, url, body=None, headers=None):
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(self.base, url))
        assert f"{parts.scheme}://{parts.netloc}" == self.base, f"not a page of the drive: {url}"
        target = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
        sent = {"Host": self.host}
        if self.language:
            sent["Accept-Language"] = self.language
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        sent.update(headers or {})
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, target, body, sent)
            page = Page(url, connection.getresponse())
        finally:
            connection.close()
        for line in page.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return page

    def get(self, url, follow=True, **options):
        page = self.request("GET", url, **options)
        while follow and page.status == 303 and page.location.startswith(self.base):
            page = self.request("GET", page.location)
        return page

    def post(self, url, fields, follow=True, **options):
        page = self.request("POST", url, urllib.parse.urlencode(fields), **options)
        if follow and page.status == 303 and page.location.startswith(self.base):
            return self.get(page.location)
        return page

    def submit(self, page, action, follow=True, **fields):
        """Fills in the form and sends it."""
        form = page.form(action)
        return self.post(form.action, {**form.fields, **fields}, follow)

    def sign_in(self, name="alice", password="correct horse", url="/login"):
        page = self.get(url)
        return self.submit(page, "/login/password", name=name, password=password)

    @property
    def session(self):
        """The session's cookie, or None."""
        port = self.host.rpartition(":")[2]
        return self.cookies.get(f"imdrive-{port}")
