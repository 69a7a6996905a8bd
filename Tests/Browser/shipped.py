"""The dashboards of `dashboards/` while `obs up` runs: prints figures, one `name value` a line.

`shipped.py SERVER FOLDER`. What the marketplace on one machine does not have, exporters of Redis, PostgreSQL, HAProxy, nginx,
keepalived and containers, is sent beside it as they show it. No panel may be empty whose queries have data, none may
complain, and each dashboard must show something in nearly every panel."""

import json
import pathlib
import sys
import threading
import time

from browser import Server, address, visiting
from panels import all_panels, wrong_panels

# What exporters show: a name with its labels, and how much it grows in a second, or its value where that never grows.
COUNTERS = {
    'redis_commands_processed_total{instance="cache:9121"}': 900, 'redis_keyspace_hits_total{instance="cache:9121"}': 700,
    'redis_keyspace_misses_total{instance="cache:9121"}': 60, 'redis_commands_total{instance="cache:9121",cmd="get"}': 760,
    'redis_commands_duration_seconds_total{instance="cache:9121",cmd="get"}': 0.004,
    'redis_expired_keys_total{instance="cache:9121"}': 3, 'redis_evicted_keys_total{instance="cache:9121"}': 0.5,
    'redis_net_input_bytes_total{instance="cache:9121"}': 90_000, 'redis_net_output_bytes_total{instance="cache:9121"}': 400_000,
    'haproxy_frontend_sessions_total{instance="lb:9101",proxy="shop"}': 120,
    'haproxy_backend_http_responses_total{instance="lb:9101",proxy="shop",code="2xx"}': 118,
    'haproxy_backend_http_responses_total{instance="lb:9101",proxy="shop",code="5xx"}': 0.4,
    'nginx_http_requests_total{instance="lb:9113"}': 119,
    'container_cpu_usage_seconds_total{instance="docker:8080",name="web"}': 0.7,
    'container_cpu_cfs_throttled_periods_total{instance="docker:8080",name="web"}': 0.3,
    'container_cpu_cfs_periods_total{instance="docker:8080",name="web"}': 10,
    'container_network_receive_bytes_total{instance="docker:8080",name="web"}': 8_000,
    'container_network_transmit_bytes_total{instance="docker:8080",name="web"}': 60_000,
    'container_fs_reads_bytes_total{instance="docker:8080",name="web"}': 500,
    'container_fs_writes_bytes_total{instance="docker:8080",name="web"}': 9_000,
    **{f'pg_stat_database_{name}{{instance="db:9187",datname="shop"}}': rate for name, rate in (
        ("xact_commit", 220), ("xact_rollback", 1), ("blks_hit", 9_000), ("blks_read", 40), ("tup_returned", 30_000),
        ("tup_inserted", 90), ("tup_updated", 60), ("tup_deleted", 4), ("deadlocks", 0.01), ("conflicts", 0.02))},
}
GAUGES = {
    'redis_up{instance="cache:9121"}': 1, 'redis_memory_used_bytes{instance="cache:9121"}': 4e8,
    'redis_memory_max_bytes{instance="cache:9121"}': 1e9, 'redis_connected_clients{instance="cache:9121"}': 42,
    'redis_db_keys{instance="cache:9121",db="db0"}': 81_000, 'redis_rdb_last_bgsave_status{instance="cache:9121"}': 1,
    'redis_master_link_up{instance="cache:9121"}': 1,
    'haproxy_backend_response_time_average_seconds{instance="lb:9101",proxy="shop"}': 0.031,
    'haproxy_server_status{instance="lb:9101",proxy="shop",server="web-1",state="UP"}': 1,
    'nginx_connections_reading{instance="lb:9113"}': 1, 'nginx_connections_writing{instance="lb:9113"}': 7,
    'nginx_connections_waiting{instance="lb:9113"}': 30, 'keepalived_vrrp_state{instance="lb:9650",iname="vip"}': 2,
    'container_memory_working_set_bytes{instance="docker:8080",name="web"}': 3e8,
    'container_spec_memory_limit_bytes{instance="docker:8080",name="web"}': 5e8,
    'pg_stat_activity_count{instance="db:9187",state="active"}': 6, 'pg_replication_lag_seconds{instance="db:9187"}': 0.2,
    'pg_database_size_bytes{instance="db:9187",datname="shop"}': 2.5e9,
}
EVERY_SECONDS = 5
WARM_SECONDS = 150


def send(target, ended):
    """Shows the exporters' values until somebody says that it is enough."""
    begun = time.time()
    while not ended.is_set():
        lines = [f"{name} {rate * (time.time() - begun)}" for name, rate in COUNTERS.items()]
        lines += [f"{name} {value}" for name, value in GAUGES.items()]
        status, answer = target.ask("/api/v1/import/prometheus", "POST", "\n".join(lines) + "\n", {"Content-Type": "text/plain"})
        assert status < 300, answer
        ended.wait(EVERY_SECONDS)


def main():
    ended = threading.Event()
    sending = threading.Thread(target=send, args=(Server(address()), ended))
    sending.start()
    try:
        time.sleep(WARM_SECONDS)
        look()
    finally:
        ended.set()
        sending.join()


def look():
    shown, empty, wrong, dark = 0, 0, [], []
    files = sorted(pathlib.Path(sys.argv[2]).glob("*.json"))
    with visiting(size={"width": 1440, "height": 1000}) as visit:
        for file in files:
            visit.open(f"/d/{json.loads(file.read_text())['uid']}?from=now-5m&to=now")
            panels = all_panels(visit)
            visit.picture(f"shipped-{file.stem}", full_page=True)
            wrong += [f"{file.stem}: {sentence}" for sentence in wrong_panels(visit, panels)]
            blank = [one["title"] for one in panels if one["isEmpty"]]
            shown, empty = shown + len(panels), empty + len(blank)
            if len(blank) > len(panels) / 4:
                dark.append(f"{file.stem}: nothing in {', '.join(blank)}")
    print(f"dashboards {len(files)}")
    print(f"panels {shown}")
    print(f"empty {empty}")
    print(f"wrong {len(wrong)}")
    print(f"dark {len(dark)}")
    for sentence in wrong + dark:
        print("#", sentence)


main()
