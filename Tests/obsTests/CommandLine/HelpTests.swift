import Testing

@testable import obs

@Suite struct HelpTests {
    @Test func aPageShowsUsageFlagsAndExamples() {
        let page = Help.page(of: bakeCommand(), RecordedConsole(columns: 80).console)
        #expect(
            page == """
                obs bake: put cakes into the oven

                Usage:
                  obs bake [flags] CAKE...

                Arguments:
                  CAKE...  what to bake

                Flags:
                  -d, --degrees N    how hot (default 180; or the variable BAKE_DEGREES)
                  -s, --shape SHAPE  the form (one of round, square; default round)
                  -v, --vegan        without butter
                  -f, --fast         with the fan
                  --pan FOLDER       where it goes

                Examples:
                  # A hot one
                  obs bake -d 220 cheese
                """)
    }

    @Test func aNarrowTerminalGetsTheMeaningBelowTheFlag() {
        let page = Help.page(of: bakeCommand(), RecordedConsole(columns: 30).console)
        #expect(
            page.contains(
                """
                Flags:
                  -d, --degrees N
                      how hot (default 180; or
                      the variable
                      BAKE_DEGREES)
                  -s, --shape SHAPE
                """))
        #expect(page.split(separator: "\n").allSatisfy { $0.count <= 30 })
    }

    @Test func headingsAreBoldOnlyWhereColourIsWanted() {
        #expect(
            Help.page(of: bakeCommand(), RecordedConsole(hasColour: true).console).contains("\u{1b}[1mFlags:\u{1b}[0m"))
        #expect(!Help.page(of: bakeCommand(), RecordedConsole().console).contains("\u{1b}"))
    }

    @Test(arguments: Commands.all.map(\.name)) func everyCommandExplainsItself(name: String) throws {
        let command = try #require(Commands.all.first { $0.name == name })
        #expect(!command.examples.isEmpty)
        for example in command.examples {
            #expect(example.line.contains("obs \(name)"), "the example \(example.line) does not use the command")
        }
        let docs = [command.summary] + command.flags.map(\.doc) + (command.operands.map { [$0.doc] } ?? [])
        for doc in docs {
            #expect(!doc.hasSuffix("."), "\(doc)")
            #expect(!doc.isEmpty)
        }
        let names = command.flags.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(!names.contains("help"))
        let shorts = command.flags.compactMap(\.short)
        #expect(Set(shorts).count == shorts.count)
        #expect(!shorts.contains("h"))
    }

    @Test func commandNamesAreUniqueAndNoneHidesAGroup() {
        let names = Commands.all.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(!names.contains { $0.hasPrefix(name + " ") }, "\(name) hides the commands below it")
        }
    }
}
