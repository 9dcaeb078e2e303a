// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses or tests Phidias builds the fuzzer: tools/fuzz
// alone does, with the flags that instrument what is fuzzed.
let package = Package(
    name: "phidias-fuzzing",
    dependencies: [.package(name: "phidias", path: "../..")],
    targets: [
        .systemLibrary(name: "CFuzzer", path: "CFuzzer/include"),
        .executableTarget(
            name: "Fuzz",
            dependencies: ["CFuzzer", .product(name: "PhidiasFuzzingSupport", package: "phidias")],
            path: "Fuzz"),
        // For tools/check-safetensors.
        .executableTarget(
            name: "Exchange",
            dependencies: [.product(name: "PhidiasFuzzingSupport", package: "phidias")],
            path: "Exchange"),
    ],
    swiftLanguageModes: [.v6]
)
