/// A connected part of a field: all that is above a threshold and hangs together.
struct FieldPart {
    /// Its number among the labels.
    let label: Int32
    /// The sum of its values.
    var mass = 0
    var left = Int.max
    var right = -1
    var top = Int.max
    var bottom = -1
    /// The number of its pixels at the picture's edge, and the sides of the picture it touches.
    var edge = 0
    var sides = 0

    init(label: Int32) { self.label = label }

    var side: Int { max(right - left, bottom - top) + 1 }

    /// How likely it is to be the drawing: a shadow or the end of the paper touches the edge.
    var weight: Int { edge == 0 ? mass : sides == 1 ? mass / 4 : mass / 20 }
}

extension GrayField {
    /// The parts above a threshold, where neighbours are the eight around a place.
    /// - Returns: For each place the number of its part from 1, or 0; the parts in that order.
    func parts(above threshold: Int32) -> (labels: [Int32], parts: [FieldPart]) {
        var labels = [Int32](repeating: 0, count: values.count)
        // Labels that turn out to be of one part lead to the least of them.
        var parents: [Int32] = [0]
        func root(_ label: Int32) -> Int32 {
            var label = label
            while parents[Int(label)] != label {
                parents[Int(label)] = parents[Int(parents[Int(label)])]
                label = parents[Int(label)]
            }
            return label
        }
        for y in 0..<height {
            for x in 0..<width where values[y * width + x] > threshold {
                let i = y * width + x
                var label: Int32 = 0
                func join(_ other: Int32) {
                    guard other > 0 else { return }
                    let other = root(other)
                    guard label > 0, other != label else {
                        label = other
                        return
                    }
                    parents[Int(max(label, other))] = min(label, other)
                    label = min(label, other)
                }
                if x > 0 { join(labels[i - 1]) }
                if y > 0 {
                    join(labels[i - width])
                    if x > 0 { join(labels[i - width - 1]) }
                    if x < width - 1 { join(labels[i - width + 1]) }
                }
                if label == 0 {
                    label = Int32(parents.count)
                    parents.append(label)
                }
                labels[i] = label
            }
        }
        for i in labels.indices where labels[i] > 0 { labels[i] = root(labels[i]) }
        return describe(labels, count: parents.count)
    }

    /// Numbers the parts without gaps.
    private func describe(
        _ roots: [Int32], count: Int
    ) -> (labels: [Int32], parts: [FieldPart]) {
        var labels = roots
        var numbers = [Int](repeating: -1, count: count)
        var parts: [FieldPart] = []
        for y in 0..<height {
            for x in 0..<width where roots[y * width + x] > 0 {
                let i = y * width + x
                if numbers[Int(roots[i])] < 0 {
                    numbers[Int(roots[i])] = parts.count
                    parts.append(FieldPart(label: Int32(parts.count + 1)))
                }
                let number = numbers[Int(roots[i])]
                labels[i] = Int32(number + 1)
                var part = parts[number]
                part.mass += Int(values[i])
                part.left = min(part.left, x)
                part.right = max(part.right, x)
                part.top = min(part.top, y)
                part.bottom = max(part.bottom, y)
                let touched =
                    (x == 0 ? 1 : 0) + (x == width - 1 ? 2 : 0) + (y == 0 ? 4 : 0)
                    + (y == height - 1 ? 8 : 0)
                if touched > 0 { part.edge += 1 }
                part.sides |= touched
                parts[number] = part
            }
        }
        for i in parts.indices { parts[i].sides = parts[i].sides.nonzeroBitCount }
        return (labels, parts)
    }
}
