/// A layer as it is described: no weights, no shape of its input.
public enum Layer: Sendable, Hashable {
    /// Every output from every input.
    case dense(Dense)
    /// Every output from a window of the image.
    case conv2D(Conv2D)
    /// The largest value of each window.
    case maxPool2D(MaxPool2D)
    /// The mean of each window.
    case averagePool2D(AveragePool2D)
    /// An image as units, in the order channels, rows, columns.
    case flatten
    /// In training, a random part of the outputs becomes 0.
    case dropout(Dropout)
}

/// Anything that stands for a layer where a network is put together.
public protocol LayerDescription {
    /// The layer that is meant.
    var layer: Layer { get }
}

extension Layer: LayerDescription {
    /// Itself.
    public var layer: Layer { self }
}

/// A convolution, y = activation(w ∗ x + b), with weights [outputs][inputs][rows][columns]. As
/// usual for networks, it is the cross-correlation: the kernel is not flipped.
///
/// Forward and backward pass run over all layers at once, in `CKernels/src/network.c`.
public struct Conv2D: LayerDescription, Sendable, Hashable {
    /// Channels that it gives.
    public var outputs: Int
    /// Size of the kernel.
    public var kernel: Extent
    /// Pixels from a window to the next, at least 1.
    public var stride: Extent
    /// Zeros on each side of the input.
    public var padding: Extent
    /// What is done to each sum.
    public var activation: Activation

    /// - Parameters:
    ///   - outputs: channels; `Network` checks all sizes.
    ///   - kernel: rows and columns of a window.
    ///   - stride: pixels from a window to the next.
    ///   - padding: zeros on each side of the input.
    ///   - activation: what is done to each sum.
    public init(
        _ outputs: Int, kernel: Extent, stride: Extent = 1, padding: Extent = 0,
        activation: Activation = .identity
    ) {
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.activation = activation
    }

    /// Itself, as a layer.
    public var layer: Layer { .conv2D(self) }
}

/// The largest value of each window. Pixels that fill no window are left out; the gradient goes to
/// the first largest one.
public struct MaxPool2D: LayerDescription, Sendable, Hashable {
    /// Size of the window, and pixels from a window to the next.
    public var window, stride: Extent

    /// - Parameters:
    ///   - window: its rows and columns; `Network` checks them.
    ///   - stride: pixels from a window to the next; nil is as large as the window.
    public init(_ window: Extent, stride: Extent? = nil) {
        self.window = window
        self.stride = stride ?? window
    }

    /// Itself, as a layer.
    public var layer: Layer { .maxPool2D(self) }
}

/// The mean of each window. Pixels that fill no window are left out.
public struct AveragePool2D: LayerDescription, Sendable, Hashable {
    /// Size of the window, and pixels from a window to the next.
    public var window, stride: Extent

    /// - Parameters:
    ///   - window: its rows and columns; `Network` checks them.
    ///   - stride: pixels from a window to the next; nil is as large as the window.
    public init(_ window: Extent, stride: Extent? = nil) {
        self.window = window
        self.stride = stride ?? window
    }

    /// Itself, as a layer.
    public var layer: Layer { .averagePool2D(self) }
}

/// An image as a row of units, in the order [channels][rows][columns]. A dense layer does that to
/// an image by itself, so this only says it.
public struct Flatten: LayerDescription, Sendable, Hashable {
    /// A layer without settings.
    public init() {}

    /// Itself, as a layer.
    public var layer: Layer { .flatten }
}

/// In training, sets a share of the values to 0 and multiplies the others by 1 / (1 − rate); else it
/// changes nothing. Which values are dropped depends on seed, epoch and the image's place in the
/// data alone.
public struct Dropout: LayerDescription, Sendable, Hashable {
    /// The share, in 0 ..< 1; it is rounded to a multiple of 2⁻¹⁶.
    public var rate: Double

    /// - Parameter rate: `Network` checks it.
    public init(_ rate: Double) { self.rate = rate }

    /// Itself, as a layer.
    public var layer: Layer { .dropout(self) }
}

/// Takes layers one below the other, for `Network.init(input:_:)`.
@resultBuilder public enum LayerBuilder {
    /// One layer.
    public static func buildExpression(_ layer: any LayerDescription) -> [Layer] { [layer.layer] }
    /// Layers in their order.
    public static func buildBlock(_ parts: [Layer]...) -> [Layer] { parts.flatMap { $0 } }
    /// Layers of a loop.
    public static func buildArray(_ parts: [[Layer]]) -> [Layer] { parts.flatMap { $0 } }
    /// Layers under a condition.
    public static func buildOptional(_ part: [Layer]?) -> [Layer] { part ?? [] }
    /// Layers under a condition that holds.
    public static func buildEither(first part: [Layer]) -> [Layer] { part }
    /// Layers under a condition that does not hold.
    public static func buildEither(second part: [Layer]) -> [Layer] { part }
}
