import FoundationEssentials
import Glibc

/// Where the classes of a folder of pictures lie: its subfolders, or those of `train/` and `test/`.
///
/// A folder that holds but one, as archives make them, is passed through. `val/` (`valid`,
/// `validation`) stands for `test/` where there is none of that name, else it is not used. What was
/// decided is noted.
struct FolderLayout {
    /// Where the training images are, and all images if there are no test images.
    private(set) var training: String
    private(set) var test: String?
    /// The subfolders of `training`, one for each class in order, and the classes.
    private(set) var folders: [String] = []
    private(set) var labels: [Int] = []
    private(set) var notes: [String] = []
    /// Hidden files beside the folders of the classes.
    private(set) var hidden = 0

    /// - Throws: `DataError.classes`, `ImportError.classFolder`; `DataError.io`.
    init(_ source: String) throws {
        training = source
        try find()
        let entries = try FolderEntries(training)
        var folders = entries.folders
        hidden += entries.hidden
        guard (2...256).contains(folders.count) else {
            throw DataError.classes(path: training, found: folders.count)
        }
        let numbers = Set(folders.compactMap { Int($0) }.filter { (0..<256).contains($0) }).sorted()
        if numbers.count == folders.count {
            folders.sort { (Int($0) ?? 0) < (Int($1) ?? 0) }
            labels = numbers
        } else {
            labels = Array(folders.indices)
        }
        self.folders = folders
        try compareTest()
    }

    /// Goes down to where the classes lie.
    private mutating func find() throws {
        var here = try FolderEntries(training)
        // No further than archives within archives go.
        for _ in 0..<4 {
            guard here.folders.count == 1, Self.part(here.folders[0]) == nil else { break }
            let below = try FolderEntries("\(training)/\(here.folders[0])")
            guard !below.folders.isEmpty else { break }
            training += "/\(here.folders[0])"
            notes.append("The classes are looked for in \(training), the only folder there.")
            hidden += here.hidden
            here = below
        }
        let source = training
        // A class of trains has pictures, not folders.
        func folder(_ part: Part) throws -> String? {
            try here.folders.first {
                try Self.part($0) == part && !FolderEntries("\(source)/\($0)").folders.isEmpty
            }
        }
        guard let own = try folder(.training) else {
            noteLooseFiles(here)
            return
        }
        training = "\(source)/\(own)"
        hidden += here.hidden
        let marked = try folder(.test)
        let chosen = try marked ?? folder(.validation)
        if let chosen {
            test = "\(source)/\(chosen)"
            notes.append(
                "Training images are those of \(training), test images those of \(source)/\(chosen): nothing is split."
            )
        }
        for other in here.folders where other != own && other != chosen {
            let reason =
                switch Self.part(other) {
                case nil: "it lies beside the training images"
                case .test where marked == nil:
                    "it has no folder for each class, so its pictures have no labels"
                default: "training and test images are there without it"
                }
            notes.append("\(source)/\(other) is not used: \(reason).")
        }
    }

    private mutating func noteLooseFiles(_ here: FolderEntries) {
        let loose = here.files.filter(FolderEntries.isPicture)
        guard let first = loose.first, !here.folders.isEmpty else { return }
        notes.append(
            "\(loose.count) \(loose.count == 1 ? "picture lies" : "pictures lie") beside the folders of the classes and \(loose.count == 1 ? "is" : "are") not used, such as \(training)/\(first)."
        )
    }

    /// The test images have no class that the training images lack; a class that they lack is noted.
    private mutating func compareTest() throws {
        guard let test else { return }
        let entries = try FolderEntries(test)
        let there = entries.folders
        hidden += entries.hidden
        if let other = there.first(where: { !folders.contains($0) }) {
            throw ImportError.classFolder(
                path: "\(test)/\(other)", reason: "there is no class of that name in \(training)")
        }
        let missing = folders.filter { !there.contains($0) }
        guard !missing.isEmpty else { return }
        let list = missing.prefix(5).joined(separator: ", ") + (missing.count > 5 ? " …" : "")
        notes.append(
            "\(test) has no images of \(missing.count == 1 ? "the class" : "\(missing.count) classes:") \(list)."
        )
    }

    private enum Part { case training, validation, test }

    /// What a folder's name says of its images; nil for nothing.
    private static func part(_ name: String) -> Part? {
        switch name.lowercased() {
        case "train", "training": .training
        case "test", "testing": .test
        case "val", "valid", "validation": .validation
        default: nil
        }
    }
}

/// What lies in a folder, sorted by name, without what systems and archives leave there.
struct FolderEntries {
    private(set) var folders: [String] = []
    private(set) var files: [String] = []
    /// How many were left out.
    private(set) var hidden = 0

    /// - Throws: `DataError.io` if the folder cannot be listed, or a name is no text.
    init(_ path: String) throws(DataError) {
        let names = try FolderListing.names(path).filter { $0 != "." && $0 != ".." }
        for name in names.sorted() {
            if Self.isHidden(name) {
                hidden += 1
                continue
            }
            guard !name.contains("\u{FFFD}") else {
                throw .io(
                    path: "\(path)/\(name)", reason: "the name is not UTF-8 text; rename the file")
            }
            var isFolder = false
            if FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder),
                isFolder
            {
                folders.append(name)
            } else {
                files.append(name)
            }
        }
    }

    private static func isHidden(_ name: String) -> Bool {
        name.hasPrefix(".")
            || ["__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini"].contains(name.lowercased())
    }

    private static let endings: Set = [
        "png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "webp", "tif", "tiff", "heic", "heif",
        "avif",
    ]

    /// Whether a file's name says that it is a picture, of a sort that is read or not.
    static func isPicture(_ name: String) -> Bool {
        name.split(separator: ".").dropFirst().last.map { endings.contains($0.lowercased()) }
            ?? false
    }
}
