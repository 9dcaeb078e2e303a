import FoundationEssentials
import Glibc
import Phidias

/// A model and the run that it came from: given either, the other is found.
public struct KeptModel: Sendable {
    /// The model's file.
    public let path: String
    /// The file's content.
    public let file: ModelFile
    /// The record of the run beside it; nil where there is none, or it is of another network.
    public let record: RunDocument?

    /// - Parameter path: a model file, or the folder of a run, whose `model.safetensors` is meant.
    /// - Throws: as `ModelFile.init(path:)`; `RunFileError` for a record that is damaged.
    public init(path: String) throws {
        var isFolder = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let folder: String
        if exists, isFolder {
            folder = path.hasSuffix("/") ? String(path.dropLast()) : path
            self.path = "\(folder)/model.safetensors"
        } else {
            folder = URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
            self.path = path
        }
        try FolderSwitch.settleToRead(folder)
        file = try ModelFile(path: self.path)
        let document = "\(folder)/run.json"
        let record = access(document, F_OK) == 0 ? try RunDocument(path: document) : nil
        self.record = record?.network == file.model.network ? record : nil
    }

    /// The test images of the run: those that its record names, if their checksums are the recorded ones.
    /// - Throws: `RunError.noData` where there is no record, or its data is not at hand;
    ///   `RunError.otherData` where it is no longer the same.
    public func testData() throws -> Dataset {
        guard let record, let settings = try? record.trainingSettings(of: path) else {
            throw RunError.noData(model: path, reason: "there is no run.json beside it")
        }
        let pair: DataPair
        do {
            pair = try settings.loadData()
        } catch let error as any PhidiasError {
            throw RunError.noData(model: path, reason: error.description.trimmingFullStop)
        }
        for sum in record.checksums where pair.checksums[sum.name] != sum.value {
            throw RunError.otherData(
                folder: path, name: sum.name, recorded: sum.value,
                found: pair.checksums[sum.name])
        }
        return pair.test
    }
}

extension String {
    /// Without a full stop at the end, for a sentence inside another.
    fileprivate var trimmingFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
