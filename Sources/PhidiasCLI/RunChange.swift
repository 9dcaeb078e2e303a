import Phidias

extension RunDocument.Setting {
    /// The option that gives the setting on the command line; nil for a flag that is off.
    var argument: String? {
        switch value {
        case "true": option
        case "false": nil
        default: "\(option)=\(value)"
        }
    }

    var option: String { "--\(name.replacing("_", with: "-"))" }
}

extension [RunDocument.Setting] {
    /// For people: each name with its value.
    var text: String { map { "\($0.name) \($0.value)" }.joined(separator: ", ") }

    /// As options of training; what a command line does not give is left out.
    var arguments: [String] {
        filter { $0.value != "none" && !($0.name == "data" && $0.value == "synthetic") }
            .compactMap(\.argument)
    }
}

/// What a resumed run would compute otherwise than the run that was begun.
enum RunChange {
    /// The settings that differ, but for those that change no result: where the data lies (its
    /// checksums decide), how checkpoints are kept, and what is drawn.
    static func between(
        _ old: RunDocument, _ new: RunDocument, at place: TrainingPosition
    ) -> [RunDocument.Change] {
        func change(_ name: String, _ from: String?, _ to: String?) -> RunDocument.Change? {
            guard let to, let from, !isSame(name, from, to) else { return nil }
            return .init(
                epochs: place.epochs, steps: place.steps, setting: name, from: from, to: to)
        }
        // Going back after a divergence depends on where the checkpoints are.
        let neutral: Set =
            new["on_divergence"] == "halve"
            ? ["data", "keep", "filters_every"]
            : ["data", "keep", "filters_every", "checkpoint_every"]
        let optional = TrainOptions.optionalSettings
        let names =
            new.settings.map(\.name)
            + optional.keys.sorted().filter { new[$0] == nil && old[$0] != nil }
        let settings = names.filter { !neutral.contains($0) }.compactMap {
            change($0, old[$0] ?? optional[$0], new[$0] ?? optional[$0])
        }
        let data = new.checksums.compactMap { sum in
            change(
                "SHA-256 of \(sum.name)",
                old.checksums.first { $0.name == sum.name }?.value ?? "none",
                sum.value)
        }
        return settings + data
    }

    static func list(_ changes: [RunDocument.Change]) -> String {
        changes.map { "  \($0.setting): \($0.from) → \($0.to)" }.joined(separator: "\n")
    }

    /// Whether validation losses before and after the changes are of different images, or of
    /// different losses, so that neither is better than the other.
    static func remeasures(_ changes: [RunDocument.Change]) -> Bool {
        changes.contains {
            ["loss", "validation", "seed"].contains($0.setting) || $0.setting.hasPrefix("SHA-256")
        }
    }

    /// Whether two texts mean the same value.
    static func isSame(_ setting: String, _ a: String, _ b: String) -> Bool {
        if a == b { return true }
        // Not as Double: it holds no seed above 2⁵³.
        if let a = UInt64(a), let b = UInt64(b) { return a == b }
        if setting == "schedule", let a = try? Schedule(a), let b = try? Schedule(b) {
            return a == b
        }
        func value(_ text: String) -> Double? {
            switch (setting, text) {
            case ("learning_rate", "golden"): GoldenRatio.learningRate
            case ("momentum", "golden"): GoldenRatio.momentum
            default: Double(text)
            }
        }
        guard let a = value(a), let b = value(b) else { return false }
        return a == b
    }

    /// - Throws: if there are changes that are not allowed, or that nobody could go on with.
    static func check(
        _ changes: [RunDocument.Change], allowed: Bool, folder: String, old: RunDocument,
        new: RunDocument, at place: TrainingPosition
    ) throws {
        guard !changes.isEmpty else { return }
        let list = list(changes)
        if old.network != new.network {
            throw UsageError(
                description:
                    "\(folder): the weights are those of \(old.network), and a run of \(new.network) cannot go on with them:\n\(list)"
            )
        }
        guard allowed else {
            throw UsageError(
                description:
                    "\(folder): these settings are not those of the run, and would change its result:\n\(list)\nLeave them as they were, or go on with them by --allow-change."
            )
        }
        let moving = ["batch_size", "validation", "seed"]
        let movesSteps = changes.contains {
            moving.contains($0.setting) || $0.setting.hasPrefix("SHA-256")
        }
        if place.steps > 0, movesSteps {
            throw UsageError(
                description:
                    "\(folder): the run stands in the middle of epoch \(place.epochs + 1), where the images of a batch cannot change:\n\(list)"
            )
        }
        if let epochs = new["epochs"].flatMap({ Int($0) }),
            epochs < place.epochs + (place.steps > 0 ? 1 : 0)
        {
            throw UsageError(
                description:
                    "\(folder): epoch \(place.epochs) is done already, so the run cannot end after \(epochs)."
            )
        }
    }
}
