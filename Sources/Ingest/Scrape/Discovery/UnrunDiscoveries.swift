/// Prometheus' kinds of discovery that obs does not run, with their settings and rules.
extension UnrunDiscovery {
    static let all: [UnrunDiscovery] = containers + clouds + aws + catalogs

    private static let awsSettings: [Setting] = [
        .text("endpoint"), .text("region"), .text("access_key"), .secret("secret_key"), .text("profile"),
        .text("role_arn"), .text("external_id"), .whole("port"), .duration("refresh_interval"),
    ]
    private static let awsClusterSettings = awsSettings + [.texts("clusters"), .whole("request_concurrency")]
    private static let portAndInterval: [Setting] = [.whole("port"), .duration("refresh_interval")]

    private static let aws: [UnrunDiscovery] = [
        UnrunDiscovery(
            "aws", awsSettings + [.text("role"), .filters("filters"), .texts("clusters")],
            rules: [
                .word(
                    "role", ["ec2", "ecs", "elasticache", "lightsail", "msk", "rds"], otherwise: nil,
                    "unknown AWS SD role")
            ],
            instead: "use ec2_sd_configs for instances, file_sd_configs or http_sd_configs for the rest"),
        UnrunDiscovery("ecs", awsClusterSettings),
        UnrunDiscovery("elasticache", awsClusterSettings),
        UnrunDiscovery("lightsail", awsSettings),
        UnrunDiscovery("msk", awsClusterSettings),
        UnrunDiscovery("rds", awsClusterSettings + [.filters("filters")]),
    ]

    private static let containers: [UnrunDiscovery] = [
        UnrunDiscovery(
            "dockerswarm", portAndInterval + [.text("host"), .text("role"), .filters("filters")],
            rules: [
                .required("host", "host missing"), .url("host", isAddress: false, "invalid host"),
                .word("role", ["services", "nodes", "tasks"], otherwise: nil, "invalid role"),
            ],
            instead: "use dns_sd_configs with the names tasks.<service>, or docker_sd_configs on each node"),
        UnrunDiscovery(
            "marathon",
            [.texts("servers"), .duration("refresh_interval"), .secret("auth_token"), .file("auth_token_file")],
            rules: [
                .required("servers", "marathon_sd: must contain at least one Marathon server"),
                .atMostOne(
                    ["auth_token", "auth_token_file"],
                    "marathon_sd: at most one of auth_token & auth_token_file must be configured"),
            ]
                + ["auth_token", "auth_token_file"].flatMap { token -> [Rule] in
                    [
                        .atMostOne(
                            [token, "basic_auth"],
                            "marathon_sd: at most one of basic_auth, auth_token & auth_token_file must be configured"),
                        .atMostOne(
                            [token, "bearer_token"],
                            "marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & auth_token_file must be configured"
                        ),
                        .atMostOne(
                            [token, "bearer_token_file"],
                            "marathon_sd: at most one of bearer_token, bearer_token_file, auth_token & auth_token_file must be configured"
                        ),
                        .atMostOne(
                            [token, "authorization"],
                            "marathon_sd: at most one of auth_token, auth_token_file & authorization must be configured"
                        ),
                    ]
                }),
        UnrunDiscovery(
            "nomad",
            [
                .truth("allow_stale"), .text("namespace"), .duration("refresh_interval"), .text("region"),
                .text("server"), .text("tag_separator"),
            ],
            rules: [.url("server", isAddress: false, "invalid server")],
            instead: "let Nomad register its services in Consul for consul_sd_configs, or use http_sd_configs"),
        UnrunDiscovery(
            "triton",
            portAndInterval + [
                .text("account"), .text("role"), .text("dns_suffix"), .text("endpoint"), .texts("groups"),
                .tls("tls_config"), .whole("version"),
            ], client: false,
            rules: [
                .word(
                    "role", ["container", "cn"], otherwise: "container", "triton SD configuration requires a role, not"),
                .required("account", "triton SD configuration requires an account"),
                .required("dns_suffix", "triton SD configuration requires a dns_suffix"),
                .required("endpoint", "triton SD configuration requires an endpoint"),
            ]),
    ]

