"""The Node Exporter Full dashboard against a server that scrapes a host: prints figures, one `name value` a line.

No panel may be empty whose queries have data, and none may say that it does not understand something."""

import time

from browser import expect, visiting
from panels import all_panels, wrong_panels

UID = "rYdddlPWk"

with visiting(size={"width": 1440, "height": 1000}) as visit:
    page = visit.page
    page.add_init_script("""
        window.firstMs = null;
        new MutationObserver(() => {
            if (window.firstMs === null && document.querySelector(".panel canvas, .panel .tile-value, .panel .dial")) {
                requestAnimationFrame(() => { window.firstMs ??= performance.now(); });
            }
        }).observe(document, { childList: true, subtree: true });
    """)
    began = time.monotonic()
    visit.open(f"/d/{UID}?from=now-5m&to=now")
    expect(page.locator(".panel").first).to_be_visible()
    page.locator(".panel canvas").first.wait_for()
    visit.settled()
    whole = time.monotonic() - began
    print(f"first_ms {page.evaluate('window.firstMs'):.0f}")
    print(f"visible_s {whole:.2f}")
    visit.picture("fleet")

    began = time.monotonic()
    page.evaluate("""async () => {
        const frame = () => new Promise(requestAnimationFrame);
        for (let closed; (closed = document.querySelector(".row-title[aria-expanded=false]"));) {
            closed.click();
            await frame();
        }
        for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
            scrollTo(0, top);
            await frame();
            await frame();
        }
    }""")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.panel .panel-body')].every((body) => body.childElementCount > 0)")
    visit.settled()
    print(f"whole_s {whole + time.monotonic() - began:.2f}")
    panels = all_panels(visit)
    visit.picture("fleet-whole", full_page=True)
    wrong = wrong_panels(visit, panels)
    print(f"panels {len(panels)}")
    print(f"empty_without_data {sum(one['isEmpty'] for one in panels)}")
    print(f"wrong {len(wrong)}")
    for sentence in wrong:
        print("#", sentence)
