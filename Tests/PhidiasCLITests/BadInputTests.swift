import Foundation
import Testing

/// What the program makes of bad files and bad options: a sentence, a code, and nothing written.
@Suite struct BadInputTests {
    typealias Program = ProgramTests

    /// A folder with data that is good: 60 and 12 images of 4 × 4 pixels in three classes.
    struct Bench {
        let folder: Program.Folder
        static let images = "train-images-idx3-ubyte"

        init() throws {
            folder = try Program.Folder()
            for (prefix, count) in [("train", 60), ("t10k", 12)] {
                try write("\(prefix)-images-idx3-ubyte", Self.idx([count, 4, 4]))
                try write("\(prefix)-labels-idx1-ubyte", Self.idx([count]))
            }
        }

        func path(_ name: String) -> String { "\(folder.path)/\(name)" }

        func write(_ name: String, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        }

        /// Of one size: labels 0, 1, 2, 0, 1, 2, …; of more: pixels without order.
        static func idx(_ sizes: [Int], elements: Int? = nil) -> [UInt8] {
            var bytes: [UInt8] = [0, 0, 8, UInt8(sizes.count)]
            for size in sizes {
                for shift in [24, 16, 8, 0] {
                    bytes.append(UInt8(truncatingIfNeeded: size >> shift))
                }
            }
            for index in 0..<(elements ?? sizes.reduce(1, *)) {
                let pixel = 37 * index + 101 * (index / 7)
                bytes.append(sizes.count == 1 ? UInt8(index % 3) : UInt8(truncatingIfNeeded: pixel))
            }
            return bytes
        }

        /// Trains a small network, after which there is `run/model.safetensors`.
        @discardableResult
        func train(_ options: String...) throws -> Program.Outcome {
            try Program.run(Self.training(folder.path) + options)
        }

        static func training(_ folder: String) -> [String] {
            [
                "train", "--data", folder, "--hidden", "4", "--batch-size", "4", "--epochs", "2",
                "--output", folder + "/run",
            ]
        }

        /// The files of the run, without its checkpoints.
        var run: [String: Data] {
            get throws {
                let names = try FileManager.default.contentsOfDirectory(atPath: path("run"))
                return try names.filter { $0 != "checkpoints" }.reduce(into: [:]) {
                    $0[$1] = try Data(contentsOf: URL(fileURLWithPath: path("run/\($1)")))
                }
            }
        }

        /// A shell's script, with the program as `$0` and the folder as `$1`.
        func shell(_ script: String) throws -> Program.Outcome {
            try Program.run(
                ["-c", script, Program.program.path, folder.path],
                of: URL(fileURLWithPath: "/bin/sh"))
        }
    }

    /// The training images' file, the exit code, and what standard error says beside its name.
    static let images: [(String, [UInt8], Int32, String)] = [
        ("empty", [], 65, "it is empty"),
        ("wrong magic", [1] + Bench.idx([60, 4, 4]).dropFirst(), 65, "byte 0: not an IDX file"),
        ("another type", [0, 0, 0x0a] + Bench.idx([60, 4, 4]).dropFirst(3), 65, "byte 0"),
        ("truncated", Bench.idx([60, 4, 4], elements: 959), 65, "byte 975: the file ends"),
        ("oversized", Bench.idx([60, 4, 4], elements: 961), 65, "byte 976: there is data past"),
        (
            "20 bytes claim 2^30", Bench.idx([1 << 24, 8, 8], elements: 4), 65,
            "promises 1073741840"
        ),
        ("a claim that overflows", Bench.idx([1 << 31, 1 << 31, 4], elements: 0), 65, "at most"),
        ("no rows", Bench.idx([60, 0, 4]), 65, "no images"),
        ("no images", Bench.idx([0, 4, 4]), 65, "0 images but 60 labels"),
        ("one dimension", Bench.idx([960]), 65, "1 dimensions, expected 3"),
        ("four dimensions", Bench.idx([60, 4, 2, 2]), 65, "4 dimensions, expected 3"),
        ("too few", Bench.idx([59, 4, 4]), 65, "59 images but 60 labels"),
        ("another size", Bench.idx([60, 4, 5]), 65, "4 × 4 pixels, but the others are 4 × 5"),
    ]

