import Testing
import Text

@Suite struct ByteSizeTests {
    @Test(
        arguments: [
            ("0", 0), ("0B", 0), ("1B", 1), ("1KB", 1024), ("1KiB", 1024), ("15MB", 15_728_640),
            ("1.5GiB", 1_610_612_736), ("1GB512MB", 1_610_612_736),
            ("-1GB", -1_073_741_824), ("+2KB", 2048), ("1TB", 1 << 40), ("1PB", 1 << 50), ("1EB", 1 << 60),
        ] as [(String, Int64)])
    func readsPowersOf1024(text: String, bytes: Int64) throws { #expect(try ByteSize.bytes(of: text) == bytes) }

    @Test(arguments: [
        ("", "a size is missing"), ("-", "a size is missing"),
        ("100", "unknown unit \"\" in \"100\" (use B, KB, MB, GB, TB, PB or EB)"),
        ("5XB", "unknown unit \"XB\" in \"5XB\" (use B, KB, MB, GB, TB, PB or EB)"),
        ("MB", "\"MB\" is not a size (write it like 512MB)"),
        ("1.2.3MB", "\"1.2.3MB\" is not a size (write it like 512MB)"), ("100EB", "\"100EB\" is out of range"),
        ("1mb", "unknown unit \"mb\" in \"1mb\" (use B, KB, MB, GB, TB, PB or EB)"),
    ])
    func refusesOtherText(text: String, reason: String) {
        #expect { _ = try ByteSize.bytes(of: text) } throws: { "\($0)" == reason }
    }

    @Test(
        arguments: [(0, "0B"), (1, "1B"), (1536, "1536B"), (1024, "1KiB"), (3 << 30, "3GiB"), (-2048, "-2KiB")]
            as [(Int64, String)])
    func printsWithoutAFraction(bytes: Int64, text: String) throws {
        #expect(ByteSize.text(ofBytes: bytes) == text)
        #expect(try ByteSize.bytes(of: text) == bytes)
    }
}
