import Glibc

/// A system call that failed: which one, on what, and why.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The `errno` value.
    package let code: Int32
    package let call: String
    /// What the call was made on, mostly a path; empty where there is nothing to name.
    package let subject: String

    /// Takes the reason from `errno`, so it must be the first thing after the failed call.
    package init(call: String, on subject: String = "", code: Int32 = errno) {
        self.code = code
        self.call = call
        self.subject = subject
    }

    /// The device or the quota is full.
    package var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
    package var isMissing: Bool { code == ENOENT }
    package var exists: Bool { code == EEXIST }

    /// The kernel's words for an `errno` value.
    package static func reason(_ code: Int32) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            let failed = unsafe strerror_r(code, buffer.baseAddress!, buffer.count) != 0
            return failed ? "unknown reason" : unsafe String(cString: buffer.baseAddress!)
        }
    }

    package var description: String {
        let what = subject.isEmpty ? call : "\(call) of \(subject)"
        return "\(what) failed: \(Self.reason(code)) (errno \(code))"
    }
}
