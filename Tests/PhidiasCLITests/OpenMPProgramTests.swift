import Foundation
import Testing

/// What OpenMP's own variables do to the program: nothing to a result.
@Suite struct OpenMPProgramTests {
    typealias Program = ProgramTests

    static let networks = [
        "dense 100 relu, dense 10", "dense 40 relu, dropout 0.3, dense 10",
        "conv 4 3x3 pad 1 relu, maxpool 2, dense 20 relu, dropout 0.2, dense 10",
    ]

    /// OpenMP then draws the number of threads of each parallel region, up to what is asked for.
    @Test(arguments: networks) func teamsThatChangeFromPassToPassChangeNoBit(network: String) throws
    {
        let folder = try Program.Folder()
        let data = "\(folder.path)/digits"
        let made = try Program.run(
            "data", "synthesize", "--train", "400", "--test", "40", "--output", data)
        #expect(made.code == 0, "\(made.errors)")
        var sums: [String] = []
        // Threads that do not spin while they wait: there are more of them than CPUs.
        let random = ["OMP_DYNAMIC": "true", "KMP_DYNAMIC_MODE": "random", "KMP_BLOCKTIME": "0"]
        for (threads, environment) in [("1", [:]), ("7", random)] {
            let run = try Program.run(
                [
                    "train", "--data", data, "--network", network, "--loss", "cross-entropy",
                    "--batch-size", "20", "--epochs", "1", "--threads", threads, "--format", "json",
                    "--force", "--output", "\(folder.path)/run",
                ], environment: environment)
            let result = try NetworkProgramTests.object(run)
            sums.append(try #require(result["weights_sha256"] as? String))
        }
        #expect(sums[0] == sums[1])
    }

    /// The thread that asks how many CPUs there are may then be bound to one.
    @Test func boundThreadsAreAsManyAsOthers() throws {
        let bench = try BadInputTests.Bench()
        let train = "train --data $1 --hidden 4 --epochs 1 --batch-size 4 --output $1/run --force"
        let sweep =
            "sweep --data $1 --hidden 4 --epochs 1 --batch-size 4 --seeds 9 --output $1/sweep"
        for command in [train, sweep] {
            /// The lines that say how many threads there are.
            func heading(_ variable: String) throws -> String {
                let result = try bench.shell("rm -rf $1/sweep; \(variable) exec $0 \(command)")
                #expect(result.code == 0, "\(result.errors)")
                return result.errors.split(separator: "\n").filter {
                    $0.contains("thread") || $0.contains("at a time")
                }.joined()
            }
            let free = try heading("")
            #expect(free.contains("thread"))
            #expect(try heading("OMP_PROC_BIND=true") == free)
        }
    }

    /// The library would end the process over such a text, or never answer.
    @Test(arguments: ["abc", "-3", "+3", "0", "1 2", "99999999999", "3,x", "3,"])
    func anUnusableNumberOfThreadsIsOnlyOurs(text: String) throws {
        let bench = try BadInputTests.Bench()
        let command = "train --data $1 --hidden 4 --epochs 1 --batch-size 4 --output $1/run --force"
        let given = try bench.shell("OMP_NUM_THREADS='\(text)' exec $0 \(command) --threads 2")
        #expect(given.code == 0 && given.errors.contains("2 threads"), "\(given.errors)")
        let asked = try bench.shell("OMP_NUM_THREADS='\(text)' exec $0 \(command)")
        if text.hasPrefix("3,") {
            #expect(asked.code == 0 && asked.errors.contains("3 threads"), "\(asked.errors)")
        } else {
            #expect(asked.code == 78, "\(asked.errors)")
        }
    }

    @Test(arguments: ["3", " 3 , 2", "3,2,1"]) func theFirstNumberCounts(list: String) throws {
        let bench = try BadInputTests.Bench()
        let result = try bench.shell(
            "OMP_NUM_THREADS='\(list)' exec $0 train --data $1 --hidden 4 --epochs 1 --batch-size 4 --output $1/run"
        )
        #expect(result.code == 0 && result.errors.contains("3 threads"), "\(result.errors)")
    }

    /// What is recorded as the number of threads ran.
    @Test func noMoreThreadsThanOpenMPGivesAreTaken() throws {
        let bench = try BadInputTests.Bench()
        let command = "train --data $1 --hidden 4 --epochs 1 --batch-size 4 --output $1/run --force"
        let limited = "OMP_NUM_THREADS=3 OMP_THREAD_LIMIT=2 exec $0 \(command)"
        let taken = try bench.shell(limited)
        #expect(taken.code == 0 && taken.errors.contains("2 threads"), "\(taken.errors)")
        let asked = try bench.shell("\(limited) --threads 3")
        #expect(asked.code == 71 && asked.errors.contains("OMP_THREAD_LIMIT"), "\(asked.errors)")
    }

    /// What keeps OpenMP from making its file in /dev/shm, as a shell does it before it starts the
    /// rest of its words, and the reason that is then given.
    static let brokenFolders = [
        ("ulimit -f 0", "File too large"),
        (
            "mount -t tmpfs -o size=4k none /dev/shm; head -c 4096 /dev/zero >/dev/shm/all",
            "No space left"
        ),
        ("mount -t tmpfs -o nr_inodes=1 none /dev/shm", "No space left"),
        ("mount -t tmpfs -o ro none /dev/shm", "Read-only"),
        ("mount -t tmpfs none /dev", "No such file"),
    ]

    /// The library would be killed by SIGBUS, or end the process.
    @Test(arguments: brokenFolders) func aFolderThatOpenMPCannotUseIsASentence(
        way: String, reason: String
    ) throws {
        let bench = try BadInputTests.Bench()
        try bench.train()
        // A name space of one's own is not permitted everywhere; the limit of a file's size is.
        let spaces = ["unshare -rm", "unshare -m"]
        let space = try spaces.first {
            try bench.shell("\($0) mount -t tmpfs none /dev/shm").code == 0
        }
        let isLimit = way.hasPrefix("ulimit")
        let breaks = isLimit || space != nil ? way : Self.brokenFolders[0].0
        let expected = isLimit || space != nil ? reason : Self.brokenFolders[0].1
        let start = isLimit ? "" : space ?? ""
        for command in [
            "train --data $1 --hidden 4 --epochs 1 --batch-size 4 --output $1/other",
            "evaluate $1/run --data $1", "summary mlp", "verify $1/run",
            "sweep --data $1 --hidden 4 --epochs 1 --batch-size 4 --seeds 1 --output $1/sweep",
        ] {
            let result = try bench.shell(
                "\(start) sh -c '\(breaks); exec \"$@\" 2>&1' - $0 \(command)")
            #expect(result.code == 71, "\(command): \(result.output)\(result.errors)")
            #expect(result.output.contains("/dev/shm: \(expected)"), "\(command): \(result.output)")
        }
        // What needs no kernels works, as far as it writes no files.
        let explained = try bench.shell("\(start) sh -c '\(breaks); exec \"$@\"' - $0 explain")
        #expect(explained.code == 0 && !explained.output.isEmpty, "\(explained.errors)")
    }
}
