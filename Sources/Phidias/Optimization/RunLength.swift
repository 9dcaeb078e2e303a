/// How long a run is: what a schedule needs to know of it.
public struct RunLength: Sendable, Hashable {
    /// Batches in an epoch, the last one may be short, and epochs.
    public let stepsPerEpoch, epochs: Int

    /// - Parameters:
    ///   - stepsPerEpoch: at least 1.
    ///   - epochs: at least 1.
    public init(stepsPerEpoch: Int, epochs: Int) {
        precondition(stepsPerEpoch > 0 && epochs > 0, "a run has at least one step")
        self.stepsPerEpoch = stepsPerEpoch
        self.epochs = epochs
    }

    /// Of so many images, in batches of which the last may be short.
    /// - Parameters:
    ///   - images: at least 1.
    ///   - batchSize: at least 1.
    ///   - epochs: at least 1.
    public init(images: Int, batchSize: Int, epochs: Int) {
        self.init(stepsPerEpoch: (images + batchSize - 1) / batchSize, epochs: epochs)
    }

    /// Steps of the whole run; `Int.max` where an `Int` cannot hold them.
    public var steps: Int {
        let (product, overflow) = stepsPerEpoch.multipliedReportingOverflow(by: epochs)
        return overflow ? .max : product
    }
}
