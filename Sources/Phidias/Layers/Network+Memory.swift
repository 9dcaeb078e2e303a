import PhidiasKernels

extension Network {
    /// Sees that the memory for training can be had, before any of it is filled: the kernels'
    /// panels for training and evaluation, the logits of `images` images, and eight copies of the
    /// parameters (a checkpoint's state and best model, and its bytes on the way to the file).
    /// - Throws: `ModelError.memory`.
    package func checkMemory(batchSize: Int, images: Int, threads: Int) throws(ModelError) {
        func panels(_ batch: Int, _ role: DenseStack.Role) -> Int {
            DenseStack.size(
                shapes: shapes, batchCapacity: batch, role: role, threads: threads)
        }
        let floats =
            panels(batchSize, .training) + panels(Model.evaluationBatch, .evaluation)
            + 3 * images * classes + 8 * parameterCount
        if let reason = Memory.refusal(4 * floats) {
            throw .memory(bytes: 4 * floats, reason: reason)
        }
    }
}
