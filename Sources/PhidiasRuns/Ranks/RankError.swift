import Phidias

/// Why ranks cannot go on together. What was finished is kept, and the same call continues.
public enum RankError: PhidiasError, Equatable {
    /// The library was built without MPI.
    case notBuilt
    /// MPI failed: what it was doing, and its number for the error.
    case library(doing: String, code: Int)
    /// A launcher started several processes, and MPI finds this one alone.
    case alone(launched: Int, library: String)
    /// A rank would compute something else than the first one: lines that name what differs, with the
    /// first rank's value and the other's.
    case differs(rank: Int, host: String, differences: [String])
    /// Nothing was heard from a rank for so many seconds.
    case silent(rank: Int, host: String, seconds: Int)
    /// In the middle of a training that ranks share, another has kept this one waiting for so many
    /// seconds.
    case stuck(seconds: Int)
    /// A network that ranks do not share: with layers on images.
    case network(String)
    /// A limit of the gradient's norm, which is that of all ranks' parts together.
    case clipping
    /// A rank ended before its cells were done.
    case stopped(rank: Int, host: String)
    /// A rank could not do its part: its sentence and exit code.
    case failed(rank: Int, host: String, reason: String, exitCode: Int32)
    /// A rank sent what this version does not understand.
    case misunderstood(rank: Int, host: String)

    public var description: String {
        switch self {
        case .notBuilt:
            "This process was started as one of several, and was built without MPI: it can only run alone."
        case .library(let doing, let code): "MPI failed while \(doing) (error \(code))."
        case .alone(let launched, let library):
            "This process was started as one of \(launched), but MPI finds it alone. Was it started by the launcher of another MPI than its own, \(library)?"
        case .differs(let rank, let host, let differences):
            "Rank \(rank) on \(host) would compute something else than rank 0. Rank 0's value → that of rank \(rank):\n"
                + differences.joined(separator: "\n")
        case .silent(let rank, let host, let seconds):
            "Nothing was heard from rank \(rank) on \(host) for \(seconds) seconds: its machine or the network may be down. What is finished is kept; the same command continues."
        case .stuck(let seconds):
            "For \(seconds) seconds another rank has not done its part of a step: its machine or the network may be down. The run continues from its last checkpoint when it is resumed."
        case .network(let network):
            "Ranks share networks of dense layers alone, and '\(network)' has others: train it in one process."
        case .clipping:
            "Ranks do not limit the gradient's norm (clip_norm), which takes the gradients of all of them: train in one process, or without the limit."
        case .stopped(let rank, let host):
            "Rank \(rank) on \(host) ended before its work was done, as after a signal. What is finished is kept; the same command continues."
        case .failed(let rank, let host, let reason, _): "Rank \(rank) on \(host): \(reason)"
        case .misunderstood(let rank, let host):
            "Rank \(rank) on \(host) sent what this program does not understand. Is it the same version there?"
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .notBuilt, .network, .clipping: 64
        case .library, .alone: 71
        case .differs: 65
        case .silent, .stopped, .stuck: 75
        case .failed(_, _, _, let code): code
        case .misunderstood: 76
        }
    }
}

/// Thrown on every rank but the first when its part of the work is done: only the first has results.
public struct RankIsDone: Error {}
