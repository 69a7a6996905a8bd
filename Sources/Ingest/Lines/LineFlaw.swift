/// What is wrong with a line of samples.
package struct LineFlaw: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
