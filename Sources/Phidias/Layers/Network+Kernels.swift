import PhidiasKernels

extension Network {
    /// Whether dense layers are all that it has: nothing before them works on images.
    package var isDense: Bool { KernelPlan(self).shape.stages.isEmpty }

    /// The parts that the kernels run: stages over images, and dense layers above them.
    package struct KernelPlan {
        package private(set) var shape: NetworkStack.Shape
        /// For each layer with parameters, its index among the stages and, after them, the dense
        /// layers.
        package private(set) var places: [Int]
        /// For each layer, the stage whose outputs are the layer's; nil if there is none.
        package private(set) var stages: [Int?]
        private let fusesPools: Bool

        /// The index of a layer among layers of its kind.
        private enum Place {
            case stage(Int), dense(Int)
        }

        /// - Parameter fusesPools: false keeps each layer's outputs in memory separately.
        package init(_ network: Network, fusesPools: Bool = true) {
            self.fusesPools = fusesPools
            shape = NetworkStack.Shape(
                input: PhidiasKernels.ImageShape(network.input), stages: [], layers: [],
                layerDropout: [])
            places = []
            stages = []
            var below = LayerShape.image(network.input)
            var weighted: [Place] = []
            for (index, layer) in network.layers.enumerated() {
                add(layer, above: below)
                switch layer {
                case .conv2D: weighted.append(.stage(shape.stages.count - 1))
                case .dense: weighted.append(.dense(shape.layers.count - 1))
                default: break
                }
                stages.append(shape.layers.isEmpty ? shape.stages.indices.last : nil)
                below = network.shapes[index]
            }
            // Dense layers come after all stages, whose number is known only now.
            places = weighted.map { place in
                switch place {
                case .stage(let number): number
                case .dense(let number): shape.stages.count + number
                }
            }
        }

        private mutating func add(_ layer: Layer, above below: LayerShape) {
            switch layer {
            case .flatten: return
            case .dense(let dense):
                shape.layers.append(
                    DenseShape(
                        inputs: below.count, outputs: dense.outputs,
                        activation: dense.activation.kind))
                shape.layerDropout.append(0)
                return
            case .dropout(let dropout): drop(Float(dropout.rate))
            case .conv2D(let layer):
                shape.stages.append(
                    .convolution(
                        layer.outputs, kernel: .init(layer.kernel), stride: .init(layer.stride),
                        padding: .init(layer.padding), activation: layer.activation.kind))
            case .maxPool2D(let pool):
                guard !fuse(pool) else { return }
                shape.stages.append(
                    .pool(.maxPool, window: .init(pool.window), stride: .init(pool.stride)))
            case .averagePool2D(let pool):
                shape.stages.append(
                    .pool(.averagePool, window: .init(pool.window), stride: .init(pool.stride)))
            }
        }

        /// Makes the pool part of the convolution below it, if possible.
        private mutating func fuse(_ pool: MaxPool2D) -> Bool {
            guard fusesPools, pool.window == 2, pool.stride == 2, let last = shape.stages.last,
                last.isConvolution, !last.maxPool, last.activation.commutesWithMaxPool,
                last.dropout == 0
            else { return false }
            shape.stages[shape.stages.count - 1].maxPool = true
            return true
        }

        private mutating func drop(_ rate: Float) {
            if !shape.layers.isEmpty {
                shape.layerDropout[shape.layers.count - 1] = rate
            } else {
                if shape.stages.isEmpty {
                    // A stage that changes nothing else drops pixels.
                    shape.stages.append(.pool(.averagePool, window: .init(1), stride: .init(1)))
                }
                shape.stages[shape.stages.count - 1].dropout = rate
            }
        }
    }
}

extension PhidiasKernels.ImageShape {
    init(_ shape: Phidias.ImageShape) {
        self.init(channels: shape.channels, height: shape.rows, width: shape.columns)
    }
}

extension PhidiasKernels.Extent {
    init(_ extent: Phidias.Extent) { self.init(extent.rows, extent.columns) }
}
