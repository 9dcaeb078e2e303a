extension Network {
    /// Products and sums of an image's way through the layers that have parameters: two for each
    /// weight and place that it is used at.
    public var forwardFlops: Double { weighted.reduce(0) { $0 + flops(of: $1) } }

    /// The same for an image's training step: three products with each weight matrix (forward, weight
    /// gradient, delta), but no delta below the first.
    public var trainingFlops: Double {
        weighted.enumerated().reduce(0) { $0 + ($1.offset == 0 ? 2 : 3) * flops(of: $1.element) }
    }

    private func flops(of layer: WeightedLayer) -> Double {
        // A convolution uses each kernel once for each pixel that it gives.
        let outputs = Double(shapes[layer.index].count)
        return 2 * Double(layer.inputs) * outputs
    }

    /// Products and sums of a layer for an image, forward; 0 for one without parameters.
    public func forwardFlops(ofLayer index: Int) -> Double {
        weighted.first { $0.index == index }.map(flops) ?? 0
    }
}
