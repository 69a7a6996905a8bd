import TestSupport
import Testing

@testable import Text

/// What Go's text/template gives; the outputs were taken from promtool 2.42, which renders with it.
@Suite struct TemplateTests {
    private static let data = TemplateValue.record(
        TemplateRecord(
            "struct { Labels map[string]string; Value float64 }",
            [
                ("Labels", .map(TemplateMap(texts: [("job", "api"), ("instance", "web-1:9100")]))),
                ("Value", .float(12345.678)),
            ]))

    private static func render(_ text: String) throws(TemplateError) -> String {
        try TemplateSet(functions: TextFunctions.all).render(
            text, named: "t", data, variables: [("value", .float(12345.678)), ("list", .texts(["a", "b", "c"]))])
    }

    @Test(arguments: [
        ("a {{ .Labels.job }} b", "a api b"), ("{{ .Labels.absent }}|", "|"), ("{{ .Value }}", "12345.678"),
        ("{{ $value }}", "12345.678"), ("{{ . }}", "{map[instance:web-1:9100 job:api] 12345.678}"),
        ("a \n {{- 1 -}} \n b", "a1b"), ("{{/* no */}}x", "x"), ("a {{- /* no */ -}} b", "ab"),
        ("{{ if .Labels.job }}y{{ else }}n{{ end }}", "y"),
        ("{{ if eq 1 2 }}a{{ else if eq 2 2 }}b{{ else }}c{{ end }}", "b"),
        ("{{ with .Labels.absent }}a{{ else }}{{ .Value }}{{ end }}", "12345.678"),
        ("{{ with $x := .Labels.job }}{{ $x }}{{ . }}{{ end }}", "apiapi"),
        ("{{ range $i, $e := $list }}{{ $i }}={{ $e }};{{ end }}", "0=a;1=b;2=c;"),
        ("{{ range $list }}{{ if eq . \"b\" }}{{ continue }}{{ end }}{{ . }}{{ end }}", "ac"),
        ("{{ range $list }}{{ if eq . \"b\" }}{{ break }}{{ end }}{{ . }}{{ end }}", "a"),
        ("{{ range $k, $v := .Labels }}{{ $k }}:{{ $v }} {{ end }}", "instance:web-1:9100 job:api "),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        ("{{ define \"d\" }}<{{ . }}>{{ end }}{{ template \"d\" .Value }}", "<12345.678>"),
        ("{{ block \"b\" 7 }}[{{ . }}]{{ end }}", "[7]"),
        ("{{ and 0 (index $list 9) }}|{{ or 1 (index $list 9) }}|{{ not 1 }}", "0|1|false"),
        ("{{ (index .Labels \"job\") | toUpper | printf \"%s-%d\" \"x\" | len }}", "17"),
        (
            "{{ 'a' }} {{ 0x1F }} {{ 1e3 }} {{ 1_000 }} {{ `raw\\n` }} {{ \"q\\t\\u00e9\" }}",
            "97 31 1000 1000 raw\\n q\té"
        ),
        (
            "{{ printf \"%6.2f|%-5s|%05d|%x|%q|%v|%T\" 3.14159 \"ab\" 42 \"hi\" \"a\\\"b\" true 1.5 }}",
            "  3.14|ab   |00042|6869|\"a\\\"b\"|true|float64"
        ),
        ("{{ printf \"%d %s %!\" \"x\" 1 }}", "%!d(string=x) %!s(int=1) %!!(MISSING)"),
        ("{{ printf \"%s\" }}|{{ printf \"a\" 1 \"b\" }}", "%!s(MISSING)|a%!(EXTRA int=1, string=b)"),
        ("{{ printf \"%[2]d %[1]d %*d\" 1 2 4 }}", "2 1  4"),
        ("{{ print 1 2 \"a\" \"b\" 3 4 }}|{{ println 1 \"a\" }}", "1 2ab3 4|1 a\n"),
        (
            "{{ html \"<a&'\\\">\" }} {{ js \"it's<\" }} {{ urlquery \"a b&c\" }}",
            "&lt;a&amp;&#39;&#34;&gt; it\\'s\\u003C a+b%26c"
        ),
        ("{{ slice \"hello\" 1 3 }} {{ len (slice $list 1) }}", "el 2"),
        ("{{ eq 1 2 3 1 }} {{ lt 1.5 2.5 }} {{ ge \"b\" \"a\" }} {{ ne \"a\" \"b\" }}", "true true true true"),
        (
            "{{ reReplaceAll \"(.*):\\\\d+\" \"$1!\" .Labels.instance }} {{ match \"^w\" .Labels.instance }}",
            "web-1! true"
        ),
        ("{{ reReplaceAll \"b*\" \"-\" \"abc\" }}", "-a-c-"),
        (
            "{{ humanizeDuration 3661.5 }}|{{ humanizeDuration 0.0123 }}|{{ humanizeDuration \"-90061\" }}",
            "1h 1m 1s|12.3ms|-1d 1h 1m 1s"
        ),
        ("{{ printf \"%.2f %.3e %g %8.3g|\" 2.675 12345.678 1e6 0.00012345 }}", "2.67 1.235e+04 1e+06 0.000123|"),
    ])
    func rendersAsGoDoes(text: String, expected: String) throws {
        #expect(try Self.render(text) == expected)
    }

