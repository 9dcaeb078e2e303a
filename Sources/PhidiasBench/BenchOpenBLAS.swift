import Foundation
import KernelOperations
import Phidias
import PhidiasRuns

/// An installed OpenBLAS, loaded at run time: building and training do not need it.
struct OpenBLAS: LibraryProduct, CustomStringConvertible {
    private typealias Multiply =
        @convention(c) (
            CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafePointer<Float>?, CInt,
            UnsafePointer<Float>?, CInt, Float, UnsafeMutablePointer<Float>?, CInt
        ) -> Void

    let name = "OpenBLAS"
    /// Release, core type and threads, as the library itself tells them.
    let description: String
    private let multiply: Multiply

    private static let names = ["libopenblas.so.0", "libopenblas.so"]
    // Constants of the C interface to BLAS.
    private static let rowMajor: CInt = 101, noTranspose: CInt = 111

    /// - Throws: `OpenBLASError` if there is none.
    init(threads: Int) throws(OpenBLASError) {
        let environment = ProcessInfo.processInfo.environment
        let asked = environment["OPENBLAS_LIBRARY"].map { [$0] }
        let paths = asked ?? Self.names
        guard let library = paths.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first
        else {
            throw .missing(paths: paths, reason: String(cString: dlerror()))
        }
        func symbol<Function>(_ name: String, _: Function.Type) throws(OpenBLASError) -> Function {
            guard let address = dlsym(library, name) else { throw .symbol(name) }
            return unsafeBitCast(address, to: Function.self)
        }
        typealias Text = @convention(c) () -> UnsafePointer<CChar>
        multiply = try symbol("cblas_sgemm", Multiply.self)
        let config = try symbol("openblas_get_config", Text.self)
        let core = try symbol("openblas_get_corename", Text.self)
        try symbol("openblas_set_num_threads", (@convention(c) (CInt) -> Void).self)(CInt(threads))
        let used = try symbol("openblas_get_num_threads", (@convention(c) () -> CInt).self)()
        // These slow it down where they do not fit, so a comparison has to name them.
        let set = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"].compactMap { name in
            environment[name].map { ", \(name)=\($0)" }
        }
        description =
            "\(String(cString: config())); core \(String(cString: core())), \(Int(used).counted("thread"))"
            + set.joined()
    }

    func multiply(
        m: Int, n: Int, k: Int, a: Span<Float>, lda: Int, b: Span<Float>, ldb: Int,
        c: inout MutableSpan<Float>, ldc: Int
    ) {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                c.withUnsafeMutableBufferPointer { c in
                    multiply(
                        Self.rowMajor, Self.noTranspose, Self.noTranspose, CInt(m), CInt(n),
                        CInt(k), 1, a.baseAddress, CInt(lda), b.baseAddress, CInt(ldb), 0,
                        c.baseAddress, CInt(ldc))
                }
            }
        }
    }
}

enum OpenBLASError: PhidiasError {
    case missing(paths: [String], reason: String)
    case symbol(String)

    var description: String {
        switch self {
        case .missing(let paths, let reason):
            "No OpenBLAS could be loaded as \(paths.joined(separator: " or ")) (\(reason)). Install it (Debian: apt-get install libopenblas0-pthread), or set OPENBLAS_LIBRARY to its path."
        case .symbol(let name):
            "The OpenBLAS that was loaded has no \(name): set OPENBLAS_LIBRARY to another one."
        }
    }

    var exitCode: Int32 { 69 }
}
