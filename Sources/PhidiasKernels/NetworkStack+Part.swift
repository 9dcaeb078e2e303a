import CKernels

extension NetworkStack {
    /// What one of several processes trains of a network of dense layers, together with the others:
    /// of each layer but the last its share of the units, in panels of 16, and all of the last.
    package struct Part {
        /// Makes an array of items of `bytes` bytes whole: part p has made the items from `starts[p]`
        /// up to `starts[p + 1]`, and all get the others. It is called on the thread that trains, at
        /// the same places on all parts, and returns when the array is whole.
        package typealias Gather = (
            _ items: UnsafeMutableRawPointer, _ starts: [Int], _ bytes: Int
        ) -> Void

        /// The part, from 0, and how many there are.
        package let number, count: Int
        fileprivate let gather: Gather

        package init(_ number: Int, of count: Int, gather: @escaping Gather) {
            precondition((0..<count).contains(number), "part \(number) of \(count)")
            (self.number, self.count, self.gather) = (number, count, gather)
        }

        /// Those of `count` items that are this part's: as even as can be, in the parts' order.
        package func items(of count: Int) -> Range<Int> {
            let starts = starts(of: count)
            return starts[number]..<starts[number + 1]
        }

        private func starts(of count: Int) -> [Int] {
            var part = ck_part(number: 0, count: Int32(self.count), gather: nil, context: nil)
            return (0..<self.count).map {
                part.number = Int32($0)
                return ck_part_items(&part, count).first
            } + [count]
        }

        /// Makes an array of `count` items whole.
        package func gather(_ items: UnsafeMutableRawPointer, count: Int, bytes: Int) {
            gather(items, starts(of: count), bytes)
        }
    }

    /// A part as the kernels know it.
    final class PartDescription {
        let part: Part
        let pointer = UnsafeMutablePointer<ck_part>.allocate(capacity: 1)

        init(_ part: Part) {
            self.part = part
            pointer.initialize(
                to: ck_part(
                    number: Int32(part.number), count: Int32(part.count),
                    gather: { context, items, count, size in
                        guard let context, let items else { return }
                        Unmanaged<PartDescription>.fromOpaque(context).takeUnretainedValue()
                            .part.gather(
                                items, count: count, bytes: size * MemoryLayout<Float>.stride)
                    }, context: Unmanaged.passUnretained(self).toOpaque()))
        }

        deinit { pointer.deallocate() }
    }

    /// Panels of 16 units.
    private static func panels(_ units: Int) -> Int { ck_panel_size(1, units) / Int(CK_LANES) }

    /// The floats of a place's panels that this process updates: all, or those that lead into the
    /// part's own units, and out of them.
    func updatedFloats(of place: Int) -> [Range<Int>] {
        guard let part = part?.part, place < shape.layers.count - 1 else {
            return [0..<Self.weights(place, shape, images)]
        }
        let layer = shape.layers[place], lanes = Int(CK_LANES)
        let panel = (layer.inputs + 1) * lanes, count = Self.panels(layer.outputs)
        let own = part.items(of: count)
        let into = own.lowerBound * panel..<own.upperBound * panel
        guard place > 0 else { return into.isEmpty ? [] : [into] }
        let inputs = part.items(of: Self.panels(layer.inputs))
        // Without the row of the bias, and of lanes past the last unit.
        let first = min(inputs.lowerBound * lanes, layer.inputs)
        let rows = first..<min(inputs.upperBound * lanes, layer.inputs)
        let outOf = (0..<count).filter { !own.contains($0) }.map { other in
            other * panel + rows.lowerBound * lanes..<other * panel + rows.upperBound * lanes
        }
        return ([into] + outOf).filter { !$0.isEmpty }
    }

    /// Makes weights and moments whole, of which each part has updated its own. To be called on all
    /// parts between the same steps.
    package func makeWhole() {
        guard let part = part?.part, !isWhole else { return }
        isWhole = true
        for (index, layer) in shape.layers.enumerated().dropLast() {
            let bytes = ck_panel_size(layer.inputs + 1, 1) * MemoryLayout<Float>.stride
            let moments = [panels(.weights, of: index), panels(.velocity, of: index)]
            for all in moments + (second[index].map { [$0] } ?? []) {
                part.gather(all, count: Self.panels(layer.outputs), bytes: bytes)
            }
        }
    }
}
