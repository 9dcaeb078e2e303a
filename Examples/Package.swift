// swift-tools-version: 6.2
import PackageDescription

// Small programs that use Phidias as a library: `swift run --package-path Examples TrainMNIST`.
// A package of your own depends by version, with .package(url: …, from: …) in place of the path.
let package = Package(
    name: "phidias-examples",
    dependencies: [
        .package(name: "phidias", path: "..")
    ],
    targets: [
        "TrainMNIST", "OwnData", "OwnLoss", "ResumeRun", "SweepGrid", "ServePredictions",
    ].map {
        .executableTarget(
            name: $0,
            dependencies: [
                .product(name: "Phidias", package: "phidias"),
                .product(name: "PhidiasRuns", package: "phidias"),
            ])
    },
    swiftLanguageModes: [.v6]
)
