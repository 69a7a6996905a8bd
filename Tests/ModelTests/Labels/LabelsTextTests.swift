import Model
import Testing

struct LabelsTextTests {
    /// The forms of Prometheus' exposition, names in quotes as of version 3.
    @Test(arguments: [
        ([("__name__", "up")], "up"),
        ([("__name__", "up"), ("job", "a")], "up{job=\"a\"}"),
        ([("__name__", "job:rate5m"), ("a", "1"), ("z", "2")], "job:rate5m{a=\"1\",z=\"2\"}"),
        ([("job", "a")], "{job=\"a\"}"),
        ([("__name__", "my.metric"), ("a b", "c")], "{\"my.metric\",\"a b\"=\"c\"}"),
        ([("__name__", "x"), ("p", "a\\b\"c\nd")], "x{p=\"a\\\\b\\\"c\\nd\"}"),
        ([("__name__", "x"), ("A", "before the name")], "x{A=\"before the name\"}"),
        ([], "{}"),
    ])
    func readsAsInAnExposition(pairs: [(String, String)], text: String) {
        #expect("\(Labels(pairs))" == text)
    }
}
