import LogQL

extension FuzzedDecoder {
    /// What is read is printed, and what is printed reads back as the same.
    static let logqlText = FuzzedDecoder("logql-text", bytesMax: 256) { bytes in
        let query: LogQuery
        do throws(LogQLError) {
            query = try LogQuery(parsing: String(decoding: bytes.array, as: UTF8.self))
        } catch {
            check(!error.withCaret.isEmpty, "an error without words")
            return
        }
        let printed = QueryText.text(query)
        check(reread(printed) == printed, "\(printed) is printed otherwise once it was read")
        check(reread(QueryText.pretty(query)) == printed, "\(printed) changes when it is laid out")
    }

    private static func reread(_ text: String) -> String {
        do throws(LogQLError) {
            return QueryText.text(try LogQuery(parsing: text))
        } catch {
            return "not read: \(error)"
        }
    }
}
