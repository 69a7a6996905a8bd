import Encoding
import Model

/// What a resource becomes: the attributes that name the program and its place make the stream, as Loki has it, the others
/// go with each entry.
struct OTLPStream {
    private static let labels: Set<String> = [
        "service.name", "service.namespace", "service.instance.id", "deployment.environment",
        "deployment.environment.name", "cloud.region", "cloud.availability_zone", "k8s.cluster.name",
        "k8s.namespace.name", "k8s.container.name", "container.name", "k8s.replicaset.name", "k8s.deployment.name",
        "k8s.statefulset.name", "k8s.daemonset.name", "k8s.cronjob.name", "k8s.job.name",
    ]

    let labels: Labels
    /// Attributes that make no label.
    let rest: [JSONMember]

    /// - Parameter base: labels beside those of the resource.
    init(_ resource: [JSONMember], base: [(name: String, value: String)] = []) {
        var builder = LabelsBuilder()
        for label in base { builder.set(label.name, label.value) }
        var rest: [JSONMember] = []
        for attribute in resource {
            if Self.labels.contains(attribute.name) {
                builder.set(LogLabelName.of(attribute.name), OTLPValue.text(attribute.value))
            } else {
                rest.append(attribute)
            }
        }
        if builder.value(of: "service_name").isEmpty { builder.set("service_name", "unknown_service") }
        (labels, self.rest) = (builder.labels(), rest)
    }
}
