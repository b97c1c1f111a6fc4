// swift-tools-version: 6.2
import PackageDescription

// One list for every target: facts of the compiler, not of a target.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let metricsTestKit = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "impact-notifier",
    products: [
        .executable(name: "impact-notifier", targets: ["ImpactNotifier"]),
        .executable(name: "impact-sandbox", targets: ["ImpactSandbox"]),
        // For others; each with the modules whose types its public surface speaks of.
        .library(name: "WebSocket", targets: ["WebSocket", "Network"]),
        .library(name: "ATProtocol", targets: ["ATProtocol", "Network", "Crypto"]),
        .library(name: "Firehose", targets: ["Firehose", "ATProtocol", "Network"]),
        .library(name: "OAuth", targets: ["OAuth", "ATProtocol", "Network"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CMicroHTTPD",
            pkgConfig: "libmicrohttpd",
            providers: [.apt(["libmicrohttpd-dev"])]
        ),
        .systemLibrary(name: "CLinux"),
        .target(name: "Crypto", dependencies: ["COpenSSL"], swiftSettings: settings),
        .target(
            name: "Network",
            dependencies: ["Crypto", "CCurl", "COpenSSL", "CMicroHTTPD", "CLinux", logging],
            swiftSettings: settings
        ),
        .target(
            name: "WebSocket",
            dependencies: ["Network", "Crypto", "CZlib", logging],
            swiftSettings: settings
        ),
        .target(
            name: "ATProtocol",
            dependencies: ["Network", "Crypto"],
            swiftSettings: settings
        ),
        .target(
            name: "Firehose",
            dependencies: ["WebSocket", "ATProtocol", "Network", "Crypto", "CZlib", logging, metrics],
            swiftSettings: settings
        ),
        .target(
            name: "Backfill",
            dependencies: ["Firehose", "ATProtocol", "Network", logging],
            swiftSettings: settings
        ),
        .target(
            name: "OAuth",
            dependencies: ["ATProtocol", "Network", "Crypto", logging],
            resources: [.embedInCode("Resources/callback.html")],
            swiftSettings: settings
        ),
        .target(name: "Templates", dependencies: ["ATProtocol", "Network"], swiftSettings: settings),
        .target(name: "LedgerStorage", dependencies: ["ATProtocol", "Network", database], swiftSettings: settings),
        .target(
            name: "Outputs",
            dependencies: ["ATProtocol", "Network", "Crypto"],
            swiftSettings: settings
        ),
        .target(
            name: "Notifier",
            dependencies: [
                "LedgerStorage", "Templates", "Outputs", "Backfill", "Firehose", "ATProtocol", "Network", "Crypto",
                database, logging, metrics,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ImpactNotifier",
            dependencies: [
                "Notifier", "LedgerStorage", "Templates", "OAuth", "Backfill", "Firehose", "WebSocket", "ATProtocol",
                "Network", "Crypto", "CLinux",
                argumentParser, yaml, logging, metrics,
            ],
            // The page's style and script; links to the files of config/ that "init" begins with.
            resources: [
                "page.css", "page.js", "impact-notifier.yaml", "calendar.yaml", "certified.yaml", "change-request.yaml",
                "hypercerts.yaml", "impactindexer.yaml", "leaflet.yaml", "tangled.yaml",
            ].map { Resource.embedInCode("Resources/\($0)") },
            swiftSettings: settings
        ),
        .target(
            name: "Sandbox",
            dependencies: ["ATProtocol", "Crypto", "Network", "CLinux", "CZlib"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ImpactSandbox",
            dependencies: ["Sandbox", "ATProtocol", "Network", argumentParser],
            swiftSettings: settings
        ),
        // What several test targets need; nothing else may depend on it.
        .target(
            name: "TestSupport",
            dependencies: ["Sandbox", "ATProtocol", "Network", "COpenSSL", logging],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        .testTarget(name: "CryptoTests", dependencies: ["Crypto"], swiftSettings: settings),
        .testTarget(
            name: "NetworkTests",
            dependencies: ["Network", "CCurl", "COpenSSL", "Sandbox", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebSocketTests",
            dependencies: ["WebSocket", "Network", "Crypto", "CZlib", "Sandbox", "TestSupport", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ATProtocolTests",
            dependencies: ["ATProtocol", "Network", "Crypto", "Sandbox", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FirehoseTests",
            dependencies: ["Firehose", "WebSocket", "Network", "Sandbox", "Crypto", "CZlib", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(name: "BackfillTests", dependencies: ["Backfill", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "OAuthTests", dependencies: ["OAuth", "Sandbox", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "NotifierTests",
            dependencies: [
                "Notifier", "LedgerStorage", "Templates", "Outputs", "OAuth", "Sandbox", "TestSupport", database,
                metricsTestKit,
            ],
            exclude: ["Fixtures"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ImpactNotifierTests",
            dependencies: ["ImpactNotifier", "Sandbox", "TestSupport", argumentParser],
            exclude: ["Fixtures"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SandboxTests",
            dependencies: ["Sandbox", "ATProtocol", "Network", "Crypto", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AcceptanceTests",
            dependencies: [
                "Sandbox", "ATProtocol", "Network", "Notifier", "ImpactNotifier", "ImpactSandbox", "TestSupport",
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "ArchitectureTests", swiftSettings: settings),
        .executableTarget(
            name: "websocket-echo",
            dependencies: ["WebSocket", "Network", logging],
            path: "Tests/Interop/EchoDriver",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "websocket-bench",
            dependencies: ["WebSocket", "Firehose", "ATProtocol", "Network", logging],
            path: "Tests/Benchmarks/WebSocketBench",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "latency-bench",
            dependencies: ["Sandbox", "ATProtocol", "Network"],
            path: "Tests/Benchmarks/LatencyBench",
            swiftSettings: settings
        ),
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .target(name: "FuzzDriver", dependencies: ["CFuzzer"], path: "Tests/Fuzz/Driver", swiftSettings: settings),
        .executableTarget(
            name: "fuzz-websocket",
            dependencies: ["WebSocket", "Network", "FuzzDriver"],
            path: "Tests/Fuzz/WebSocket",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "fuzz-streams",
            dependencies: ["Firehose", "ATProtocol", "Network", "FuzzDriver"],
            path: "Tests/Fuzz/Streams",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "fuzz-answers",
            dependencies: ["OAuth", "ATProtocol", "Network", "Crypto", "FuzzDriver"],
            path: "Tests/Fuzz/Answers",
            swiftSettings: settings
        ),
        // Nothing but a test can link an executable: what the loader consists of is compiled once more, by links in Loader.
        .executableTarget(
            name: "fuzz-configuration",
            dependencies: [
                "Notifier", "Templates", "OAuth", "Firehose", "ATProtocol", "Network", "CLinux", "FuzzDriver", yaml,
                logging,
            ],
            path: "Tests/Fuzz/Configuration",
            swiftSettings: settings
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["FuzzDriver", "fuzz-websocket", "fuzz-streams", "fuzz-answers", "fuzz-configuration"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "stream-bench",
            dependencies: ["Firehose", "ATProtocol", "Network", logging],
            path: "Tests/Benchmarks/StreamBench",
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
