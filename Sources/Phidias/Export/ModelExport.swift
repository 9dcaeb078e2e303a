import PhidiasKernels

/// A model in the form that other programs read.
public protocol ModelExport: Sendable {
    /// All of the file: the same model gives the same bytes.
    /// - Throws: `ModelError.notFinite`; `DataError.memory` if there is none for them.
    var bytes: [UInt8] { get throws }
}

extension ModelExport {
    /// Writes the file, completely or not at all.
    /// - Parameters:
    ///   - path: the file.
    ///   - replacing: whether a file that is there may be replaced.
    /// - Throws: `ExportError.exists`, `FileError`, and what `bytes` throws.
    public func write(to path: String, replacing: Bool = false) throws {
        guard replacing || DurableFile.kind(of: path) == .nothing else {
            throw ExportError.exists(path: path)
        }
        try DurableFile.write(try bytes, to: path)
    }
}

extension ModelFile {
    /// Checks that a model can be exported.
    /// - Parameter bytesPerParameter: bytes that a weight or bias takes in the file.
    /// - Throws: `ModelError.notFinite`, `ModelFileError.classNames`, `DataError.memory`.
    func checkExport(bytesPerParameter: Int) throws {
        if let layer = model.firstNonFiniteLayer { throw ModelError.notFinite(layer: layer) }
        if let problem = classNames.flatMap({
            ClassNames.problem($0, classes: model.network.classes)
        }) {
            throw ModelFileError.classNames(reason: problem)
        }
        try Memory.check(bytesPerParameter * model.network.parameterCount, for: "The export")
    }

}

/// Why a model is not exported.
public enum ExportError: PhidiasError, Equatable {
    /// There is a file where the export is to be written.
    case exists(path: String)
    /// A name that has no letter or digit of ASCII.
    case name(String)
    /// The network takes rows of numbers, which are no bytes.
    case noBytes

    public var description: String {
        switch self {
        case .exists(let path): "\(path): there is such a file already."
        case .name(let name):
            "'\(name)' cannot name functions: it has no letter from A to Z and no digit."
        case .noBytes: "The network takes rows of numbers, which are no bytes."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .exists: 73
        case .name, .noBytes: 64
        }
    }
}
