import COpenSSL
import Glibc

/// What a certificate says of itself.
package struct CertificateFacts: Sendable, Equatable {
    /// The common name.
    package var subject = ""
    package var issuer = ""
    /// Decimal, as OpenSSL counts it.
    package var serial = ""
    /// Seconds since 1970.
    package var notBefore: Int64 = 0
    package var notAfter: Int64 = 0

    /// Every certificate of a PEM bundle, in its order; other content is passed over.
    package static func all(inPEM bytes: Span<UInt8>) -> [CertificateFacts] {
        ERR_clear_error()
        defer { ERR_clear_error() }
        var all: [CertificateFacts] = []
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let source = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else { return }
            defer { unsafe BIO_free(source) }
            while let certificate = unsafe PEM_read_bio_X509(source, nil, nil, nil) {
                unsafe all.append(CertificateFacts(certificate))
                unsafe X509_free(certificate)
            }
        }
        return all
    }

    init(_ certificate: OpaquePointer) {
        unsafe subject = Self.commonName(X509_get_subject_name(certificate))
        unsafe issuer = Self.commonName(X509_get_issuer_name(certificate))
        unsafe serial = Self.decimal(X509_get0_serialNumber(certificate))
        unsafe notBefore = Self.seconds(X509_get0_notBefore(certificate))
        unsafe notAfter = Self.seconds(X509_get0_notAfter(certificate))
    }

    private static func commonName(_ name: OpaquePointer?) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            let count = unsafe X509_NAME_get_text_by_NID(name, NID_commonName, text.baseAddress, Int32(text.count))
            return unsafe count < 0 ? "" : String(cString: text.baseAddress!)
        }
    }

    private static func decimal(_ number: UnsafePointer<ASN1_INTEGER>?) -> String {
        let big = unsafe ASN1_INTEGER_to_BN(number, nil)
        defer { unsafe BN_free(big) }
        guard let text = unsafe BN_bn2dec(big) else { return "" }
        defer { unsafe CRYPTO_free(text, nil, 0) }
        return unsafe String(cString: text)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return unsafe Int64(timegm(&parts))
    }
}
