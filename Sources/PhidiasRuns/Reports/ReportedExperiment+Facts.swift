import Phidias

extension ReportedExperiment {
    /// What the experiment found, as far as its JSON is of a kind that this program knows.
    var facts: [(name: String, value: String)] {
        let found: [(name: String, value: String)] =
            switch kind {
            case "loss": lossFacts
            case "smoothing": smoothingFacts
            case "golden-point": goldenPointFacts
            case "optimizers": optimizerFacts
            default: []
            }
        let size = ["network", "images"].compactMap { name in
            (json[name]?.stringValue ?? json[name]?.integerValue.map(String.init)).map {
                (name, $0)
            }
        }
        return found + size.map { (name: $0.0, value: $0.1) }
    }

    private func number(_ name: String, in json: JSON?) -> String? {
        json?[name]?.doubleValue?.digits()
    }

    private var lossFacts: [(name: String, value: String)] {
        let arms = (json["arms"]?.arrayValue ?? []).compactMap { arm in
            arm["test_accuracy"]?.arrayValue?.last?["mean"]?.doubleValue.map {
                (arm: arm, mean: $0)
            }
        }
        guard let best = arms.max(by: { $0.mean < $1.mean }) else { return [] }
        let name = [best.arm["loss"], best.arm["setting"]].compactMap { $0?.stringValue }
        return [
            ("highest test accuracy", ReportedRun.percent(best.mean)),
            ("of", name.joined(separator: ", ")), ("losses and settings", "\(arms.count)"),
        ]
    }

    private var optimizerFacts: [(name: String, value: String)] {
        let tests = (json["comparisons"]?.arrayValue ?? []).compactMap { test in
            test["p_holm"]?.doubleValue.flatMap { p in
                test["golden_ahead"]?.doubleValue.map { p <= 0.05 ? $0 : 0 }
            }
        }
        guard !tests.isEmpty else { return [] }
        return [
            ("golden significantly worse", "\(tests.count(where: { $0 < 0 })) of \(tests.count)"),
            ("golden significantly better", "\(tests.count(where: { $0 > 0 })) of \(tests.count)"),
        ]
    }

    private var smoothingFacts: [(name: String, value: String)] {
        let theory = json["theory"]
        let pairs: [(String, String?, String?)] = [
            (
                "noise left of independent gradients", number("noise_variance", in: theory),
                number("variance_ratio", in: json["independent_gradients"])
            ),
            (
                "half-life, steps", number("half_life", in: theory),
                number("half_life", in: json)
            ),
        ]
        return pairs.compactMap { name, theory, measured in
            guard let theory, let measured else { return nil }
            return (name, "\(measured), in theory \(theory)")
        }
    }

    private var goldenPointFacts: [(name: String, value: String)] {
        (json["runs"]?.arrayValue ?? []).prefix(8).compactMap { run in
            guard let loss = run["loss"]?.stringValue,
                let value = number("cross_entropy", in: run["test"])
            else { return nil }
            return ("test cross-entropy, \(loss)", value)
        }
    }
}

// MARK: - Tables

extension ReportedExperiment {
    /// Parts of the text, lines of them all, and characters of one line: a file may be anything.
    private static let mostParts = 40, mostLines = 1000, longestLine = 400

    /// Parts of the text stand apart from each other by empty lines. The first says what the
    /// experiment is; of the others the first line is a title.
    var tables: HTML {
        var parts: [[String]] = [[]], lines = 0
        var isCut = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if parts[parts.count - 1].isEmpty { continue }
                guard parts.count < Self.mostParts else {
                    isCut = true
                    break
                }
                parts.append([])
            } else {
                guard lines < Self.mostLines else {
                    isCut = true
                    break
                }
                lines += 1
                let rest = line.dropFirst(Self.longestLine)
                parts[parts.count - 1].append(
                    line.prefix(Self.longestLine) + (rest.isEmpty ? "" : "…"))
            }
        }
        let shown = parts.filter { !$0.isEmpty }.enumerated().map { index, lines in
            index == 0 ? Self.preformatted("\(kind).txt", lines) : Self.part(lines)
        }
        let rest = HTML.paragraph("The rest of \(kind).txt is too long for this page.")
        return .joined(shown) + (isCut ? rest : .nothing)
    }

    private static func part(_ lines: [String]) -> HTML {
        lines.count < 2
            ? preformatted(lines[0], lines)
            : .folded(lines[0], preformatted(lines[0], Array(lines.dropFirst())))
    }

    private static func preformatted(_ label: String, _ lines: [String]) -> HTML {
        .scroll(label, .element("pre", [:], HTML(lines.joined(separator: "\n"))))
    }
}
