import PhidiasKernels

/// Random changes to training images that keep their class: in each epoch every image is shifted,
/// rotated and distorted by new random amounts, and zeros fill the gaps. Evaluation uses the
/// unchanged images.
///
/// An augmented image is a function of (seed, epoch, its index in the data set): no thread count,
/// batch or interruption changes it. `CKConvolution.h` has the formulas.
public struct Augmentation: Sendable, Hashable {
    /// The largest shift along each axis, in pixels; uniform.
    public let shift: Double
    /// The largest rotation about the image's center in either direction, in degrees; uniform.
    public let rotation: Double
    /// Elastic distortion: the largest displacement of a cubic B-spline's control point along each
    /// axis, in pixels; uniform. At a control point, half the standard deviation of that
    /// displacement remains.
    public let elastic: Double
    /// The distance between control points, in pixels: the smaller, the finer the distortion.
    public let elasticSpacing: Int

    /// The default spacing: a quarter of the side of MNIST's images.
    public static let usualSpacing = 7
    /// The largest `elastic` per pixel of spacing. Above it an image may fold: Choi and Lee,
    /// *Injectivity Conditions of 2D and 3D Uniform Cubic B-Spline Functions*, Graphical Models 62
    /// (2000).
    public static let mostElasticPerSpacing = 0.4886

    /// - Throws: `AugmentationError` for a number out of range.
    public init(
        shift: Double = 0, rotation: Double = 0, elastic: Double = 0,
        elasticSpacing: Int = usualSpacing
    ) throws(AugmentationError) {
        guard (0...65_535).contains(shift) else { throw .shift(shift) }
        guard (0...180).contains(rotation) else { throw .rotation(rotation) }
        guard (1...65_535).contains(elasticSpacing) else { throw .spacing(elasticSpacing) }
        let most = Self.mostElasticPerSpacing * Double(elasticSpacing)
        guard (0...most).contains(elastic) else {
            throw .elastic(elastic, spacing: elasticSpacing, most: most)
        }
        (self.shift, self.rotation) = (shift, rotation)
        (self.elastic, self.elasticSpacing) = (elastic, elasticSpacing)
    }

    /// Whether it leaves every image unchanged.
    public var isNone: Bool { shift == 0 && rotation == 0 && elastic == 0 }

    /// The images at `indices` as an epoch sees them: [indices][channels][rows][columns].
    /// - Parameters:
    ///   - data: whose images they are.
    ///   - indices: of images in the data, in any order and number.
    ///   - seed: the training's.
    ///   - epoch: from 0 to `UInt32.max`.
    ///   - threads: nil takes those of `Model.threads(_:)`.
    /// - Throws: `ModelError.image` for an index that the data does not have, `.epoch`, `.inputSize`
    ///   for images larger than a network takes, `.memory`, or `.threads`.
    public func images(
        of data: Dataset, at indices: [Int], seed: UInt64, epoch: Int, threads: Int? = nil
    ) throws(ModelError) -> [UInt8] {
        if let bad = indices.first(where: { !(0..<data.count).contains($0) }) {
            throw .image(bad, images: data.count)
        }
        guard UInt32(exactly: epoch) != nil else { throw .epoch(epoch) }
        do {
            _ = try NetworkShaping(input: data.shape)
        } catch {
            throw .inputSize(data.shape)
        }
        guard !indices.isEmpty else { return [] }
        let batch = try batch(
            of: data.shape, capacity: indices.count, threads: try Model.threads(threads))
        let numbers = indices.map { UInt32($0) }
        fill(batch, from: data, numbers.span, seed: seed, epoch: epoch)
        return batch.images
    }

    func batch(
        of image: ImageShape, capacity: Int, threads: Int
    ) throws(ModelError) -> AugmentedBatch {
        let bytes = memory(of: image, batchSize: capacity, threads: threads)
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
        do {
            return try AugmentedBatch(
                .init(image), kernelShape, capacity: capacity, threads: threads)
        } catch {
            throw .refusedMemory(bytes)
        }
    }

    func fill(
        _ batch: AugmentedBatch, from data: Dataset, _ indices: Span<UInt32>, seed: UInt64,
        epoch: Int
    ) {
        batch.fill(
            from: data.images.span, indices: indices, seed: seed, epoch: UInt32(epoch),
            purpose: CounterRandom.Purpose.augmentation.rawValue)
    }

    /// The bytes that a batch needs.
    func memory(of image: ImageShape, batchSize: Int, threads: Int) -> Int {
        AugmentedBatch.size(.init(image), kernelShape, capacity: batchSize, threads: threads)
    }

    private var kernelShape: AugmentationShape {
        AugmentationShape(
            shift: Float(shift), rotation: Float(rotation * .pi / 180), elastic: Float(elastic),
            spacing: elasticSpacing)
    }
}

/// Augmentation settings that are out of range.
public enum AugmentationError: PhidiasError, Equatable {
    /// A shift that is not from 0 to 65535 pixels.
    case shift(Double)
    /// A rotation that is not from 0 to 180 degrees.
    case rotation(Double)
    /// An elastic distortion that is below 0 pixels, or so large that images would fold.
    case elastic(Double, spacing: Int, most: Double)
    /// A spacing that is not from 1 to 65535 pixels.
    case spacing(Int)

    public var description: String {
        switch self {
        case .shift(let value): "The shift is \(value) pixels; it must be from 0 to 65535."
        case .rotation(let value): "The rotation is \(value) degrees; it must be from 0 to 180."
        case .elastic(let value, let spacing, let most):
            "The elastic distortion is \(value) pixels; with a spacing of \(spacing) it must be from 0 to \(most), above which images fold."
        case .spacing(let value):
            "The spacing of elastic distortions is \(value) pixels; it must be from 1 to 65535."
        }
    }

    public var exitCode: Int32 { 64 }
}
