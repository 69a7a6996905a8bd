import Model
import Testing

@Suite struct NameValidationTests {
    @Test(arguments: [
        ("Avalid_23name", true, true), ("_Avalid_23name", true, true), ("1valid_23name", false, false),
        ("avalid_23name", true, true), ("Ava:lid_23name", false, true), ("a lid_23name", false, false),
        (":leading_colon", false, true), ("colon:in:the:middle", false, true), ("", false, false), ("ü", false, false),
    ])
    func followsTheLegacyRules(name: String, label: Bool, metric: Bool) {
        #expect(NameValidation.legacy.isValidLabelName(name) == label)
        #expect(NameValidation.legacy.isValidMetricName(name) == metric)
        #expect(NameValidation.utf8.isValidLabelName(name) == !name.isEmpty)
        #expect(NameValidation.utf8.isValidMetricName(name) == !name.isEmpty)
    }
}
