import PhidiasRuns
import Synchronization

/// Ranks that are threads of one process: messages go through memory.
final class MemoryNetwork: Sendable {
    private let boxes: Mutex<[[(from: Int, bytes: [UInt8])]]>
    /// Ranks whose messages are lost, both ways.
    private let lost = Mutex<Set<Int>>([])
    /// The codes with which ranks were asked to end all.
    let aborts = Mutex<[Int32]>([])
    let size: Int

    init(_ size: Int) {
        self.size = size
        boxes = Mutex(Array(repeating: [], count: size))
    }

    func cut(_ rank: Int) { lost.withLock { _ = $0.insert(rank) } }

    /// The ranks, with little patience.
    func ranks() throws -> [RankGroup] {
        var patience = RankGroup.Patience()
        (patience.sign, patience.silence) = (.milliseconds(50), .seconds(1))
        return try (0..<size).map { rank in
            try RankGroup.start(patience: patience) { (rank, Transport(rank: rank, network: self)) }
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

        func finish() {}
        func abort(_ code: Int32) { network.aborts.withLock { $0.append(code) } }
    }
}
