import Phidias

/// What the classes of a network are called: by their names where they have some, else by their
/// numbers.
package struct ClassLabels {
    /// Nil where the classes have no names.
    package let names: [String]?
    package let count: Int

    package init(_ names: [String]?, count: Int) {
        (self.names, self.count) = (names, count)
    }

    package init(_ file: ModelFile) {
        self.init(file.classNames, count: file.model.network.classes)
    }

    package subscript(_ label: Int) -> String { names?[label] ?? String(label) }

    /// The same for narrow columns: names are cut to so many characters, and if that makes two the
    /// same, all are numbers.
    package func short(_ length: Int) -> [String] {
        let all = (0..<count).map { label in
            self[label].count <= length ? self[label] : "\(self[label].prefix(length - 1))…"
        }
        return Set(all).count == all.count ? all : (0..<count).map(String.init)
    }

    /// How another's classes are named otherwise, as a sentence; nil if they are not.
    /// - Parameters:
    ///   - other: names of as many classes.
    ///   - owner: whose they are, and whose these are.
    package func difference(from other: [String]?, owner: (other: String, own: String)) -> String? {
        guard let names, let other,
            let label = zip(names, other).enumerated().first(where: {
                $0.element.0 != $0.element.1
            })?.offset
        else { return nil }
        return
            "class \(label) is '\(other[label])' in \(owner.other), but '\(names[label])' in \(owner.own)."
    }
}
