// swift-tools-version: 6.2
import PackageDescription

/// Our own code is built in Swift 6 mode and without a single warning.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
]

/// The two helper programs start three times for each commit and once for each process that is
/// supervised; linked fully static they start in under a millisecond.
let staticSwift: [SwiftSetting] = strict + [.unsafeFlags(["-static-executable"])]
let staticLink: [LinkerSetting] = [.unsafeFlags(["-static-executable"])]

/// A library target of the product, with its mirror among the tests.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], tests: [Target.Dependency] = [],
  exclude: [String] = []
) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, swiftSettings: strict),
    .testTarget(
      name: "\(name)Tests",
      dependencies: [.byName(name: name), "TestSupport"] + dependencies + tests,
      exclude: exclude, swiftSettings: strict),
  ]
}

/// The tests of a room of the engine.
func engineTests(
  _ room: String, _ helpers: [Target.Dependency] = [], exclude: [String] = []
) -> [Target] {
  [
    .testTarget(
      name: "\(room)Tests",
      dependencies: [
        "Engine", "Model", "GitFormats", "Git", "Processes", "Store", "Backlog", "Planning",
        "TestSupport",
      ] + helpers, exclude: exclude, swiftSettings: strict)
  ]
}

let package = Package(
  name: "lanekeeper",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "lanekeeper", targets: ["lanekeeper"]),
    .executable(name: "lanekeeper-hook", targets: ["lanekeeper-hook"]),
    .executable(name: "lanekeeper-guard", targets: ["lanekeeper-guard"]),
    .executable(name: "lanekeeper-ui", targets: ["lanekeeper-ui"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
  ],
  targets: [
    .systemLibrary(
      name: "CLibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(
      name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CProcess"),
    .target(name: "CLocaleData"),
  ]
    + module("Model")
    + module("GitFormats", ["CZlib", "CProcess"], tests: ["Model"])
    + module("Processes", ["CProcess"])
    + module("Git", ["CLibgit2", "GitFormats", "Processes"])
    + module("Backlog", ["Model", .product(name: "Yams", package: "Yams")])
    + module("Planning", ["Model", "Backlog"], tests: ["PlanningSamples"], exclude: ["Fixtures"])
    + module(
      "Store",
      ["Model", "CSQLite", "CProcess", .product(name: "GRDB", package: "GRDB.swift")],
      exclude: ["Samples"])
    + [
      .target(
        name: "Engine",
        dependencies: [
          "Model", "GitFormats", "Git", "Processes", "Store", "Backlog", "Planning", "CProcess",
          .product(name: "Yams", package: "Yams"),
          .product(name: "Mustache", package: "swift-mustache"),
        ], swiftSettings: strict)
    ]
    + engineTests("Lanes")
    + engineTests("Attempts", exclude: ["Snapshots"])
    + engineTests("Landing", ["LandingSimulation", "landing-probe"])
    + engineTests("Run", ["CSQLite"])
    + module(
      "MCP",
      [
        "Model", "Git", "Store", "Processes", "Backlog", "Planning", "Engine",
      ])
    + [
      .executableTarget(
        name: "lanekeeper",
        dependencies: [
          "Git", "Store", "Processes", "Backlog", "Planning", "Engine", "Model", "MCP",
          "CLocaleData",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ], swiftSettings: strict),
      .target(
        name: "Web",
        dependencies: [
          "Engine", "MCP", "Processes", "Store", "Backlog", "Git", "Model", "CZlib",
          .product(name: "Hummingbird", package: "hummingbird"),
        ], swiftSettings: strict),
      .testTarget(
        name: "WebTests",
        dependencies: ["Web", "Engine", "Store", "Model", "TestSupport"],
        swiftSettings: strict),
      .executableTarget(
        name: "lanekeeper-ui",
        dependencies: [
          "Web", "Engine", "MCP", "Processes", "Store", "Model", "CLocaleData",
        ],
        swiftSettings: strict),
      .executableTarget(
        name: "lanekeeper-hook",
        dependencies: ["Model", "GitFormats", "CSQLite", "CProcess"],
        swiftSettings: staticSwift, linkerSettings: staticLink),
      .executableTarget(
        name: "lanekeeper-guard", dependencies: ["CProcess"],
        swiftSettings: staticSwift, linkerSettings: staticLink),
      .target(
        name: "LandingSimulation", dependencies: ["Engine", "Model", "TestSupport"],
        path: "Tests/LandingSimulation", swiftSettings: strict),
      .executableTarget(
        name: "landing-probe",
        dependencies: [
          "Engine", "LandingSimulation", "Store", "Git", "Processes", "Backlog", "Model",
        ], path: "Tests/LandingProbe", swiftSettings: strict),
      .executableTarget(
        name: "bench-claims", dependencies: ["Store", "Model", "CSQLite"],
        path: "Tools/bench-claims", swiftSettings: strict),
      .executableTarget(
        name: "bench-trees", dependencies: ["Git", "Engine", "Store", "CLibgit2"],
        path: "Tools/bench-trees", swiftSettings: strict),
      .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
      .target(
        name: "PlanningSamples", dependencies: ["Model", "Backlog", "Planning", "TestSupport"],
        path: "Tests/PlanningSamples", swiftSettings: strict),
      .executableTarget(
        name: "planning-bench",
        dependencies: [
          "Model", "Backlog", "Planning", "PlanningSamples", "Git", "Engine",
        ], path: "Tools/planning-bench", swiftSettings: strict),
      .testTarget(
        name: "HookTests", dependencies: ["Model", "CSQLite", "CProcess", "TestSupport"],
        swiftSettings: strict),
      .testTarget(
        name: "EndToEndTests", dependencies: ["TestSupport", "CSQLite"], swiftSettings: strict),
    ]
)
