"""Fills a server with an hour of metrics and logs of a small shop, the same at every run but for the time."""

import json
import random
import sys
import time

from browser import Server

HOSTS = ["web-1", "web-2", "db-1"]
SERVICES = ["cart", "checkout", "search"]
STEP = 15
HOUR = 3600

# What must only ever be text: in labels, lines, annotations and titles.
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    "\"><svg onload=alert(3)>",
    "javascript:alert(4)",
    "{{constructor.constructor('alert(5)')()}}",
    "${alert(6)}",
    "<iframe srcdoc='<script>alert(7)</script>'>",
    "</title><body onload=alert(8)>",
    "<a href='javascript:alert(9)'>x</a>",
    "[x](javascript:alert(10))",
    "<style>@import 'http://192.0.2.1/x'</style>",
    "\u202e<b>right to left</b>\u0000",
]


def metrics(now):
    chance = random.Random(7)
    lines = []
    totals = {}
    start = (now - HOUR) // STEP * STEP
    for place in range(HOUR // STEP + 1):
        ms = (start + place * STEP) * 1000
        for number, service in enumerate(SERVICES):
            for code, rate in (("200", 40 + 10 * number), ("404", 2), ("500", 1 if place < 200 else 6)):
                key = f'shop_requests_total{{service="{service}",code="{code}"}}'
                totals[key] = totals.get(key, 0) + rate * STEP + chance.randrange(5)
                lines.append(f"{key} {totals[key]} {ms}")
            for bound, share in (("0.1", 0.6), ("0.5", 0.9), ("1", 0.97), ("+Inf", 1)):
                key = f'shop_request_seconds_bucket{{service="{service}",le="{bound}"}}'
                totals[key] = totals.get(key, 0) + int(600 * share) + number
                lines.append(f"{key} {totals[key]} {ms}")
        for number, host in enumerate(HOSTS):
            lines.append(f'shop_memory_bytes{{host="{host}"}} {(number + 1) * 2**30 + chance.randrange(2**20)} {ms}')
            lines.append(f'shop_temperature_celsius{{host="{host}"}} {20 + number * 5 + place % 7} {ms}')
            lines.append(f'shop_up{{host="{host}"}} {0 if number == 2 and place > 220 else 1} {ms}')
        lines.append(f"shop_deploy_info{{version=\"1.{place // 120}\"}} 1 {ms}")
    for number, text in enumerate(HOSTILE):
        label = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\0", "")
        lines.append(f'shop_hostile{{text="{label}",number="{number}"}} {number} {now * 1000}')
    return "\n".join(lines) + "\n"


def streams(now):
    chance = random.Random(11)
    entries = {service: [] for service in SERVICES}
    for number in range(2400):
        at = now - HOUR + number * HOUR / 2400
        service = SERVICES[number % 3]
        level = chance.choices(["info", "warn", "error", "debug"], [80, 10, 5, 5])[0]
        took, order = chance.randrange(1, 900), 1000 + number
        if service == "checkout":
            line = json.dumps({
                "level": level, "msg": f"order {order} placed", "path": "/pay", "status": 500 if level == "error" else 200,
                "took_ms": took, "user": {"id": order % 17, "name": f"user{order % 17}"},
            })
        else:
            line = f'level={level} msg="served request {order}" path=/{service} status=200 took={took}ms'
        entries[service].append([str(int(at * 1e9)), line])
    made = [{"stream": {"service": name, "env": "prod", "host": HOSTS[place]}, "values": values}
            for place, (name, values) in enumerate(entries.items())]
    for number, text in enumerate(HOSTILE):
        text = text.replace("\0", "")
        made.append({
            "stream": {"service": "hostile", "text": text},
            "values": [[str(int((now - 60 + number) * 1e9)), json.dumps({"msg": text, text or "x": text})]],
        })
    return made


def main():
    server, now = Server(sys.argv[1]), int(time.time())
    status, answer = server.ask("/api/v1/import/prometheus", "POST", metrics(now), {"Content-Type": "text/plain"})
    assert status < 300, answer
    status, answer = server.ask("/loki/api/v1/push", "POST", {"streams": streams(now)})
    assert status < 300, answer


if __name__ == "__main__":
    main()
