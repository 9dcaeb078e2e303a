import Glibc

/// A file or folder that cannot be written. `path` is the requested one, `operation` the step that
/// failed, `code` the system's error number (`errno`).
public enum FileError: PhidiasError, Equatable {
    /// The file or folder can't be created, or can't replace the old one.
    case cannotCreate(path: String, operation: String, code: Int32)
    /// The file at the path can't be replaced.
    case cannotReplace(path: String, reason: String)
    /// Writing failed midway. Nothing of it remains under the final name.
    case cannotWrite(path: String, operation: String, code: Int32)
    /// Another process is using the folder.
    case inUse(path: String)

    public var exitCode: Int32 {
        switch self {
        case .cannotCreate(_, _, let code): code == ENOSPC || code == EDQUOT ? 74 : 73
        case .cannotReplace: 73
        case .inUse: 75
        case .cannotWrite: 74
        }
    }

    public var description: String {
        switch self {
        case .cannotCreate(let path, let operation, let code):
            "\(path): cannot be created: \(operation) failed: \(Self.text(of: code))."
        case .cannotReplace(let path, let reason):
            "\(path): cannot be written: \(reason)."
        case .cannotWrite(let path, let operation, let code):
            "\(path): cannot be written: \(operation) failed: \(Self.text(of: code))."
        case .inUse(let path):
            "\(path): another process is using this folder; wait until it ends, or choose another folder."
        }
    }

    /// The system's error message; for a lack of space, also what to do about it.
    private static func text(of code: Int32) -> String {
        switch code {
        case ENOSPC: return "disk full (no space left on device); make room and try again"
        case EDQUOT: return "disk full (quota exceeded); make room and try again"
        default:
            var buffer = [CChar](repeating: 0, count: 256)
            guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
            return String(
                decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