    @Test(arguments: images.indices) func badImagesAreASentenceAndACode(index: Int) throws {
        let (name, bytes, code, part) = Self.images[index]
        let bench = try Bench()
        try bench.write(Bench.images, bytes)
        let result = try bench.train()
        #expect(result.code == code, "\(name)")
        #expect(result.errors.contains(bench.folder.path), "\(name): \(result.errors)")
        #expect(result.errors.contains(part), "\(name): \(result.errors)")
        #expect(result.output.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: bench.path("run")), "\(name)")
    }

    /// What a shell makes of the folder `$1`, the exit code of training then, and what is said.
    static let folders: [(String, Int32, String)] = [
        ("rm $1/t10k-labels*", 66, "t10k-labels-idx1-ubyte"),
        ("rm $1/train-images*; mkfifo $1/train-images-idx3-ubyte", 66, "not a regular file"),
        ("ln -sf /dev/zero $1/train-images-idx3-ubyte", 66, "not a regular file"),
        ("rm $1/train-images*; mkdir $1/train-images-idx3-ubyte", 66, "not a regular file"),
        ("truncate -s 1T $1/train-images-idx3-ubyte", 65, "more than the 1073742848"),
        (
            "printf '\\005' | dd of=$1/t10k-labels-idx1-ubyte bs=1 seek=9 conv=notrunc", 65,
            "byte 9: the label of image 1 is 5"
        ),
        (
            "cd $1; gzip train-images*; printf x >> train-images-idx3-ubyte.gz", 65,
            "something else follows its end"
        ),
        ("cd $1; gzip train-images*; truncate -s -3 train-images*", 65, "ends too early"),
    ]

    @Test(arguments: folders.indices) func badFoldersAreASentenceAndACode(index: Int) throws {
        let (script, code, part) = Self.folders[index]
        let bench = try Bench()
        #expect(try bench.shell(script).code == 0, "\(script)")
        let result = try bench.train()
        #expect(result.code == code, "\(script): \(result.errors)")
        #expect(result.errors.contains(part), "\(script): \(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: bench.path("run")), "\(script)")
    }

    @Test func claimsOfCompressedFilesAreComparedBeforeTheyAreUnpacked() throws {
        let bench = try Bench()
        // 1 GiB of zeros with a header that fits them, but not the 60 labels.
        let script = """
            cd $1; rm train-images*
            (printf '\\0\\0\\010\\003\\0\\020\\0\\0\\0\\0\\0\\040\\0\\0\\0\\040'; head -c 4194304 /dev/zero) |
                gzip > train-images-idx3-ubyte.gz
            truncate -s 1100000 train-images-idx3-ubyte.gz
            ulimit -v 600000; exec $0 train --data . --output run
            """
        let result = try bench.shell(script)
        #expect(result.code == 65, "\(result.errors)")
        #expect(result.errors.contains("1048576 images but 60 labels"), "\(result.errors)")
    }

    /// Options of training, the exit code, and what is said.
    static let options: [([String], Int32, String)] = [
        (["--epochs", "-3"], 64, "epochs is -3"),
        (["--epochs", "9000000000000000000"], 64, "from 1 to 1000000000"),
        (["--epochs", "99999999999999999999"], 64, "99999999999999999999"),
        (["--learning-rate", "0"], 64, "above 0"),
        (["--learning-rate", "1e-46"], 64, "1e-46"),
        (["--learning-rate", "1e39"], 64, "1e+39"),
        (["--momentum", "-0.1"], 64, "-0.1"),
        (["--momentum", "nan"], 64, "nan"),
        (["--momentum", "0.99999999999"], 64, "below 1"),
        (["--batch-size", "61"], 64, "The batch size, 61, is larger than the data, which has 60"),
        (["--batch-size", "9223372036854775807"], 64, "larger than the data"),
        (["--threads", "-1"], 64, "-1 threads"),
        (["--threads", "1000000000"], 64, "give 1 to 1024"),
        (["--hidden", "-1"], 64, "'-1'"),
        (["--hidden", "1048576,1048576"], 64, "parameters"),
        (["--hidden", "9223372036854775807"], 64, "1048576"),
        (["--hidden", "1" + String(repeating: ",1", count: 70)], 64, "1 to 64 layers"),
        (["--validation", "0.99"], 64, "leaves no image of class 0"),
        (["--validation", "0.01"], 64, "leaves no image of class 0"),
        (["--validation", "nan"], 64, "nan"),
        (["--validation", "0.95"], 64, "which has 3"),
        (["--warm-up", "-1"], 64, "-1"),
        (["--output", "/dev/null"], 73, "not a folder"),
        (["--output", ""], 73, "empty"),
    ]

