import PhidiasKernels

extension Network {
    /// Sees that the memory for training can be had, before any of it is filled: the kernels'
    /// panels and, while a model is taken out of them and written, four copies of its parameters.
    /// - Throws: `ModelError.memory`.
    package func checkMemory(batchSize: Int, threads: Int) throws(ModelError) {
        let panels = DenseStack.size(
            shapes: shapes, batchCapacity: batchSize, role: .training, threads: threads)
        let bytes = 4 * (panels + 4 * parameterCount)
        guard Memory.offers(bytes) else { throw .memory(bytes: bytes) }
    }
}