    private static let catalogs: [UnrunDiscovery] = [
        UnrunDiscovery(
            "eureka", [.text("server"), .duration("refresh_interval")],
            rules: [
                .required("server", "eureka_sd: empty or null eureka server"),
                .url("server", isAddress: true, "eureka_sd: invalid eureka server URL"),
            ]),
        UnrunDiscovery(
            "kuma",
            [.text("server"), .text("client_id"), .duration("refresh_interval"), .duration("fetch_timeout")],
            rules: [
                .required("server", "kuma SD server must not be empty"),
                .url("server", isAddress: true, "kuma SD server must not be empty and have a scheme"),
            ]),
        zookeeper("nerve"), zookeeper("serverset"),
        UnrunDiscovery(
            "puppetdb", portAndInterval + [.text("url"), .text("query"), .truth("include_parameters")],
            rules: [
                .required("url", "URL is missing"), .required("query", "query missing"),
                .url("url", isAddress: true, "host is missing in URL"),
                .urlScheme("url", ["http", "https"], "URL scheme must be 'http' or 'https'"),
            ]),
        UnrunDiscovery(
            "uyuni",
            [
                .text("server"), .text("username"), .secret("password"), .text("entitlement"), .text("separator"),
                .duration("refresh_interval"),
            ],
            rules: [
                .required("server", "Uyuni SD configuration requires server host"),
                .url("server", isAddress: false, "Uyuni Server URL is not valid"),
                .required("username", "Uyuni SD configuration requires a username"),
                .required("password", "Uyuni SD configuration requires a password"),
            ]),
    ]

    /// The two forms in which services register in ZooKeeper.
    private static func zookeeper(_ kind: String) -> UnrunDiscovery {
        UnrunDiscovery(
            kind, [.texts("servers"), .texts("paths"), .duration("timeout")], client: false,
            rules: [
                .required("servers", "\(kind) SD config must contain at least one Zookeeper server"),
                .required("paths", "\(kind) SD config must contain at least one path"),
                .beginsWithSlash("paths", "\(kind) SD config paths must begin with '/'"),
            ])
    }

    private static let clouds: [UnrunDiscovery] = [
        azure, oci, openstack, outscale, ovhcloud, scaleway, stackit,
        UnrunDiscovery(
            "digitalocean", portAndInterval + [.text("role")],
            rules: [
                .word("role", ["droplets", "databases"], otherwise: "droplets", "unknown DigitalOcean discovery role")
            ]),
        UnrunDiscovery(
            "gce",
            portAndInterval + [.text("project"), .text("zone"), .text("filter"), .text("tag_separator")], client: false,
            rules: [
                .required("project", "GCE SD configuration requires a project"),
                .required("zone", "GCE SD configuration requires a zone"),
            ]),
        UnrunDiscovery(
            "hetzner", portAndInterval + [.text("role"), .text("label_selector")],
            rules: [.word("role", ["robot", "hcloud"], otherwise: nil, "unknown role")]),
        UnrunDiscovery(
            "ionos", portAndInterval + [.text("datacenter_id")],
            rules: [.required("datacenter_id", "datacenter id can't be empty")]),
        UnrunDiscovery("linode", portAndInterval + [.text("tag_separator"), .text("region")]),
        UnrunDiscovery("vultr", portAndInterval),
    ]

    private static let azure = UnrunDiscovery(
        "azure",
        portAndInterval + [
            .text("environment"), .text("subscription_id"), .text("tenant_id"), .text("client_id"),
            .secret("client_secret"), .text("authentication_method"), .text("resource_group"),
        ],
        rules: [
            .required("subscription_id", "azure SD configuration requires a subscription_id"),
            .word(
                "authentication_method", ["OAuth", "ManagedIdentity", "SDK", "WorkloadIdentity"], otherwise: "OAuth",
                "unknown authentication_type"),
            .when(
                "authentication_method", is: "OAuth", otherwise: "OAuth",
                [
                    .required("tenant_id", "azure SD configuration requires a tenant_id"),
                    .required("client_id", "azure SD configuration requires a client_id"),
                    .required("client_secret", "azure SD configuration requires a client_secret"),
                ]),
        ])

