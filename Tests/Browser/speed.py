"""How soon graphs draw and move, what the first page weighs, and what a live tail costs.

Prints one line `name value` for each figure. Arguments: the address, and for how many seconds to follow lines."""

import sys
import threading
import time

from browser import Server, address, server, visiting

DRAW = """async ([folder, series, points]) => {
    const { Graph } = await import(`${folder}/chart/graph.js`);
    const { palette } = await import(`${folder}/core/colours.js`);
    const box = document.createElement("div");
    Object.assign(box.style, { position: "fixed", inset: "60px 20px 20px", zIndex: 50, background: "#181b1f" });
    document.body.append(box);
    const to = Date.now(), from = to - points * 15000;
    const times = Array.from({ length: points }, (_, place) => from + place * 15000);
    const lines = Array.from({ length: series }, (_, number) => ({
        name: `series ${number}`, times, colour: palette[number % palette.length], width: 1, fill: 0, axis: "left|",
        values: times.map((_, place) => number * 10 + Math.sin(place / 50 + number) * 8 + (place * 7919 % 13)),
    }));
    const options = (shift) => ({ range: { from: from + shift, to: to + shift }, legend: { mode: "list", calcs: [] }, tooltip: "multi" });
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    await frame();
    const began = performance.now();
    const graph = new Graph(box, lines, options(0));
    await frame();
    const drawn = performance.now() - began;
    const start = performance.now();
    const frames = 60;
    for (let place = 1; place <= frames; place += 1) {
        if (!graph.update(lines, options(place * 60000))) throw new Error("the graph is made anew for a shift");
        await frame();
    }
    const rate = frames / ((performance.now() - start) / 1000);
    graph.destroy();
    box.remove();
    return [drawn, rate];
}"""


def follow(visit, seconds, rate=1000):
    """Follows `rate` lines a second; the longest time between two frames, and how much the memory grew."""
    page = visit.open('/explore?mode=logs&expr={service="flood"}')
    page.get_by_role("button", name="Live").click()
    page.locator(".state-good", has_text="live").wait_for()
    page.evaluate("""() => {
        window.longestMs = 0;
        let last = performance.now();
        const tick = (now) => { window.longestMs = Math.max(window.longestMs, now - last); last = now; requestAnimationFrame(tick); };
        requestAnimationFrame(tick);
    }""")
    target, ended = Server(address()), threading.Event()

    def flood():
        number = 0
        while not ended.is_set():
            at = time.time_ns()
            values = [[str(at + place), f"level=info line {number + place} of the flood"] for place in range(rate // 10)]
            target.ask("/loki/api/v1/push", "POST", {"streams": [{"stream": {"service": "flood"}, "values": values}]})
            number += len(values)
            ended.wait(max(0, 0.1 - (time.time_ns() - at) / 1e9))

    flooding = threading.Thread(target=flood)
    flooding.start()
    session = visit.context.new_cdp_session(page)

    def heap():
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"]

    page.wait_for_timeout(min(seconds, 10) * 1000)
    before = heap()
    page.evaluate("window.longestMs = 0")
    page.wait_for_timeout(max(seconds - 10, 5) * 1000)
    longest, lines = page.evaluate("[window.longestMs, document.querySelectorAll('.log-line').length]")
    after = heap()
    ended.set()
    flooding.join()
    return longest, (after - before) / 2**20, lines


with visiting() as visit:
    weights = []
    session = visit.context.new_cdp_session(visit.page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    page = visit.open("/")
    print(f"first_view_kb {sum(weights) / 1000:.1f}")
    folder = page.evaluate("new URL('.', document.querySelector('script[type=module]').src).pathname.replace(/\\/$/, '')")
    drawn = [page.evaluate(DRAW, [folder, 50, 5000]) for _ in range(3)]
    print(f"draw_ms {sorted(ms for ms, _ in drawn)[1]:.1f}")
    print(f"pan_frames {sorted(rate for _, rate in drawn)[1]:.1f}")
    longest, grown, lines = follow(visit, int(sys.argv[2]))
    print(f"tail_longest_frame_ms {longest:.0f}")
    print(f"tail_memory_mb {grown:.1f}")
    print(f"tail_lines {lines}")
