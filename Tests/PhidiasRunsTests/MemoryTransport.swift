import Foundation
import PhidiasRuns
import Synchronization

/// Ranks that are threads of one process: messages go through memory.
final class MemoryNetwork: Sendable {
    private let boxes: Mutex<[[(from: Int, bytes: [UInt8])]]>
    /// Ranks whose messages are lost, both ways.
    private let lost = Mutex<Set<Int>>([])
    /// Where ranks meet for the calls that all make together.
    private let meeting = Meeting()
    /// The codes with which ranks were asked to end all.
    let aborts = Mutex<[Int32]>([])
    let size: Int
    private let silence: Duration

    /// - Parameter silence: after which a rank is given up.
    init(_ size: Int, silence: Duration = .seconds(1)) {
        (self.size, self.silence) = (size, silence)
        boxes = Mutex(Array(repeating: [], count: size))
    }

    func cut(_ rank: Int) { lost.withLock { _ = $0.insert(rank) } }

    /// Addresses that all ranks show each other. Nobody goes on before all have shown theirs, nor before
    /// all have copied what they need.
    private final class Meeting: @unchecked Sendable {
        private let condition = NSCondition()
        private var shown: [Int: UnsafeMutableRawPointer] = [:]
        private var arrived = 0, meetings = 0

        func show(
            _ own: UnsafeMutableRawPointer, _ rank: Int, of size: Int,
            copy: ([Int: UnsafeMutableRawPointer]) -> Void
        ) {
            copy(meet(size) { shown[rank] = own })
            _ = meet(size) {}
        }

        private func meet(_ size: Int, _ body: () -> Void) -> [Int: UnsafeMutableRawPointer] {
            condition.lock()
            defer { condition.unlock() }
            body()
            let meeting = meetings
            arrived += 1
            if arrived == size {
                (arrived, meetings) = (0, meetings + 1)
                condition.broadcast()
            }
            while meetings == meeting { condition.wait() }
            return shown
        }
    }

    /// The ranks, with little patience.
    /// - Parameter givingUp: as for `RankGroup.start`.
    func ranks(
        givingUp: (@Sendable (RankGroup, RankError) -> Void)? = nil
    ) throws -> [RankGroup] {
        var patience = RankGroup.Patience()
        (patience.sign, patience.silence) = (.milliseconds(50), silence)
        return try (0..<size).map { rank in
            try RankGroup.start(patience: patience, givingUp: givingUp) {
                (rank, Transport(rank: rank, network: self))
            }
        }
    }

    private struct Transport: RankTransport {
        let rank: Int
        let network: MemoryNetwork
        let unsent = 0

        var places: [RankPlace] {
            (0..<network.size).map {
                RankPlace(host: "node\($0)", ownCPUs: 1, nodeCPUs: 1, allCPUs: 1, sharing: 1)
            }
        }

        func post(_ bytes: [UInt8], to other: Int) {
            guard network.lost.withLock({ $0.isDisjoint(with: [rank, other]) }) else { return }
            network.boxes.withLock { $0[other].append((rank, bytes)) }
        }

        func next() -> (from: Int, bytes: [UInt8])? {
            network.boxes.withLock { $0[rank].isEmpty ? nil : $0[rank].removeFirst() }
        }

        func gather(_ items: UnsafeMutableRawPointer, _ starts: [Int], _ bytes: Int) {
            network.meeting.show(items, rank, of: network.size) { all in
                for (other, from) in all where other != rank {
                    let first = starts[other] * bytes
                    (items + first).copyMemory(
                        from: from + first,
                        byteCount: (starts[other + 1] - starts[other]) * bytes)
                }
            }
        }

        func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
            guard bytes.count > 0, let own = bytes.baseAddress else { return }
            network.meeting.show(own, rank, of: network.size) { all in
                guard rank > 0, let from = all[0] else { return }
                own.copyMemory(from: from, byteCount: bytes.count)
            }
        }

        func finish() {}
        func abort(_ code: Int32) { network.aborts.withLock { $0.append(code) } }
    }
}
