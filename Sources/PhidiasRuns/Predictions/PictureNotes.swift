import Phidias

/// What was decided about pictures, where the answer depends on it: a line for each kind.
package struct PictureNotes {
    private let isTold: Bool
    private var kinds: [(text: String, first: String, count: Int)] = []
    private var (images, inverted) = (0, 0)

    /// - Parameter isTold: whether it was said which is the ink.
    package init(isTold: Bool) { self.isTold = isTold }

    package mutating func add(_ one: Prediction) {
        guard let drawing = one.drawing else {
            images += 1
            if one.seemsInverted { inverted += 1 }
            return
        }
        guard let text = text(drawing) else { return }
        if let place = kinds.firstIndex(where: { $0.text == text }) {
            kinds[place].count += 1
        } else {
            kinds.append((text, one.name, 1))
        }
    }

    private func text(_ drawing: DigitFitting.Drawing) -> String? {
        let ink = drawing.ink == .dark ? "dark ink on light paper" : "light ink on dark paper"
        if drawing.isWhole { return isTold || !drawing.isInverted ? nil : "\(ink), inverted" }
        var removed: [String] = []
        if drawing.isShaded { removed.append("shade") }
        if drawing.lines > 0 { removed.append("lines of the paper") }
        let rest = removed.isEmpty ? "" : "; \(removed.joined(separator: " and ")) removed"
        return "\(ink), cut out\(rest)"
    }

    /// All of it, in sentences.
    package var sentences: [String] {
        var all = kinds.map { text, first, count in
            let others = count == 1 ? "" : " and \((count - 1).counted("more image"))"
            return "\(first)\(others): \(text)."
        }
        if inverted > 0, 2 * inverted >= images {
            all.append(
                "warning: \(inverted) of \(images.counted("image")) seem to be ink on paper the other way round than what the model was trained on."
            )
        }
        return all
    }
}
