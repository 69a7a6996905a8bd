import Encoding
import Model
import Testing

@testable import Alerting

@Suite struct RouteTests {
    private static func read(_ text: String) -> (configuration: AlertmanagerConfiguration, errors: [String]) {
        let report = ConfigurationReport()
        let configuration = AlertmanagerConfiguration.read(Array(text.utf8).span, file: "a.yml", report)
        return (configuration, report.errors.map(\.description))
    }

    private static let tree = """
        route:
          receiver: all
          group_by: [alertname]
          group_wait: 10s
          routes:
          - matchers: ['team="a"']
            receiver: a
            routes:
            - matchers: [severity=page]
              receiver: a-page
              continue: true
              group_by: ['...']
            - match_re: {severity: p.*}
              receiver: a-p
          - match: {team: b}
            continue: true
            repeat_interval: 1h
            mute_time_intervals: [nights]
          - matchers: [env!=prod]
            receiver: b
        receivers: [{name: all}, {name: a}, {name: a-page}, {name: a-p}, {name: b}]
        time_intervals:
        - name: nights
          time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]
        """

    @Test(arguments: [
        (["team": "a"], ["a"]), (["team": "a", "severity": "page"], ["a-page", "a-p"]),
        (["team": "a", "severity": "pax"], ["a-p"]), (["team": "b", "env": "prod"], ["all"]),
        (["team": "b"], ["all", "b"]), (["env": "prod"], ["all"]), ([:], ["b"]),
    ])
    func anAlertGoesDownTheTree(labels: [String: String], receivers: [String]) throws {
        let result = Self.read(Self.tree)
        #expect(result.errors == [])
        let root = try #require(result.configuration.route)
        #expect(root.matches(Labels(labels.map { ($0.key, $0.value) })).map(\.receiver) == receivers)
    }

    @Test func nodesHaveWhatTheyDoNotSayFromAbove() throws {
        let root = try #require(Self.read(Self.tree).configuration.route)
        let page = root.routes[0].routes[0]
        #expect(page.groupsByAll && page.groupWaitMs == 10_000 && page.groupIntervalMs == 300_000)
        #expect(root.routes[1].receiver == "all" && root.routes[1].groupBy == ["alertname"])
        #expect(root.routes[1].repeatIntervalMs == 3_600_000 && root.repeatIntervalMs == 14_400_000)
        let labels = Labels([("alertname", "x"), ("team", "a")])
        #expect(page.group(of: labels) == labels && root.group(of: labels) == Labels([("alertname", "x")]))
    }

    @Test(arguments: [
        ("receivers: [{name: a}]\n", "no route provided in config"),
        ("route: {receiver: b}\nreceivers: [{name: a}]\n", "undefined receiver \"b\" used in route"),
        ("route: {receiver: a, match: {x: y}}\nreceivers: [{name: a}]\n", "root route must not have any matchers"),
        ("route: {receiver: a, continue: true}\nreceivers: [{name: a}]\n", "cannot have continue in root route"),
        ("route: {receiver: a, group_by: [x, ...]}\nreceivers: [{name: a}]\n", "cannot have wildcard group_by"),
        ("route: {receiver: a, group_interval: 0s}\nreceivers: [{name: a}]\n", "group_interval cannot be zero"),
        ("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]\n", "is not unique"),
        (
            "route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: a}]\n",
            "undefined time interval \"x\""
        ),
        ("route: {receiver: a}\nreceivers: [{name: a, slack_config: []}]\n", "did you mean \"slack_configs\"?"),
        (
            "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: 'http://x', colour: red}]}]\n",
            "did you mean \"color\"?"
        ),
        (
            "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{}]}]\n",
            "one of url or url_file must be configured"
        ),
        (
            "route: {receiver: a}\nreceivers: [{name: a, sns_configs: [{topic_arn: x, target_arn: y}]}]\n",
            "must provide either a Target ARN"
        ),
    ])
    func refusesWhatAlertmanagerRefuses(text: String, what: String) {
        let errors = Self.read(text).errors
        #expect(errors.count == 1 && errors[0].contains(what) && errors[0].hasPrefix("a.yml:"), "\(errors)")
    }
}
