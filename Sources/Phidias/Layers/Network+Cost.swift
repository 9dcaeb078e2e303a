extension Network {
    /// The number of multiplications and additions for one image in the layers that have
    /// parameters: two for each weight and position where it is used.
    public var forwardFlops: Double { weighted.reduce(0) { $0 + flops(of: $1) } }

    /// The same for a training step on one image: three products with each weight matrix (forward,
    /// weight gradient, delta), but no delta below the first.
    public var trainingFlops: Double {
        weighted.enumerated().reduce(0) { $0 + ($1.offset == 0 ? 2 : 3) * flops(of: $1.element) }
    }

    private func flops(of layer: WeightedLayer) -> Double {
        // A convolution uses each kernel once for each pixel that it gives.
        let outputs = Double(shapes[layer.index].count)
        return 2 * Double(layer.inputs) * outputs
    }

    /// The number of multiplications and additions of a layer for one image, forward; 0 for a layer
    /// without parameters.
    public func forwardFlops(ofLayer index: Int) -> Double {
        weighted.first { $0.index == index }.map(flops) ?? 0
    }
}
