import ArgumentParser
import Phidias

/// When checkpoints are written.
enum CheckpointInterval: Equatable, ExpressibleByArgument {
    case epochs(Int)
    case minutes(Double)

    init?(argument: String) {
        if argument.hasSuffix("m") {
            guard let minutes = Double(argument.dropLast()), minutes > 0, minutes <= 1e9 else {
                return nil
            }
            self = .minutes(minutes)
        } else {
            guard let epochs = Int(argument), epochs > 0 else { return nil }
            self = .epochs(epochs)
        }
    }

    /// Whether there is a checkpoint after so many epochs, whatever the clock says.
    func isDue(after epochs: Int) -> Bool {
        if case .epochs(let every) = self { epochs % every == 0 } else { false }
    }

    /// Nil if epochs are counted.
    var time: Duration? {
        if case .minutes(let minutes) = self { .seconds(minutes * 60) } else { nil }
    }

    var text: String {
        switch self {
        case .epochs(let count): "\(count)"
        case .minutes(let count): "\(count)m"
        }
    }

    var defaultValueDescription: String { text }
}

/// What to do when a weight or loss is no longer finite.
enum DivergenceResponse: String, ExpressibleByArgument, CaseIterable {
    case stop, halve
}

/// What is kept of a run while it goes on, and when it ends early.
struct CheckpointOptions: ParsableArguments {
    @Option(help: "Epochs between checkpoints, such as 5, or minutes, such as 10m.")
    var checkpointEvery: CheckpointInterval = .epochs(1)
    @Option(
        parsing: .unconditional,
        help:
            "How many checkpoints are kept: the newest ones, and the one that a divergence goes back to."
    )
    var keep = 2
    @Option(
        parsing: .unconditional,
        help:
            "Stop when the validation loss has not improved for so many epochs, and take the best weights. Needs --validation."
    )
    var patience: Int?
    @Option(
        help:
            "If training diverges: stop, or go back to the last checkpoint and go on at half the learning rate with coupled momentum, at most \(CheckpointOptions.mostHalvings) times."
    )
    var onDivergence: DivergenceResponse = .stop
    @Option(
        parsing: .unconditional,
        help:
            "Steps between pictures of the filters, numbered PNG files in frames/; see filters --film."
    )
    var filtersEvery: Int?

    static let mostHalvings = 5

    func check(validation: Double?) throws {
        guard keep > 0 else {
            throw UsageError(description: "--keep \(keep) keeps no checkpoint; give 1 or more.")
        }
        if let filtersEvery, filtersEvery < 1 {
            throw UsageError(
                description: "--filters-every \(filtersEvery) draws nothing; give 1 or more steps.")
        }
        if let patience {
            guard patience > 0 else {
                throw UsageError(description: "--patience \(patience) is not at least 1.")
            }
            guard validation != nil else {
                throw UsageError(
                    description:
                        "--patience looks at the validation loss: give --validation too, such as 0.1."
                )
            }
        }
        if case .minutes = checkpointEvery, onDivergence == .halve {
            throw UsageError(
                description:
                    "--on-divergence halve goes back to a checkpoint, and with --checkpoint-every \(checkpointEvery.text) the clock would decide which: give epochs."
            )
        }
    }

    var settings: [RunDocument.Setting] {
        [
            .init(name: "checkpoint_every", value: checkpointEvery.text),
            .init(name: "keep", value: String(keep)),
            .init(name: "patience", value: patience.map { String($0) } ?? "none"),
            .init(name: "on_divergence", value: onDivergence.rawValue),
            .init(name: "filters_every", value: filtersEvery.map { String($0) } ?? "none"),
        ]
    }
}
