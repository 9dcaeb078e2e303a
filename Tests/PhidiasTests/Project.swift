import Foundation

/// The source tree that the tests were built from.
enum Project {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func fixture(_ name: String) -> String {
        root.appendingPathComponent("Tests/PhidiasTests/Fixtures/\(name)").path
    }
}
