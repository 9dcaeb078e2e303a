import CKernels

/// Floats on a 64-byte boundary, freed with the object.
package final class AlignedBuffer {
    package let count: Int
    let base: UnsafeMutablePointer<Float>

    /// A buffer of zeros; each thread's share is in memory near it.
    /// - Throws: `KernelError.outOfMemory` if the system cannot provide `count` floats.
    package convenience init(count: Int, threads: Int = 1) throws(KernelError) {
        try self.init(unfilled: count)
        ck_clear(count, base, Int32(threads))
    }

    /// An uninitialized buffer, for kernels that prepare it themselves.
    /// - Throws: `KernelError.outOfMemory` if the system cannot provide `count` floats.
    init(unfilled count: Int) throws(KernelError) {
        precondition(count >= 0, "buffer of \(count) floats")
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        guard !overflow, let memory = ck_alloc(bytes) else {
            throw .outOfMemory(floats: count)
        }
        self.count = count
        base = memory.bindMemory(to: Float.self, capacity: count)
    }

    deinit { ck_free(base) }

    package var values: [Float] {
        Array(UnsafeBufferPointer(start: base, count: count))
    }

    package func set(_ values: Span<Float>) {
        precondition(values.count == count, "\(values.count) values for \(count) floats")
        values.withUnsafeBufferPointer { from in
            guard let start = from.baseAddress else { return }
            base.update(from: start, count: count)
        }
    }
}

/// Failures that are possible although the kernels' preconditions hold.
package enum KernelError: Error, Equatable {
    case outOfMemory(floats: Int)
}
