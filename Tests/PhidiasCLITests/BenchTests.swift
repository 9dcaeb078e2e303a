import Foundation
import Testing

/// `phidias bench` from outside. What it measures is the machine's; its form is ours.
@Suite struct BenchTests {
    typealias Object = [String: Any]

    /// The other side of the conversation: writes a line, then waits for the answer.
    private final class Conversation {
        private let process = Process()
        private let input = Pipe(), output = Pipe()
        private var rest = Data()

        init(_ command: String, _ arguments: String...) throws {
            process.executableURL = ProgramTests.program
            process.arguments = ["bench", command] + arguments
            process.standardInput = input
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
        }

        func say(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

        func hear() throws -> String {
            while true {
                if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { rest = Data(rest[(end + 1)...]) }
                    return String(decoding: rest[..<end], as: UTF8.self)
                }
                let more = output.fileHandleForReading.availableData
                try #require(!more.isEmpty, "the program ended")
                rest += more
            }
        }

        func end() throws -> Int32 {
            try input.fileHandleForWriting.close()
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    #if !DEBUG
        @Test func turnsAreTakenOneLineEach() throws {
            let other = try Conversation("turns", "--hidden", "16", "--threads", "2")
            let ready = try ProgramTests.object(try other.hear())
            #expect(ready["ready"] as? Bool == true)
            #expect(ready["network"] as? String == "784-16-10")
            #expect(ready["threads"] as? Int == 2)
            // Twice: the first layer's two products, the second's three.
            let flops = 2 * 20_000 * (2 * 784 * 16 + 3 * 16 * 10)
            #expect(ready["flops_per_epoch"] as? Double == Double(flops))
            #expect(ready["images"] as? Int == 20_000)
            #expect(ready["cpu"] is String && ready["kernels"] is String)

            var accuracies: [Double] = []
            for _ in 0..<2 {
                other.say("epoch")
                let epoch = try ProgramTests.object(try other.hear())
                #expect(epoch["turn"] as? String == "epoch")
                #expect((epoch["seconds"] as? Double ?? 0) > 0)
                other.say("evaluate")
                let evaluation = try ProgramTests.object(try other.hear())
                accuracies.append(evaluation["test_accuracy"] as? Double ?? 0)
            }
            #expect(accuracies[0] > 0.3 && accuracies[1] > accuracies[0], "\(accuracies)")

            other.say("peak")
            let peak = try ProgramTests.object(try other.hear())
            #expect((peak["gflops"] as? Double ?? 0) > 0)
            #expect((peak["gflops_one"] as? Double ?? 0) > 0)
            #expect((peak["barrier_ns"] as? Double ?? 0) > 0)
            #expect(peak["placed"] is Bool)

            other.say("stop")
            #expect(
                (try ProgramTests.object(try other.hear())["error"] as? String ?? "").contains(
                    "stop"))
            #expect(try other.end() == 0)
        }

        /// Epochs that are asked for one by one make the run that one command makes.
        @Test func epochsGoOnWhereTheLastOneEnded() throws {
            let folder = try ProgramTests.Folder()
            let settings = ["--hidden", "12", "--seed", "5", "--threads", "1"]
            let run = try ProgramTests.run(
                "train", settings[0], settings[1], settings[2], settings[3], settings[4],
                settings[5], "--epochs", "3", "--format", "json", "--output", folder.path + "/run")
            let expected = try ProgramTests.object(run.output)["test_accuracy"] as? Double
            let other = try Conversation(
                "turns", settings[0], settings[1], settings[2], settings[3], settings[4],
                settings[5])
            _ = try other.hear()
            for _ in 0..<3 {
                other.say("epoch")
                _ = try other.hear()
            }
            other.say("evaluate")
            let got = try ProgramTests.object(try other.hear())["test_accuracy"] as? Double
            #expect(got != nil && got == expected)
            #expect(try other.end() == 0)
        }

        @Test func aConvolutionTakesTurnsAndShowsWhatItComputed() throws {
            let folder = try ProgramTests.Folder()
            let other = try Conversation(
                "convolution", "--pass", "backward-weights", "--layer", "2", "--threads", "2")
            let ready = try ProgramTests.object(try other.hear())
            #expect(ready["ready"] as? Bool == true)
            #expect(ready["shape"] as? String == "64×16→32×14×14")
            // Two for each of the products of 144 taps.
            let flops = 2 * 64 * 14 * 14 * 32 * 144
            let runs = ready["runs"] as? Int ?? 0
            #expect(runs > 0 && ready["flops_per_epoch"] as? Double == Double(runs * flops))

            let path = folder.path + "/record"
            other.say("save \(path)")
            #expect(try ProgramTests.object(try other.hear())["turn"] as? String == "save")
            let record = try Data(contentsOf: URL(fileURLWithPath: path))
            let length = record.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let header = try ProgramTests.object(
                String(decoding: record[8..<8 + length], as: UTF8.self))
            let shapes = header.mapValues { ($0 as? Object)?["shape"] as? [Int] }
            #expect(
                shapes == [
                    "x": [64, 16, 14, 14], "weight": [32, 16, 3, 3], "bias": [32],
                    "delta": [64, 32, 14, 14], "result": [32 * 145],
                ])
            for turn in ["peak", "epoch"] {
                other.say(turn)
                let answer = try ProgramTests.object(try other.hear())
                #expect(answer["turn"] as? String == turn)
                #expect((answer[turn == "peak" ? "gflops" : "seconds"] as? Double ?? 0) > 0)
            }
            other.say("save")
            #expect(
                (try ProgramTests.object(try other.hear())["error"] as? String ?? "").contains(
                    "'save'"))
            #expect(try other.end() == 0)
        }

        @Test func kernelsTableAsJSON() throws {
            let run = try ProgramTests.run(
                "bench", "--filter", "relu-backward", "--seconds", "0.05", "--format", "json")
            #expect(run.code == 0, "\(run.errors)")
            let result = try ProgramTests.object(run.output)
            let machine = try #require(result["machine"] as? Object)
            let limits = try #require(machine["limits"] as? Object)
            #expect((limits["peak"] as? Double ?? 0) > 1e8)
            #expect((limits["triad"] as? Double ?? 0) > 1e8)
            let rows = try #require(result["results"] as? [Object])
            #expect(!rows.isEmpty)
            for row in rows {
                let contenders = try #require(row["contenders"] as? [Object])
                #expect(
                    contenders.compactMap { $0["name"] as? String } == [
                        "naive", "tuned", "kernels",
                    ]
                )
            }
            #expect((result["samples"] as? Int ?? 0) >= rows.count)
        }
    #endif

    @Test func whatTurnsCannotDoIsRefused() throws {
        for against in [[], ["--against", "openblas"], ["--against", "libxsmm"]] {
            let filter = try ProgramTests.run(
                ["bench", "kernels", "--filter", "no such"] + against)
            #expect(filter.code == 64 && filter.errors.contains("'no such'"), "\(filter.errors)")
        }
        let threads = try ProgramTests.run(
            "bench", "kernels", "--against", "libxsmm", "--threads", "2")
        #expect(threads.code == 64 && threads.errors.contains("--threads"))
        let schedule = try ProgramTests.run("bench", "turns", "--schedule", "cosine")
        #expect(schedule.code == 64 && schedule.errors.contains("--schedule"))
        for (pass, layer) in [("forward", "3"), ("backward-data", "1")] {
            let run = try ProgramTests.run("bench", "convolution", "--pass", pass, "--layer", layer)
            #expect(run.code == 64 && run.errors.contains(layer == "3" ? "--layer" : "--pass"))
        }
    }
}
