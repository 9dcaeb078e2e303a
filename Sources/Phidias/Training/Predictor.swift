import PhidiasKernels
import Synchronization

/// A model that is kept ready to predict: its parameters are in the kernels' layout, and the
/// buffers of a batch are allocated. `Model.logits(images:threads:)` sets all that up in every
/// call, which for a few images takes many times as long as the prediction.
///
///     let predictor = try Predictor(model)
///     let digits = try predictor.classes(images: pixels)
///
/// A predictor may be used from several tasks and threads at once. There is one set of buffers, so
/// calls wait for each other, and a waiting call blocks its thread. To predict in parallel, keep a
/// predictor for each worker, with one thread each; each needs the memory of the parameters and of
/// a batch. Neither batch nor threads nor simultaneous calls change a bit of a result.
public final class Predictor: Sendable {
    /// The model.
    public let model: Model
    /// The number of images that go through the network at once; more are divided.
    public let batch: Int
    /// The most threads of a call. A call with too little work to share uses fewer.
    public let threads: Int

    /// The largest `batch`.
    public static let largestBatch = 1 << 16
    /// The number of operations that justify another thread: in a batch, as threads wait for each
    /// other in every layer; and in a call, as it may have to wake them up.
    private static let (batchFlops, callFlops) = (4e5, 1.5e6)

    private let stack: Mutex<LayerStack>
    /// The order of a batch's images in memory: 0, 1, 2, ….
    private let order: [UInt32]

    /// - Parameters:
    ///   - model: a model with finite parameters.
    ///   - batch: from 1 to `largestBatch`.
    ///   - threads: nil takes the number from `Model.threads(_:)`.
    /// - Throws: `ModelError.batch`, `.notFinite`, `.memory`, and what `Model.threads(_:)` throws.
    public convenience init(
        _ model: Model, batch: Int = Model.evaluationBatch, threads: Int? = nil
    ) throws(ModelError) {
        try self.init(model, batch: batch, calls: nil, threads: threads)
    }

    /// - Parameter calls: the number of images of the largest call, if it is known.
    fileprivate init(
        _ model: Model, batch: Int, calls: Int?, threads: Int?
    ) throws(ModelError) {
        let threads = try Model.threads(threads)
        guard (1...Self.largestBatch).contains(batch) else { throw .batch(batch) }
        if let layer = model.firstNonFiniteLayer { throw .notFinite(layer: layer) }
        (self.model, self.batch) = (model, batch)
        self.threads = Self.threads(
            for: calls ?? .max, batch: batch, of: model.network, atMost: threads)
        order = (0..<UInt32(batch)).map { $0 }
        stack = Mutex(
            try model.stack(batchCapacity: batch, role: .evaluation, threads: self.threads))
    }

    /// As many threads as there is work for: results are the same with any number.
    private static func threads(
        for images: Int, batch: Int, of network: Network, atMost most: Int
    ) -> Int {
        let flops = network.forwardFlops
        let worth = min(
            Double(images) * flops / callFlops, Double(min(images, batch)) * flops / batchFlops)
        return worth < Double(most) ? max(1, Int(worth)) : most
    }

    /// Logits [count, classes] of images [count, channels, rows, columns] of bytes.
    /// - Throws: `ModelError.images` if the last image is not whole, `.kind` if the network takes
    ///   rows of numbers, `.memory`.
    public func logits(images: [UInt8]) throws(ModelError) -> [Float] {
        guard model.network.inputRange != .numbers else {
            throw .kind(network: "rows of numbers", data: "images")
        }
        return try logits(.bytes(images), count: count(images.count, "bytes"))
    }

    /// Logits [count, classes] of rows of numbers [count, columns], which are standardized as the
    /// model says.
    /// - Throws: `ModelError.images` if the last row is not whole, `.kind` if the network takes
    ///   images, `.memory`.
    public func logits(features: [Float]) throws(ModelError) -> [Float] {
        guard model.network.inputRange == .numbers else {
            throw .kind(network: "images", data: "rows of numbers")
        }
        let count = try count(features.count, "numbers")
        return try logits(.numbers(try model.standardized(features: features)), count: count)
    }

