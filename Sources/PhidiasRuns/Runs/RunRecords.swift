import Phidias

/// The two records of a run, run.json and that of the checkpoint at which it continues.
///
/// A change of settings is written to the checkpoint first. A kill or a full disk may leave run.json
/// without it; and a checkpoint that cannot be read may leave the run without a change that run.json
/// has.
enum RunRecords {
    /// What run.json has otherwise than the checkpoint.
    enum Difference {
        /// Changes that only the checkpoint has: run.json was not written any more.
        case missing([RunDocument.Change])
        /// Changes that no checkpoint has which can be read.
        case lost([RunDocument.Change])
        /// Values that no change explains: in the checkpoint, and in run.json.
        case unexplained([RunDocument.Change])
    }

    /// - Returns: nil if both tell the same.
    static func difference(
        _ recorded: RunDocument, _ checkpoint: RunDocument, at place: TrainingPosition
    ) -> Difference? {
        let (a, b) = (recorded.changes, checkpoint.changes)
        let common = zip(a, b).prefix { $0 == $1 }.count
        // Of the older of the two, if one is.
        let values = RunChange.between(
            checkpoint.undoing(b.dropFirst(common)), recorded.undoing(a.dropFirst(common)),
            at: place)
        guard values.isEmpty, common == min(a.count, b.count) else {
            return .unexplained(values + a.dropFirst(common) + b.dropFirst(common))
        }
        if a.count < b.count { return .missing(Array(b.dropFirst(common))) }
        return a.count > b.count ? .lost(Array(a.dropFirst(common))) : nil
    }
}

extension RunDocument {
    /// The record as it was before changes at its end.
    func undoing(_ last: ArraySlice<Change>) -> RunDocument {
        var before = self
        before.changes.removeLast(min(last.count, changes.count))
        for change in last.reversed() {
            for index in before.settings.indices where before.settings[index].name == change.setting
            {
                before.settings[index].value = change.from
            }
            for index in before.checksums.indices
            where "SHA-256 of \(before.checksums[index].name)" == change.setting {
                before.checksums[index].value = change.from
            }
        }
        return before
    }
}
