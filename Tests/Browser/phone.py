"""Every page on a phone, in both themes: nothing is wider than the screen, everything can be read and reached."""

from browser import PHONE, Visit, address, browsing

PAGES = [
    "/", "/dashboards", "/d/every-panel", "/explore?expr=up", "/explore?mode=logs&expr={service=\"cart\"}", "/alerts",
    "/alerts?tab=rules", "/alerts?tab=silences", "/targets", "/status",
]

with browsing() as browser:
    for theme in ("dark", "light"):
        visit = Visit(browser, address(), size=PHONE, theme=theme)
        for path in PAGES:
            visit.open(path)
            visit.audit(f"{path}, {theme}, phone")
            visit.picture(f"phone-{theme}-{PAGES.index(path)}")
        visit.tabs_through(10)
        visit.done()
        visit.context.close()
