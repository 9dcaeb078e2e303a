/// What a header of C calls for a network, and where it keeps what lies between layers: two parts
/// of `work`, of which a layer reads one and writes the other.
struct CHeaderPlan {
    /// The statements that compute the logits.
    private(set) var calls: [String] = []
    /// The floats of `work`.
    private(set) var work = 0
    /// Where the first layer's input is, if it is made of bytes.
    private(set) var inputPlace = 0
    private var functions: Set<CHeaderFunction> = []

    /// The values that a layer gives, and how it is called.
    private struct Step {
        let function: CHeaderFunction
        let arguments: String
        let activation: Activation
        let outputs: Int
    }

    init(_ network: Network, name: String) {
        let steps = Self.steps(network, name: name)
        // What the layers 0, 2, 4 … give, but for the last: that is the logits.
        let first = stride(from: 0, to: steps.count - 1, by: 2).map { steps[$0].outputs }.max() ?? 0
        let second = stride(from: 1, to: steps.count - 1, by: 2).map { steps[$0].outputs }.max()
        inputPlace = first
        work = first + max(second ?? 0, network.inputs)
        var source = "input"
        for (number, step) in steps.enumerated() {
            let isLast = number == steps.count - 1
            let target = isLast ? "logits" : number % 2 == 0 ? "work" : "work + \(first)"
            functions.insert(step.function)
            calls.append("\(name)_\(step.function)(\(source), \(target), \(step.arguments));")
            if let activation = step.activation.function {
                functions.insert(activation)
                calls.append("\(name)_\(activation)(\(target), \(step.outputs));")
            }
            source = target
        }
        if steps.count == 1 { calls.insert("(void)work;", at: 0) }
        switch network.outputActivation {
        case .sigmoid: functions.insert(.sigmoid)
        case .softmax: functions.insert(.softmax)
        case .identity: break
        }
        if !functions.isDisjoint(with: [.sigmoid, .tanh, .softmax]) { functions.insert(.exp) }
    }

    func uses(_ function: CHeaderFunction) -> Bool { functions.contains(function) }

    private static func steps(_ network: Network, name: String) -> [Step] {
        var steps: [Step] = []
        var below = LayerShape.image(network.input)
        for (number, layer) in network.layers.enumerated() {
            defer { below = network.shapes[number] }
            let parameters = "\(name)_weight_\(number), \(name)_bias_\(number)"
            func add(
                _ function: CHeaderFunction, _ arguments: String,
                _ activation: Activation = .identity
            ) {
                steps.append(
                    Step(
                        function: function, arguments: arguments, activation: activation,
                        outputs: network.shapes[number].count))
            }
            func size(_ extent: Extent) -> String { "\(extent.rows), \(extent.columns)" }
            func image(_ shape: LayerShape) -> String {
                guard case .image(let image) = shape else { return "" }
                return "\(image.channels), \(image.rows), \(image.columns)"
            }
            switch layer {
            case .dense(let dense):
                add(.dense, "\(below.count), \(dense.outputs), \(parameters)", dense.activation)
            case .conv2D(let layer):
                add(
                    .conv,
                    "\(image(below)), \(image(network.shapes[number])), \(size(layer.kernel)), "
                        + "\(size(layer.stride)), \(size(layer.padding)), \(parameters)",
                    layer.activation)
            case .maxPool2D(let pool):
                add(
                    .maxPool,
                    "\(image(below)), \(image(network.shapes[number])), \(size(pool.window)), "
                        + "\(size(pool.stride))")
            case .averagePool2D(let pool):
                add(
                    .averagePool,
                    "\(image(below)), \(image(network.shapes[number])), \(size(pool.window)), "
                        + "\(size(pool.stride))")
            // Values keep their order, and nothing is dropped but in training.
            case .flatten, .dropout: break
            }
        }
        return steps
    }
}

extension Activation {
    /// The function of the header that applies it in place; nil for none.
    fileprivate var function: CHeaderFunction? {
        switch self {
        case .identity: nil
        case .sigmoid: .sigmoid
        case .relu: .relu
        case .tanh: .tanh
        case .leakyReLU: .leakyReLU
        }
    }
}
