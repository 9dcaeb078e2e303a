import Phidias

extension ReportedRun {
    /// The theory's numbers for the golden pair, beside those of the run's own.
    var theory: HTML {
        let title = "The theory's numbers"
        guard let own = analysis else {
            return .section(title, .note("The settings are not understood: \(misunderstanding)"))
        }
        let golden = Explanation(analysis: .golden)
        var table = ReportTable(
            "η and α, and what follows from them",
            [
                ("quantity", .head), ("formula", .text), ("golden", .number), ("this run", .number),
                ("origin", .text),
            ])
        for figure in Explanation.published {
            let value: Double? =
                switch figure.key {
                case "momentum": own.analysis.momentum
                case "learning_rate": own.analysis.learningRate
                default: nil
                }
            table.add([
                figure.meaning, figure.formula, figure.value.digits(6),
                value?.digits(6) ?? "–", "published",
            ])
        }
        for (figure, mine) in zip(golden.derived, own.derived) {
            table.add([
                figure.unit.isEmpty ? figure.meaning : "\(figure.meaning), \(figure.unit)",
                figure.formula, figure.value.digits(6), mine.value.digits(6), "our derivation",
            ])
        }
        for figure in Explanation.goldenPoint {
            table.add([
                figure.meaning, figure.formula, figure.value.digits(6), "–", "our reconstruction",
            ])
        }
        return .section(
            title, table.html, scheduled ? .note(Self.scheduleNote) : .nothing,
            .paragraph("Published: \(Explanation.source). \(Explanation.caution)"),
            .command(
                ShellCommand([
                    "phidias", "explain",
                    "--learning-rate=\(document["learning_rate"] ?? "golden")",
                    "--momentum=\(document["momentum"] ?? "golden")",
                ])))
    }

    private static let scheduleNote =
        "The learning rate or the momentum of this run changes on the way; the numbers are those of the base learning rate."

    private var scheduled: Bool {
        options?.schedule != "constant" || options?.warmUp != 0 || !document.halvings.isEmpty
    }

    /// Of the base learning rate.
    private var analysis: Explanation? {
        guard let options else { return nil }
        return try? Explanation(learningRate: options.learningRate, momentum: options.momentum)
    }
}
