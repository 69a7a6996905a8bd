/// Every integration, by its key. A new one is a file beside this and a line here.
enum Integrations {
    static let all: [IntegrationDefinition] = [
        CertificateIntegration.definition,
        CgroupIntegration.definition,
        DockerIntegration.definition,
        HAProxyIntegration.definition,
        KeepalivedIntegration.definition,
        NginxIntegration.definition,
        PostgresIntegration.definition,
        ProbeIntegration.definition,
        ProcessIntegration.definition,
        RedisIntegration.definition,
    ]
}
