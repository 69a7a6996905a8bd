"""Pictures of the pages for README.md: `pictures.py SERVER FOLDER` while `obs up` runs with a fault that pages somebody."""

import os
import pathlib
import sys

from browser import expect, server, visiting

FOLDER = pathlib.Path(sys.argv[2])
SIZE = {"width": 1280, "height": 800}
RANGE = "from=now-10m&to=now"
# Text is what makes a picture large.
SHORT = {"x": 0, "y": 0, "width": 1280, "height": 520}
LIMIT = 150_000


def keep(page, name, **options):
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, **options)
    size = os.path.getsize(path)
    print(f"{name} {size}")
    assert size <= LIMIT, f"{path} has {size} bytes, more than {LIMIT}"


FOLDER.mkdir(parents=True, exist_ok=True)
with visiting(size=SIZE) as visit:
    page = visit.page
    visit.open("/")
    keep(page, "overview", clip=SHORT)
    visit.open(f"/d/obs-operations?{RANGE}")
    page.locator(".panel canvas").first.wait_for()
    visit.settled()
    keep(page, "dashboard")
    visit.open("/alerts")
    expect(page.get_by_role("main")).to_contain_text("Payment")
    keep(page, "alerts", clip=SHORT)
    visit.open(f"/explore?mode=logs&{RANGE}&expr=" + '{job="marketplace"} | json | level="error"')
    page.locator("main canvas").first.wait_for()
    visit.settled()
    keep(page, "logs", clip=SHORT)
