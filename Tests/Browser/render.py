"""Pictures of panels that the server draws: prints the longest time of 20 as SVG and as PNG, one `name value` a line.

They are kept where OBS_SCREENSHOTS names a folder. A changed signature must be refused."""

import os
import pathlib
import time
import urllib.error
import urllib.request

from browser import server

PANELS = 20

target = server()
_, answer = target.ask("/obs/v1/dashboards/every-panel")
panels = [one for one in answer["dashboard"]["panels"] if one["type"] != "row"]
kinds = {}
for panel in panels:
    kinds.setdefault(panel["type"], []).append(panel)
# One of each kind, then others, until there are enough.
chosen = ([one[0] for one in kinds.values()] + [one for one in panels if one not in [of[0] for of in kinds.values()]])[:PANELS]
folder = os.environ.get("OBS_SCREENSHOTS")


def drawn(file, panel):
    """The seconds that a picture takes, from the asking to its last byte."""
    parameters = {"dashboard": "every-panel", "panel": str(panel["id"]), "from": "now-1h", "to": "now"}
    _, signed = target.ask("/obs/v1/render", "POST", {"file": file, "parameters": parameters})
    address = target.address + signed["data"]
    began = time.monotonic()
    with urllib.request.urlopen(address) as answer:
        data = answer.read()
    took = time.monotonic() - began
    assert data.startswith(b"<svg" if file.endswith("svg") else b"\x89PNG"), data[:80]
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        pathlib.Path(folder, f"render-{panel['id']}-{file}").write_bytes(data)
    return took, address


for file in ("panel.svg", "panel.png"):
    # The first PNG loads cairo and its fonts, once in the life of a server.
    drawn(file, chosen[0])
    print(f"{file[-3:]}_ms {max(drawn(file, panel)[0] for panel in chosen) * 1000:.0f}")
print(f"panels {len(chosen)}")
address = drawn("panel.svg", chosen[0])[1]
try:
    urllib.request.urlopen(address.replace("now-1h", "now-2h"))
    raise SystemExit("a changed address was answered")
except urllib.error.HTTPError as error:
    assert error.code == 403, error.code
