import PhidiasKernels

/// A network in the kernels' layout, with the buffers of one batch: a `DenseStack` if all its layers
/// are dense, else a `ConvolutionStack`. Its layers are those that have parameters, from 0.
/// Not thread-safe.
final class LayerStack {
    private enum Kernels {
        case dense(DenseStack)
        case convolution(ConvolutionStack)
    }

    let network: Network
    private let kernels: Kernels
    private let plan: Network.KernelPlan

    /// Bytes that a stack allocates.
    static func size(
        of network: Network, batchCapacity: Int, role: DenseStack.Role, threads: Int
    ) -> Int {
        let plan = Network.KernelPlan(network)
        guard plan.isDense else {
            return ConvolutionStack.size(
                plan.shape, batchCapacity: batchCapacity, role: role, threads: threads)
        }
        return 4
            * DenseStack.size(
                shapes: plan.shape.layers, batchCapacity: batchCapacity, role: role,
                threads: threads)
    }

    /// - Throws: `KernelError.outOfMemory`.
    init(
        _ network: Network, batchCapacity: Int, role: DenseStack.Role, threads: Int
    ) throws(KernelError) {
        self.network = network
        plan = Network.KernelPlan(network)
        if plan.isDense {
            kernels = .dense(
                try DenseStack(
                    shapes: plan.shape.layers, batchCapacity: batchCapacity, role: role,
                    threads: threads))
        } else {
            kernels = .convolution(
                try ConvolutionStack(
                    plan.shape, batchCapacity: batchCapacity, role: role, threads: threads))
        }
    }

    func values(_ content: DenseStack.Content = .weights, of number: Int) -> LayerParameters {
        let values =
            switch kernels {
            case .dense(let stack): stack.values(content, of: number)
            case .convolution(let stack): stack.values(content, of: plan.places[number])
            }
        return LayerParameters(weight: values.weight, bias: values.bias)
    }

    func set(
        _ content: DenseStack.Content = .weights, of number: Int, to parameters: LayerParameters
    ) {
        let values = DenseValues(weight: parameters.weight, bias: parameters.bias)
        switch kernels {
        case .dense(let stack): stack.set(content, of: number, to: values)
        case .convolution(let stack): stack.set(content, of: plan.places[number], to: values)
        }
    }

    /// Packs the images at `indices` and runs them through the network, as `DenseStack.forward`.
    /// - Parameters:
    ///   - dropout: nil drops nothing.
    ///   - numbers: what dropout knows the images by; their indices if this is empty.
    func forward(
        images: Span<UInt8>, indices: Span<UInt32>, next: Span<UInt32> = Span(),
        dropout: DropoutKey? = nil, numbers: Span<UInt32> = Span(),
        logits: inout MutableSpan<Float>, threads: Int
    ) {
        let range = network.inputRange
        switch kernels {
        case .dense(let stack):
            stack.forward(
                images: images, indices: indices, next: next, scale: range.scale,
                offset: range.offset, logits: &logits, threads: threads)
        case .convolution(let stack):
            stack.forward(
                images: images, indices: indices, next: next, scale: range.scale,
                offset: range.offset, dropout: dropout, numbers: numbers, logits: &logits,
                threads: threads)
        }
    }

    /// Back-propagates the gradient by the logits of the last `forward`, with the update.
    /// - Returns: the place, among all layers of the network, of the first layer with a weight that
    ///   is not finite, or nil.
    /// - Throws: `ModelError.memory`.
    func backward(delta: Span<Float>, rule: UpdateRule) throws(ModelError) -> Int? {
        let number: Int?
        do throws(KernelError) {
            number =
                switch kernels {
                case .dense(let stack): try stack.backward(delta: delta, rule: rule)
                case .convolution(let stack):
                    try stack.backward(delta: delta, rule: rule)
                        .map { plan.places.firstIndex(of: $0) ?? 0 }
                }
        } catch {
            throw ModelError(error)
        }
        return number.map { network.weighted[$0].index }
    }

    /// Like `backward`, but keeps the gradients, to be read as `values(.gradient, of:)`.
    /// - Throws: `ModelError.memory`.
    func gradient(delta: Span<Float>) throws(ModelError) {
        do throws(KernelError) {
            switch kernels {
            case .dense(let stack): try stack.gradient(delta: delta)
            case .convolution(let stack): try stack.gradient(delta: delta)
            }
        } catch {
            throw ModelError(error)
        }
    }
}

extension ModelError {
    /// What the kernels could not have in the middle of training.
    fileprivate init(_ error: KernelError) {
        switch error {
        case .outOfMemory(let floats):
            self = .refusedMemory(floats * MemoryLayout<Float>.stride)
        }
    }
}
