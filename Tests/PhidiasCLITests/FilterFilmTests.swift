import Foundation
import Testing

/// train --filters-every and filters --film.
@Suite struct FilterFilmTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    private static func frames(_ bench: Bench) throws -> [String: Data] {
        let folder = bench.path("run/frames")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, FileManager.default.contents(atPath: "\(folder)/\($0)") ?? Data())
            })
    }

    @Test func framesAreNumberedAndTheSameAfterResume() throws {
        let options = ResumeTests.long + ["--filters-every", "600"]
        let whole = try Bench()
        #expect(try Program.run(Bench.training(whole.folder.path) + options).code == 0)
        let expected = try Self.frames(whole)
        #expect(expected["step-00000000.png"] != nil && expected["step-00000600.png"] != nil)
        #expect(Set(expected.values).count == expected.count, "frames do not change")

        let stopped = try Bench()
        #expect(try ResumeTests.stop(stopped, by: SIGKILL, after: 20, options) == SIGKILL)
        #expect(try Self.frames(stopped).count < expected.count)
        let resumed = try Program.run("train", "--resume", stopped.path("run"))
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try Self.frames(stopped) == expected)

        let sheet = stopped.path("film.png")
        let film = try Program.run(
            "filters", "--film", stopped.path("run"), "--frames", "4", "--output", sheet)
        #expect(film.code == 0 && film.output == sheet + "\n", "\(film.errors)")
        #expect(FileManager.default.contents(atPath: sheet)?.isEmpty == false)
    }

    @Test func framesBecomeAnAnimation() throws {
        let bench = try Bench()
        #expect(try bench.train("--epochs", "10", "--filters-every", "15").code == 0)
        #expect(try Self.frames(bench).count == 11)
        let animation = bench.path("film.apng")
        let film = ["filters", "--film", bench.path("run"), "--animate", "--output", animation]
        let made = try Program.run(film + ["--frames", "5", "--delay", "50"])
        #expect(made.code == 0 && made.output == animation + "\n", "\(made.errors)")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: animation))
        // Control of the animation and of its frames: their number, and how long each is shown.
        let control = try #require(bytes.range(of: Data("acTL".utf8)))
        #expect(bytes[control.upperBound..<control.upperBound + 4] == Data([0, 0, 0, 5]))
        var delays: [Int] = [], place = bytes.startIndex
        while let frame = bytes.range(of: Data("fcTL".utf8), in: place..<bytes.endIndex) {
            let delay = frame.upperBound + 20
            delays.append(Int(bytes[delay]) << 8 | Int(bytes[delay + 1]))
            place = delay
        }
        #expect(delays == [50, 50, 50, 50, 2000])
        #expect(bytes.suffix(8).prefix(4) == Data("IEND".utf8))
        let again = try Program.run(film + ["--frames", "5", "--delay", "50"])
        #expect(again.code == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: animation)) == bytes)
        for (options, part) in [
            (["--delay", "5"], "--delay is 5"), (["--frames", "1001"], "--frames is 1001"),
            (["--columns", "2"], "--columns is for a sheet"),
        ] {
            let refused = try Program.run(film + options)
            #expect(refused.code == 64 && refused.errors.contains(part), "\(refused.errors)")
        }
    }

    @Test func aReplacedRunLeavesNoFrames() throws {
        let bench = try Bench()
        #expect(try bench.train("--epochs", "30", "--filters-every", "7").code == 0)
        let first = try Self.frames(bench)
        let run = try bench.train("--epochs", "3", "--filters-every", "5", "--seed", "9", "--force")
        #expect(run.code == 0, "\(run.errors)")
        let second = try Self.frames(bench)
        #expect(second.count > 1 && second.count < first.count)
        #expect(second["step-00000007.png"] == nil)
        #expect(second["step-00000000.png"] != first["step-00000000.png"])
        #expect(!FileManager.default.fileExists(atPath: bench.path("run/frames-new")))
    }

    @Test func framesThatCannotBeListedAreNotNone() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        try bench.write("run/frames", [0])
        let run = bench.path("run")
        for arguments in [
            ["filters", "--film", run, "--output", bench.path("film.png")], ["report", run],
        ] {
            let refused = try Program.run(arguments)
            #expect(refused.code == 74, "\(arguments)")
            #expect(refused.errors.contains("frames: reading failed"), "\(refused.errors)")
        }
    }

    @Test func whatIsNoFilmIsRefused() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let none = try Program.run(
            "filters", "--film", bench.path("run"), "--output", bench.path("film.png"))
        #expect(none.code == 64 && none.errors.contains("--filters-every"), "\(none.errors)")
        let both = try Program.run(
            "filters", bench.path("run/model.safetensors"), "--film", bench.path("run"),
            "--output", bench.path("film.png"))
        #expect(both.code == 64, "\(both.errors)")
        let never = try bench.train("--filters-every", "0", "--force")
        #expect(never.code == 64 && never.errors.contains("(--filters-every)"), "\(never.errors)")
        #expect(!FileManager.default.fileExists(atPath: bench.path("film.png")))
    }

    /// The start of a PNG file of one bit a pixel, which claims a size and holds nothing of it.
    private static func header(side: Int) -> [UInt8] {
        let sides = [side, side].flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] as [UInt8] }
        var bytes: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]
        bytes += Array("IHDR".utf8)
        bytes += sides
        bytes += [1, 0, 0, 0, 0]
        return bytes + [UInt8](repeating: 0, count: 2083)
    }

    @Test func aSheetTooLargeIsRefusedByTheFirstHeader() throws {
        let bench = try Bench()
        try FileManager.default.createDirectory(
            atPath: bench.path("run/frames"), withIntermediateDirectories: true)
        for step in 10..<70 {
            try bench.write("run/frames/step-000000\(step).png", Self.header(side: 4096))
        }
        let film = ["filters", "--film", bench.path("run"), "--output", bench.path("film.png")]
        // A frame that was decoded would be told to be damaged.
        let refused = try Program.run(film + ["--frames", "60"])
        #expect(refused.code == 64 && refused.errors.contains("at most"), "\(refused.errors)")
        let few = try Program.run(film + ["--frames", "2"])
        #expect(few.code == 65 && few.errors.contains("damaged"), "\(few.errors)")
    }

    @Test func whatIsDrawnIsDescribed() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let picture = bench.path("f.png")
        func draw(_ options: String...) throws -> Program.Outcome {
            let drawn = try Program.run(
                ["filters", bench.path("run"), "--output", picture] + options)
            #expect(drawn.code == 0 && drawn.output == picture + "\n", "\(drawn.errors)")
            return drawn
        }
        // Two columns and rows of 4 × 4: (800 - 3 · 4) / 8 = 98.
        let units = try draw().errors
        #expect(units.contains("4 units of 4 × 4 weights"), "\(units)")
        #expect(units.contains("98 × 98 pixels") && units.contains("796 × 796"), "\(units)")
        let run = try Data(contentsOf: URL(fileURLWithPath: bench.path("run/filters.png")))
        #expect(run[16..<24] == Data([0, 0, 3, 28, 0, 0, 3, 28]), "796 × 796 too")
        let small = try draw("--scale", "2").errors
        #expect(small.contains("2 × 2 pixels") && small.contains("22 × 22"), "\(small)")
        let matrix = try draw("--layer", "1").errors
        #expect(matrix.contains("units of 4 weights, a "), "\(matrix)")
    }
}
