import Phidias

extension [RunDocument.Setting] {
    /// For people: each name with its value.
    package var text: String { map { "\($0.name) \($0.value)" }.joined(separator: ", ") }
}

extension [RunDocument.Change] {
    /// For people: a line for each, with the epoch after which it was made.
    package var text: String {
        map { "  \($0.setting): \($0.from) → \($0.to), after epoch \($0.epochs)" }
            .joined(separator: "\n")
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
        func text(_ name: String, _ document: RunDocument) -> String? {
            document[name] ?? TrainingSetting.named(name)?.absent
        }
        let names =
            new.settings.map(\.name)
            + TrainingSetting.all.filter { $0.absent != nil }.map(\.name).sorted().filter {
                new[$0] == nil && old[$0] != nil
            }
        let settings = names.filter { !isNeutral($0, in: new) }.compactMap {
            change($0, text($0, old), text($0, new))
        }
        let data = new.checksums.compactMap { sum in
            change(
                "SHA-256 of \(sum.name)",
                old.checksums.first { $0.name == sum.name }?.value ?? "none",
                sum.value)
        }
        return settings + data
    }

    private static func isNeutral(_ name: String, in run: RunDocument) -> Bool {
        // Going back after a divergence depends on where the checkpoints are.
        if name == TrainingSetting.checkpointEvery.name {
            return run["on_divergence"] != DivergenceResponse.halve.rawValue
        }
        return has(.neutral, name)
    }

    private static func has(_ trait: TrainingSetting.Traits, _ name: String) -> Bool {
        TrainingSetting.named(name)?.traits.contains(trait) ?? false
    }

    private static func isOfData(_ change: RunDocument.Change) -> Bool {
        change.setting.hasPrefix("SHA-256")
    }

    /// Whether validation losses before and after the changes are of different images, or of
    /// different losses, so that neither is better than the other.
    static func remeasures(_ changes: [RunDocument.Change]) -> Bool {
        changes.contains { has(.measure, $0.setting) || isOfData($0) }
    }

    /// Whether two texts mean the same value.
    static func isSame(_ setting: String, _ a: String, _ b: String) -> Bool {
        a == b || TrainingSetting.named(setting)?.isSame(a, b) ?? false
    }

    /// - Throws: `RunError` if there are changes that are not allowed, or with which no run
    ///   could continue.
    static func check(
        _ changes: [RunDocument.Change], allowed: Bool, folder: String, old: RunDocument,
        new: RunDocument, at place: TrainingPosition
    ) throws(RunError) {
        guard !changes.isEmpty else { return }
        guard old.network == new.network else {
            throw .otherNetwork(
                folder: folder, network: old.network.description, changes)
        }
        // The moments that one has kept mean nothing to another.
        if place.epochs + place.steps > 0, changes.contains(where: { $0.setting == "optimizer" }) {
            throw .otherOptimizer(folder: folder, changes)
        }
        guard allowed else { throw .changes(folder: folder, changes) }
        if place.steps > 0, changes.contains(where: { has(.batches, $0.setting) || isOfData($0) }) {
            throw .withinEpoch(folder: folder, epoch: place.epochs + 1, changes)
        }
        if let epochs = new["epochs"].flatMap({ Int($0) }),
            epochs < place.epochs + (place.steps > 0 ? 1 : 0)
        {
            throw .endsBefore(folder: folder, finished: place.epochs, epochs: epochs)
        }
    }
}
