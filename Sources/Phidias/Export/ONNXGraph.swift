/// The graph of a network in ONNX: a chain of nodes, named after their layers.
struct ONNXGraph {
    private var nodes: [ProtobufMessage] = []
    private var tensors: [ProtobufMessage] = []
    /// The name of what the next node takes.
    private var current: String
    private let model: Model
    private let input: ONNXExport.Input

    /// Numbers of the types of elements.
    private enum Element: Int { case float = 1, byte = 2 }
    /// Numbers of the types of attributes.
    private enum Kind: Int { case float = 1, integer = 2, integers = 7 }

    init(_ model: Model, input: ONNXExport.Input) {
        (self.model, self.input) = (model, input)
        current = model.network.inputRange == .numbers ? "features" : "images"
        if input == .bytes { scale() }
        for scaling in model.scalings.tensors {
            tensor(scaling.name, scaling.shape, scaling.values)
        }
        if model.scalings.input != nil {
            node("Sub", from: [current, "input.center"], to: "centered")
            node("Div", from: [current, "input.scale"], to: "standardized")
        }
        var below = LayerShape.image(model.network.input)
        var parameters = model.parameters.makeIterator()
        for (number, layer) in model.network.layers.enumerated() {
            add(layer, number, above: below, &parameters)
            below = model.network.shapes[number]
        }
        switch model.network.outputActivation {
        case .sigmoid: node("Sigmoid", from: ["logits"], to: "probabilities")
        case .softmax:
            node("Softmax", from: ["logits"], to: "probabilities", [attribute("axis", 1)])
        case .identity where model.scalings.output != nil:
            node("Mul", from: ["logits", "output.scale"], to: "scaled")
            node("Add", from: [current, "output.center"], to: "numbers")
        case .identity: node("Identity", from: ["logits"], to: "numbers")
        }
    }

    var message: ProtobufMessage {
        let network = model.network
        let isNumeric = network.inputRange == .numbers
        let image =
            isNumeric
            ? [network.inputs] : [network.input.channels, network.rows, network.columns]
        let outputs =
            network.outputActivation == .identity ? ["numbers"] : ["logits", "probabilities"]
        var graph = ProtobufMessage()
        for node in nodes { graph.add(1, message: node) }
        graph.add(2, text: "phidias")
        for tensor in tensors { graph.add(5, message: tensor) }
        graph.add(
            11,
            message: value(
                isNumeric ? "features" : "images", input == .bytes ? .byte : .float, image))
        for name in outputs {
            graph.add(12, message: value(name, .float, [network.classes]))
        }
        return graph
    }

    // MARK: - Layers

    /// Bytes to the range of the network.
    private mutating func scale() {
        let range = model.network.inputRange
        node("Cast", to: "pixels.float", [attribute("to", Element.float.rawValue)])
        tensor("pixels.scale", [], [range.scale])
        node("Mul", from: [current, "pixels.scale"], to: "pixels.scaled")
        guard range.offset != 0 else { return }
        tensor("pixels.offset", [], [range.offset])
        node("Add", from: [current, "pixels.offset"], to: "pixels")
    }

    private mutating func add(
        _ layer: Layer, _ number: Int, above below: LayerShape,
        _ parameters: inout IndexingIterator<[LayerParameters]>
    ) {
        let name = "layers.\(number)"
        /// What a window is moved by, as attributes.
        func window(_ kernel: Extent, _ stride: Extent) -> [ProtobufMessage] {
            [
                attribute("kernel_shape", [kernel.rows, kernel.columns]),
                attribute("strides", [stride.rows, stride.columns]),
            ]
        }
        switch layer {
        case .dense(let dense):
            flatten(below, name)
            let shape = [dense.outputs, below.count]
            weigh("Gemm", name, shape, dense.activation, &parameters, [attribute("transB", 1)])
        case .conv2D(let layer):
            guard case .image(let image) = below else { return }
            let (kernel, pad) = (layer.kernel, layer.padding)
            weigh(
                "Conv", name, [layer.outputs, image.channels, kernel.rows, kernel.columns],
                layer.activation, &parameters,
                window(kernel, layer.stride) + [
                    attribute("pads", [pad.rows, pad.columns, pad.rows, pad.columns])
                ])
        case .maxPool2D(let pool): node("MaxPool", to: name, window(pool.window, pool.stride))
        case .averagePool2D(let pool):
            node("AveragePool", to: name, window(pool.window, pool.stride))
        case .flatten: flatten(below, name)
        // It drops in training alone.
        case .dropout: break
        }
    }

