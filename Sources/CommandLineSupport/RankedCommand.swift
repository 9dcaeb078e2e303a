import ArgumentParser
import FoundationEssentials
import Glibc
import Phidias
import PhidiasRuns

/// A command whose work the processes that mpirun or srun started can share. Any other runs alone.
package protocol RankedCommand: ParsableCommand {
    /// - Parameter ranks: nil for a process that was started alone.
    func run(over ranks: RankGroup?) throws
}

extension RankedCommand {
    package func run() throws { try run(over: nil) }
}

/// The processes that were started together with this one.
enum Launch {
    /// Nil for a process that was started alone.
    static let own = RankLaunch(environment: ProcessInfo.processInfo.environment)

    /// Runs a command, over ranks where several processes were started.
    /// - Throws: `UsageError` for a command that runs alone, or a build that does.
    static func run(_ command: some ParsableCommand) throws {
        var command = command
        guard let own else { return try command.run() }
        let name = type(of: command)._commandName
        guard let ranked = command as? any RankedCommand else {
            throw UsageError(
                description:
                    "'\(name)' runs as one process, and was started as one of \(own.size), as by mpirun or srun. Start it without them; training, sweeps and experiments are what ranks share."
            )
        }
        guard RankGroup.library != nil else {
            throw UsageError(
                description:
                    "This phidias was built without MPI, and was started as one of \(own.size) processes, as by mpirun or srun. Build it with tools/build-mpi, or start it without them."
            )
        }
        Interruption.watch()
        let ranks = try RankGroup.start(own) { end($0, $1) }
        do {
            if ranks.isFirst { tell(ranks) }
            try ranked.run(over: ranks)
        } catch is RankIsDone {
            if let signal = Interruption.signal { throw Interrupted(signal: signal) }
        } catch let error as Interrupted {
            throw error
        } catch {
            end(ranks, error)
        }
        ranks.finish()
    }

    /// The first rank says what went wrong, anywhere, and ends all.
    private static func end(_ ranks: RankGroup, _ error: any Error) -> Never {
        let known = error as? any PhidiasError
        let sentence = (known?.description ?? "\(error)") + Hint.text(for: error)
        let code = known?.exitCode ?? 70
        if !ranks.isFirst, !(error is RankError) { ranks.report(sentence, exitCode: code) }
        // Asked to end by then, another than the first leaves it at that.
        if ranks.isFirst || Interruption.signal == nil { Console.say("phidias: \(sentence)") }
        ranks.abort(code)
    }

    /// Where the ranks run, and which CPUs they leave idle.
    private static func tell(_ ranks: RankGroup) {
        let hosts = Dictionary(grouping: ranks.places, by: \.host)
        Console.say(
            "\(ranks.size.counted("rank")) on \(hosts.count.counted("machine")), \(RankGroup.library ?? "")"
        )
        for (host, places) in hosts.sorted(by: { $0.key < $1.key }) {
            guard let place = places.first, place.nodeCPUs < place.allCPUs else { continue }
            Console.say(
                "warning: \(host): \(places.count.counted("rank")) may run on \(place.nodeCPUs) of its \(place.allCPUs) CPUs. Unless the others are somebody else's, give all: mpirun --bind-to none, srun --cpu-bind=none."
                    .wrapped(hanging: 2))
        }
    }

    /// Waits on every process but the first, which has the same command line, and is to say first what
    /// is wrong with it: the launcher then ends all.
    static func letTheFirstSpeak() {
        if let own, own.rank > 0 { sleep(5) }
    }
}
