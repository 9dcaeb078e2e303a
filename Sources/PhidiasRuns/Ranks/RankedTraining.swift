import Phidias

/// What the ranks that train one network do together. Each of them makes the same run, step by step;
/// the first alone has its folder. They decide together after every step whether to go on.
final class RankedTraining {
    /// What is to be done after a step.
    struct Wish {
        /// End with a checkpoint.
        var stop = false
        /// Write a checkpoint, and go on.
        var checkpoint = false
    }

    private let ranks: RankGroup
    /// What this rank wishes after a step.
    private let wish: () -> Wish
    /// What the ranks have agreed on after the last step: to stop if any of them wishes it. Whether a
    /// checkpoint is due, the first rank's clock says.
    var agreed = Wish()

    init(_ ranks: RankGroup, wish: @escaping () -> Wish) {
        (self.ranks, self.wish) = (ranks, wish)
    }

    /// For the trainer of each rank.
    var sharing: SharedTraining {
        SharedTraining(
            ranks.rank, of: ranks.size, gather: { [ranks] in ranks.gather($0, $1, $2) },
            agree: { [unowned self] in try agree(bad: $0) })
    }

    /// - Parameter bad: the first layer in which this rank has seen a weight that is not finite.
    /// - Returns: the first of all ranks.
    /// - Throws: `RankError`.
    private func agree(bad: Int?) throws -> Int? {
        let wish = wish()
        var all = [UInt64](repeating: 0, count: ranks.size)
        all[ranks.rank] =
            UInt64(bad.map { $0 + 1 } ?? 0) << 2 | (wish.stop ? 1 : 0)
            | (wish.checkpoint ? 2 : 0)
        all.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            ranks.gather(start, Array(0...ranks.size), MemoryLayout<UInt64>.stride)
        }
        if let failure = ranks.failure { throw failure }
        agreed = Wish(stop: all.contains { $0 & 1 > 0 }, checkpoint: all[0] & 2 > 0)
        return all.filter { $0 >> 2 > 0 }.min().map { Int($0 >> 2) - 1 }
    }

    /// The steps after which it is told whether ranks pay: the first may still fill caches.
    private static let (firstTimed, lastTimed) = (10, 60)
    private var steps = 0
    private var begin = (time: ContinuousClock.now, together: 0.0)

    /// To be called after each step; tells once, if it is so, that a rank alone would be faster.
    func time(_ plan: TrainingPlan) -> RunEvent? {
        steps += 1
        if steps == Self.firstTimed { begin = (.now, ranks.secondsTogether) }
        guard steps == Self.lastTimed,
            let estimate = try? RankEstimate(
                plan.network, batchSize: plan.settings.batchSize)
        else { return nil }
        let count = Double(Self.lastTimed - Self.firstTimed)
        let step = begin.time.duration(to: .now) / .seconds(1) / count
        let messages = (ranks.secondsTogether - begin.together) / count
        let share = estimate.flops(ranks: ranks.size) / estimate.flops(ranks: 1)
        let alone = (step - messages) / share
        return alone < step ? .slowRanks(step: step, messages: messages, alone: alone) : nil
    }

    /// Waits until all ranks are here, as after what the first one writes.
    func meet() throws { try ranks.meet() }

    /// The checkpoint that the first rank has read; nil is the start.
    /// - Parameter read: called on the first rank.
    func checkpoint(_ read: () throws -> Checkpoint?) throws -> Checkpoint? {
        try ranks.checkpoint(ranks.isFirst ? read() : nil)
    }
}

extension RankGroup {
    /// Hands the first rank's checkpoint to the others.
    /// - Parameter own: of no meaning on the others; nil is the start of a run.
    func checkpoint(_ own: Checkpoint?) throws -> Checkpoint? {
        let bytes = try broadcast(own?.bytes ?? [])
        return isFirst ? own : bytes.isEmpty ? nil : try Checkpoint(bytes: bytes)
    }

    /// Tells the other ranks the settings of a run that the first one resumes.
    func share(_ settings: TrainingSettings) {
        share(RunDocument.Setting.object(settings.record))
    }

    /// The settings that the first rank shares.
    func sharedSettings() throws -> TrainingSettings {
        let json = try sharedValue(shouldStop: { false })
        guard let record = RunDocument.Setting.read(json) else { throw misunderstood(0) }
        return try TrainingSettings(record: record)
    }

    /// Hands the first rank's record of a run to the others.
    /// - Parameter own: of no meaning on the others.
    func document(_ own: RunDocument?) throws -> RunDocument {
        let bytes = try broadcast(own.map { Array($0.json.text().utf8) } ?? [])
        return try own ?? RunDocument(bytes: bytes, path: "run.json")
    }

    /// Compares what every rank would train with what the first one would.
    /// - Parameter weightsEvery: steps between two events with the model, which all ranks make.
    /// - Throws: `RankError.differs`; on the first rank `RankError.network`, `.clipping` for what ranks do
    ///   not share.
    func agree(on plan: TrainingPlan, weightsEvery: Int?) throws {
        if isFirst {  // which speaks for all
            guard plan.network.isDense else { throw RankError.network(plan.network.description) }
            guard plan.settings.clipNorm == nil else { throw RankError.clipping }
        }
        var axes = plan.settings.record.filter { $0.name != "data" }.map {
            SweepDocument.Axis(name: $0.name, values: [$0.value])
        }
        if let weightsEvery {
            axes.append(.init(name: "weights_every", values: ["\(weightsEvery)"]))
        }
        _ = try agree(
            on: SweepDocument(
                axes: axes, program: PhidiasVersion.current, checksums: plan.checksums),
            jobs: 1, shouldStop: { false })
    }
}