    /// The logits of some of the data's images or rows.
    package func logits(of data: Dataset, _ range: Range<Int>) throws(ModelError) -> [Float] {
        guard !data.isNumeric else {
            let part = range.lowerBound * data.pixels..<range.upperBound * data.pixels
            return try logits(features: Array(data.features[part]))
        }
        let places = data.places.map { Array($0[range]) } ?? range.map { UInt32($0) }
        return try logits(.bytes(data.stored), count: range.count, at: places)
    }

    /// The numbers [count, outputs] that a network of output activation `identity` predicts for
    /// rows of numbers [count, columns], on their own scale.
    /// - Throws: the errors of `logits(features:)`; `ModelError.kind` if the network is for classes.
    public func numbers(features: [Float]) throws(ModelError) -> [Float] {
        try restored(try logits(features: features))
    }

    /// The numbers [count, outputs] that a network of output activation `identity` predicts for
    /// images, as for `logits(images:)`, on their own scale.
    /// - Throws: the errors of `logits(images:)`; `ModelError.kind` if the network is for classes.
    public func numbers(images: [UInt8]) throws(ModelError) -> [Float] {
        try restored(try logits(images: images))
    }

    private func restored(_ logits: [Float]) throws(ModelError) -> [Float] {
        guard model.network.outputActivation == .identity else {
            throw .kind(network: "classes", data: "numbers to predict")
        }
        return model.scalings.output?.restore(logits) ?? logits
    }

    /// The number of images or rows that so many values are.
    private func count(_ values: Int, _ what: String) throws(ModelError) -> Int {
        let network = model.network
        let (count, rest) = values.quotientAndRemainder(dividingBy: network.inputs)
        guard rest == 0 else {
            throw .images(
                network: network.description, expected: network.input.pixels,
                found: "\(rest) \(what) after the last whole one")
        }
        return count
    }

    /// - Parameter places: of the images among the inputs; nil for all, in their order.
    private func logits(
        _ inputs: NetworkInputs, count: Int, at places: [UInt32]? = nil
    ) throws(ModelError) -> [Float] {
        let network = model.network
        guard count > 0 else { return [] }
        let classes = network.classes
        try Self.check(MemoryLayout<Float>.stride * count * classes)
        let threads = Self.threads(for: count, batch: batch, of: network, atMost: threads)
        let (order, batch) = (order, batch)
        return stack.withLock { stack in
            var result = [Float](repeating: 0, count: count * classes)
            var first = 0
            while first < count {
                let end = min(first + batch, count)
                var all = result.mutableSpan
                var part = all._mutatingExtracting(first * classes..<end * classes)
                if let places {
                    stack.forward(
                        inputs, indices: places.span.extracting(first..<end), logits: &part,
                        threads: threads)
                } else {
                    stack.forward(
                        inputs, from: first, indices: order.span.extracting(0..<end - first),
                        logits: &part, threads: threads)
                }
                first = end
            }
            return result
        }
    }

    /// Class probabilities [count, classes]: sigmoid or softmax of the logits, according to the
    /// network's `outputActivation`.
    /// - Parameter images: as for `logits(images:)`.
    /// - Throws: the errors of `logits(images:)`.
    public func probabilities(images: [UInt8]) throws(ModelError) -> [Float] {
        try probabilities(of: try logits(images: images))
    }

    /// The same for rows of numbers.
    /// - Parameter features: as for `logits(features:)`.
    /// - Throws: the errors of `logits(features:)`.
    public func probabilities(features: [Float]) throws(ModelError) -> [Float] {
        try probabilities(of: try logits(features: features))
    }

    private func probabilities(of logits: [Float]) throws(ModelError) -> [Float] {
        try Self.check(MemoryLayout<Float>.stride * logits.count)
        return model.probabilities(of: logits)
    }

    /// The class of each image: the one with the largest logit, the first of equal ones.
    /// Probabilities are rounded, so several may be 1 where only one logit is the largest.
    /// - Parameter images: as for `logits(images:)`.
    /// - Throws: the errors of `logits(images:)`; `ModelError.noAnswer` if a logit is NaN.
    public func classes(images: [UInt8]) throws(ModelError) -> [Int] {
        try classes(of: try logits(images: images))
    }

