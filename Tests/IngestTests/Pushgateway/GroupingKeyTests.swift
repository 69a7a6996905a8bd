import Model
import Testing

@testable import Ingest

/// The examples of the Pushgateway's README.
struct GroupingKeyTests {
    private func key(_ path: String) throws -> [String] {
        try GroupingKey.read(path).get().pairs.map { "\($0.name)=\($0.value)" }
    }

    @Test func aPathIsPairsOfLabelsAndValues() throws {
        #expect(try key("job/some_job/instance/some_instance") == ["instance=some_instance", "job=some_job"])
        #expect(try key("job/titan/name/Προμηθεύς") == ["job=titan", "name=Προμηθεύς"])
        #expect(try key("job/titan/name@base64/zqDPgc6_zrzOt864zrXPjc-C") == ["job=titan", "name=Προμηθεύς"])
        #expect(try key("job/directory_cleaner/path@base64/L3Zhci90bXA") == ["job=directory_cleaner", "path=/var/tmp"])
        #expect(try key("job@base64/L3Zhci90bXA=") == ["job=/var/tmp"])
        #expect(
            try key("job/example/first_label@base64/=/second_label/foobar") == ["job=example", "second_label=foobar"])
    }

    @Test(arguments: ["", "job", "job/", "instance/a", "job/a/b", "job/a/__name__/x", "job/a/x@base64/!"])
    func otherPathsAreRefused(_ path: String) {
        #expect(throws: GroupingKey.Refusal.self) { try key(path) }
    }
}
