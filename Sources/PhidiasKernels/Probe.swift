import CKernels
import Foundation

/// What the machine can do at most, measured: for benchmarks.
package enum Probe {
    /// Floating-point operations a second of `threads` threads, by the CPU's fastest table.
    package static func peak(seconds: Double, threads: Int) -> Double {
        precondition(threads > 0, "thread count \(threads) is not positive")
        return ck_probe_peak(seconds, Int32(threads))
    }

    /// Seconds that two threads need to meet at a barrier at which they spin.
    package static func barrier(seconds: Double) -> Double { ck_probe_barrier(seconds) }

    /// Bytes a second between memory and the CPU.
    package struct Bandwidth: Sendable {
        /// Of a sum.
        package let read: Double
        /// Of a = b + 2c, with the line that is fetched in order to be written.
        package let triad: Double
        /// Of a = a + 2b.
        package let inPlace: Double

        /// The most of what both read and write.
        package var mixed: Double { max(triad, inPlace) }
    }

    /// - Parameter bytes: of the arrays that are run over again and again; nil takes eight times
    ///   the last cache, so that the bandwidth is the memory's.
    /// - Throws: `KernelError.outOfMemory`.
    package static func bandwidth(
        seconds: Double, threads: Int, bytes: Int? = nil
    ) throws(KernelError) -> Bandwidth {
        precondition(threads > 0, "thread count \(threads) is not positive")
        let bytes = bytes ?? 8 * lastCacheBytes
        var result = ck_bandwidth()
        guard ck_probe_bandwidth(seconds, bytes, Int32(threads), &result) == 0 else {
            throw .outOfMemory(floats: bytes / MemoryLayout<Float>.stride)
        }
        return Bandwidth(read: result.read, triad: result.triad, inPlace: result.in_place)
    }

    /// Size of the largest cache as Linux tells it, 32 MB where it does not.
    package static var lastCacheBytes: Int {
        let sizes = (0..<8).compactMap { index -> Int? in
            let path = "/sys/devices/system/cpu/cpu0/cache/index\(index)/size"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
            return Int(text.prefix { $0.isNumber }).map { $0 << 10 }
        }
        return sizes.max() ?? 32 << 20
    }
}

/// Where the threads are: on cores of their own and near each other, or not. Virtual CPUs wander,
/// and at times two of them are one core; what is measured then is no one's speed.
package struct Placement: Sendable {
    package let threads: Int
    /// Operations a second of one thread, and of all.
    package let onePeak, peak: Double
    /// Seconds that two threads need to meet; nil for one thread.
    package let barrier: Double?

    /// Two threads of one core meet sooner, those of different packages later.
    package static let nearBarrier = 60e-9...160e-9
    /// Least peak of all, in peaks of one and threads.
    package static let leastShare = 0.95

    package init(threads: Int, onePeak: Double, peak: Double, barrier: Double?) {
        (self.threads, self.onePeak, self.peak, self.barrier) = (threads, onePeak, peak, barrier)
    }

    /// Measures for about `seconds`.
    package static func probe(seconds: Double, threads: Int) -> Placement {
        guard threads > 1 else {
            let peak = Probe.peak(seconds: seconds, threads: 1)
            return Placement(threads: 1, onePeak: peak, peak: peak, barrier: nil)
        }
        return Placement(
            threads: threads, onePeak: Probe.peak(seconds: 0.4 * seconds, threads: 1),
            peak: Probe.peak(seconds: 0.5 * seconds, threads: threads),
            barrier: Probe.barrier(seconds: 0.1 * seconds))
    }

    /// Whether every thread has a core of its own, and two are near each other.
    package var isGood: Bool {
        guard let barrier else { return true }
        return Self.nearBarrier.contains(barrier)
            && peak >= Self.leastShare * Double(threads) * onePeak
    }
}
