import CKernels

/// The largest shift, rotation and distortion of images: see CKConvolution.h.
package struct AugmentationShape: Sendable, Equatable {
    /// The largest shift in pixels along each axis.
    package var shift: Float
    /// The largest rotation in radians, in either direction.
    package var rotation: Float
    /// The largest displacement of a control point in pixels along each axis.
    package var elastic: Float
    /// The distance between control points in pixels.
    package var spacing: Int

    package init(shift: Float, rotation: Float, elastic: Float, spacing: Int) {
        (self.shift, self.rotation) = (shift, rotation)
        (self.elastic, self.spacing) = (elastic, spacing)
    }

    var cValue: ck_augmentation {
        ck_augmentation(shift: shift, rotation: rotation, elastic: elastic, spacing: spacing)
    }
}

/// A batch of augmented images, computed by every `fill`. Not thread-safe; the work inside is
/// parallel.
package final class AugmentedBatch {
    package let image: ImageShape
    package let capacity, threads: Int
    private let shape: AugmentationShape
    private let workspace: AlignedBuffer
    /// The images of the last fill, [batch][channels][height][width].
    package private(set) var images: [UInt8]

    /// The bytes that a batch allocates.
    package static func size(
        _ image: ImageShape, _ shape: AugmentationShape, capacity: Int, threads: Int
    ) -> Int {
        capacity * image.count + workspace(image, shape, threads: threads)
    }

    private static func workspace(
        _ image: ImageShape, _ shape: AugmentationShape, threads: Int
    ) -> Int {
        var how = shape.cValue
        let bytes = ck_augment_workspace(image.cValue, &how, Int32(threads))
        precondition(bytes > 0, "the kernels refuse images of \(image)")
        return bytes
    }

    /// - Parameters:
    ///   - capacity: the most images of a batch.
    ///   - threads: the most threads of a fill.
    /// - Throws: `KernelError.outOfMemory`.
    package init(
        _ image: ImageShape, _ shape: AugmentationShape, capacity: Int, threads: Int
    ) throws(KernelError) {
        let reach = Float(image.height + image.width) + shape.shift + shape.elastic
        precondition(
            shape.shift >= 0 && shape.rotation >= 0 && shape.elastic >= 0 && shape.spacing > 0
                && shape.rotation.isFinite && reach < 0x1p21, "\(shape)")
        precondition(capacity > 0 && threads > 0, "\(capacity) images, \(threads) threads")
        (self.image, self.shape) = (image, shape)
        (self.capacity, self.threads) = (capacity, threads)
        let bytes = Self.workspace(image, shape, threads: threads)
        workspace = try AlignedBuffer(unfilled: bytes / MemoryLayout<Float>.stride)
        images = [UInt8](repeating: 0, count: capacity * image.count)
    }

    /// Makes a batch of the images at `indices`, which also determine their random numbers.
    package func fill(
        from source: Span<UInt8>, indices: Span<UInt32>, seed: UInt64, epoch: UInt32,
        purpose: UInt32
    ) {
        precondition(indices.count <= capacity, "batch of \(indices.count), capacity \(capacity)")
        for position in indices.indices {
            precondition(
                Int(indices[position]) < source.count / image.count, "no image \(indices[position])"
            )
        }
        var how = shape.cValue
        images.withUnsafeMutableBufferPointer { out in
            source.withUnsafeBufferPointer { from in
                indices.withUnsafeBufferPointer { order in
                    ck_augment(
                        image.cValue, &how, seed, epoch, purpose, order.count, from.baseAddress,
                        order.baseAddress, out.baseAddress, workspace.base, Int32(threads))
                }
            }
        }
    }
}
