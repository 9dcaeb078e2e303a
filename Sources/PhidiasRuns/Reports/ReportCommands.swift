import Phidias

/// What a person would do to see, repeat or check a part of a report.
public enum ReportAction: Sendable {
    /// Train a run with these settings, as records have them, into a folder.
    case train([RunDocument.Setting], output: String)
    /// Train a sweep; of what is in memory, the data's folder is not known.
    case sweep([SweepDocument.Axis], needsData: Bool, output: String)
    /// Repeat an experiment by its name.
    case experiment(String, [RunDocument.Setting], output: String)
    /// Verify a run.
    case verify(run: String)
    /// The theory's numbers for a learning rate and a momentum, as records have them.
    case explain(learningRate: String, momentum: String)
    /// Draw the filters of a model.
    case filters(model: String)
    /// Evaluate a model on the data of a folder, or on the synthetic digits of a seed.
    case evaluate(model: String, data: String?, seed: String?)
    /// Make a report; `needsData` where the folder of the data has to be given.
    case report([String], needsData: Bool)
}

/// The commands of a program that do what a report speaks of. A report that is made without a program
/// has none.
public struct ReportCommands: Sendable {
    private let make: @Sendable (ReportAction) -> [String]

    /// - Parameter words: the words of a command.
    public init(words: @escaping @Sendable (ReportAction) -> [String]) { make = words }

    /// No commands.
    public static let none = ReportCommands { _ in [] }

    func callAsFunction(_ action: ReportAction) -> ShellCommand? {
        let words = make(action)
        return words.isEmpty ? nil : ShellCommand(words)
    }
}

/// A command line, each word as a shell reads it.
struct ShellCommand {
    let quoted: [String]

    init(_ words: [String]) { quoted = words.map(\.shellQuoted) }
}
