import Foundation
import Posix
import TestSupport
import Testing

@testable import Agent

/// A real bus with a stand-in for systemd on it, whose side of the wire is python3-dbus.
@Suite("Units of systemd")
struct SystemdCollectorTests {
    private static let standIn = #"""
        import ctypes, sys
        import dbus, dbus.service
        from dbus.mainloop.glib import DBusGMainLoop

        DBusGMainLoop(set_as_default=True)
        bus = dbus.bus.BusConnection("unix:path=" + sys.argv[1])
        name = dbus.service.BusName("org.freedesktop.systemd1", bus)
        PROPERTIES = "org.freedesktop.DBus.Properties"

        class Unit(dbus.service.Object):
            def __init__(self, path, facts):
                super().__init__(bus, path)
                self.facts = facts

            @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
            def GetAll(self, interface):
                return dbus.Dictionary(self.facts, signature="sv")

        UNITS = [
            ("ssh.service", "loaded", "active", "running", {"Type": "notify", "NRestarts": dbus.UInt32(3)}),
            ("bad.service", "loaded", "failed", "failed", {"Type": "simple", "ExecStart": dbus.Array([], signature="(sasbttttuii)")}),
            ("gone.service", "not-found", "inactive", "dead", {}),
            ("daily.timer", "loaded", "active", "waiting", {"LastTriggerUSec": dbus.UInt64(1780000000000000)}),
            ("web.socket", "loaded", "active", "listening", {"NAccepted": dbus.UInt32(7), "NConnections": dbus.UInt32(2), "NRefused": dbus.UInt32(1)}),
            ("home.mount", "loaded", "active", "mounted", {}),
        ]
        objects = []
        rows = []
        for place, (unit, load, active, sub, facts) in enumerate(UNITS):
            path = f"/org/freedesktop/systemd1/unit/u{place}"
            objects.append(Unit(path, facts))
            rows.append((unit, "what it is", load, active, sub, "", dbus.ObjectPath(path), dbus.UInt32(0), "", dbus.ObjectPath("/")))

        class Manager(Unit):
            @dbus.service.method("org.freedesktop.systemd1.Manager", out_signature="a(ssssssouso)")
            def ListUnits(self):
                return rows

        objects.append(Manager("/org/freedesktop/systemd1", {
            "Version": "252.39-1~deb12u2", "SystemState": "degraded", "Progress": 1.0, "Environment": dbus.Array(["A=b"], signature="s")}))
        open(sys.argv[2], "w").close()
        glib = ctypes.CDLL("libglib-2.0.so.0")
        glib.g_main_loop_new.restype = ctypes.c_void_p
        glib.g_main_loop_run.argtypes = [ctypes.c_void_p]
        glib.g_main_loop_run(glib.g_main_loop_new(None, 0))
        """#

    @Test("are shown with their states, as a bus tells them")
    func real() throws {
        let folder = TemporaryDirectory()
        let socket = folder.file("bus")
        let daemon = try RunningService(
            "/usr/bin/dbus-daemon", ["--session", "--nofork", "--nopidfile", "--address=unix:path=\(socket)"],
            in: folder
        ) { FileManager.default.fileExists(atPath: socket) }
        let ready = folder.file("ready")
        let standIn = try RunningService("/usr/bin/python3", ["-c", Self.standIn, socket, ready], in: folder) {
            FileManager.default.fileExists(atPath: ready)
        }
        let collector = SystemdCollector(
            HostFiles(), try NameFilter(include: ".+", exclude: #".+\.(automount|device|mount|scope|slice)"#), socket)
        for _ in 0..<2 {
            let samples = try page(of: collector).samples
            #expect(samples[#"node_systemd_units{state="active"}"#] == 4)
            #expect(samples[#"node_systemd_units{state="failed"}"#] == 1)
            #expect(samples["node_systemd_system_running"] == 0)
            #expect(samples[#"node_systemd_version{version="252.39-1~deb12u2"}"#] == 252)
            #expect(samples[#"node_systemd_unit_state{name="ssh.service",state="active",type="notify"}"#] == 1)
            #expect(samples[#"node_systemd_unit_state{name="ssh.service",state="failed",type="notify"}"#] == 0)
            #expect(samples[#"node_systemd_unit_state{name="bad.service",state="failed",type="simple"}"#] == 1)
            #expect(samples[#"node_systemd_timer_last_trigger_seconds{name="daily.timer"}"#] == 1_780_000_000)
            #expect(samples[#"node_systemd_socket_accepted_connections_total{name="web.socket"}"#] == 7)
            #expect(!samples.keys.contains { $0.contains("home.mount") || $0.contains("gone.service") })
        }
        withExtendedLifetime((daemon, standIn)) {}
    }

    @Test("are no failure where there is no bus, and one where nobody is on it")
    func absent() throws {
        let folder = TemporaryDirectory()
        let collector = SystemdCollector(HostFiles(), try NameFilter(), folder.file("none"))
        var page = MetricPage()
        #expect {
            try collector.update(&page)
        } throws: {
            if case CollectorError.noData = $0 { true } else { false }
        }
    }

    @Test("are read from messages of either byte order, and from nothing that is cut short")
    func messages() {
        let call = BusMessage.call(
            serial: 7, destination: "org.example", path: "/a", interface: "org.example.I", member: "M", ["one", "two"])
        #expect(BusMessage(call)?.body == [.text("one"), .text("two")])
        for count in 0..<call.count { #expect(BusMessage(Array(call.prefix(count))) == nil) }
        // A reply to call 7 with the number 258, as a machine of the other byte order writes it.
        let big: [UInt8] = [
            0x42, 2, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 15,
            5, 1, 0x75, 0, 0, 0, 0, 7, 8, 1, 0x67, 0, 1, 0x75, 0, 0,
            0, 0, 1, 2,
        ]
        #expect(BusMessage(big)?.replySerial == 7)
        #expect(BusMessage(big)?.body == [.number(258)])
    }
}
