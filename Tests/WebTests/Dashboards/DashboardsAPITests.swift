import Encoding
import Foundation
import HTTP
import Ledger
import Telemetry
import TestSupport
import Testing

@testable import Web

@Suite struct DashboardsAPITests {
    private let directory = TemporaryDirectory()

    private func write(_ text: String, _ name: String) throws {
        let path = directory.file(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private func json(_ path: String) throws -> JSONValue {
        return try JSONValue.parse(try server().get(path).body.span)
    }

    private func server() throws -> APIServer {
        let folder = directory.file("")
        let ledger = Ledger(directory: directory.file("ledger"), registry: Registry())
        return try APIServer { _, pool, router in
            DashboardsAPI(ledger, pool: pool) { DashboardFolders([folder]) }.add(to: &router)
        }
    }

    @Test func listsDashboardsOfEveryFormByTitle() throws {
        try write(#"{"title": "Hosts", "uid": "h", "tags": ["linux", "fleet"]}"#, "hosts.json")
        try write(#"{"kind": "Dashboard", "metadata": {"name": "v2"}, "spec": {"title": "API"}}"#, "team/api.json")
        try write(#"{"dashboard": {"title": "Zoo"}}"#, "zoo.json")
        let list = try json("/obs/v1/dashboards")
        let rows = try #require(list["dashboards"]?.elements)
        #expect(rows.map { $0["title"]?.text } == ["API", "Hosts", "Zoo"])
        #expect(rows.map { $0["uid"]?.text } == ["v2", "h", "zoo"])
        #expect(rows.map { $0["folder"]?.text } == ["team", "", ""])
        #expect(rows[1]["tags"]?.elements?.compactMap(\.text) == ["linux", "fleet"])
        #expect(list["notices"]?.elements?.isEmpty == true)
    }

    @Test func filesThatAreNoDashboardsAreNamedWithTheReason() throws {
        try write("{", "broken.json")
        try write("[1]", "list.json")
        try write(#"{"title": "One", "uid": "same"}"#, "a.json")
        try write(#"{"title": "Two", "uid": "same"}"#, "b.json")
        let list = try json("/obs/v1/dashboards")
        #expect(list["dashboards"]?.elements?.compactMap { $0["title"]?.text } == ["One"])
        let notices = (list["notices"]?.elements ?? []).compactMap(\.text)
        #expect(notices.count == 3)
        #expect(notices.contains { $0.contains("broken.json") && $0.contains("line 1") })
        #expect(notices.contains { $0.contains("list.json") && $0.contains("no title") })
        #expect(notices.contains { $0.contains("b.json") && $0.contains("same") })
    }

    @Test func givesADashboardAsItWasWritten() throws {
        try write(#"{"title": "Hosts", "uid": "h", "panels": [{"id": 1.50}]}"#, "hosts.json")
        let answer = try json("/obs/v1/dashboards/h")
        #expect(answer["isReadOnly"]?.bool == true)
        #expect(answer["dashboard"]?["panels"]?.elements?.first?["id"]?.double == 1.5)
        #expect(try json("/obs/v1/dashboards/none")["errorType"]?.text == "not_found")
    }

    @Test func aDashboardIsSavedOnceAndTheSecondEditorIsTold() throws {
        try write(#"{"title": "Hosts", "uid": "h"}"#, "hosts.json")
        let server = try server()
        func put(_ identifier: String, _ body: String) throws -> (status: Status, json: JSONValue) {
            let answer = try server.send(.put, "/obs/v1/dashboards/\(identifier)", Array(body.utf8))
            return (answer.status, try JSONValue.parse(answer.body.span))
        }
        let body = #"{"version": 0, "folder": "mine", "dashboard": {"title": "Mine", "tags": ["x"], "panels": []}}"#
        #expect(try put("mine", body).json["version"]?.int == 1)
        let second = try put("mine", body)
        #expect(second.status == .conflict)
        #expect(second.json["error"]?.text?.contains("meanwhile") == true)
        #expect(try put("h", body).status == .badRequest)
        #expect(try put("none", #"{"version": 0}"#).status == .badRequest)
        #expect(try put("none", "{").status == .badRequest)
        let one = try JSONValue.parse(try server.get("/obs/v1/dashboards/mine").body.span)
        #expect(one["isReadOnly"]?.bool == false && one["version"]?.int == 1)
        #expect(one["dashboard"]?["title"]?.text == "Mine")
        #expect(try server.send(.put, "/obs/v1/stars/mine", []).status == .ok)
        let rows = try #require(
            try JSONValue.parse(try server.get("/obs/v1/dashboards").body.span)["dashboards"]?.elements)
        #expect(rows.map { $0["uid"]?.text } == ["h", "mine"])
        #expect(rows.map { $0["isStarred"]?.bool } == [false, true])
        #expect(rows.map { $0["isSaved"]?.bool } == [false, true])
        #expect(try server.send(.delete, "/obs/v1/dashboards/mine", []).status == .ok)
        #expect(try server.get("/obs/v1/dashboards/mine").status == .notFound)
    }
}
