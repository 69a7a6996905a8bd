import Encoding
import TestSupport
import Testing

@testable import Crypto

@Suite struct HashTests {
    private func hex(_ bytes: [UInt8]) -> String { Hexadecimal.string(bytes.span) }
    private func hash(_ algorithm: HashAlgorithm, _ text: String) -> String {
        hex(algorithm.hash(Array(text.utf8).span))
    }

    /// RFC 1321 A.5, FIPS 180-4 examples, RFC 6234.
    @Test func givesTheVectorsOfTheStandards() {
        #expect(hash(.md5, "") == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(hash(.md5, "message digest") == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(hash(.sha1, "abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(hash(.sha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hash(.sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            hash(.sha512, "abc")
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
    }

    /// RFC 4231, cases 1 to 3 and 6, and RFC 2202 for SHA-1.
    @Test func authenticatesTheVectorsOfTheStandards() {
        func code(_ algorithm: HashAlgorithm, _ key: [UInt8], _ text: [UInt8]) -> String {
            hex(algorithm.authenticate(text.span, key: key.span))
        }
        #expect(
            code(.sha256, Array(repeating: 0x0b, count: 20), Array("Hi There".utf8))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            code(.sha256, Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            code(.sha256, Array(repeating: 0xaa, count: 20), Array(repeating: 0xdd, count: 50))
                == "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")
        #expect(
            code(
                .sha256, Array(repeating: 0xaa, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        #expect(
            code(.sha1, Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
                == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        // Of an empty key and text, as in the documentation of HMAC at Wikipedia.
        #expect(
            code(.sha256, [], []) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test func constantTimeComparisonSeesEveryDifference() {
        var random = SeededGenerator(seed: 3)
        let bytes = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
        func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool { ConstantTime.equal(left.span, right.span) }
        #expect(equal(bytes, bytes))
        #expect(equal([], []))
        #expect(!equal(bytes, bytes.dropLast()))
        for bit in 0..<512 {
            var other = bytes
            other[bit / 8] ^= 1 << (bit % 8)
            #expect(!equal(bytes, other))
        }
    }
}
