import Foundation

/// A folder that is gone with its owner.
final class TestFolder {
    let path = NSTemporaryDirectory() + "phidias-runs-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A copy of what an earlier version has written.
    func copy(ofEarlier name: String) throws -> String {
        let place = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/earlier/\(name)")
        try FileManager.default.copyItem(atPath: place.path, toPath: "\(path)/\(name)")
        return "\(path)/\(name)"
    }
}
