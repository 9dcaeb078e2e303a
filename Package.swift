// swift-tools-version: 6.2
import PackageDescription

// Swift's own clang brings no omp.h and no OpenMP library: Debian's libomp-dev supplies
// the library, CKernels/src/threads.h declares the few functions that are used.
// The kernels are optimised in every configuration: a debug build must not train at -O0.
let kernelFlags: [CSetting] = [
    .headerSearchPath("src"),
    .unsafeFlags([
        "-O3", "-fopenmp", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
        "-Wall", "-Wextra",
    ]),
]

// Parsing, printing and drawing take no time worth the compiler's: what does is in the libraries.
let quickSettings: [SwiftSetting] = [.unsafeFlags(["-Onone"], .when(configuration: .release))]

let package = Package(
    name: "phidias",
    products: [
        .library(name: "Phidias", targets: ["Phidias"]),
        .library(name: "PhidiasRuns", targets: ["PhidiasRuns"]),
        .executable(name: "phidias", targets: ["PhidiasCLI"]),
        .executable(name: "phidias-bench", targets: ["PhidiasBench"]),
        // For the package in Benchmarks/ alone.
        .library(name: "PhidiasBenchmarkSupport", targets: ["KernelOperations"]),
        // For the package in Tests/Fuzzing/ alone.
        .library(name: "PhidiasFuzzingSupport", targets: ["FuzzTargets"]),
    ],
    // tools/build-mpi: training, sweeps and experiments over several machines.
    traits: [
        .trait(
            name: "MPI",
            description: "Training, sweeps and experiments over the ranks of mpirun or srun.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    ],
    targets: [
        // The hot loops, in C with OpenMP.
        .target(
            name: "CKernels",
            path: "CKernels",
            sources: ["src"],
            publicHeadersPath: "include",
            cSettings: kernelFlags,
            linkerSettings: [.linkedLibrary("omp5"), .linkedLibrary("m")]
        ),
        .systemLibrary(
            name: "CLibPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(
            name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CLibJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Messages between machines; without the trait MPI a stub, which needs nothing.
        .systemLibrary(
            name: "CSystemMPI", pkgConfig: "mpi-c", providers: [.apt(["libopenmpi-dev"])]),
        .target(
            name: "CMPI",
            dependencies: [.target(name: "CSystemMPI", condition: .when(traits: ["MPI"]))],
            cSettings: [.define("CMPI_AVAILABLE", .when(traits: ["MPI"]))]),

        // Swift, from the kernels up.
        .target(name: "PhidiasKernels", dependencies: ["CKernels"]),
        .target(name: "PureSwiftKernels"),
        .target(name: "KernelOperations", dependencies: ["PhidiasKernels", "PureSwiftKernels"]),
        .target(
            name: "Phidias",
            dependencies: ["PhidiasKernels", "CLibCrypto", "CLibJPEG", "CLibPNG", "CZlib"]),
        // Analysis of results: knows numbers, not networks.
        .target(
            name: "Statistics",
            dependencies: [.product(name: "RealModule", package: "swift-numerics")]),
        // Pictures of numbers as SVG: knows no networks either.
        .target(name: "Charts", swiftSettings: quickSettings),
        // Runs, sweeps, experiments and reports.
        .target(name: "PhidiasRuns", dependencies: ["CMPI", "Phidias", "Charts", "Statistics"]),
        // What the programs share: options of settings, the console, errors and signals.
        .target(
            name: "CommandLineSupport",
            dependencies: [
                "PhidiasRuns", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: quickSettings),
        .executableTarget(
            name: "PhidiasCLI", dependencies: ["CommandLineSupport", "PhidiasRuns"],
            swiftSettings: quickSettings),
        // A program of its own: who trains need not build the opponents of the kernels.
        .executableTarget(
            name: "PhidiasBench",
            dependencies: [
                "CommandLineSupport", "PhidiasRuns", "PhidiasKernels", "KernelOperations",
            ],
            swiftSettings: quickSettings),

        // What the fuzzer runs, and the tests over its corpora.
        .target(
            name: "FuzzTargets", dependencies: ["PhidiasRuns", "CZlib"],
            path: "Tests/Fuzzing/Targets"),

        // Calls of public functions at their edges, each in a process of its own.
        .executableTarget(name: "EdgeCases", dependencies: ["Phidias"], path: "Tests/EdgeCases"),

        // Ranks that sleep in the place of cells: tools/simulate-ranks.
        .executableTarget(
            name: "RankSimulation", dependencies: ["PhidiasRuns"],
            path: "Tests/Ranks/Simulation"),

        // One test target per module.
        .testTarget(
            name: "PhidiasKernelsTests",
            dependencies: ["PhidiasKernels", "PureSwiftKernels", "KernelOperations"]),
        .testTarget(name: "PureSwiftKernelsTests", dependencies: ["PureSwiftKernels"]),
        .testTarget(
            name: "PhidiasTests",
            dependencies: ["Phidias", "PhidiasKernels", "FuzzTargets", "EdgeCases"],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "StatisticsTests", dependencies: ["Statistics"], exclude: ["Fixtures"]),
        .testTarget(name: "ChartsTests", dependencies: ["PhidiasRuns"]),
        .testTarget(
            name: "PhidiasRunsTests", dependencies: ["PhidiasRuns"], exclude: ["Fixtures"]),
        .testTarget(name: "PhidiasCLITests", dependencies: ["PhidiasCLI", "PhidiasBench"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17
)
