/// The cells along one side of a picture, and their numbers.
struct Ruler {
    /// The first cell's number; the others follow.
    let first: Int
    let count: Int
    /// Pixels before the first cell.
    let start: Int
    /// Pixels of a cell, and from the beginning of one to that of the next.
    let size, pitch: Int

    var last: Int { first + count - 1 }

    /// The numbers that are written, if each needs so many pixels: every one, every second, fifth,
    /// tenth and so on, as the first that leaves room.
    func shown(_ room: Int) -> (numbers: StrideTo<Int>, areAll: Bool) {
        var (step, turn) = (1, 0)
        while step * pitch < room && step < count {
            step = turn % 3 == 1 ? step / 2 * 5 : step * 2
            turn += 1
        }
        return (stride(from: first, to: first + count, by: step), step == 1)
    }

    /// Twice the pixels from the picture's edge to the middle of a cell.
    func twiceMiddle(_ number: Int) -> Int { 2 * (start + (number - first) * pitch) + size }
}

extension Image {
    /// This picture on white paper, with numbers to the left of its rows of cells and above its
    /// columns. Where they have no room, some are left out, and marks show which cells those are that
    /// are numbered.
    /// - Throws: `ImageError.pictureSize`, `.memory`.
    func numbered(rows: Ruler, columns: Ruler) throws(ImageError) -> Image {
        // Large enough to be read where all of the picture is seen, and no larger than the cells.
        let side = max(width, height)
        let dot = max(2, side / 800, min(side / 400, min(rows.pitch, columns.pitch) / 6))
        let (digit, gap) = (Digits.height * dot, 3 * dot)
        let left = gap + Digits.width(of: rows.last) * dot + gap
        let top = gap + digit + gap
        // Numbers in the middle of the last cells may be larger than these.
        let right = gap + Digits.width(of: columns.last) * dot / 2
        var canvas = try Canvas(
            width: left + width + right, height: top + height + gap + digit / 2,
            channels: channels)
        canvas.put(self, left: left, top: top)
        let shownRows = rows.shown(digit + dot)
        for number in shownRows.numbers {
            let middle = 2 * top + rows.twiceMiddle(number)
            canvas.write(
                number, left: left - gap - Digits.width(of: number) * dot,
                top: (middle - digit) / 2, dot: dot)
            guard !shownRows.areAll else { continue }
            canvas.blacken(left: left - 2 * dot, top: (middle - 1) / 2, 2 * dot, 1)
        }
        let shownColumns = columns.shown((Digits.width(of: columns.last) + 3) * dot)
        for number in shownColumns.numbers {
            let middle = 2 * left + columns.twiceMiddle(number)
            canvas.write(
                number, left: (middle - Digits.width(of: number) * dot) / 2, top: gap, dot: dot)
            guard !shownColumns.areAll else { continue }
            canvas.blacken(left: (middle - 1) / 2, top: top - 2 * dot, 1, 2 * dot)
        }
        return canvas.image
    }
}
