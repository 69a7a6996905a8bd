#!/usr/bin/env python3
"""Breaks the marketplace in twelve ways, one after the other, and looks who is told.

usage: faults.py --obs PROGRAM [--quiet SECONDS] [--after SECONDS] [--only FAULT,...] [--files FOLDER]

Starts `obs up`, waits for the quiet time in which nobody may be told anything, then injects each fault until the alert that
names it has reached its receiver, takes it away, and waits until that receiver has heard that it is over. Everything else
that is told is wrong, but for alerts about the machine itself (Host...), which others load. Prints one line of tab-separated
words for the quiet time and for each fault: what, seconds to the page, seconds to the resolution (- where it did not come),
the alerts that were told wrongly.
"""
import argparse, json, os, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request

from ports import free_ports

# Fault: alert, receiver, severity, service ("" where it is not about one).
FAULTS = {
    "latency": ("MarketplaceLatency", "slack", "warning", "catalog"),
    "errors": ("MarketplaceErrorRate", "pagerduty", "critical", "catalog"),
    "dead_dependency": ("MarketplaceDependencyDown", "pagerduty", "critical", "gateway"),
    "slow_database": ("MarketplaceDatabaseSlow", "slack", "warning", "orders"),
    "pool_exhaustion": ("MarketplacePoolExhausted", "pagerduty", "critical", "orders"),
    "memory_leak": ("MarketplaceMemoryLeak", "slack", "warning", "recommendations"),
    "disk_fill": ("MarketplaceUploadsFull", "pagerduty", "critical", "media"),
    "credential_stuffing": ("MarketplaceAuthenticationFailures", "pagerduty", "critical", ""),
    "payment_outage": ("MarketplacePaymentsFail", "pagerduty", "critical", "payments"),
    "bad_deploy": ("MarketplaceRollback", "pagerduty", "critical", "catalog"),
    "clock_skew": ("MarketplaceClockWrong", "slack", "warning", "notifications"),
    "log_flood": ("MarketplaceLogFlood", "slack", "warning", "notifications"),
}
# The home of the one fault that the gateway cannot reach.
TRAFFIC_PORT_OFFSET = 8
PAGE_SECONDS_MAX = 300
RESOLVED_SECONDS_MAX = 480


class Message:
    """What a receiver was told, in the words of the shipped routing."""

    def __init__(self, page):
        body = page["body"]
        self.number = page["number"]
        self.receiver = page["service"]
        self.resolved = page["action"] == "resolve" or page["title"].startswith("[RESOLVED")
        if self.receiver == "pagerduty":
            payload = body.get("payload", {})
            self.alert, self.severity = payload.get("class", ""), payload.get("severity", "")
            self.system, self.service = payload.get("group", ""), payload.get("component", "")
        else:
            words = page["title"].split()
            self.alert, self.severity = words[1], words[-1].strip("()")
            self.system, _, self.service = body["attachments"][0].get("footer", "").partition(" ")
        self.service = self.service.strip()

    def is_about(self, expected):
        return (self.alert, self.receiver, self.severity, self.service) == expected and self.system == "marketplace"

    def __str__(self):
        return f"{self.alert}({self.service}) to {self.receiver}{' resolved' if self.resolved else ''}"


class Marketplace:
    def __init__(self, program, files, folder):
        self.first = free_ports(11)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.process = subprocess.Popen(
            [program, "up", "--files", files, "--data", f"{folder}/data", "--listen", f"127.0.0.1:{port}",
             "--first-port", str(self.first)],
            stdout=open(f"{folder}/up.out", "w"), stderr=subprocess.STDOUT)
        self.out = f"{folder}/up.out"
        deadline = time.monotonic() + 180
        while "ready after" not in open(self.out).read():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"obs up does not start: {open(self.out).read()}")
            time.sleep(0.2)

    def messages(self, after=0):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.first + 10}/pages", timeout=20) as answer:
            pages = json.load(answer)
        return [Message(page) for page in pages if page["service"] != "webhook" and page["number"] > after]

    def fault(self, name, method):
        port = self.first + (TRAFFIC_PORT_OFFSET if name == "credential_stuffing" else 0)
        request = urllib.request.Request(f"http://127.0.0.1:{port}/admin/faults/{name}", method=method)
        for attempt in range(5):
            try:
                return urllib.request.urlopen(request, timeout=20).read()
            except urllib.error.HTTPError:
                # On a busy machine the gateway may not reach the service in time.
                if attempt == 4:
                    raise
                time.sleep(1)

    def wait(self, after, seconds, is_it):
        """Seconds until such a message is there; None where none comes."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            if any(is_it(message) for message in self.messages(after)):
                return time.monotonic() - begun
            time.sleep(0.25)
        return None

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()


def wrong(messages, expected):
    """Alerts that were told though they do not name what was broken."""
    return sorted({str(message) for message in messages
                   if not message.resolved and not message.is_about(expected)
                   and not message.alert.startswith("Host")})


def shown(seconds):
    return "-" if seconds is None else f"{seconds:.1f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--obs", required=True)
    parser.add_argument("--quiet", type=float, default=300)
    parser.add_argument("--after", type=float, default=30)
    parser.add_argument("--only", default=",".join(FAULTS))
    parser.add_argument("--files", default=os.getcwd())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        marketplace = Marketplace(options.obs, options.files, folder)
        try:
            time.sleep(options.quiet)
            heard = marketplace.messages()
            print("quiet", shown(options.quiet), "-", "; ".join(wrong(heard, None)), sep="\t", flush=True)
            for name in options.only.split(","):
                expected = FAULTS[name]
                last = max((message.number for message in marketplace.messages()), default=0)
                marketplace.fault(name, "POST")
                paged = marketplace.wait(
                    last, PAGE_SECONDS_MAX, lambda message: message.is_about(expected) and not message.resolved)
                marketplace.fault(name, "DELETE")
                resolved = None
                if paged is not None:
                    resolved = marketplace.wait(
                        last, RESOLVED_SECONDS_MAX, lambda message: message.is_about(expected) and message.resolved)
                # Whoever is told of it only now is told wrongly.
                time.sleep(options.after)
                print(name, shown(paged), shown(resolved), "; ".join(wrong(marketplace.messages(last), expected)),
                      sep="\t", flush=True)
        finally:
            marketplace.stop()


main()
