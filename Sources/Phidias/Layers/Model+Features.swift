import PhidiasKernels

/// The output of one of the layers below the dense ones for an image.
public struct FeatureMaps: Sendable, Equatable {
    /// Channels, rows and columns of the output.
    public let shape: ImageShape
    /// The values: [channels][rows][columns].
    public let values: [Float]
}

/// An image that excites a channel, and how strongly.
public struct Excitation: Sendable, Equatable {
    /// The image's index in the data, from 0.
    public let image: Int
    /// The largest value of the channel's map.
    public let value: Float
}

extension Model {
    /// The feature maps of an image at a layer, after its activation; dropout is off.
    /// - Parameters:
    ///   - image: the bytes of an image of the network's input size.
    ///   - layer: index among all layers, of one whose output is an image.
    /// - Throws: `ModelError`: `.images` for an image of another size, `.features` for a layer
    ///   whose output is not an image, `.notFinite`, `.memory`, `.openMP`.
    public func features(of image: [UInt8], layer: Int) throws(ModelError) -> FeatureMaps {
        guard image.count == network.inputs else {
            throw .images(
                network: network.description, expected: network.input.pixels,
                found: "\(image.count) bytes")
        }
        let probe = try FeatureProbe(self, layer: layer)
        return FeatureMaps(shape: probe.shape, values: probe.values(of: 0, in: image))
    }

    /// For each channel of a layer the images that excite it most, strongest first; of equals the
    /// first comes first.
    /// - Parameters:
    ///   - count: images a channel, at least 0.
    ///   - data: whose images are looked at.
    ///   - layer: place among all layers; one that gives an image.
    /// - Throws: `ModelError`: what `check(_:)` throws, `.imageCount`, `.features`, `.notFinite`,
    ///   `.memory`.
    public func strongest(
        _ count: Int, in data: Dataset, layer: Int
    ) throws(ModelError) -> [[Excitation]] {
        try check(data)
        guard count >= 0 else { throw .imageCount(count) }
        let probe = try FeatureProbe(self, layer: layer)
        let size = probe.shape.rows * probe.shape.columns
        var best = [[Excitation]](repeating: [], count: probe.shape.channels)
        let images = data.images
        for index in 0..<data.count {
            let values = probe.values(of: index, in: images)
            for channel in best.indices {
                let map = values[channel * size..<(channel + 1) * size]
                let value = map.reduce(-Float.infinity) { max($0, $1) }
                let place = best[channel].firstIndex { $0.value < value } ?? best[channel].count
                guard place < count else { continue }
                best[channel].insert(Excitation(image: index, value: value), at: place)
                if best[channel].count > count { best[channel].removeLast() }
            }
        }
        return best
    }
}

/// The network up to its last stage, for one image at a time, with a stage for each layer.
private final class FeatureProbe {
    let shape: Phidias.ImageShape
    private let stack: NetworkStack
    private let stage: Int
    private let network: Network
    private var logits: [Float]

    init(_ model: Model, layer: Int) throws(ModelError) {
        let network = model.network
        self.network = network
        let plan = Network.KernelPlan(network, fusesPools: false)
        guard network.layers.indices.contains(layer), let stage = plan.stages[layer],
            case .image(let shape) = network.shapes[layer]
        else {
            let known = network.layers.indices.filter {
                if case .image = network.shapes[$0] { plan.stages[$0] != nil } else { false }
            }
            throw .features(layer: layer, known: known)
        }
        (self.shape, self.stage) = (shape, stage)
        if let layer = model.firstNonFiniteLayer { throw .notFinite(layer: layer) }
        try Model.checkOpenMP()
        let bytes = NetworkStack.size(
            plan.shape, batchCapacity: 1, role: .evaluation, threads: 1)
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
        do {
            stack = try NetworkStack(
                plan.shape, batchCapacity: 1, role: .evaluation, threads: 1)
        } catch {
            throw .refusedMemory(bytes)
        }
        for (place, values) in zip(plan.places, model.parameters) {
            stack.set(of: place, to: DenseValues(weight: values.weight, bias: values.bias))
        }
        logits = [Float](repeating: 0, count: network.classes)
    }

    func values(of image: Int, in images: [UInt8]) -> [Float] {
        let index = [UInt32(image)]
        var out = logits.mutableSpan
        stack.forward(
            images: images.span, indices: index.span, scale: network.inputRange.scale,
            offset: network.inputRange.offset, logits: &out, threads: 1)
        return stack.outputs(ofStage: stage)
    }
}
