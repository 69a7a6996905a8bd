/// What a server with node_exporter shows: its series and how each of them moves.
enum NodeMetrics {
    /// How a series goes on from scrape to scrape.
    enum Motion {
        /// Stays.
        case constant(Double)
        /// Mostly stays, and now and then becomes another whole number up to this.
        case rare(upTo: Double)
        /// A counter of events: about so many a second, in bursts.
        case events(perSecond: Double)
        /// A counter of bytes, larger steps in bursts.
        case bytes(perSecond: Double)
        /// A counter of seconds with two decimals: this share of the time, which wanders.
        case seconds(share: Double)
        /// A gauge of bytes in pages of 4 KiB, which wanders between zero and this.
        case pages(upTo: Double)
        /// A gauge that wanders around a value, with so many decimals.
        case walk(around: Double, decimals: Int)
    }

    struct Series {
        /// Sorted by name, without those of the target.
        var labels: [(name: String, value: String)]
        var motion: Motion
    }

    static let all: [Series] =
        [cpus, disks, networks, filesystems, memory, totals, network, sensors, units, collectors].flatMap(\.self)

    private static func series(_ name: String, _ labels: [(String, String)] = [], _ motion: Motion) -> Series {
        Series(labels: [("__name__", name)] + labels.map { (name: $0.0, value: $0.1) }, motion: motion)
    }

    private static let cpus: [Series] = (0..<8).flatMap { cpu -> [Series] in
        let shares: [(mode: String, share: Double)] = [
            ("idle", 0.83), ("iowait", 0.01), ("irq", 0), ("nice", 0.001), ("softirq", 0.004), ("steal", 0.002),
            ("system", 0.05), ("user", 0.1),
        ]
        return shares.map { entry in
            let labels = [("cpu", String(cpu)), ("mode", entry.mode)]
            return series(
                "node_cpu_seconds_total", labels, entry.share == 0 ? .constant(0) : .seconds(share: entry.share))
        }
    }

    private static let disks: [Series] = ["nvme0n1", "nvme1n1", "sda", "dm-0"].flatMap { device -> [Series] in
        let labels = [("device", device)]
        let motions: [(String, Motion)] = [
            ("read_bytes_total", .bytes(perSecond: 400_000)), ("written_bytes_total", .bytes(perSecond: 2_000_000)),
            ("reads_completed_total", .events(perSecond: 20)), ("writes_completed_total", .events(perSecond: 120)),
            ("reads_merged_total", .events(perSecond: 1)), ("writes_merged_total", .events(perSecond: 40)),
            ("read_time_seconds_total", .seconds(share: 0.01)), ("write_time_seconds_total", .seconds(share: 0.05)),
            ("io_time_seconds_total", .seconds(share: 0.04)), ("io_now", .rare(upTo: 3)),
            ("io_time_weighted_seconds_total", .seconds(share: 0.06)), ("discards_completed_total", .constant(0)),
        ]
        return motions.map { series("node_disk_" + $0.0, labels, $0.1) }
    }

    private static let networks: [Series] = ["eth0", "eth1", "lo", "docker0"].flatMap { device -> [Series] in
        let isBusy = device.hasPrefix("eth0") || device == "lo"
        let labels = [("device", device)]
        let counters: [(String, Motion)] = ["receive", "transmit"].flatMap { way -> [(String, Motion)] in
            [
                ("\(way)_bytes_total", isBusy ? .bytes(perSecond: 1_500_000) : .constant(0)),
                ("\(way)_packets_total", isBusy ? .events(perSecond: 1_800) : .constant(0)),
                ("\(way)_drop_total", .rare(upTo: 4)), ("\(way)_errs_total", .constant(0)),
                ("\(way)_fifo_total", .constant(0)), ("\(way)_compressed_total", .constant(0)),
            ]
        }
        let gauges: [(String, Motion)] = [
            ("up", .constant(1)), ("mtu_bytes", .constant(1500)), ("carrier", .constant(1)),
            ("speed_bytes", .constant(1.25e9)),
        ]
        return (counters + gauges).map { series("node_network_" + $0.0, labels, $0.1) }
    }

    private static let filesystems: [Series] = ["/", "/boot", "/var", "/home", "/srv/data", "/run"].flatMap {
        mount -> [Series] in
        let labels = [("device", "/dev/mapper/vg\(mount.utf8.count)"), ("fstype", "ext4"), ("mountpoint", mount)]
        let motions: [(String, Motion)] = [
            ("size_bytes", .constant(4.2e10)), ("free_bytes", .pages(upTo: 4e10)),
            ("avail_bytes", .pages(upTo: 3.8e10)),
            ("files", .constant(2_621_440)), ("files_free", .walk(around: 2_400_000, decimals: 0)),
            ("readonly", .constant(0)), ("device_error", .constant(0)),
        ]
        return motions.map { series("node_filesystem_" + $0.0, labels, $0.1) }
    }

    private static let memory: [Series] =
        [
            "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "Active", "Inactive", "Active_anon",
            "Inactive_anon", "Active_file", "Inactive_file", "Dirty", "Writeback", "AnonPages", "Mapped", "Shmem",
            "KReclaimable", "Slab", "SReclaimable", "SUnreclaim", "KernelStack", "PageTables", "Committed_AS",
            "VmallocUsed", "Percpu", "AnonHugePages",
        ].map { series("node_memory_\($0)_bytes", [], .pages(upTo: 6e10)) }
        + ["MemTotal", "SwapTotal", "SwapFree", "Unevictable", "Mlocked", "CommitLimit", "HugePages_Total"].map {
            series("node_memory_\($0)_bytes", [], .constant(6.7e10))
        }

