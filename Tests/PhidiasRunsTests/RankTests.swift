import Foundation
import Phidias
import PhidiasRuns
import Synchronization
import Testing

/// What ranks do together, without MPI: they are threads, and their messages go through memory.
@Suite struct RankTests {
    static let kinds: [RankMessage.Kind] = [
        .alive, .ends, .record, .agreed, .value, .ask, .cell, .none, .result, .left, .failed,
    ]

    @Test func messagesAreReadAsTheyWereWritten() {
        for kind in Self.kinds {
            for number in [0, 1, -1, 255, 256, .max, .min] {
                for text in ["", "a", "φ\n\u{0}", String(repeating: "é", count: 1000)] {
                    let message = RankMessage(kind, number: number, text: text)
                    #expect(RankMessage(bytes: message.bytes) == message)
                }
            }
        }
        let bytes = RankMessage(.cell, number: 258, text: "z").bytes
        #expect(bytes == [7, 2, 1, 0, 0, 0, 0, 0, 0, 122])
        let damaged: [[UInt8]] = [
            [], [7], Array(bytes[..<8]), [0] + bytes[1...], [99] + bytes[1...], bytes + [255],
        ]
        for bad in damaged {
            #expect(RankMessage(bytes: bad) == nil, "\(bad)")
        }
    }

    @Test(
        arguments: [
            (["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"], 3, 4),
            (["PMI_SIZE": "2", "PMI_RANK": "0"], 0, 2),
            (["SLURM_NTASKS": "8", "PMIX_RANK": "7", "SLURM_PROCID": "7"], 7, 8),
            (["SLURM_NTASKS": "8", "PMI_RANK": "1"], 1, 8),
            // A batch script; a step of one; a single process; nonsense.
            (["SLURM_NTASKS": "8", "SLURM_PROCID": "0"], nil, 0),
            (["SLURM_NTASKS": "1", "PMIX_RANK": "0"], nil, 0),
            (["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"], nil, 0),
            (["PMI_SIZE": "2", "PMI_RANK": "2"], nil, 0),
            (["PMI_SIZE": "two", "PMI_RANK": "0"], nil, 0),
            ([:], nil, 0),
        ] as [([String: String], Int?, Int)])
    func launchersAreToldFromTheEnvironment(environment: [String: String], rank: Int?, size: Int) {
        let launch = RankLaunch(environment: environment)
        #expect(launch?.rank == rank && launch?.size ?? 0 == size)
    }

    // MARK: - Work

    /// Calls `body` on every rank of a network at once. Where the first fails, the others do not hear
    /// it any more, as when a program ends.
    /// - Returns: what each threw.
    @discardableResult static func onAll(
        _ network: MemoryNetwork, _ body: @escaping @Sendable (RankGroup) throws -> Void
    ) throws -> [(any Error)?] {
        let ranks = try network.ranks()
        let errors = Mutex<[(any Error)?]>(Array(repeating: nil, count: ranks.count))
        let group = DispatchGroup()
        for own in ranks {
            group.enter()
            try DedicatedThread.start {
                do {
                    try body(own)
                } catch {
                    errors.withLock { $0[own.rank] = error }
                    if own.isFirst { network.cut(0) }
                }
                group.leave()
            }
        }
        group.wait()
        for own in ranks { own.finish() }
        return errors.withLock { $0 }
    }

    static func sweep() throws -> SweepSettings {
        var settings = SweepSettings()
        try settings.vary("hidden", over: ["4"])
        try settings.vary("epochs", over: ["2"])
        try settings.vary("learning_rate", over: ["0.01", "golden"])
        try settings.vary("momentum", over: ["0", "golden", "0.9"])
        (settings.seeds, settings.folds) = (2, 2)
        return settings
    }

