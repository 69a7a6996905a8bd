"""Runs a script of this folder against a server of its own: `serve.py OBS SCRIPT [ARGUMENT...]`.

The server holds what `seed.py` fills in and scrapes an agent on this host, and dashboards of `forms.py` and of the
conformance data where OBS_CONFORMANCE names it. For `login` it holds nothing but two people."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
PATIENCE_SECONDS = 60

CONFIGURATION = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: node
    scrape_interval: 5s
    static_configs: [{{targets: ["{agent}"]}}]
  - job_name: gone
    static_configs: [{{targets: ["127.0.0.1:9"], labels: {{env: prod}}}}]
    relabel_configs: [{{source_labels: [env], target_label: stage}}]
rule_files: [rules.yml]
alertmanager: {{route: {{receiver: nobody}}, receivers: [{{name: nobody}}]}}
dashboards: {{folders: [{folders}]}}
"""

# People with their roles; the password of each is `right`.
PEOPLE = """
auth:
  users:
    - {{name: anna, password_hash: "{hash}", role: operate}}
    - {{name: rene, password_hash: "{hash}", role: read}}
alertmanager: {{route: {{receiver: nobody}}, receivers: [{{name: nobody}}]}}
"""

RULES = """
groups:
  - name: base
    rules:
      - alert: TargetDown
        expr: up == 0
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} is down"}
      - alert: HotHost
        expr: last_over_time(shop_temperature_celsius[1h]) > 28
        annotations: {summary: "<img src=x onerror=alert(1)>", runbook_url: "javascript:alert(2)"}
      - {alert: Never, expr: vector(1) > 2}
"""


def listening(log):
    """The address that a program says in its log that it listens on."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        match = re.search(r'"message":"listening".*?"address":"([^"]+)"', log.read_text())
        if match:
            return match.group(1)
        time.sleep(0.05)
    raise SystemExit(f"nothing listens:\n{log.read_text()}")


def start(folder, name, *arguments):
    log = folder / f"{name}.log"
    with log.open("w") as file:
        process = subprocess.Popen(arguments, stdout=file, stderr=subprocess.STDOUT, cwd=folder)
    return process, listening(log)


def serve_people(obs, folder, script, arguments):
    """Runs a script against a server that wants to know who asks."""
    salted = ["perl", "-e", "print crypt('right', '$2b$04$abcdefghijklmnopqrstuu')"]
    hashed = subprocess.run(salted, check=True, capture_output=True, text=True).stdout
    (folder / "obs.yaml").write_text(PEOPLE.format(hash=hashed))
    server, address = start(
        folder, "obs", obs, "collector", "--config", "obs.yaml", "--listen", "127.0.0.1:0", "--data", "data", "--log-format",
        "json")
    try:
        return subprocess.run([sys.executable, HERE / f"{script}.py", f"http://{address}", *arguments], check=False).returncode
    finally:
        server.kill()
        server.wait()


def main():
    obs, script, arguments = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    processes = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        if script == "login":
            return serve_people(obs, folder, script, arguments)
        try:
            agent, agent_address = start(
                folder, "agent", obs, "agent", "--listen", "127.0.0.1:0", "--log-format", "json")
            processes.append(agent)
            folders = ["dashboards"]
            if os.environ.get("OBS_CONFORMANCE"):
                folders.append(os.environ["OBS_CONFORMANCE"] + "/dashboards")
            subprocess.run([sys.executable, HERE / "forms.py", folder / "dashboards"], check=True)
            (folder / "rules.yml").write_text(RULES)
            (folder / "obs.yaml").write_text(
                CONFIGURATION.format(agent=agent_address, folders=", ".join(folders)))
            server, address = start(
                folder, "obs", obs, "collector", "--config", "obs.yaml", "--listen", "127.0.0.1:0", "--data", "data",
                "--log-format", "json")
            processes.append(server)
            subprocess.run([sys.executable, HERE / "seed.py", f"http://{address}"], check=True)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                with urllib.request.urlopen(f"http://{address}/api/v2/alerts") as answer:
                    if b"TargetDown" in answer.read():
                        break
                time.sleep(0.1)
            time.sleep(float(os.environ.get("WARM_SECONDS", "0")))
            command = [sys.executable, HERE / f"{script}.py", f"http://{address}", *arguments]
            return subprocess.run(command, check=False).returncode
        finally:
            for process in processes:
                process.kill()
                process.wait()


if __name__ == "__main__":
    sys.exit(main())
