import Testing

@testable import Crypto

@Suite struct RandomTests {
    @Test func everyByteIsFilledAndNoTwoDrawsAgree() {
        let first = SecureRandom.bytes(1_000)
        #expect(first.count == 1_000)
        #expect(first != SecureRandom.bytes(1_000))
        // 1,000 bytes hold about 251 of 256 values; a hole of 256 unfilled zeros would show here.
        #expect(first.count { $0 == 0 } < 40)
        #expect(SecureRandom.bytes(0).isEmpty)
    }

    @Test func aTokenHasAPrefixAnd256BitsAndIsKnownByItsHash() {
        let token = BearerToken()
        #expect(token.text.hasPrefix("obs_"))
        #expect(token.text.utf8.count == 47)
        #expect(token.text.dropFirst(4).allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
        #expect(token.hash == HashAlgorithm.sha256.hash(Array(token.text.utf8).span))
        #expect(BearerToken().text != token.text)
    }
}