    private static let totals: [Series] = [
        series("node_load1", [], .walk(around: 1.2, decimals: 2)),
        series("node_load5", [], .walk(around: 1.1, decimals: 2)),
        series("node_load15", [], .walk(around: 1.0, decimals: 2)),
        series("node_context_switches_total", [], .events(perSecond: 24_000)),
        series("node_intr_total", [], .events(perSecond: 14_000)),
        series("node_forks_total", [], .events(perSecond: 9)),
        series("node_procs_running", [], .rare(upTo: 6)), series("node_procs_blocked", [], .rare(upTo: 2)),
        series("node_filefd_allocated", [], .walk(around: 4_200, decimals: 0)),
        series("node_filefd_maximum", [], .constant(0x1p63)),
        series("node_entropy_available_bits", [], .constant(256)),
        series("node_boot_time_seconds", [], .constant(1.7e9)),
        series("node_time_seconds", [], .seconds(share: 1)),
        series("process_cpu_seconds_total", [], .seconds(share: 0.002)),
        series("process_resident_memory_bytes", [], .pages(upTo: 3e7)), series("process_open_fds", [], .rare(upTo: 12)),
        series("scrape_duration_seconds", [], .walk(around: 0.021, decimals: 9)), series("up", [], .constant(1)),
    ]

    private static let network: [Series] =
        [
            "Tcp_ActiveOpens", "Tcp_PassiveOpens", "Tcp_InSegs", "Tcp_OutSegs", "Tcp_RetransSegs", "Udp_InDatagrams",
            "Udp_OutDatagrams", "Udp_NoPorts", "Icmp_InMsgs", "Icmp_OutMsgs", "IpExt_InOctets", "IpExt_OutOctets",
            "Ip_Forwarding", "TcpExt_ListenDrops", "TcpExt_ListenOverflows", "TcpExt_TCPTimeouts",
            "TcpExt_SyncookiesSent", "Tcp_CurrEstab", "Tcp_EstabResets", "Tcp_InErrs", "Tcp_OutRsts", "Udp_InErrors",
            "Udp_RcvbufErrors", "Udp_SndbufErrors", "UdpLite_InErrors", "Ip6_InOctets", "Ip6_OutOctets", "Icmp6_InMsgs",
            "Icmp6_OutMsgs", "Icmp6_InErrors", "Icmp_InErrors", "TcpExt_TCPSynRetrans", "TcpExt_TCPOFOQueue",
            "TcpExt_TCPRcvQDrop", "TcpExt_SyncookiesRecv", "TcpExt_SyncookiesFailed", "Udp6_InDatagrams",
        ].enumerated().map {
            series("node_netstat_\($0.element)", [], .events(perSecond: $0.offset % 3 == 0 ? 900 : 3))
        }
        + ["TCP_alloc", "TCP_inuse", "TCP_mem", "TCP_orphan", "TCP_tw", "UDP_inuse", "UDP_mem", "sockets_used"].map {
            series("node_sockstat_\($0)", [], .walk(around: 240, decimals: 0))
        }
        + ["pgfault", "pgmajfault", "pgpgin", "pgpgout", "pswpin", "pswpout", "oom_kill"].enumerated().map {
            series("node_vmstat_\($0.element)", [], $0.offset < 4 ? .events(perSecond: 5_000) : .constant(0))
        }

    private static let sensors: [Series] = (0..<20).flatMap { core -> [Series] in
        let labels = [("chip", "platform_coretemp_0"), ("sensor", "temp\(core)")]
        return [
            series("node_hwmon_temp_celsius", labels, .walk(around: 46, decimals: 0)),
            series("node_hwmon_temp_crit_celsius", labels, .constant(100)),
            series("node_hwmon_temp_max_celsius", labels, .constant(84)),
        ]
    }

    private static let units: [Series] =
        [
            "ssh", "cron", "docker", "nginx", "postgresql", "chrony", "rsyslog", "obs-agent", "getty", "dbus", "udev",
            "networkd",
        ]
        .flatMap { unit -> [Series] in
            ["active", "activating", "deactivating", "failed", "inactive"].map { state in
                series(
                    "node_systemd_unit_state", [("name", "\(unit).service"), ("state", state)],
                    .constant(state == "active" ? 1 : 0))
            }
        }

    private static let collectors: [Series] = [
        "arp", "bcache", "bonding", "btrfs", "conntrack", "cpu", "cpufreq", "diskstats", "dmi", "edac", "entropy",
        "filefd", "filesystem", "hwmon", "infiniband", "ipvs", "loadavg", "mdadm", "meminfo", "netclass", "netdev",
        "netstat", "nfs", "nvme", "os", "pressure", "rapl", "schedstat", "sockstat", "softnet", "stat", "systemd",
        "textfile", "time", "uname", "vmstat",
    ].flatMap { collector -> [Series] in
        [
            series("node_scrape_collector_success", [("collector", collector)], .constant(1)),
            series(
                "node_scrape_collector_duration_seconds", [("collector", collector)],
                .walk(around: 0.0008, decimals: 9)),
        ]
    }
}