    @Test(arguments: [
        (
            "{{ .Foo }}",
            "template: t:1:3: executing \"t\" at <.Foo>: can't evaluate field Foo in type struct { Labels map[string]string; Value float64 }"
        ),
        (
            "x\n {{ humanizeDuration \"abc\" }}",
            "template: t:2:4: executing \"t\" at <humanizeDuration \"abc\">: error calling humanizeDuration: strconv.ParseFloat: parsing \"abc\": invalid syntax"
        ),
        ("{{ toUpper 1 }}", "template: t:1:11: executing \"t\" at <1>: expected string; found 1"),
        (
            "{{ toUpper .Value }}",
            "template: t:1:11: executing \"t\" at <.Value>: wrong type for value; expected string; got float64"
        ),
        (
            "{{ toUpper }}",
            "template: t:1:3: executing \"t\" at <toUpper>: wrong number of args for toUpper: want 1 got 0"
        ),
        (
            "{{ lt 1 1.5 }}",
            "template: t:1:3: executing \"t\" at <lt 1 1.5>: error calling lt: incompatible types for comparison"
        ),
        (
            "{{ index $list 3 }}",
            "template: t:1:3: executing \"t\" at <index $list 3>: error calling index: index out of range: 3"
        ),
        (
            "{{ template \"none\" }}",
            "template: t:1:12: executing \"t\" at <{{template \"none\"}}>: template \"none\" not defined"
        ),
        (
            "{{ range .Value }}{{ end }}",
            "template: t:1:9: executing \"t\" at <.Value>: range can't iterate over 12345.678"
        ),
    ])
    func failsAsGoDoes(text: String, expected: String) {
        #expect { try Self.render(text) } throws: { "\($0)" == expected }
    }

    @Test(arguments: [
        ("{{ nope }}", "1:3: function \"nope\" not defined"), ("{{ $nope }}", "1:3: undefined variable \"$nope\""),
        ("{{ if }}{{ end }}", "1:6: missing value for if"), ("{{ if 1 }}", "1:10: unexpected EOF in if"),
        ("{{ end }}", "1:3: unexpected {{end}}"), ("{{ 1", "1:0: unclosed action"),
        ("{{ \"a }}", "1:3: unterminated quoted string"), ("{{ (1 }}", "1:6: unclosed left paren"),
        ("{{ 1 | 2 }}", "1:7: non executable command in pipeline stage 2"),
        ("{{ break }}", "1:3: {{break}} outside {{range}}"), ("{{ }}", "1:3: missing value for command"),
        ("{{ ! }}", "1:3: unexpected U+0021 '!' in command"), ("{{ 1x }}", "1:3: bad number syntax: \"1x\""),
        ("{{/* a }}", "1:0: unclosed comment"),
        (
            "{{ define \"a\" }}1{{ end }}{{ define \"a\" }}2{{ end }}",
            "1:0: template: multiple definition of template \"a\""
        ),
    ])
    func refusesWhatGoRefuses(text: String, expected: String) {
        #expect { try Self.render(text) } throws: { "\($0)" == "template: t:\(expected)" }
    }

    @Test func boundsTheWorkAndTheOutput() throws {
        var set = TemplateSet(functions: [])
        set.limits.stepsMax = 1000
        set.limits.outputBytesMax = 100
        let endless = "{{ define \"d\" }}{{ template \"d\" }}{{ end }}{{ template \"d\" }}"
        #expect { try set.render(endless, named: "t", .nothing) } throws: {
            "\($0)".contains("exceeded maximum template depth (100)")
        }
        #expect { try set.render("{{ range 5000 }}{{ end }}", named: "t", .nothing) } throws: {
            "\($0)".contains("range can't iterate")
        }
        #expect { try set.render("{{ range 900 }}{{ range 900 }}{{ end }}{{ end }}", named: "t", .nothing) } throws: {
            "\($0)".contains("takes more than 1000 steps")
        }
        #expect { try set.render("{{ printf \"%200d\" 1 }}", named: "t", .nothing) } throws: {
            "\($0)".contains("the output has more than 100 bytes")
        }
    }

    @Test func letsALaterDefinitionReplaceAnEarlierOneUnlessItIsEmpty() throws {
        var set = TemplateSet(functions: [])
        try set.add("{{ define \"a\" }}1{{ end }}", named: "first")
        try set.add("{{ define \"a\" }} {{ end }}", named: "second")
        #expect(try set.render("{{ template \"a\" }}", named: "t", .nothing) == "1")
        try set.add("{{ define \"a\" }}3{{ end }}", named: "third")
        #expect(try set.render("{{ template \"a\" }}", named: "t", .nothing) == "3")
    }
}
