/// The description of a layer, without weights and without the shape of its input.
public enum Layer: Sendable, Hashable {
    /// A layer whose outputs each depend on every input.
    case dense(Dense)
    /// A layer whose outputs each depend on a window of the image.
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

/// A type that describes a layer where a network is built.
public protocol LayerDescription {
    /// The described layer.
    var layer: Layer { get }
}

extension Layer: LayerDescription {
    /// The layer itself.
    public var layer: Layer { self }
}

/// A convolution, y = activation(w ∗ x + b), with weights [outputs][inputs][rows][columns]. As
/// usual for networks, it is the cross-correlation: the kernel is not flipped.
///
/// Forward and backward pass run over all layers at once, in `CKernels/src/network.c`.
public struct Conv2D: LayerDescription, Sendable, Hashable {
    /// The number of output channels.
    public var outputs: Int
    /// Size of the kernel.
    public var kernel: Extent
    /// The distance between windows in pixels, at least 1.
    public var stride: Extent
    /// The number of zeros on each side of the input.
    public var padding: Extent
    /// The function applied to each sum.
    public var activation: Activation

    /// - Parameters:
    ///   - outputs: channels; `Network` checks all sizes.
    ///   - kernel: rows and columns of a window.
    ///   - stride: distance between windows in pixels.
    ///   - padding: zeros on each side of the input.
    ///   - activation: the function applied to each sum.
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

    /// The same as a `Layer`.
    public var layer: Layer { .conv2D(self) }
}

/// The largest value of each window. Pixels that fill no window are left out; the gradient goes to
/// the first of equal largest values.
public struct MaxPool2D: LayerDescription, Sendable, Hashable {
    /// The size of the window.
    public var window: Extent
    /// The distance between windows in pixels.
    public var stride: Extent

    /// - Parameters:
    ///   - window: rows and columns of a window; `Network` checks them.
    ///   - stride: distance between windows in pixels; nil: the window's size.
    public init(_ window: Extent, stride: Extent? = nil) {
        self.window = window
        self.stride = stride ?? window
    }

    /// The same as a `Layer`.
    public var layer: Layer { .maxPool2D(self) }
}

/// The mean of each window. Pixels that fill no window are left out.
public struct AveragePool2D: LayerDescription, Sendable, Hashable {
    /// The size of the window.
    public var window: Extent
    /// The distance between windows in pixels.
    public var stride: Extent

    /// - Parameters:
    ///   - window: rows and columns of a window; `Network` checks them.
    ///   - stride: distance between windows in pixels; nil: the window's size.
    public init(_ window: Extent, stride: Extent? = nil) {
        self.window = window
        self.stride = stride ?? window
    }

    /// The same as a `Layer`.
    public var layer: Layer { .averagePool2D(self) }
}

/// An image as a row of units, in the order [channels][rows][columns]. A dense layer flattens an
/// image by itself, so this layer only makes it explicit.
public struct Flatten: LayerDescription, Sendable, Hashable {
    /// A layer without settings.
    public init() {}

    /// The same as a `Layer`.
    public var layer: Layer { .flatten }
}

/// During training, sets a share of the values to 0 and multiplies the others by 1 / (1 − rate);
/// otherwise it changes nothing. Which values are dropped depends only on seed, epoch and the
/// image's index in the data.
public struct Dropout: LayerDescription, Sendable, Hashable {
    /// The share of dropped values, in 0 ..< 1; it is rounded to a multiple of 2⁻¹⁶.
    public var rate: Double

    /// - Parameter rate: `Network` checks it.
    public init(_ rate: Double) { self.rate = rate }

    /// The same as a `Layer`.
    public var layer: Layer { .dropout(self) }
}

/// Collects a list of layers for `Network.init(input:_:)`.
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
