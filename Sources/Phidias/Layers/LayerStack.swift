import PhidiasKernels

/// A network in the kernels' layout, with the buffers of one batch. Its layers are those that have
/// parameters, counted from 0. Not thread-safe.
final class LayerStack {
    let network: Network
    /// How rows of numbers are standardized; the model's, which it is made from and becomes.
    let scalings: Model.Scalings
    private let kernels: NetworkStack
    /// The index of each layer in `kernels`.
    private let places: [Int]

    /// The bytes that a stack allocates.
    static func size(
        of network: Network, batchCapacity: Int, role: NetworkStack.Role, threads: Int
    ) -> Int {
        NetworkStack.size(
            Network.KernelPlan(network).shape, batchCapacity: batchCapacity, role: role,
            threads: threads)
    }

    /// - Parameter part: what this process trains of it; nil for all.
    /// - Throws: `KernelError.outOfMemory`.
    init(
        _ network: Network, _ scalings: Model.Scalings, batchCapacity: Int,
        role: NetworkStack.Role, threads: Int, part: NetworkStack.Part? = nil
    ) throws(KernelError) {
        let plan = Network.KernelPlan(network)
        (self.network, self.scalings, places) = (network, scalings, plan.places)
        kernels = try NetworkStack(
            plan.shape, batchCapacity: batchCapacity, role: role, threads: threads, part: part)
    }

    /// Whether it holds all parameters; of a part, after `makeWhole`.
    var isWhole: Bool { kernels.isWhole }
    /// Gets the parameters that other parts have updated: see `NetworkStack.makeWhole`.
    func makeWhole() { kernels.makeWhole() }

    func values(_ content: NetworkStack.Content = .weights, of number: Int) -> LayerParameters {
        precondition(isWhole, "other parts have updated some of the values")
        let values = kernels.values(content, of: places[number])
        return LayerParameters(weight: values.weight, bias: values.bias)
    }

    func set(
        _ content: NetworkStack.Content = .weights, of number: Int, to parameters: LayerParameters
    ) {
        kernels.set(
            content, of: places[number],
            to: DenseValues(weight: parameters.weight, bias: parameters.bias))
    }

    /// Packs the images or rows at `indices` and runs them through the network.
    /// - Parameter first: the image or row that has the index 0.
    func forward(
        _ inputs: NetworkInputs, from first: Int = 0, indices: Span<UInt32>,
        next: Span<UInt32> = Span(), dropout: DropoutKey? = nil, numbers: Span<UInt32> = Span(),
        logits: inout MutableSpan<Float>, threads: Int
    ) {
        let start = first * network.inputs
        switch inputs {
        case .bytes(let images):
            forward(
                images: images.span.extracting(start..<images.count), indices: indices,
                next: next, dropout: dropout, numbers: numbers, logits: &logits,
                threads: threads)
        case .numbers(let rows):
            kernels.forward(
                rows: rows.span.extracting(start..<rows.count), indices: indices,
                dropout: dropout, logits: &logits, threads: threads)
        }
    }

    /// Packs the images at `indices` and runs them through the network, like
    /// `NetworkStack.forward`.
    func forward(
        images: Span<UInt8>, indices: Span<UInt32>, next: Span<UInt32> = Span(),
        dropout: DropoutKey? = nil, numbers: Span<UInt32> = Span(),
        logits: inout MutableSpan<Float>, threads: Int
    ) {
        kernels.forward(
            images: images, indices: indices, next: next, scale: network.inputRange.scale,
            offset: network.inputRange.offset, dropout: dropout, numbers: numbers, logits: &logits,
            threads: threads)
    }

    /// Back-propagates the gradient with respect to the logits of the last `forward`, with the
    /// update.
    /// - Returns: the index, among all layers of the network, of the first layer with a weight that
    ///   is not finite, or nil.
    /// - Throws: `ModelError.memory`.
    func backward(delta: Span<Float>, rule: UpdateRule) throws(ModelError) -> Int? {
        do throws(KernelError) {
            return try kernels.backward(delta: delta, rule: rule).map { place in
                network.weighted[places.firstIndex(of: place) ?? 0].index
            }
        } catch {
            throw ModelError(error)
        }
    }

    /// The same with a step of Adam.
    /// - Throws: `ModelError.memory`.
    func backward(delta: Span<Float>, rule: AdamRule) throws(ModelError) -> Int? {
        do throws(KernelError) {
            return try kernels.backward(delta: delta, rule: rule).map { place in
                network.weighted[places.firstIndex(of: place) ?? 0].index
            }
        } catch {
            throw ModelError(error)
        }
    }

    /// Like `backward`, but keeps the gradients, to be read as `values(.gradient, of:)`.
    /// - Throws: `ModelError.memory`.
    func gradient(delta: Span<Float>) throws(ModelError) {
        do throws(KernelError) {
            try kernels.gradient(delta: delta)
        } catch {
            throw ModelError(error)
        }
    }
}

extension ModelError {
    /// Memory that the kernels could not get in the middle of training.
    fileprivate init(_ error: KernelError) {
        switch error {
        case .outOfMemory(let floats):
            self = .refusedMemory(floats * MemoryLayout<Float>.stride)
        }
    }
}
