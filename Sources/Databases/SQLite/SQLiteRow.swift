import CSQLite

/// One row of a result. It lives for the call that it is given to; what is read out of it is a copy.
///
/// A column of another type than the one asked for is a bug of the caller or of the schema (tables are STRICT), which
/// traps in a debug build. A release takes SQLite's conversion (zero, empty), because a damaged file must not end the
/// process. NULL is asked for by the `IfAny` forms.
@safe
package struct SQLiteRow: ~Copyable {
    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) {
        unsafe self.statement = statement
    }

    package func integer(_ column: Int) -> Int64 {
        expect(SQLITE_INTEGER, column)
        return unsafe sqlite3_column_int64(statement, Int32(column))
    }

    package func real(_ column: Int) -> Double {
        expect(SQLITE_FLOAT, column)
        return unsafe sqlite3_column_double(statement, Int32(column))
    }

    package func text(_ column: Int) -> String {
        expect(SQLITE_TEXT, column)
        let bytes = unsafe sqlite3_column_text(statement, Int32(column))
        let count = Int(unsafe sqlite3_column_bytes(statement, Int32(column)))
        return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    package func blob(_ column: Int) -> [UInt8] {
        expect(SQLITE_BLOB, column)
        let bytes = unsafe sqlite3_column_blob(statement, Int32(column))
        let count = Int(unsafe sqlite3_column_bytes(statement, Int32(column)))
        return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    package func integerIfAny(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }
    package func realIfAny(_ column: Int) -> Double? { isNull(column) ? nil : real(column) }
    package func textIfAny(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    package var columnCount: Int { Int(unsafe sqlite3_column_count(statement)) }

    /// The column in the type that it has, for who asks without knowing it.
    package func value(_ column: Int) -> SQLiteValue {
        switch unsafe sqlite3_column_type(statement, Int32(column)) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_FLOAT: .real(real(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(blob(column))
        default: .null
        }
    }

    private func isNull(_ column: Int) -> Bool {
        unsafe sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
    }

    private func expect(_ type: Int32, _ column: Int) {
        let found = unsafe sqlite3_column_type(statement, Int32(column))
        assert(found == type, "BUG: column \(column) has SQLite type \(found), \(type) was asked for")
    }
}
