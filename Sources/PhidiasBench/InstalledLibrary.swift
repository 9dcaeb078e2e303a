import Foundation
import Phidias

/// A library that is loaded at run time: building and training do not need it.
struct InstalledLibrary {
    let name: String
    /// The environment variable that may name its file.
    let variable: String
    private let handle: UnsafeMutableRawPointer

    /// - Throws: `LibraryError` if it is neither where the variable says nor under one of the
    ///   system's names.
    init(
        _ name: String, files: [String], variable: String, installation: String
    ) throws(LibraryError) {
        (self.name, self.variable) = (name, variable)
        let files = ProcessInfo.processInfo.environment[variable].map { [$0] } ?? files
        guard let handle = files.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
            throw .missing(
                "No \(name) could be loaded as \(files.joined(separator: " or ")) (\(String(cString: dlerror()))). Install it (Debian: \(installation)), or set \(variable) to its path."
            )
        }
        self.handle = handle
    }

    func symbol<Function>(_ symbol: String, _: Function.Type) throws(LibraryError) -> Function {
        guard let address = dlsym(handle, symbol) else {
            throw .missing(
                "The \(name) that was loaded has no \(symbol): set \(variable) to another one.")
        }
        return unsafeBitCast(address, to: Function.self)
    }
}

enum LibraryError: PhidiasError {
    case missing(String)

    var description: String {
        switch self {
        case .missing(let sentence): sentence
        }
    }

    var exitCode: Int32 { 69 }
}
