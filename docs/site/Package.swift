// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses Phidias resolves or builds the plugin that makes its
// documentation: tools/docs. Its name is the title of the site's first page.
let package = Package(
    name: "Phidias",
    dependencies: [
        .package(name: "phidias", path: "../.."),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // A package has to have a target; the modules of the site are those of the dependency.
        .target(
            name: "Site",
            dependencies: [
                .product(name: "Phidias", package: "phidias"),
                .product(name: "PhidiasRuns", package: "phidias"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
