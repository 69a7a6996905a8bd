import Encoding
package import Model

extension Labels {
    /// As Loki's messages have a series: `{a="b", c="d"}`.
    package var quotedText: String {
        "{" + pairs.map { "\($0.name)=\(Quoted.text($0.value))" }.joined(separator: ", ") + "}"
    }
}
