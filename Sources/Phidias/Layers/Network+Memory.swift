import PhidiasKernels

extension Network {
    /// Checks that the memory for training is available before any of it is filled: the kernels'
    /// panels for training and evaluation, the logits of `images` images, and eight copies of the
    /// parameters (a checkpoint's state and best model, and its bytes while the file is written), for
    /// Adam two more.
    /// - Throws: `ModelError.memory`.
    package func checkMemory(
        batchSize: Int, images: Int, augmentation: Augmentation? = nil,
        optimizer: Optimizer = .sgd(.golden), threads: Int
    ) throws(ModelError) {
        let isAdam = optimizer.hasSecondMoments
        let bytes =
            LayerStack.size(
                of: self, batchCapacity: batchSize,
                role: isAdam ? .adaptiveTraining : .training, threads: threads)
            + (augmentation?.memory(of: input, batchSize: batchSize, threads: threads) ?? 0)
            + LayerStack.size(
                of: self, batchCapacity: Model.evaluationBatch, role: .evaluation, threads: threads)
            + 4 * (3 * images * classes + (isAdam ? 10 : 8) * parameterCount)
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
    }

    /// The bytes of the kernels' buffers for training: parameters, velocity, and a batch.
    package func trainingMemory(batchSize: Int, threads: Int) -> Int {
        LayerStack.size(of: self, batchCapacity: batchSize, role: .training, threads: threads)
    }
}
