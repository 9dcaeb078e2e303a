import PhidiasKernels

/// Matrix multiplication by another library.
package protocol LibraryProduct: Sendable, CustomStringConvertible {
    typealias Multiplication =
        @Sendable (_ a: Span<Float>, _ b: Span<Float>, _ c: inout MutableSpan<Float>) -> Void
    var name: String { get }
    /// C[m,n] = A[m,k] · B[k,n], row-major without gaps. What the library prepares for a shape is done
    /// before the multiplication is timed.
    func multiplication(m: Int, n: Int, k: Int) throws -> Multiplication
}

extension LibraryProduct {
    /// The library and the kernels on the same matrices, both verified.
    package func contenders(
        _ size: KernelOperation.Size, threads: Int
    ) throws -> [Contest.Contender] {
        let ours = KernelOperation.prepareProduct(
            false, false, size, KernelOperation.timingSeed)
        let theirs = KernelOperation.prepareProduct(
            false, false, size, KernelOperation.timingSeed,
            by: try multiplication(m: size.m, n: size.n, k: size.k))
        // The library rounds as the opponents may: the bound does not ask for a chain.
        return [
            try theirs.contender(name, .naive).resting(),
            try ours.contender("kernels", .kernels(threads: threads)),
        ]
    }
}