    /// The lines of results.jsonl without what the clock says, sorted.
    static func lines(_ folder: String) throws -> [String] {
        let text = try String(contentsOfFile: "\(folder)/results.jsonl", encoding: .utf8)
        return text.split(separator: "\n").map {
            String($0.prefix(upTo: $0.range(of: ",\"timing\"")?.lowerBound ?? $0.endIndex))
        }.sorted()
    }

    @Test func ranksGiveTheLinesOfOneProcess() throws {
        let folder = try TestFolder(), data = try ExperimentProgressTests.data()
        let settings = try Self.sweep(), alone = folder.path + "/alone"
        #expect(try Sweep.run(settings, in: alone, data: data, jobs: 2).isComplete)
        for size in 2...4 {
            let path = folder.path + "/\(size)"
            let errors = try Self.onAll(MemoryNetwork(size)) { ranks in
                let outcome = try Sweep.run(
                    settings, in: ranks.isFirst ? path : path + "/nothing", data: data, jobs: 1,
                    ranks: ranks)
                #expect(outcome.isComplete && ranks.isFirst)
            }
            #expect(errors[0] == nil && errors[1...].allSatisfy { $0 is RankIsDone }, "\(errors)")
            #expect(try Self.lines(path) == Self.lines(alone))
            #expect(!FileManager.default.fileExists(atPath: path + "/nothing"))
        }
    }

