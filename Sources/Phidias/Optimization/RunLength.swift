/// The length of a run, which a schedule depends on.
public struct RunLength: Sendable, Hashable {
    /// The number of batches in an epoch; the last one may be short.
    public let stepsPerEpoch: Int
    /// The number of epochs.
    public let epochs: Int

    /// - Parameters:
    ///   - stepsPerEpoch: at least 1.
    ///   - epochs: at least 1.
    /// - Throws: `OptimizationError.runLength` for fewer.
    public init(stepsPerEpoch: Int, epochs: Int) throws(OptimizationError) {
        guard stepsPerEpoch > 0 else { throw .runLength("steps per epoch", stepsPerEpoch) }
        guard epochs > 0 else { throw .runLength("epochs", epochs) }
        self.stepsPerEpoch = stepsPerEpoch
        self.epochs = epochs
    }

    /// The length of a run over a number of images, in batches of which the last may be short.
    /// - Parameters:
    ///   - images: at least 1.
    ///   - batchSize: at least 1.
    ///   - epochs: at least 1.
    /// - Throws: `OptimizationError.runLength` for fewer.
    public init(images: Int, batchSize: Int, epochs: Int) throws(OptimizationError) {
        guard images > 0 else { throw .runLength("images", images) }
        guard batchSize > 0 else { throw .runLength("images per batch", batchSize) }
        try self.init(stepsPerEpoch: (images - 1) / batchSize + 1, epochs: epochs)
    }

    /// The number of steps of the whole run; `Int.max` where an `Int` cannot hold it.
    public var steps: Int {
        let (product, overflow) = stepsPerEpoch.multipliedReportingOverflow(by: epochs)
        return overflow ? .max : product
    }
}
