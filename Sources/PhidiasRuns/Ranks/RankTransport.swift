import CMPI

/// Where a rank runs.
public struct RankPlace: Sendable, Hashable {
    /// The name of the machine.
    public var host: String
    /// The CPUs that the rank may run on.
    public var ownCPUs: Int
    /// The CPUs that any rank on its machine may run on.
    public var nodeCPUs: Int
    /// All CPUs of its machine.
    public var allCPUs: Int
    /// How many ranks of the machine, itself among them, may run on a CPU that it may run on.
    public var sharing: Int

    package init(host: String, ownCPUs: Int, nodeCPUs: Int, allCPUs: Int, sharing: Int) {
        self.host = host
        (self.ownCPUs, self.nodeCPUs, self.allCPUs) = (ownCPUs, nodeCPUs, allCPUs)
        self.sharing = sharing
    }
}

/// Carries bytes between ranks. Any thread may call it, but only one at a time.
package protocol RankTransport: Sendable {
    /// Where the ranks run, in their order.
    var places: [RankPlace] { get }
    /// The number of messages that are still on their way out.
    var unsent: Int { get }
    /// Begins to send, and does not wait.
    func post(_ bytes: [UInt8], to rank: Int) throws(RankError)
    /// A message that is there; nil if there is none.
    func next() throws(RankError) -> (from: Int, bytes: [UInt8])?
    /// Makes an array of items of `bytes` bytes whole, together with all ranks: rank r has the items from
    /// `starts[r]` up to `starts[r + 1]`. Waits for the others.
    func gather(
        _ items: UnsafeMutableRawPointer, _ starts: [Int], _ bytes: Int
    ) throws(RankError)
    /// Copies the bytes of the first rank to all. Waits for the others.
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws(RankError)
    /// Waits for the other ranks to do the same.
    func finish()
    /// Ends all ranks, as far as it can.
    func abort(_ code: Int32)
}

/// Messages by MPI.
struct MPITransport: RankTransport {
    let rank: Int
    let places: [RankPlace]

    /// Starts MPI, together with all ranks.
    init() throws(RankError) {
        guard cmpi_is_built() != 0 else { throw .notBuilt }
        try Self.check(cmpi_start(), "starting")
        rank = Int(cmpi_rank())
        places = (0..<cmpi_size()).map { rank in
            var place = cmpi_place_of(rank)
            let host = withUnsafeBytes(of: &place.host) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            return RankPlace(
                host: host, ownCPUs: Int(place.own_cpus), nodeCPUs: Int(place.node_cpus),
                allCPUs: Int(place.all_cpus), sharing: Int(place.sharing))
        }
    }

    var unsent: Int { Int(cmpi_unsent()) }

    func post(_ bytes: [UInt8], to rank: Int) throws(RankError) {
        try Self.check(cmpi_post(bytes, bytes.count, Int32(rank)), "sending")
    }

    func next() throws(RankError) -> (from: Int, bytes: [UInt8])? {
        var (from, count) = (Int32(0), 0)
        guard cmpi_probe(&from, &count) != 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        try Self.check(cmpi_receive(&bytes, count, from), "receiving")
        return (Int(from), bytes)
    }

    func gather(
        _ items: UnsafeMutableRawPointer, _ starts: [Int], _ bytes: Int
    ) throws(RankError) {
        try Self.check(cmpi_gather(items, starts, bytes), "gathering")
    }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws(RankError) {
        try Self.check(cmpi_broadcast(bytes.baseAddress, bytes.count), "broadcasting")
    }

    func finish() { cmpi_finish() }
    func abort(_ code: Int32) { cmpi_abort(code) }

    private static func check(_ code: Int32, _ what: String) throws(RankError) {
        guard code == 0 else { throw .library(doing: what, code: Int(code)) }
    }
}
