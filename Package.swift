// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Every target is compiled alike. CI turns warnings into errors by setting OBS_STRICT.
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableExperimentalFeature("Lifetimes"),
    ] + (ProcessInfo.processInfo.environment["OBS_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)])

/// A C library of the system: a module map and a header of inline wrappers under Sources/C.
func library(_ name: String) -> Target {
    .systemLibrary(name: "C\(name)", path: "Sources/C/\(name)")
}

/// C or C++ of our own that wraps a library without a C surface, or one that is loaded at first use.
func shim(_ name: String, _ dependencies: [Target.Dependency] = [], linking libraries: [String] = []) -> Target {
    .target(
        name: "C\(name)", dependencies: dependencies, path: "Sources/C/\(name)",
        linkerSettings: libraries.map { .linkedLibrary($0) })
}

/// The commit that is built, by the name that the environment gives it. Only this target is compiled anew for another.
let revision = Target.target(
    name: "CRevision", path: "Sources/C/Revision",
    cSettings: [
        .define("OBS_REVISION", to: "\"\(ProcessInfo.processInfo.environment["OBS_REVISION"] ?? "unknown")\"")
    ])

/// For rooms whose hot state lives in objects of one thread: the release build does without the check of every access to
/// a property at run time, a third of the instructions of a small request. Debug and sanitizer builds, which all tests
/// run in, have it.
let oneThreaded = SwiftSetting.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))

/// The implicit import of the standard library's regular expressions makes the program 1.3 MB larger for the search of a
/// word in a text, which `Encoding` has too.
let withoutRegularExpressions = SwiftSetting.unsafeFlags([
    "-Xfrontend", "-disable-implicit-string-processing-module-import",
])

/// For rooms that run seldom or have others do the work: code of the smallest size instead of the fastest in the release
/// build.
let small = SwiftSetting.unsafeFlags(["-Osize"], .when(configuration: .release))

/// A room: a module under Sources whose imports only point to lower floors (ArchitectureTests holds the table).
func room(_ name: String, _ dependencies: [String], _ more: SwiftSetting..., beside: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .init(stringLiteral: $0) }, exclude: beside,
        swiftSettings: settings + [withoutRegularExpressions] + more)
}

/// Long tests run optimised rooms, and need no optimised tests, on some of which the compiler's optimiser fails.
let plain = SwiftSetting.unsafeFlags(["-Onone"], .when(configuration: .release))

/// The tests of a room, mirrored under Tests.
func tests(_ name: String, _ dependencies: [String]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies.map { .init(stringLiteral: $0) },
        swiftSettings: settings + [plain])
}

let floor0: [Target] = [
    shim("Linux"),
    shim("Kernels"),
    shim("Decimal"),
    shim("Assets"),
    shim("RE2", linking: ["re2"]),
    shim("Curl", ["CLinux"], linking: ["dl"]),
    shim("Postgres", ["CLinux"], linking: ["dl"]),
    shim("Cairo", ["CLinux"], linking: ["dl"]),
    shim("Systemd", ["CLinux"], linking: ["dl"]),
    revision,
    library("Snappy"),
    library("LZ4"),
    library("Zlib"),
    library("Deflate"),
    library("Zstd"),
    library("YAML"),
    library("OpenSSL"),
    library("Crypt"),
    library("SQLite"),
]

let floor1: [Target] = [
    room("Posix", ["CLinux"], oneThreaded),
    room("Encoding", ["CKernels", "CDecimal", "CLinux", "CSnappy", "CLZ4", "CZlib", "CDeflate", "CZstd", "CYAML"]),
]

let floor2: [Target] = [
    room("Telemetry", ["Posix", "Encoding"]),
    room("Crypto", ["Posix", "Encoding", "COpenSSL", "CCrypt"]),
    room("Text", ["Encoding", "CRE2"]),
]

let floor3: [Target] = [
    room("Model", ["Crypto", "Encoding", "Text"]),
    room("HTTP", ["Posix", "Encoding", "Telemetry", "Crypto", "CCurl"], oneThreaded),
    room("Journal", ["Posix", "Encoding", "Telemetry"]),
    room("Parts", ["Posix", "Encoding", "Telemetry"]),
    room("Databases", ["Posix", "Encoding", "CSQLite", "CPostgres"], small),
]

let floor4: [Target] = [
    room("Storage", ["Model", "Text", "Posix", "Encoding"]),
    room("LabelIndex", ["Model", "Text", "Posix", "Encoding"]),
    room("Ledger", ["Databases", "HTTP", "Model", "Text", "Crypto", "Posix", "Encoding", "Telemetry"], small),
]

