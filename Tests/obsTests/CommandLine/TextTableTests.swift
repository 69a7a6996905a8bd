import Testing

@testable import obs

@Suite struct TextTableTests {
    @Test func columnsAreAsWideAsTheirWidestCell() {
        var table = TextTable("NAME", "ROLE")
        table.add("a-long-name", "read")
        table.add("b", "")
        #expect(
            table.text(RecordedConsole().console) == """
                NAME         ROLE
                a-long-name  read
                b
                """)
    }
}