    private mutating func flatten(_ below: LayerShape, _ name: String) {
        // Rows of numbers are flat.
        guard case .image = below, model.network.inputRange != .numbers else { return }
        node("Flatten", to: "\(name).flat", [attribute("axis", 1)])
    }

    /// A layer with parameters, and its activation.
    private mutating func weigh(
        _ kind: String, _ name: String, _ shape: [Int], _ activation: Activation,
        _ parameters: inout IndexingIterator<[LayerParameters]>, _ attributes: [ProtobufMessage]
    ) {
        guard let values = parameters.next() else { return }
        let (weight, bias) = ("\(name).weight", "\(name).bias")
        tensor(weight, shape, values.weight)
        tensor(bias, [shape[0]], values.bias)
        let isLast = name == "layers.\(model.network.layers.count - 1)"
        node(kind, from: [current, weight, bias], to: isLast ? "logits" : name, attributes)
        switch activation {
        case .identity: break
        case .sigmoid: node("Sigmoid", to: "\(name).sigmoid")
        case .relu: node("Relu", to: "\(name).relu")
        case .tanh: node("Tanh", to: "\(name).tanh")
        case .leakyReLU: node("LeakyRelu", to: "\(name).leaky-relu", [attribute("alpha", 0.01)])
        }
    }

    // MARK: - Parts

    /// Adds a node, which the next one follows.
    private mutating func node(
        _ kind: String, from inputs: [String]? = nil, to output: String,
        _ attributes: [ProtobufMessage] = []
    ) {
        var node = ProtobufMessage()
        for name in inputs ?? [current] { node.add(1, text: name) }
        node.add(2, text: output)
        node.add(3, text: output)
        node.add(4, text: kind)
        for attribute in attributes { node.add(5, message: attribute) }
        nodes.append(node)
        current = output
    }

    private mutating func tensor(_ name: String, _ shape: [Int], _ values: [Float]) {
        var tensor = ProtobufMessage()
        for size in shape { tensor.add(1, integer: size) }
        tensor.add(2, integer: Element.float.rawValue)
        tensor.add(8, text: name)
        tensor.add(9, floats: values)
        tensors.append(tensor)
    }

    private func attribute(_ name: String, _ value: Int) -> ProtobufMessage {
        var attribute = ProtobufMessage()
        attribute.add(1, text: name)
        attribute.add(3, integer: value)
        attribute.add(20, integer: Kind.integer.rawValue)
        return attribute
    }

    private func attribute(_ name: String, _ value: Float) -> ProtobufMessage {
        var attribute = ProtobufMessage()
        attribute.add(1, text: name)
        attribute.add(2, float: value)
        attribute.add(20, integer: Kind.float.rawValue)
        return attribute
    }

    private func attribute(_ name: String, _ values: [Int]) -> ProtobufMessage {
        var attribute = ProtobufMessage()
        attribute.add(1, text: name)
        for value in values { attribute.add(8, integer: value) }
        attribute.add(20, integer: Kind.integers.rawValue)
        return attribute
    }

    /// An input or an output of any number of rows.
    private func value(_ name: String, _ element: Element, _ shape: [Int]) -> ProtobufMessage {
        var batch = ProtobufMessage()
        batch.add(2, text: "batch")
        var sizes = ProtobufMessage()
        sizes.add(1, message: batch)
        for size in shape {
            var dimension = ProtobufMessage()
            dimension.add(1, integer: size)
            sizes.add(1, message: dimension)
        }
        var tensor = ProtobufMessage()
        tensor.add(1, integer: element.rawValue)
        tensor.add(2, message: sizes)
        var type = ProtobufMessage()
        type.add(1, message: tensor)
        var value = ProtobufMessage()
        value.add(1, text: name)
        value.add(2, message: type)
        return value
    }
}
