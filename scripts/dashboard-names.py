"""The names that the dashboard Node Exporter Full reads beside those that an agent shows on this host.

usage: dashboard-names.py OBS DASHBOARD

Prints each that is missing with the reason why this host cannot have it, and how many are missing without one.
"""
import glob
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time

# What a host without the thing cannot show: names, whether the host lacks it, and what it is.
REASONS = [
    (r"node_hwmon_", lambda: not glob.glob("/sys/class/hwmon/*"), "the host has no sensors"),
    (r"node_cooling_device_", lambda: not glob.glob("/sys/class/thermal/cooling_device*"), "nothing cools here"),
    (r"node_power_supply_", lambda: not glob.glob("/sys/class/power_supply/*"), "the host has no power supply of its own"),
    (r"node_cpu_scaling_", lambda: not glob.glob("/sys/devices/system/cpu/cpu*/cpufreq"), "the CPUs keep their frequency"),
    (r"node_systemd_", lambda: not os.path.exists("/run/dbus/system_bus_socket"), "there is no D-Bus to ask systemd over"),
    (r"node_pressure_irq_", lambda: not os.path.exists("/proc/pressure/irq"), "the kernel has no pressure of interrupts"),
    (r"node_pressure_", lambda: not os.path.exists("/proc/pressure/cpu"), "the kernel has no pressure"),
    (r"node_kernel_hung_tasks$", lambda: True, "it is node_kernel_hung_tasks_total, here as in node_exporter"),
    (r"node_memory_(\w+?)(_bytes)?$", lambda: True, "a line that /proc/meminfo of this kernel does not have"),
    (r"node_netstat_(\w+)_", lambda: True, "node_exporter leaves it out by default, or the kernel does not count it"),
    (r"node_nf_conntrack_", lambda: not os.path.exists("/proc/sys/net/netfilter/nf_conntrack_count"),
     "connections are not tracked"),
    (r"node_schedstat_", lambda: not os.path.exists("/proc/schedstat"), "the kernel has no schedstat"),
    (r"node_textfile_", lambda: True, "it shows with a directory set"),
    (r"node_sockstat_", lambda: True, "a field that /proc/net/sockstat of this kernel does not have"),
    (r"node_softnet_", lambda: True, "a column that /proc/net/softnet_stat of this kernel does not have"),
    (r"node_network_speed_bytes", lambda: True, "no device knows its speed"),
    (r"node_vmstat_oom_kill", lambda: "oom_kill" not in open("/proc/vmstat").read(), "the kernel does not count it"),
]


def missing_lines(name):
    """Whether the kernel's own file lacks what a name of a list is made of."""
    parts = {"node_memory_": "/proc/meminfo", "node_sockstat_": "/proc/net/sockstat"}
    for prefix, path in parts.items():
        if name.startswith(prefix):
            field = name[len(prefix):].removesuffix("_bytes")
            text = re.sub(r"[()]", "_", open(path).read())
            return not re.search(rf"\b{field.split('_')[0] if 'sockstat' in prefix else field}_?:", text)
    return True


def page(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics")
    return connection.getresponse().read().decode()


def main():
    obs, dashboard = sys.argv[1:]
    wanted = set()
    for expression in re.findall(r'"(?:expr|query|definition)": *("(?:[^"\\]|\\.)*")', open(dashboard).read()):
        wanted |= set(re.findall(r"\b(?:node|process)_[a-zA-Z0-9_]+", json.loads(expression)))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    agent = subprocess.Popen([obs, "agent", "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(2000):
            try:
                shown = set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)", page(port), re.M))
                break
            except OSError:
                time.sleep(0.01)
        missing, unexplained = sorted(wanted - shown), 0
        for name in missing:
            reason = next((why for pattern, lacks, why in REASONS
                           if re.match(pattern, name) and lacks() and missing_lines(name)), None)
            unexplained += reason is None
            print("missing", name, "-", reason or "NOT EXPLAINED")
        print("names", len(wanted))
        print("shown", len(wanted) - len(missing))
        print("unexplained", unexplained)
    finally:
        agent.terminate()
        agent.wait()


main()
