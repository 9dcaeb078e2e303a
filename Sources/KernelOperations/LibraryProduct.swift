import PhidiasKernels

/// Matrix multiplication by another library.
package protocol LibraryProduct: Sendable {
    var name: String { get }
    /// C[m,n] = A[m,k] · B[k,n], row-major.
    func multiply(
        m: Int, n: Int, k: Int, a: Span<Float>, lda: Int, b: Span<Float>, ldb: Int,
        c: inout MutableSpan<Float>, ldc: Int)
}

extension LibraryProduct {
    /// The library and the kernels on the same matrices, both verified.
    package func contenders(
        _ size: KernelOperation.Size, threads: Int
    ) throws -> [Contest.Contender] {
        let ours = KernelOperation.prepareProduct(
            false, false, size, KernelOperation.timingSeed)
        let theirs = KernelOperation.prepareProduct(
            false, false, size, KernelOperation.timingSeed, by: self)
        // The library rounds as the opponents may: the bound does not ask for a chain.
        return [
            try theirs.contender(name, .naive).resting(),
            try ours.contender("kernels", .kernels(threads: threads)),
        ]
    }
}
