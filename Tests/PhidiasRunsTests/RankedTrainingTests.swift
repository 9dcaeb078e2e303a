import Foundation
import Phidias
import PhidiasRuns
import Synchronization
import Testing

/// One training that ranks share, without MPI: it has the bits of one process, and its folder.
@Suite struct RankedTrainingTests {
    static func settings(_ values: KeyValuePairs<String, String>) throws -> TrainingSettings {
        var settings = TrainingSettings()
        try settings.set(values.map { .init(name: $0.key, value: $0.value) })
        return settings
    }

    static func data() throws -> DataPair {
        try SyntheticDigits.pair(training: 300, test: 70, seed: 1)
    }

    /// What a run has left, without what the clock says: by file.
    static func contents(_ folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            files[name] = FileManager.default.contents(atPath: "\(folder)/\(name)")
        }
        for (name, bytes) in files where name.hasSuffix(".jsonl") {
            let text = String(decoding: bytes, as: UTF8.self)
                .replacing(/"timing":\{[^}]*\}/, with: "")
            files[name] = Data(text.utf8)
        }
        // How many were at work is recorded too.
        var document = try RunDocument(path: folder + "/run.json")
        (document.threads, document.ranks) = (1, 1)
        files["run.json"] = Data(document.json.text().utf8)
        return files
    }

    /// Trains over ranks.
    /// - Returns: what the first rank has got.
    @discardableResult static func train(
        _ settings: TrainingSettings, in folder: String, ranks count: Int,
        data: DataPair? = nil, stopAfter: (rank: Int, steps: Int)? = nil, resumes: Bool = false
    ) throws -> RunResult? {
        let data = try data ?? Self.data()
        let result = Mutex<RunResult?>(nil)
        let errors = try RankTests.onAll(MemoryNetwork(count, silence: .seconds(60))) { ranks in
            let asked = Mutex(0)
            let stop: @Sendable () -> Bool = {
                guard let stopAfter, stopAfter.rank == ranks.rank else { return false }
                return asked.withLock { count in
                    count += 1
                    return count >= stopAfter.steps
                }
            }
            let threads = ranks.rank % 2 + 1
            let end =
                resumes
                ? try Run.resume(
                    folder, data: data, threads: threads, ranks: ranks, shouldStop: stop)
                : try Run.train(
                    settings, in: ranks.isFirst ? folder : folder + "/nothing", data: data,
                    threads: threads, ranks: ranks, shouldStop: stop)
            result.withLock { $0 = end }
        }
        #expect(errors[0] == nil && errors[1...].allSatisfy { $0 is RankIsDone }, "\(errors)")
        #expect(!FileManager.default.fileExists(atPath: folder + "/nothing"))
        return result.withLock { $0 }
    }

    static let settings: [KeyValuePairs<String, String>] = [
        ["hidden": "37", "batch_size": "51", "epochs": "2"],
        ["hidden": "40,33", "activation": "relu", "epochs": "2", "weight_decay": "0.001"],
        ["hidden": "40,33,20", "activation": "tanh", "epochs": "2", "nesterov": "true"],
        [
            "hidden": "70,40", "epochs": "2", "optimizer": "adam", "learning_rate": "0.001",
            "weight_decay": "0.01", "label_smoothing": "0.1",
        ],
        ["network": "dense 50 relu, dropout 0.5, dense 40 relu, dense 10", "epochs": "2"],
        ["hidden": "33", "epochs": "2", "shift": "2", "schedule": "cosine"],
        [
            "hidden": "33", "epochs": "6", "validation": "0.2", "patience": "1",
            "learning_rate": "0.5", "test_every_epoch": "false",
        ],
        ["hidden": "40", "epochs": "2", "filters_every": "3", "checkpoint_every": "0.00001m"],
    ]

    @Test(arguments: settings.indices) func ranksLeaveTheFilesOfOneProcess(place: Int) throws {
        let folder = try TestFolder(), settings = try Self.settings(Self.settings[place])
        let alone = folder.path + "/alone"
        let one = try Run.train(settings, in: alone, data: try Self.data(), threads: 1)
        let expected = try Self.contents(alone)
        for count in [2, 3, 5] {
            let path = folder.path + "/\(count)"
            let result = try Self.train(settings, in: path, ranks: count)
            #expect(result?.model.weightsSHA256 == one.model.weightsSHA256, "\(count) ranks")
            let found = try Self.contents(path)
            let names = { (files: [String: Data]) in
                Set(files.keys.filter { !$0.hasPrefix("checkpoints/") })
            }
            #expect(names(found) == names(expected))
            // When a checkpoint is due, the clock may say, which is in all of them.
            for (name, bytes) in expected where !name.hasPrefix("checkpoints/") {
                #expect(found[name] == bytes, "\(name), \(count) ranks")
            }
            #expect(found.keys.contains { $0.hasPrefix("checkpoints/epoch-") })
            #expect(try RunDocument(path: path + "/run.json").ranks == count)
        }
    }

    @Test func rowsOfNumbersAreShared() throws {
        let folder = try TestFolder()
        let rows: [Float] = (0..<200 * 7).map { Float(($0 * 37) % 101) - 50 }
        let targets: [Float] = (0..<200).map { rows[$0 * 7] * 2 - rows[$0 * 7 + 3] }
        func part(_ range: Range<Int>) throws -> Dataset {
            try Dataset(
                features: Array(rows[range.lowerBound * 7..<range.upperBound * 7]), columns: 7,
                targets: Array(targets[range]), targetCount: 1)
        }
        let data = try DataPair(
            training: part(0..<150), test: part(150..<200), checksums: ["rows": "1"])
        let settings = try Self.settings(["hidden": "40,20", "activation": "relu", "epochs": "3"])
        let one = try Run.train(settings, in: folder.path + "/alone", data: data)
        let shared = try Self.train(settings, in: folder.path + "/shared", ranks: 3, data: data)
        #expect(shared?.model.weightsSHA256 == one.model.weightsSHA256)
        #expect(shared?.metrics.map(\.test) == one.metrics.map(\.test))
    }

    /// A signal on any rank stops all after the same step, and any number of ranks goes on.
    @Test(arguments: [(3, 1), (3, 2), (3, 4), (1, 3)])
    func anotherNumberOfRanksGoesOn(before: Int, after: Int) throws {
        let folder = try TestFolder()
        for values in [Self.settings[1], Self.settings[3], Self.settings[6]] {
            let settings = try Self.settings(values), data = try Self.data()
            let alone = folder.path + "/alone\(settings.epochs)\(settings.optimizerName)"
            let one = try Run.train(settings, in: alone, data: data, threads: 1)
            let path = alone + "-shared"
            let stopped =
                before == 1
                ? try Run.train(
                    settings, in: path, data: data, threads: 1,
                    shouldStop: Self.afterCalls(7))
                : try Self.train(
                    settings, in: path, ranks: before, stopAfter: (rank: before - 1, steps: 7))
            guard case .interrupted(let place)? = stopped?.end else {
                Issue.record("\(String(describing: stopped?.end))")
                return
            }
            #expect(place.epochs > 0 || place.steps == 7, "\(place)")
            let end =
                after == 1
                ? try Run.resume(path, data: data, threads: 2)
                : try Self.train(settings, in: path, ranks: after, resumes: true)
            #expect(end?.isOver == true)
            #expect(end?.model.weightsSHA256 == one.model.weightsSHA256)
            #expect(
                try Self.contents(path)["metrics.jsonl"] == Self.contents(alone)["metrics.jsonl"])
        }
    }

    private static func afterCalls(_ count: Int) -> () -> Bool {
        var calls = 0
        return {
            calls += 1
            return calls >= count
        }
    }

    @Test func aDivergenceIsThatOfOneProcess() throws {
        let folder = try TestFolder(), data = try Self.data()
        let usual: KeyValuePairs<String, String> = [
            "hidden": "40,33", "activation": "relu", "learning_rate": "1e30", "epochs": "2",
        ]
        let stop = try Self.settings(usual)
        #expect(throws: TrainingError.self) {
            try Run.train(stop, in: folder.path + "/alone", data: data)
        }
        let path = folder.path + "/shared"
        let errors = try RankTests.onAll(MemoryNetwork(3, silence: .seconds(60))) { ranks in
            _ = try Run.train(stop, in: path, data: data, threads: 1, ranks: ranks)
        }
        #expect(errors.allSatisfy { ($0 as? TrainingError)?.exitCode == 70 }, "\(errors)")
        #expect(Set(errors.map { "\($0.map { "\($0)" } ?? "")" }).count == 1)
    }

    @Test func halvingsAreThoseOfOneProcess() throws {
        let folder = try TestFolder(), data = try Self.data()
        var settings = try Self.settings([
            "hidden": "40,33", "activation": "relu", "momentum": "0", "epochs": "3",
            "on_divergence": "halve", "diverges_above": "1",
        ])
        // High enough to diverge at first.
        try settings.set([.init(name: "learning_rate", value: "2")])
        let alone = folder.path + "/alone", path = folder.path + "/shared"
        let one = try Run.train(settings, in: alone, data: data, threads: 1)
        let halvings = try RunDocument(path: alone + "/run.json").halvings
        #expect(!halvings.isEmpty)
        let shared = try Self.train(settings, in: path, ranks: 3)
        #expect(try RunDocument(path: path + "/run.json").halvings == halvings)
        #expect(shared?.model.weightsSHA256 == one.model.weightsSHA256)
    }

    @Test func whatIsNotSharedIsRefused() throws {
        let folder = try TestFolder(), data = try Self.data()
        let refused: [(KeyValuePairs<String, String>, RankError)] = [
            (["hidden": "20", "clip_norm": "1"], .clipping),
            (
                ["network": "conv 2 3x3 relu, dense 10"],
                .network(
                    try Self.settings(["network": "conv 2 3x3 relu, dense 10"])
                        .network(for: data.training).description)
            ),
        ]
        for (values, expected) in refused {
            let settings = try Self.settings(values), path = folder.path + "/refused"
            let errors = try RankTests.onAll(MemoryNetwork(2)) { ranks in
                _ = try Run.train(settings, in: path, data: data, ranks: ranks)
            }
            #expect(errors[0] as? RankError == expected && expected.exitCode == 64)
            #expect(errors[1] is RankError)  // that the first is gone
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func otherDataAndSettingsEndAllBeforeAFolderIsMade() throws {
        let folder = try TestFolder(), path = folder.path + "/run"
        for differs in ["data", "settings"] {
            let errors = try RankTests.onAll(MemoryNetwork(2)) { ranks in
                let isOdd = ranks.rank == 1
                let settings = try Self.settings([
                    "hidden": "20", "epochs": isOdd && differs == "settings" ? "3" : "2",
                ])
                _ = try Run.train(
                    settings, in: path,
                    data: try SyntheticDigits.pair(
                        training: 300, test: 70, seed: isOdd && differs == "data" ? 2 : 1),
                    ranks: ranks)
            }
            guard case .differs(1, "node1", let lines)? = errors[0] as? RankError else {
                Issue.record("\(errors)")
                return
            }
            #expect(!lines.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    /// Whoever waits in a step for a rank that does not come is told so.
    @Test func aRankThatDoesNotComeIsGivenUp() throws {
        let network = MemoryNetwork(2), told = DispatchSemaphore(value: 0)
        let ranks = try network.ranks { _, error in
            if case .stuck(1) = error { told.signal() }
        }
        try DedicatedThread.start { _ = try? ranks[0].broadcast([1, 2, 3]) }
        #expect(told.wait(timeout: .now() + .seconds(30)) == .success)
    }
}
