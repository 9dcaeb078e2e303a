import CommandLineSupport
import Phidias
import PhidiasRuns
import Synchronization

/// Shows an experiment on standard error.
final class ExperimentWatch: Sendable {
    private let sweep = SweepWatch()
    /// When the part in progress was last shown, or began.
    private let shown = Mutex<(part: String, time: ContinuousClock.Instant)?>(nil)

    func show(_ event: ExperimentEvent) {
        switch event {
        case .part(let name, let runs): say(runs > 1 ? name : "\(name)…")
        case .comparison(let title): say("  will be compared: \(title)")
        case .done(let what): say(what)
        case .epoch(let epoch, let epochs, let accuracy):
            say("epoch \(epoch) of \(epochs): training accuracy \(accuracy.percent) %")
        case .sweep(let event): sweep.show(event)
        case .continues(let lines):
            say("Continuing an earlier start: \(lines.counted("measurement")) kept.")
        case .doubts(let doubts): for doubt in doubts { say("warning: \(doubt)") }
        case .note(let text): say(text.wrapped())
        case .progress(let part, let done, let all): show(part, done, of: all)
        case .result: clear()
        }
    }

    /// Now and then: on a terminal as a bar, else as a line, where a part takes long.
    private func show(_ part: String, _ done: Int, of all: Int) {
        let pause: Duration = Console.isTerminal ? .milliseconds(100) : .seconds(10)
        let isDue = shown.withLock { shown in
            let now = ContinuousClock.now
            guard let last = shown, last.part == part else {
                shown = (part, now)
                return false
            }
            guard last.time.duration(to: now) >= pause else { return false }
            shown = (part, now)
            return true
        }
        guard isDue else { return }
        let figures = "step \(done.grouped) of \(all.grouped)"
        guard Console.isTerminal else { return Console.say("\(part): \(figures)") }
        let line = ProgressBar.line(
            label: part, share: Double(done) / Double(max(all, 1)), figures: figures,
            width: Console.width, color: Console.hasColor)
        Console.show("\r\(line)\u{1b}[K")
    }

    private func say(_ text: String) {
        clear()
        Console.say(text)
    }

    func clear() { sweep.clear() }
}
