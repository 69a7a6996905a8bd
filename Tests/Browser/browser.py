"""What the tests of the pages share: a browser, what it complained of, and what every page has to keep.

A test is a script that is given the address of a server: it opens pages, does what a person does, and ends with 0. What
Chromium writes into its console, what the policy of the page refused and what no person with a keyboard or weak eyes can
use ends it with a sentence. Every wait is for a state that lasts.
"""

import contextlib
import json
import os
import pathlib
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request

from playwright.sync_api import expect, sync_playwright

# How long anything may take on a machine that is slow and busy.
PATIENCE_MS = 120_000
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}

AUDIT = (pathlib.Path(__file__).parent / "audit.js").read_text()

expect.set_options(timeout=PATIENCE_MS)


def chromium():
    """Debian's browser; Playwright's own is not to be had."""
    return next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))


class Server:
    """The server under test, asked without a browser."""

    def __init__(self, address, authorization=None):
        self.address = address.rstrip("/")
        self.authorization = authorization

    def ask(self, path, method="GET", body=None, headers=None, **query):
        """The status and the parsed (or plain) answer."""
        text = urllib.parse.urlencode(query, doseq=True)
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body.encode() if body else None
        request = urllib.request.Request(self.address + path + ("?" + text if text else ""), data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if self.authorization:
            request.add_header("Authorization", self.authorization)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_MS / 1000) as answer:
                return answer.status, decoded(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, decoded(error.read())

    def value(self, expression, **query):
        """The one number that an expression gives now."""
        _, answer = self.ask("/api/v1/query", query=expression, **query)
        (row,) = answer["data"]["result"]
        return float(row["value"][1])


def decoded(data):
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


class Visit:
    """One tab, and everything that it complained of."""

    def __init__(self, browser, address, size=DESK, theme="dark", zone="UTC"):
        self.address = address.rstrip("/")
        self.complaints = []
        self.expected = []
        self.context = browser.new_context(
            viewport=size, color_scheme=theme, timezone_id=zone, locale="en-GB", reduced_motion="reduce"
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(
            "addEventListener('securitypolicyviolation', (event) =>"
            " console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));"
        )
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self._note(f"uncaught: {error}"))
        self.page.on("dialog", self._dialog)

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self._note(f"{message.type}: {message.text}")

    def _dialog(self, dialog):
        self._note(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note(self, text):
        if not any(part in text for part in self.expected):
            self.complaints.append(text)

    def expects(self, *parts):
        """Complaints with these texts are part of what is tried from here on."""
        self.expected = list(parts)

    def open(self, path):
        self.page.goto(self.address + path)
        self.settled()
        return self.page

    def settled(self):
        """Waits until the page shows what it loads: nothing of it is marked as loading."""
        self.page.wait_for_selector("main:not(.is-loading) h1", state="visible")
        expect(self.page.locator(".panel.is-loading")).to_have_count(0)

    def picture(self, name, **options):
        """Keeps a picture where the environment names a folder for them."""
        folder = os.environ.get("OBS_SCREENSHOTS")
        if folder:
            os.makedirs(folder, exist_ok=True)
            self.page.evaluate("scrollTo(0, 0)")
            self.page.screenshot(path=f"{folder}/{name}.png", **options)

    def audit(self, name):
        """Contrast, names, structure and width of what is shown now."""
        findings = self.page.evaluate(AUDIT)
        assert not findings, f"{name}: " + "; ".join(findings[:12])

    def tabs_through(self, steps):
        """Goes through the page by the keyboard: each stop is visible and shows that it has the focus."""
        self.settled()
        self.page.evaluate("document.activeElement?.blur()")
        seen = []
        for _ in range(steps):
            self.page.keyboard.press("Tab")
            stop = self.page.evaluate("""() => {
                const one = document.activeElement;
                if (!one || one === document.body) return null;
                const box = one.getBoundingClientRect();
                const style = getComputedStyle(one);
                return {
                    name: one.tagName + " " + (one.getAttribute("aria-label") ?? one.textContent).trim().slice(0, 40),
                    isSeen: box.width > 0 && box.height > 0,
                    isMarked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
                };
            }""")
            if stop is None:
                break
            assert stop["isSeen"], f"the focus is on {stop['name']}, which nobody sees"
            assert stop["isMarked"], f"nothing shows that {stop['name']} has the focus"
            seen.append(stop["name"])
        assert len(seen) >= min(steps, 8), f"the keyboard reaches only {seen}"
        return seen

    def done(self):
        assert not self.complaints, "the browser complained: " + " | ".join(self.complaints[:8])


@contextlib.contextmanager
def browsing():
    """A browser; the server's address and further arguments come with it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


def address():
    return sys.argv[1]


def server():
    return Server(address())


@contextlib.contextmanager
def visiting(**options):
    """One tab on the server of the command line; at the end it must not have complained."""
    with browsing() as browser:
        visit = Visit(browser, address(), **options)
        try:
            yield visit
        except BaseException:
            visit.picture("failed-" + pathlib.Path(sys.argv[0]).stem)
            print("\n".join(visit.complaints))
            raise
        visit.done()
