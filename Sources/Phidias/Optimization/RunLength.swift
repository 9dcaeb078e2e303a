/// How long a run is: what a schedule needs to know of it.
public struct RunLength: Sendable, Hashable {
    /// Batches in an epoch, the last one may be short, and epochs.
    public let stepsPerEpoch, epochs: Int

    /// - Parameters:
    ///   - stepsPerEpoch: at least 1.
    ///   - epochs: at least 1.
    /// - Throws: `OptimizationError.runLength` for fewer.
    public init(stepsPerEpoch: Int, epochs: Int) throws(OptimizationError) {
        guard stepsPerEpoch > 0 else { throw .runLength("steps an epoch", stepsPerEpoch) }
        guard epochs > 0 else { throw .runLength("epochs", epochs) }
        self.stepsPerEpoch = stepsPerEpoch
        self.epochs = epochs
    }

    /// Of so many images, in batches of which the last may be short.
    /// - Parameters:
    ///   - images: at least 1.
    ///   - batchSize: at least 1.
    ///   - epochs: at least 1.
    /// - Throws: `OptimizationError.runLength` for fewer.
    public init(images: Int, batchSize: Int, epochs: Int) throws(OptimizationError) {
        guard images > 0 else { throw .runLength("images", images) }
        guard batchSize > 0 else { throw .runLength("images a batch", batchSize) }
        try self.init(stepsPerEpoch: (images - 1) / batchSize + 1, epochs: epochs)
    }

    /// Steps of the whole run; `Int.max` where an `Int` cannot hold them.
    public var steps: Int {
        let (product, overflow) = stepsPerEpoch.multipliedReportingOverflow(by: epochs)
        return overflow ? .max : product
    }
}
