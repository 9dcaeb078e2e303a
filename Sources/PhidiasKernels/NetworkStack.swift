import CKernels

/// A network of stages over images and dense layers above them, or of dense layers alone, in the
/// kernels' layouts, with the buffers of one batch.
/// Not thread-safe: one stack trains one network; the kernels inside are parallel.
package final class NetworkStack {
    package enum Role: Sendable {
        /// Of them `adaptiveTraining` has second moments too, for `AdamRule`.
        case training, adaptiveTraining
        case evaluation

        var trains: Bool { self != .evaluation }
    }

    /// The contents of a stage's or layer's panels. Adam's first moments are the velocity.
    package enum Content: Sendable { case weights, velocity, gradient, secondMoments }

    /// Whether a first dense layer gets its inputs without those that are zero, as lists. Changes
    /// no result: tests and benchmarks choose, others leave it to the kernels.
    package enum Listing: Sendable {
        case whereFaster, never
        /// As far as there is room for the lists: where at most half of the inputs are set.
        case always

        var cValue: ck_listing {
            switch self {
            case .whereFaster: CK_LISTED_WHERE_FASTER
            case .never: CK_NEVER_LISTED
            case .always: CK_ALWAYS_LISTED
            }
        }
    }

    /// The stages and layers of a stack.
    package struct Shape: Sendable, Equatable {
        package var input: ImageShape
        package var stages: [StageShape]
        /// The first layer has as many inputs as the last stage, or the image, has values.
        package var layers: [DenseShape]
        /// The share of each layer's outputs that training drops, in [0, 1); 0 for the last layer.
        package var layerDropout: [Float]

        package init(
            input: ImageShape, stages: [StageShape], layers: [DenseShape],
            layerDropout: [Float]? = nil
        ) {
            (self.input, self.stages, self.layers) = (input, stages, layers)
            self.layerDropout = layerDropout ?? layers.map { _ in 0 }
        }

        /// Dense layers alone, above an image that is a single row.
        package init(layers: [DenseShape]) {
            precondition(!layers.isEmpty, "a stack needs layers")
            self.init(
                input: ImageShape(channels: 1, height: 1, width: layers[0].inputs), stages: [],
                layers: layers)
        }

        /// The input of each stage, and after them the flattened image; nil if a stage does not
        /// fit.
        package var images: [ImageShape]? {
            var shapes = [input]
            for stage in stages {
                guard let next = stage.output(of: shapes[shapes.count - 1]) else { return nil }
                shapes.append(next)
            }
            return shapes
        }
    }

    package let shape: Shape
    /// The input of each stage, and after them the flattened image.
    package let images: [ImageShape]
    package let batchCapacity: Int
    package let role: Role
    /// The most threads of a pass.
    package let threads: Int

    let stages: UnsafeMutablePointer<ck_stage>
    let layers: UnsafeMutablePointer<ck_dense>
    private let layerDropout: UnsafeMutablePointer<Float>
    let network: UnsafeMutablePointer<ck_network>
    /// Adam's second moments by place.
    private(set) var second: [Int: UnsafeMutablePointer<Float>] = [:]
    /// Nil where it is the whole network's.
    let part: PartDescription?
    /// Whether it holds all parameters, and not only those that its part has updated.
    package internal(set) var isWhole = true
    private var buffers: [AlignedBuffer] = []
    /// The packed batch, for a network without stages; else nil.
    private(set) var packed: UnsafeMutablePointer<Float>?
    /// The last forward pass, which the backward pass continues.
    var pass: StackPass
    package var listing = Listing.whereFaster

    /// The inputs of a layer as the kernels count them: the first above stages has padding lanes.
    private static func inputs(_ layer: Int, _ shape: Shape, _ images: [ImageShape]) -> Int {
        layer == 0 && !shape.stages.isEmpty
            ? ck_flatten_size(images[images.count - 1].cValue) : shape.layers[layer].inputs
    }

    /// The number of floats of the weights of a place: a stage or, after the stages, a layer.
    static func weights(_ place: Int, _ shape: Shape, _ images: [ImageShape]) -> Int {
        guard place < shape.stages.count else {
            let layer = place - shape.stages.count
            return ck_panel_size(inputs(layer, shape, images) + 1, shape.layers[layer].outputs)
        }
        guard case .convolution(let channels) = shape.stages[place].kind else { return 0 }
        return ck_convolution_size(
            images[place].channels, channels, shape.stages[place].window.cValue, place == 0 ? 1 : 0)
    }

    private static func buffers(
        of layer: Int, _ shape: Shape, _ images: [ImageShape], batch: Int,
        role: Role, threads: Int
    ) -> (activations: Int, deltas: Int, scratch: Int) {
        let outputs = ck_panel_size(batch, shape.layers[layer].outputs)
        guard role.trains else { return (outputs, 0, 0) }
        let isLast = layer == shape.layers.count - 1
        let isLowest = layer == 0 && shape.stages.isEmpty
        return (
            outputs, outputs * (isLast ? threads : 1),
            isLowest
                ? 0
                : ck_dense_scratch(inputs(layer, shape, images), shape.layers[layer].outputs)
        )
    }

    /// The description from which the kernels compute a workspace.
    private static func description(
        _ shape: Shape, _ images: [ImageShape], stages: UnsafeMutablePointer<ck_stage>,
        layers: UnsafeMutablePointer<ck_dense>, layerDropout: UnsafeMutablePointer<Float>,
        batch: Int, role: Role, threads: Int
    ) -> ck_network {
        for (index, stage) in shape.stages.enumerated() {
            (stages + index).initialize(to: stage.cValue)
        }
        for (index, layer) in shape.layers.enumerated() {
            (layers + index).initialize(
                to: ck_dense(
                    inputs: inputs(index, shape, images), outputs: layer.outputs,
                    activation: layer.activation.cValue, weights: nil, velocity: nil, gradient: nil,
                    activations: nil, deltas: nil, scratch: nil))
            (layerDropout + index).initialize(to: shape.layerDropout[index])
        }
        return ck_network(
            input: shape.input.cValue, stage_count: shape.stages.count, stages: stages,
            layer_count: shape.layers.count, layers: layers, layer_dropout: layerDropout,
            batch: batch, threads: Int32(threads), training: role.trains ? 1 : 0,
            workspace: nil, part: nil)
    }

    /// The bytes that a stack of this shape allocates, for callers to check first.
    package static func size(
        _ shape: Shape, batchCapacity: Int, role: Role, threads: Int
    ) -> Int {
        let images = checkedImages(shape)
        let stages = UnsafeMutablePointer<ck_stage>.allocate(capacity: shape.stages.count)
        let layers = UnsafeMutablePointer<ck_dense>.allocate(capacity: shape.layers.count)
        let dropout = UnsafeMutablePointer<Float>.allocate(capacity: shape.layers.count)
        defer {
            stages.deallocate()
            layers.deallocate()
            dropout.deallocate()
        }
        var network = description(
            shape, images, stages: stages, layers: layers, layerDropout: dropout,
            batch: batchCapacity, role: role, threads: threads)
        var floats =
            shape.stages.isEmpty
            ? ck_input_size(batchCapacity, shape.input.count, Int32(threads)) : 0
        // Adam's step needs the gradient in memory too.
        let copies = role == .adaptiveTraining ? 4 : role == .training ? 2 : 1
        for place in 0..<shape.stages.count + shape.layers.count {
            floats += weights(place, shape, images) * copies
        }
        for layer in shape.layers.indices {
            let own = buffers(
                of: layer, shape, images, batch: batchCapacity, role: role, threads: threads)
            floats += own.activations + own.deltas + own.scratch
        }
        return ck_network_workspace(&network) + floats * MemoryLayout<Float>.stride
    }

    private static func checkedImages(_ shape: Shape) -> [ImageShape] {
        precondition(!shape.layers.isEmpty, "a stack needs layers")
        guard let images = shape.images else { preconditionFailure("a stage does not fit") }
        precondition(
            shape.layers[0].inputs == images[images.count - 1].count,
            "\(shape.layers[0]) does not fit above \(images[images.count - 1])")
        for (below, above) in zip(shape.layers, shape.layers.dropFirst()) {
            precondition(below.outputs == above.inputs, "\(below) does not fit below \(above)")
        }
        let dropout = shape.layerDropout + shape.stages.map(\.dropout)
        precondition(
            shape.layerDropout.count == shape.layers.count
                && dropout.allSatisfy { $0 >= 0 && $0 < 1 }
                && shape.layerDropout[shape.layers.count - 1] == 0, "dropout \(dropout)")
        return images
    }

    /// - Parameters:
    ///   - threads: the most threads of a pass.
    ///   - part: what this process trains of a network without stages; nil for all of it.
    /// - Throws: `KernelError.outOfMemory`.
    package init(
        _ shape: Shape, batchCapacity: Int, role: Role, threads: Int, part: Part? = nil
    ) throws(KernelError) {
        let images = Self.checkedImages(shape)
        precondition(batchCapacity > 0, "batch of \(batchCapacity)")
        precondition(threads > 0, "thread count \(threads) is not positive")
        precondition(
            part == nil || (shape.stages.isEmpty && role.trains),
            "a part is of dense layers that are trained")
        (self.shape, self.images, self.batchCapacity) = (shape, images, batchCapacity)
        (self.role, self.threads) = (role, threads)
        pass = StackPass(
            pixels: shape.input.count, outputs: shape.layers[shape.layers.count - 1].outputs,
            batchCapacity: batchCapacity, threads: threads, role: role)
        stages = .allocate(capacity: shape.stages.count)
        layers = .allocate(capacity: shape.layers.count)
        layerDropout = .allocate(capacity: shape.layers.count)
        network = .allocate(capacity: 1)
        network.initialize(
            to: Self.description(
                shape, images, stages: stages, layers: layers, layerDropout: layerDropout,
                batch: batchCapacity, role: role, threads: threads))
        self.part = part.map { PartDescription($0) }
        network.pointee.part = self.part.map { UnsafePointer($0.pointer) }
        let trains = role.trains
        for stage in shape.stages.indices where shape.stages[stage].isConvolution {
            let count = Self.weights(stage, shape, images)
            stages[stage].weights = try floats(count)
            if trains { stages[stage].velocity = try floats(count) }
        }
        for layer in shape.layers.indices {
            let count = Self.weights(shape.stages.count + layer, shape, images)
            let own = Self.buffers(
                of: layer, shape, images, batch: batchCapacity, role: role, threads: threads)
            layers[layer].weights = try floats(count)
            if trains { layers[layer].velocity = try floats(count) }
            layers[layer].activations = try floats(own.activations)
            guard trains else { continue }
            layers[layer].deltas = try floats(own.deltas)
            if own.scratch > 0 { layers[layer].scratch = try floats(own.scratch) }
        }
        if shape.stages.isEmpty {
            packed = try floats(ck_input_size(batchCapacity, shape.input.count, Int32(threads)))
        }
        for place in 0..<places where role == .adaptiveTraining && counts(of: place).biases > 0 {
            second[place] = try floats(Self.weights(place, shape, images))
        }
        let bytes = ck_network_workspace(network)
        precondition(bytes > 0, "the kernels refuse \(shape)")
        let workspace = try AlignedBuffer(unfilled: bytes / MemoryLayout<Float>.stride)
        buffers.append(workspace)
        network.pointee.workspace = UnsafeMutableRawPointer(workspace.base)
        ck_network_prepare(network)
    }

    func floats(_ count: Int) throws(KernelError) -> UnsafeMutablePointer<Float> {
        let buffer = try AlignedBuffer(count: count, threads: threads)
        buffers.append(buffer)
        return buffer.base
    }

    deinit {
        stages.deallocate()
        layers.deallocate()
        layerDropout.deallocate()
        network.deallocate()
    }

    // MARK: Parameters

    /// The number of stages and layers together: the places of `values(_:of:)`.
    package var places: Int { shape.stages.count + shape.layers.count }

    func panels(
        _ content: Content, of place: Int
    ) -> UnsafeMutablePointer<Float> {
        precondition((0..<places).contains(place), "no place \(place)")
        let layer = place - shape.stages.count
        let all =
            layer < 0
            ? (stages[place].weights, stages[place].velocity, stages[place].gradient)
            : (layers[layer].weights, layers[layer].velocity, layers[layer].gradient)
        let pointer =
            switch content {
            case .weights: all.0
            case .velocity: all.1
            case .gradient: all.2
            case .secondMoments: second[place]
            }
        guard let pointer else { preconditionFailure("place \(place) holds no \(content)") }
        return pointer
    }

    /// The panels that an update from gradients in memory works on, and their places.
    var updatePanels: (places: [Int], panels: [UpdateRule.Panels]) {
        var places: [Int] = []
        var all: [UpdateRule.Panels] = []
        for place in 0..<self.places where counts(of: place).biases > 0 {
            for floats in updatedFloats(of: place) {
                let first = floats.lowerBound
                places.append(place)
                all.append(
                    UpdateRule.Panels(
                        count: floats.count, weights: panels(.weights, of: place) + first,
                        velocity: panels(.velocity, of: place) + first,
                        gradient: panels(.gradient, of: place) + first,
                        second: second[place].map { $0 + first }))
            }
        }
        return (places, all)
    }

    /// The numbers of weights and biases of a place; none for a pool.
    private func counts(of place: Int) -> (weights: Int, biases: Int) {
        guard place >= shape.stages.count else {
            return shape.stages[place].parameters(of: images[place])
        }
        let layer = shape.layers[place - shape.stages.count]
        return (layer.inputs * layer.outputs, layer.outputs)
    }

    /// The values of a place in the order of files: for a convolution [outputs, inputs, height,
    /// width], for a layer [outputs, inputs] where the inputs above stages are [channels, height,
    /// width]. A pool has none.
    package func values(
        _ content: Content = .weights, of place: Int
    ) -> DenseValues {
        let (weights, biases) = counts(of: place)
        var weight = [Float](repeating: 0, count: weights)
        var bias = [Float](repeating: 0, count: biases)
        guard biases > 0 else { return DenseValues(weight: [], bias: []) }
        let from = panels(content, of: place)
        if place < shape.stages.count {
            ck_convolution_unpack(
                images[place].channels, biases, shape.stages[place].window.cValue,
                place == 0 ? 1 : 0, from, &weight, &bias)
        } else if place == shape.stages.count && place > 0 {
            ck_flatten_unpack(images[place].cValue, biases, from, &weight, &bias)
        } else {
            ck_dense_unpack(weights / biases, biases, from, &weight, &bias)
        }
        return DenseValues(weight: weight, bias: bias)
    }

    package func set(
        _ content: Content = .weights, of place: Int, to values: DenseValues
    ) {
        let (weights, biases) = counts(of: place)
        precondition(
            values.weight.count == weights && values.bias.count == biases,
            "\(values.weight.count) weights and \(values.bias.count) biases for place \(place)")
        guard biases > 0 else { return }
        let to = panels(content, of: place)
        if place < shape.stages.count {
            ck_convolution_pack(
                images[place].channels, biases, shape.stages[place].window.cValue,
                place == 0 ? 1 : 0, values.weight, values.bias, to)
        } else if place == shape.stages.count && place > 0 {
            ck_flatten_pack(images[place].cValue, biases, values.weight, values.bias, to)
        } else {
            ck_dense_pack(weights / biases, biases, values.weight, values.bias, to)
        }
    }
}
