import CKernels

/// Channels, height and width of an image, or of a stage's output.
package struct ImageShape: Sendable, Equatable {
    package var channels, height, width: Int

    package init(channels: Int, height: Int, width: Int) {
        (self.channels, self.height, self.width) = (channels, height, width)
    }

    package var count: Int { channels * height * width }

    var cValue: ck_shape { ck_shape(channels: channels, height: height, width: width) }

    init?(_ shape: ck_shape) {
        guard shape.channels > 0 else { return nil }
        self.init(channels: shape.channels, height: shape.height, width: shape.width)
    }
}

/// Height and width of a window, a stride or a border.
package struct Extent: Sendable, Equatable {
    package var height, width: Int

    package init(_ height: Int, _ width: Int) { (self.height, self.width) = (height, width) }

    package init(_ both: Int) { self.init(both, both) }

    var cValue: ck_extent { ck_extent(height: height, width: width) }
}

/// One stage of a convolutional network: a convolution with what follows it, or a pool.
package struct StageShape: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case convolution(channels: Int)
        case maxPool, averagePool

        fileprivate var cValue: ck_stage_kind {
            switch self {
            case .convolution: CK_CONVOLUTION
            case .maxPool: CK_MAX_POOL
            case .averagePool: CK_AVERAGE_POOL
            }
        }

        fileprivate var channels: Int {
            if case .convolution(let channels) = self { channels } else { 0 }
        }
    }

    package var kind: Kind
    /// A convolution's kernel, or a pool's window of at most 255 pixels.
    package var window: Extent
    package var stride = Extent(1)
    /// Zeros at each side of a convolution's input; a pool has none.
    package var padding = Extent(0)
    /// The activation of a convolution; a pool has none.
    package var activation = ActivationKind.identity
    /// A max-pool of 2 × 2, stride 2, directly after the convolution, whose activation then
    /// commutes with it: it costs less than a separate one.
    package var maxPool = false
    /// The share of outputs that training drops, in [0, 1).
    package var dropout: Float = 0

    package static func convolution(
        _ channels: Int, kernel: Extent, stride: Extent = Extent(1), padding: Extent = Extent(0),
        activation: ActivationKind = .identity, maxPool: Bool = false, dropout: Float = 0
    ) -> StageShape {
        StageShape(
            kind: .convolution(channels: channels), window: kernel, stride: stride,
            padding: padding, activation: activation, maxPool: maxPool, dropout: dropout)
    }

    package static func pool(
        _ kind: Kind, window: Extent, stride: Extent, dropout: Float = 0
    ) -> StageShape {
        StageShape(kind: kind, window: window, stride: stride, dropout: dropout)
    }

    package var isConvolution: Bool {
        if case .convolution = kind { true } else { false }
    }

    /// The output of this stage for an image, or nil if it does not fit.
    package func output(of input: ImageShape) -> ImageShape? {
        var stage = cValue
        return ImageShape(ck_stage_output(input.cValue, &stage))
    }

    /// The numbers of weights [outputs, inputs, height, width] and biases.
    func parameters(of input: ImageShape) -> (weights: Int, biases: Int) {
        (input.channels * kind.channels * window.height * window.width, kind.channels)
    }

    var cValue: ck_stage {
        ck_stage(
            kind: kind.cValue, channels: kind.channels, window: window.cValue,
            stride: stride.cValue,
            padding: padding.cValue, activation: activation.cValue, max_pool: maxPool ? 1 : 0,
            dropout: dropout, weights: nil, velocity: nil, gradient: nil)
    }
}

/// The source of the dropout masks: the same key and image give the same mask with every table and
/// number of threads (`ck_dropout` has the formula).
package struct DropoutKey: Sendable, Equatable {
    package var seed: UInt64
    package var epoch: UInt32
    /// The purpose, below 65,536.
    package var purpose: UInt32

    package init(seed: UInt64, epoch: UInt32, purpose: UInt32) {
        precondition(purpose < 65536, "purpose \(purpose)")
        (self.seed, self.epoch, self.purpose) = (seed, epoch, purpose)
    }
}
