import CCurl
import Encoding

/// One libcurl transfer, set up anew for each request. Used on the client's thread alone.
@safe
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>]

    init() throws(ClientError) {
        guard let raw = unsafe ccurl_easy_new() else { throw ClientError(.setup, "libcurl is out of memory") }
        unsafe self.raw = raw
        unsafe lists = []
    }

    deinit {
        unsafe ccurl_easy_free(raw)
        freeLists()
    }

    /// Forgets all settings; connections stay with the multi handle.
    func reset() {
        unsafe ccurl_easy_reset(raw)
        freeLists()
    }

    private func freeLists() {
        while let list = unsafe lists.popLast() { unsafe ccurl_list_free(list) }
    }

    func set(_ option: CURLoption, _ value: Int) {
        check(unsafe ccurl_set_long(raw, option, value), option)
    }

    func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }

    func set(large option: CURLoption, _ value: Int) {
        check(unsafe ccurl_set_large(raw, option, Int64(value)), option)
    }

    func set(_ option: CURLoption, _ text: String) {
        check(unsafe ccurl_set_text(raw, option, text), option)
    }

    func set(blob option: CURLoption, _ text: String) {
        var text = text
        text.withUTF8 { bytes in
            check(unsafe ccurl_set_blob(raw, option, bytes.baseAddress, bytes.count), option)
        }
    }

    /// Copied by libcurl.
    func set(body: [UInt8]) {
        set(large: CURLOPT_POSTFIELDSIZE_LARGE, body.count)
        unsafe body.withUnsafeBytes { bytes in
            check(unsafe ccurl_set_pointer(raw, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress), CURLOPT_COPYPOSTFIELDS)
        }
    }

    func set(_ option: CURLoption, context: AnyObject) {
        let pointer = unsafe Unmanaged.passUnretained(context).toOpaque()
        check(unsafe ccurl_set_pointer(raw, option, pointer), option)
    }

    func set(_ option: CURLoption, _ function: ccurl_bytes_function) {
        check(unsafe ccurl_set_bytes_function(raw, option, function), option)
    }

    func set(_ option: CURLoption, lines: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = unsafe ccurl_list_append(list, line) else { break }
            unsafe list = longer
        }
        guard let list = unsafe list else { return }
        unsafe lists.append(list)
        check(unsafe ccurl_set_pointer(raw, option, list), option)
    }

    func long(_ info: CURLINFO) -> Int { unsafe ccurl_get_long(raw, info) }
    func large(_ info: CURLINFO) -> Int64 { unsafe ccurl_get_large(raw, info) }

    /// The options are fixed in the code and their values have the right type, so only memory can be short.
    private func check(_ code: CURLcode, _ option: CURLoption) {
        precondition(
            code == CURLE_OK || code == CURLE_OUT_OF_MEMORY || code == CURLE_UNKNOWN_OPTION
                || code == CURLE_NOT_BUILT_IN,
            "BUG: libcurl refuses option \(option.rawValue) with code \(code.rawValue)")
    }
}