    @Test(arguments: options.indices) func badOptionsAreASentenceAndACode(index: Int) throws {
        let (options, code, part) = Self.options[index]
        let bench = try Bench()
        let result = try Program.run(Bench.training(bench.folder.path) + options)
        #expect(result.code == code, "\(options): \(result.errors)")
        #expect(result.errors.contains(part), "\(options): \(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: bench.path("run")), "\(options)")
    }

    /// Other commands, with `$1` for the folder; the exit code, and what is said.
    static let commands: [(String, Int32, String)] = [
        (
            "evaluate $1/run/model.safetensors --seed 1", 65,
            "takes images of 4 × 4 pixels, but the data has 28 × 28"
        ),
        ("evaluate $1/run/model.safetensors --data /nowhere", 66, "/nowhere"),
        ("evaluate $1/run/model.safetensors --threads -1", 64, "-1 threads"),
        ("evaluate $1", 66, "model.safetensors: cannot be opened"),
        ("evaluate $1/run/run.json", 65, "not a safetensors file"),
        (
            "predict $1/run/model.safetensors $1/run/run.json", 65,
            "is neither a PNG nor a JPEG file"
        ),
        ("predict $1/run/model.safetensors /dev/zero", 66, "not a regular file"),
        ("filters $1/run/model.safetensors --output $1/f.png --layer -1", 64, "no layer -1"),
        ("filters $1/run/model.safetensors --output $1/f.png --scale -2", 64, "-2"),
        ("filters $1/run/model.safetensors --output $1/f.png --columns 0", 64, "at least 1"),
        ("filters $1/run/model.safetensors --output /nowhere/f.png", 73, "/nowhere/f.png"),
        ("filters $1/run/model.safetensors --output $1/run", 73, "it is a folder"),
        ("data info /nowhere", 66, "/nowhere"),
        ("data synthesize --output $1/s --train 0", 64, "training count is 0"),
        ("data synthesize --output $1/s --train -5", 64, "training count is -5"),
        ("data synthesize --output $1/s --train 1000000 --test 1000000000", 64, "test count"),
        ("data synthesize --output $1 --train 10 --test 10", 73, "--force"),
        ("data import /nowhere --output $1/i", 66, "/nowhere"),
        ("data import /dev/zero --output $1/i", 66, "not a regular file"),
    ]

    @Test func badCommandsAreASentenceAndACode() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        for (command, code, part) in Self.commands {
            let result = try bench.shell("exec $0 \(command)")
            #expect(result.code == code, "\(command): \(result.errors)")
            #expect(result.errors.contains(part), "\(command): \(result.errors)")
            #expect(result.output.isEmpty, "\(command)")
        }
        for name in ["f.png", "s", "i"] {
            #expect(!FileManager.default.fileExists(atPath: bench.path(name)), "\(name)")
        }
    }

    @Test func aNetworkTooLargeForTheMemoryIsAnErrorBeforeItIsMade() throws {
        let bench = try Bench()
        let result = try bench.shell(
            "ulimit -v 1000000; exec $0 train --data $1 --batch-size 4 --hidden 200000,1000 --output $1/run"
        )
        #expect(result.code == 71, "\(result.errors)")
        #expect(result.errors.contains("not enough memory"))
        #expect(!FileManager.default.fileExists(atPath: bench.path("run")))
    }

    @Test func testImagesAloneCanBeEvaluated() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let result = try bench.shell(
            "rm $1/train-*; exec $0 evaluate $1/run/model.safetensors --data $1 --format json")
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.contains("\"images\":12"))
    }
}
