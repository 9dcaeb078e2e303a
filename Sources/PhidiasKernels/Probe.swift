import CKernels
import FoundationEssentials
import Glibc

/// The machine's measured limits, for benchmarks.
package enum Probe {
    /// The floating-point operations per second of `threads` threads, with the CPU's fastest table.
    package static func peak(seconds: Double, threads: Int) -> Double {
        precondition(threads > 0, "thread count \(threads) is not positive")
        return ck_probe_peak(seconds, Int32(threads))
    }

    /// The time in seconds that two threads need for a barrier at which they spin.
    package static func barrier(seconds: Double) -> Double { ck_probe_barrier(seconds) }

    /// Bytes per second between memory and the CPU.
    package struct Bandwidth: Sendable {
        /// The bandwidth of a sum.
        package let read: Double
        /// The bandwidth of a = b + 2c, including the line that is fetched in order to be written.
        package let triad: Double
        /// The bandwidth of a = a + 2b.
        package let inPlace: Double

        /// The larger bandwidth of those that both read and write.
        package var mixed: Double { max(triad, inPlace) }
    }

    /// - Parameter bytes: total size of the arrays that are traversed repeatedly; nil takes eight
    ///   times the last-level cache, so that the bandwidth is the memory's.
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

    /// The size of the largest cache according to Linux, 32 MB if it does not say.
    package static var lastCacheBytes: Int {
        let sizes = (0..<8).compactMap { index -> Int? in
            let path = "/sys/devices/system/cpu/cpu0/cache/index\(index)/size"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
            return Int(text.prefix { $0.isNumber }).map { $0 << 10 }
        }
        return sizes.max() ?? 32 << 20
    }
}

/// The placement of the threads: on separate cores near each other, or not. Virtual CPUs move, and
/// at times two of them share a core; measurements then show the speed of neither.
package struct Placement: Sendable {
    package let threads: Int
    /// The operations per second of one thread, and of all.
    package let onePeak, peak: Double
    /// The time in seconds of a barrier of two threads; nil for one thread.
    package let barrier: Double?

    /// Two threads on one core synchronize faster, those of different packages more slowly.
    package static let nearBarrier = 60e-9...160e-9
    /// The lowest accepted peak of all threads, relative to that of one times their number.
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

    /// Whether every thread has its own core, and two are near each other.
    package var isGood: Bool {
        guard let barrier else { return true }
        return Self.nearBarrier.contains(barrier)
            && peak >= Self.leastShare * Double(threads) * onePeak
    }
}
