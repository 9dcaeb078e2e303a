import KernelOperations

/// An installed LIBXSMM, which generates code for each small shape and multiplies with one thread.
struct LIBXSMM: LibraryProduct {
    private typealias Kernel =
        @convention(c) (
            UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
        ) -> Void
    private typealias Dispatch =
        @convention(c) (
            CInt, CInt, CInt, UnsafePointer<CInt>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?,
            UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<CInt>?,
            UnsafePointer<CInt>?
        ) -> Kernel?

    let name = "LIBXSMM"
    /// What it generates code for.
    let description: String
    private let dispatch: Dispatch

    /// - Throws: `LibraryError` if there is none.
    init() throws(LibraryError) {
        let library = try InstalledLibrary(
            name, files: ["libxsmm.so.1", "libxsmm.so"], variable: "LIBXSMM_LIBRARY",
            installation:
                "apt-get install libxsmm-dev, whose archives become a shared library by cc -shared -o libxsmm.so -Wl,--whole-archive -lxsmm -lxsmmnoblas -Wl,--no-whole-archive -lpthread -ldl -lm"
        )
        dispatch = try library.symbol("libxsmm_smmdispatch", Dispatch.self)
        typealias Text = @convention(c) () -> UnsafePointer<CChar>
        let target = try library.symbol("libxsmm_get_target_arch", Text.self)
        description = "LIBXSMM's code for \(String(cString: target())), 1 thread"
    }

    func multiplication(m: Int, n: Int, k: Int) throws(LibraryError) -> Multiplication {
        // Its matrices are column-major: Cᵀ = Bᵀ · Aᵀ.
        var (alpha, beta) = (Float(1), Float(0))
        guard
            let kernel = dispatch(CInt(n), CInt(m), CInt(k), nil, nil, nil, &alpha, &beta, nil, nil)
        else {
            throw .missing("LIBXSMM generates no code on this machine for \(m)×\(n)×\(k).")
        }
        // Release 1.17 returns without vzeroupper, so the caller's next SSE instruction is a slow one:
        // for the smallest shapes that is most of the time measured, and not its multiplication.
        return { a, b, c in
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    c.withUnsafeMutableBufferPointer { c in
                        kernel(b.baseAddress, a.baseAddress, c.baseAddress)
                    }
                }
            }
        }
    }
}