    private static let ociKey = ["tenancy", "user", "fingerprint", "key_file"]

    private static let oci = UnrunDiscovery(
        "oci",
        portAndInterval + [
            .text("auth"), .text("tenancy"), .text("user"), .text("fingerprint"), .file("key_file"),
            .secret("key_passphrase"), .file("key_passphrase_file"), .text("region"), .texts("compartments"),
        ],
        rules: [
            .required("region", "oci_sd: region is required"),
            .word("auth", ["api_key", "instance_principal"], otherwise: "api_key", "oci_sd: unknown auth method"),
            .when(
                "auth", is: "api_key", otherwise: "api_key",
                ociKey.map { .required($0, "oci_sd: api_key auth requires \($0)") } + [
                    .atMostOne(
                        ["key_passphrase", "key_passphrase_file"],
                        "oci_sd: at most one of key_passphrase and key_passphrase_file must be configured")
                ]),
            .when(
                "auth", is: "instance_principal", otherwise: nil,
                [
                    .none(
                        ociKey + ["key_passphrase", "key_passphrase_file"],
                        "oci_sd: instance_principal auth must not have the settings of api_key auth")
                ]),
        ])

    private static let openstack = UnrunDiscovery(
        "openstack",
        portAndInterval + [
            .text("identity_endpoint"), .text("username"), .text("userid"), .secret("password"), .text("project_name"),
            .text("project_id"), .text("domain_name"), .text("domain_id"), .text("application_credential_name"),
            .text("application_credential_id"), .secret("application_credential_secret"), .text("role"),
            .text("region"), .truth("all_tenants"), .tls("tls_config"), .text("availability"),
        ], client: false,
        rules: [
            .word("availability", ["public", "internal", "admin"], otherwise: "public", "unknown availability"),
            .word(
                "role", ["instance", "hypervisor", "loadbalancer"], otherwise: nil, "unknown OpenStack SD role"),
            .required("region", "openstack SD configuration requires a region"),
        ])

    private static let outscale = UnrunDiscovery(
        "outscale",
        portAndInterval + [
            .text("endpoint"), .text("region"), .text("access_key"), .secret("secret_key"), .file("secret_key_file"),
        ],
        rules: [
            .required("region", "outscale SD configuration requires a region"),
            .required("access_key", "outscale SD configuration requires an access_key"),
        ] + secretKey("outscale SD configuration"))

    private static let ovhcloud = UnrunDiscovery(
        "ovhcloud",
        [
            .text("endpoint"), .text("application_key"), .secret("application_secret"), .secret("consumer_key"),
            .duration("refresh_interval"), .text("service"),
        ], client: false,
        rules: [
            .required("application_key", "application key can not be empty"),
            .required("application_secret", "application secret can not be empty"),
            .required("consumer_key", "consumer key can not be empty"),
            .word("service", ["dedicated_server", "vps"], otherwise: nil, "unknown service"),
        ])

    private static let scaleway = UnrunDiscovery(
        "scaleway",
        portAndInterval + [
            .text("project_id"), .text("api_url"), .text("zone"), .text("access_key"), .secret("secret_key"),
            .file("secret_key_file"), .text("name_filter"), .texts("tags_filter"), .text("role"),
        ],
        rules: [
            .word("role", ["instance", "baremetal"], otherwise: nil, "unknown Scaleway role"),
            .required("project_id", "project_id must be set"), .required("access_key", "access_key must be set"),
        ] + secretKey("scaleway SD configuration"))

    private static func secretKey(_ what: String) -> [Rule] {
        [
            .atLeastOne(["secret_key", "secret_key_file"], "\(what) requires one of secret_key & secret_key_file"),
            .atMostOne(
                ["secret_key", "secret_key_file"],
                "at most one of secret_key & secret_key_file must be configured"),
        ]
    }

    private static let stackit = UnrunDiscovery(
        "stackit",
        portAndInterval + [
            .text("project"), .text("region"), .text("endpoint"), .secret("service_account_key"),
            .secret("private_key"), .file("service_account_key_path"), .file("private_key_path"),
            .file("credentials_file_path"),
        ], rules: [.url("endpoint", isAddress: false, "stackit_sd: invalid endpoint")])
}