    /// The same for rows of numbers.
    /// - Parameter features: as for `logits(features:)`.
    /// - Throws: the errors of `logits(features:)`; `ModelError.noAnswer` if a logit is NaN.
    public func classes(features: [Float]) throws(ModelError) -> [Int] {
        try classes(of: try logits(features: features))
    }

    private func classes(of logits: [Float]) throws(ModelError) -> [Int] {
        if let place = logits.firstIndex(where: \.isNaN) {
            throw .noAnswer(image: place / model.network.classes)
        }
        return model.answers(logits)
    }

    private static func check(_ bytes: Int) throws(ModelError) {
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
    }
}

extension Model {
    /// The number of images that go through the network at once in evaluation.
    public static let evaluationBatch = 240

    /// A predictor for one call with so many values.
    private func predictor(for values: Int, _ threads: Int?) throws(ModelError) -> Predictor {
        let count = max(values / network.inputs, 1)
        return try Predictor(
            self, batch: min(count, Self.evaluationBatch), calls: count, threads: threads)
    }

    /// Logits [count, classes] of images [count, channels, rows, columns] of bytes. For more than one
    /// call keep a `Predictor`.
    /// - Parameters:
    ///   - images: one after the other, without gaps.
    ///   - threads: nil takes those of `threads(_:)`.
    /// - Throws: `ModelError.images` if the last image is not whole; `.notFinite` if a parameter is
    ///   not finite; errors for missing memory or threads.
    public func logits(images: [UInt8], threads: Int? = nil) throws(ModelError) -> [Float] {
        try predictor(for: images.count, threads).logits(images: images)
    }

    /// Logits [count, outputs] of all images or rows of the data, which other processes may share.
    func logits(
        of data: Dataset, threads: Int?, sharing: SharedTraining?
    ) throws(ModelError) -> [Float] {
        guard let part = sharing?.part else {
            return try predictor(for: data.count * data.pixels, threads)
                .logits(of: data, 0..<data.count)
        }
        let own = part.items(of: data.count), classes = network.classes
        let logits = try predictor(for: own.count * data.pixels, threads).logits(of: data, own)
        var all = [Float](repeating: 0, count: data.count * classes)
        all.replaceSubrange(own.lowerBound * classes..<own.upperBound * classes, with: logits)
        all.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            part.gather(start, count: data.count, bytes: classes * MemoryLayout<Float>.stride)
        }
        return all
    }

    /// Class probabilities [count, classes] of images as for `logits(images:threads:)`: sigmoid or
    /// softmax of the logits.
    /// - Throws: the errors of `logits(images:threads:)`.
    public func probabilities(images: [UInt8], threads: Int? = nil) throws(ModelError) -> [Float] {
        try predictor(for: images.count, threads).probabilities(images: images)
    }

    /// The class of each image, from its logits: see `Predictor.classes(images:)`.
    /// - Throws: the errors of `logits(images:threads:)`; `ModelError.noAnswer` if a logit is NaN.
    public func classes(images: [UInt8], threads: Int? = nil) throws(ModelError) -> [Int] {
        try predictor(for: images.count, threads).classes(images: images)
    }

    /// The index of the largest logit in each row of logits [count, classes], the first of equal
    /// ones. Probabilities would not do: above 17 every sigmoid is 1.
    package func answers(_ logits: [Float]) -> [Int] {
        let classes = network.classes
        return stride(from: 0, to: logits.count, by: classes).map { first in
            var best = first
            for place in first..<first + classes where logits[place] > logits[best] { best = place }
            return best - first
        }
    }

    /// The probabilities of logits [count, classes].
    package func probabilities(of logits: [Float]) -> [Float] {
        var result = [Float](repeating: 0, count: logits.count)
        var span = result.mutableSpan
        switch network.outputActivation {
        case .sigmoid: Kernels.sigmoid(logits.span, into: &span, threads: 1)
        case .identity: return logits
        case .softmax:
            Kernels.softmax(
                m: logits.count / network.classes, n: network.classes, z: logits.span,
                ldz: network.classes, into: &span, ldp: network.classes, threads: 1)
        }
        return result
    }
}
