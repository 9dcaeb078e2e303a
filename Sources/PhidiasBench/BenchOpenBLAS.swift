import Foundation
import KernelOperations
import Phidias
import PhidiasRuns

/// An installed OpenBLAS.
struct OpenBLAS: LibraryProduct {
    private typealias Multiply =
        @convention(c) (
            CInt, CInt, CInt, CInt, CInt, CInt, Float, UnsafePointer<Float>?, CInt,
            UnsafePointer<Float>?, CInt, Float, UnsafeMutablePointer<Float>?, CInt
        ) -> Void

    let name = "OpenBLAS"
    /// Release, core type and threads, as the library itself tells them.
    let description: String
    private let multiply: Multiply

    // Constants of the C interface to BLAS.
    private static let rowMajor: CInt = 101, noTranspose: CInt = 111

    /// - Throws: `LibraryError` if there is none.
    init(threads: Int) throws(LibraryError) {
        let library = try InstalledLibrary(
            name, files: ["libopenblas.so.0", "libopenblas.so"], variable: "OPENBLAS_LIBRARY",
            installation: "apt-get install libopenblas0-pthread")
        typealias Text = @convention(c) () -> UnsafePointer<CChar>
        multiply = try library.symbol("cblas_sgemm", Multiply.self)
        let config = try library.symbol("openblas_get_config", Text.self)
        let core = try library.symbol("openblas_get_corename", Text.self)
        try library.symbol("openblas_set_num_threads", (@convention(c) (CInt) -> Void).self)(
            CInt(threads))
        let used = try library.symbol(
            "openblas_get_num_threads", (@convention(c) () -> CInt).self)()
        // These slow it down where they do not fit, so a comparison has to name them.
        let set = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"].compactMap { name in
            ProcessInfo.processInfo.environment[name].map { ", \(name)=\($0)" }
        }
        description =
            "\(String(cString: config())); core \(String(cString: core())), \(Int(used).counted("thread"))"
            + set.joined()
    }

    func multiplication(m: Int, n: Int, k: Int) -> Multiplication {
        { [multiply] a, b, c in
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    c.withUnsafeMutableBufferPointer { c in
                        multiply(
                            Self.rowMajor, Self.noTranspose, Self.noTranspose, CInt(m), CInt(n),
                            CInt(k), 1, a.baseAddress, CInt(k), b.baseAddress, CInt(n), 0,
                            c.baseAddress, CInt(n))
                    }
                }
            }
        }
    }
}