let floor5: [Target] = [
    room(
        "TSDB",
        ["Storage", "LabelIndex", "Journal", "Parts", "Model", "Telemetry", "Encoding", "Posix", "CKernels"]),
    room(
        "LogDB",
        ["Storage", "LabelIndex", "Journal", "Parts", "Model", "Text", "Telemetry", "Encoding", "Posix"]),
    room("PromQL", ["Storage", "Model", "Text", "Telemetry", "Encoding", "Posix"]),
    room("LogQL", ["PromQL", "Storage", "Model", "Text", "Encoding", "Posix"]),
]

let floor6: [Target] = [
    room("Ingest", ["LogQL", "Storage", "Model", "HTTP", "Crypto", "Text", "Telemetry", "Encoding", "Posix"]),
    room("Alerting", ["Ledger", "HTTP", "Model", "Crypto", "Text", "Telemetry", "Encoding", "Posix"], small),
    room("Rules", ["LogQL", "PromQL", "Storage", "Model", "Text", "Telemetry", "Encoding", "Posix"], small),
]

let floor7: [Target] = [
    room(
        "Agent",
        [
            "Ingest", "Journal", "Storage", "Databases", "Model", "HTTP", "Crypto", "Telemetry", "Text", "Encoding",
            "Posix", "CLinux", "CSystemd",
        ]),
    room(
        "Web",
        [
            "Rules", "Alerting", "Ledger", "Ingest", "Storage", "LogQL", "PromQL", "Model", "HTTP", "Telemetry",
            "Crypto", "Text", "Encoding", "Posix", "CAssets", "CCairo",
        ], small, beside: ["Assets"]),
]

let floor8: [Target] = [
    .executableTarget(
        name: "obs",
        dependencies: [
            "Agent", "Web", "Alerting", "Rules", "Ingest", "LogQL", "PromQL", "TSDB", "LogDB", "Ledger", "Storage",
            "LabelIndex", "Model", "HTTP",
            "Journal", "Parts", "Databases", "Telemetry", "Crypto", "Text", "Encoding", "Posix", "CLinux", "CRevision",
        ],
        swiftSettings: settings + [withoutRegularExpressions, small])
]

let beside: [Target] = [
    .executableTarget(
        name: "Marketplace", dependencies: ["HTTP", "Telemetry", "Crypto", "Databases", "Encoding", "Posix"],
        swiftSettings: settings)
]

