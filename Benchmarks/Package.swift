// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses or tests Phidias builds the benchmark library.
// Its cases come from the same table of operations as the tests.
let package = Package(
    name: "phidias-benchmarks",
    dependencies: [
        .package(name: "phidias", path: ".."),
        // Without traits: the interposers would count allocations and reference counting, which
        // kernels do not have, and cost time.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "Kernels",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "PhidiasBenchmarkSupport", package: "phidias"),
            ],
            path: "Benchmarks/Kernels",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        )
    ],
    swiftLanguageModes: [.v6]
)
