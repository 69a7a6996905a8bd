/// Every integration, by its key. A new one is a file beside this and a line here.
enum Integrations {
    static let all: [IntegrationDefinition] = [
        CgroupIntegration.definition,
        HAProxyIntegration.definition,
        NginxIntegration.definition,
        ProcessIntegration.definition,
        RedisIntegration.definition,
    ]
}