let testTargets: [Target] = [
    .target(
        name: "TestSupport", dependencies: ["Databases", "Storage", "Model", "Encoding", "Posix"],
        path: "Tests/TestSupport",
        swiftSettings: settings),
    .executableTarget(
        name: "Benchmarks",
        dependencies: [
            "Ingest", "Telemetry", "PromQL", "Storage", "Model", "Journal", "Parts", "Encoding", "Posix", "TestSupport",
        ],
        path: "Tests/Benchmarks",
        swiftSettings: settings),
    library("Fuzzer"),
    .executableTarget(
        name: "Fuzz",
        dependencies: [
            "Agent", "Web", "Alerting", "Ingest", "TSDB", "LogDB", "LabelIndex", "LogQL", "PromQL", "HTTP", "Databases",
            "Storage", "Model", "Text", "Encoding", "Posix",
            "TestSupport",
            "CFuzzer",
        ],
        path: "Tests/Fuzz", exclude: ["Seeds"],
        swiftSettings: settings),
    tests("Fuzz", ["Fuzz", "Encoding", "TestSupport"]),
    .executableTarget(
        name: "BenchmarkServer", dependencies: ["HTTP", "Crypto", "Telemetry", "Posix"], path: "Tests/BenchmarkServer",
        swiftSettings: settings),
    tests("Architecture", []),
    tests("Posix", ["Posix", "TestSupport"]),
    tests("Encoding", ["Encoding", "TestSupport"]),
    tests("Telemetry", ["Telemetry", "Encoding", "Posix", "TestSupport"]),
    tests("Crypto", ["Crypto", "Encoding", "Posix", "TestSupport"]),
    tests("Text", ["Text", "Encoding", "TestSupport"]),
    tests("Model", ["Model", "Text", "Encoding", "TestSupport"]),
    tests("HTTP", ["HTTP", "Crypto", "Telemetry", "Encoding", "Posix", "TestSupport"]),
    tests("Journal", ["Journal", "Telemetry", "Encoding", "Posix", "TestSupport"]),
    tests("Parts", ["Parts", "Telemetry", "Encoding", "Posix", "TestSupport"]),
    tests("Databases", ["Databases", "Encoding", "Posix", "TestSupport"]),
    tests("LabelIndex", ["LabelIndex", "Model", "Encoding", "Posix", "TestSupport"]),
    tests(
        "Ledger", ["Ledger", "Model", "Databases", "HTTP", "Crypto", "Encoding", "Posix", "Telemetry", "TestSupport"]),
    .testTarget(
        name: "StorageConformance",
        dependencies: ["Storage", "Model", "Text", "Posix", "TSDB", "LogDB", "TestSupport"],
        path: "Tests/StorageConformance", swiftSettings: settings),
    .executableTarget(
        name: "StoreBench",
        dependencies: ["TSDB", "Ingest", "Storage", "Model", "Telemetry", "Encoding", "TestSupport"],
        path: "Tests/StoreBench", swiftSettings: settings),
    .executableTarget(
        name: "LogBench", dependencies: ["LogDB", "Ingest", "Storage", "Model", "Encoding"], path: "Tests/LogBench",
        swiftSettings: settings),
    .executableTarget(
        name: "LogKiller", dependencies: ["LogDB", "Storage", "Model"], path: "Tests/LogKiller",
        swiftSettings: settings),
    tests(
        "LogDB",
        [
            "LogDB", "Storage", "Model", "Parts", "Journal", "Encoding", "Posix", "TestSupport", "LogKiller",
        ]),
    .executableTarget(
        name: "StoreKiller", dependencies: ["TSDB", "Storage", "Model"], path: "Tests/StoreKiller",
        swiftSettings: settings),
    .executableTarget(
        name: "StoreModel", dependencies: ["TSDB", "Storage", "Model", "Journal", "Posix", "TestSupport"],
        path: "Tests/StoreModel", swiftSettings: settings),
    .testTarget(
        name: "TSDBTests",
        dependencies: [
            "TSDB", "Storage", "LabelIndex", "Journal", "Parts", "Model", "Telemetry", "Encoding", "Posix",
            "TestSupport", "StoreKiller", "StoreModel",
        ],
        exclude: ["Fixtures"], swiftSettings: settings),
    tests("LogQL", ["LogQL", "LogDB", "PromQL", "Storage", "Model", "Text", "Encoding", "Posix", "TestSupport"]),
    tests("PromQL", ["PromQL", "Storage", "Model", "Text", "Telemetry", "Encoding", "Posix", "TestSupport"]),
    tests("Ingest", ["Ingest", "Storage", "TSDB", "Model", "HTTP", "Telemetry", "Encoding", "Posix", "TestSupport"]),
    tests(
        "Alerting",
        ["Alerting", "Ledger", "Crypto", "HTTP", "Model", "Text", "Telemetry", "Encoding", "Posix", "TestSupport"]),
    tests(
        "Rules",
        ["Rules", "LogQL", "PromQL", "Storage", "Model", "Text", "Telemetry", "Encoding", "Posix", "TestSupport"]),
    tests(
        "Web",
        [
            "Web", "Rules", "Ledger", "Ingest", "TSDB", "LogDB", "Storage", "LogQL", "PromQL", "Model", "HTTP",
            "Telemetry",
            "Encoding", "Posix",
            "TestSupport",
        ]),
    tests(
        "obs",
        [
            "obs", "Agent", "Web", "TSDB", "Storage", "Ingest", "Model", "Crypto", "HTTP", "Telemetry", "Encoding",
            "Posix",
            "TestSupport",
        ]),
    tests(
        "Agent",
        [
            "Agent", "Ingest", "Storage", "Databases", "Model", "HTTP", "Crypto", "Telemetry", "Text", "Encoding",
            "Posix", "TestSupport",
        ]),
    tests(
        "Marketplace",
        ["Marketplace", "HTTP", "Telemetry", "Crypto", "Databases", "Encoding", "Posix", "TestSupport"]),
    tests(
        "Integration",
        ["Alerting", "Ingest", "Storage", "Model", "HTTP", "Telemetry", "Encoding", "Posix", "TestSupport"]),
]

let package = Package(
    name: "obs",
    products: [
        .executable(name: "obs", targets: ["obs"]), .executable(name: "marketplace", targets: ["Marketplace"]),
    ],
    targets: floor0 + floor1 + floor2 + floor3 + floor4 + floor5 + floor6 + floor7 + floor8 + beside + testTargets,
    cxxLanguageStandard: .cxx17
)
