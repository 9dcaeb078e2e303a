import CommandLineSupport
import Phidias
import PhidiasRuns
import Synchronization

/// Shows a sweep on standard error.
final class SweepWatch: Sendable {
    func show(_ event: SweepEvent) {
        switch event {
        case .starts(let cells, let left, let points, let jobs, let threads):
            Interruption.watch()
            let rounds = cells / max(points, 1)
            Console.say(
                "\(cells.counted("cell")) (\(points.counted("setting")), \(rounds.counted("run")) each), \(left) to do, \(jobs) at a time, \(threads.counted("thread")) each, \(Model.kernels) kernels"
                    .wrapped(hanging: 2))
        case .takes(let seconds):
            Console.say("This takes about \(ProgressBar.time(seconds)), by its first steps.")
        case .doubts(let doubts):
            for doubt in doubts { Console.say("warning: \(doubt)") }
        case .cutLine(let path, let byte, let bytes):
            Console.say(
                "\(path): byte \(byte): the last line was cut off; its \(bytes.counted("byte")) are removed, and its cell is computed again."
            )
        case .cell(let result, let done, let total, let secondsLeft):
            show(result, done, of: total, left: "\(ProgressBar.time(secondsLeft)) left")
        }
    }

    private func show(_ result: SweepResult, _ done: Int, of total: Int, left: String) {
        let what: String
        var isNews = !Console.isTerminal
        switch result.outcome {
        case .finished(_, let validation, _, _):
            what = "validation \(validation.quality.percent) %"
        case .diverged(let place):
            what = "diverged in step \(place.step)"
            isNews = true
        }
        clear()
        if isNews {
            let line = "cell \(done) of \(total): \(result.cell.text): \(what), \(left)"
            Console.say(line.wrappedAtCommas(hanging: 2))
        }
        if Console.isTerminal {
            let line = ProgressBar.line(
                label: "cell \(done) of \(total)", share: Double(done) / Double(max(total, 1)),
                figures: "\(what), \(left)", width: Console.width, color: Console.hasColor)
            Console.show("\r\(line)\u{1b}[K")
        }
    }

    func clear() {
        if Console.isTerminal { Console.show("\r\u{1b}[K") }
    }

    /// - Throws: `Interrupted` if a signal ended the sweep before its end.
    func end(isComplete: Bool, _ done: Int, of cells: Int) throws {
        clear()
        guard !isComplete, let signal = Interruption.signal else { return }
        Console.say(
            "Stopped by a signal with \(done) of \(cells) cells done. The same command continues the sweep."
        )
        throw Interrupted(signal: signal)
    }
}