    @Test func experimentsOverRanksEndWithTheSameBytes() throws {
        let folder = try TestFolder(), data = try ExperimentProgressTests.data()
        let golden = GoldenPointExperiment(ExperimentProgressTests.settings)
        let smoothing = ExperimentProgressTests.smoothing
        _ = try golden.run(in: folder.path + "/golden", data: data)
        _ = try smoothing.run(in: folder.path + "/smoothing", data: data)
        for size in [2, 3] {
            let (a, b) = (folder.path + "/golden\(size)", folder.path + "/smoothing\(size)")
            try Self.onAll(MemoryNetwork(size)) { ranks in
                _ = try golden.run(in: a, data: data, threads: ranks.rank + 1, ranks: ranks)
            }
            try Self.onAll(MemoryNetwork(size)) { ranks in
                _ = try smoothing.run(in: b, data: data, threads: 1, ranks: ranks)
            }
            #expect(
                try ExperimentProgressTests.files(a)
                    == ExperimentProgressTests.files(folder.path + "/golden"))
            #expect(
                try ExperimentProgressTests.files(b)
                    == ExperimentProgressTests.files(folder.path + "/smoothing"))
        }
    }

    @Test func theLossExperimentSharesBothOfItsRounds() throws {
        let folder = try TestFolder(), data = try ExperimentProgressTests.data()
        var experiment = LossExperiment(ExperimentProgressTests.settings)
        experiment.settings.momentum = TrainingSettings().momentum
        (experiment.seeds, experiment.tuningSeeds, experiment.rates) = (2, 1, ["0.1", "1"])
        let (whole, shared) = (folder.path + "/whole", folder.path + "/shared")
        _ = try experiment.run(in: whole, data: data)
        let given = experiment
        let cells = Mutex(0)
        let errors = try Self.onAll(MemoryNetwork(3)) { ranks in
            _ = try given.run(
                in: shared, data: data, jobs: 1, ranks: ranks,
                onEvent: { if case .sweep(.cell) = $0 { cells.withLock { $0 += 1 } } })
        }
        #expect(errors[0] == nil && errors[1...].allSatisfy { $0 is RankIsDone }, "\(errors)")
        #expect(try Self.lines(shared) == Self.lines(whole))
        #expect(cells.withLock { $0 } == (try Self.lines(whole).count))
    }

    // MARK: - Faults

    @Test func otherDataEndsAllWithBothChecksums() throws {
        let folder = try TestFolder(), path = folder.path + "/s"
        let errors = try Self.onAll(MemoryNetwork(3)) { ranks in
            let data = try SyntheticDigits.pair(
                training: 400, test: 100, seed: ranks.rank == 2 ? 2 : 1)
            do {
                _ = try Sweep.run(
                    try Self.sweep(), in: path, data: data, jobs: 1, ranks: ranks)
            } catch let error as RankError where ranks.isFirst {
                // Both are in the sentence.
                let (name, own) = try #require(data.checksums.first)
                let other = try SyntheticDigits.pair(training: 400, test: 100, seed: 2).checksums[
                    name]
                #expect(error.exitCode == 65 && error.description.contains("node2"))
                #expect(error.description.contains(own))
                #expect(error.description.contains(try #require(other)))
                throw error
            }
        }
        // The program ends them all; here they notice that the first is gone.
        #expect(errors.allSatisfy { $0 is RankError }, "\(errors)")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aSilentRankIsGivenUpAndNothingIsLost() throws {
        let folder = try TestFolder(), data = try ExperimentProgressTests.data()
        let network = MemoryNetwork(3), path = folder.path + "/s"
        var settings = try Self.sweep()
        try settings.vary("epochs", over: ["40"])
        let given = settings
        let kept = Mutex(0)
        let errors = try Self.onAll(network) { ranks in
            _ = try Sweep.run(
                given, in: path, data: data, jobs: 1, ranks: ranks,
                onEvent: { event in
                    guard case .cell(_, let done, _, _) = event else { return }
                    kept.withLock { $0 = done }
                    if done == 3 { network.cut(1) }
                })
        }
        guard case .silent(let rank, "node1", 1)? = errors[0] as? RankError else {
            Issue.record("\(errors)")
            return
        }
        #expect(rank == 1 && (errors[0] as? RankError)?.exitCode == 75)
        // The one without a network notices it too.
        guard case .silent(0, _, _)? = errors[1] as? RankError else {
            Issue.record("\(errors)")
            return
        }
        #expect(try Self.lines(path).count == kept.withLock { $0 })
        let whole = folder.path + "/whole"
        #expect(try Sweep.run(given, in: path, data: data).isComplete)
        #expect(try Sweep.run(given, in: whole, data: data).isComplete)
        #expect(try Self.lines(path) == Self.lines(whole))
    }

    @Test func theFirstRankSaysWhatFailedOnAnother() throws {
        let folder = try TestFolder(), data = try ExperimentProgressTests.data()
        let path = folder.path
        let errors = try Self.onAll(MemoryNetwork(2)) { ranks in
            guard ranks.isFirst else {
                return ranks.post(RankMessage(.failed, number: 66, text: "There is no data."))
            }
            _ = try Sweep.run(
                try Self.sweep(), in: path, data: data, jobs: 1, ranks: ranks)
        }
        let error = errors[0] as? RankError
        #expect(error?.exitCode == 66)
        #expect(error?.description == "Rank 1 on node1: There is no data.")
    }

    @Test func whatWasFinishedIsKeptWhenAllAreStopped() throws {
        let folder = try TestFolder(), data = try ExperimentProgressTests.data()
        let settings = try Self.sweep()
        let stop = Atomic(false)
        let path = folder.path + "/s"
        let found = Mutex(0)
        let errors = try Self.onAll(MemoryNetwork(3)) { ranks in
            let outcome = try Sweep.run(
                settings, in: path, data: data, jobs: 1, ranks: ranks,
                onEvent: {
                    if case .cell(_, 5, _, _) = $0 { stop.store(true, ordering: .relaxed) }
                },
                shouldStop: { stop.load(ordering: .relaxed) })
            found.withLock { $0 = outcome.results.count }
            #expect(!outcome.isComplete)
        }
        #expect(errors[0] == nil && errors[1...].allSatisfy { $0 is RankIsDone }, "\(errors)")
        let lines = try Self.lines(path)
        #expect(lines.count == found.withLock { $0 } && (5..<24) ~= lines.count, "\(lines.count)")
    }
}
