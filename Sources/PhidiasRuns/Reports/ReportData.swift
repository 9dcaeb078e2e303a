import FoundationEssentials
import Glibc
import Phidias

/// Finds the data of runs: in the folders that were given, else where the run had it. Only what has
/// the checksums that the run recorded is its data.
final class ReportData {
    /// The data of a run, or sentences that say why it is not there.
    enum Found {
        case data(DataPair, folder: String?)
        case nothing([String])
    }

    private enum Place: Hashable {
        case folder(String)
        case synthetic(seed: UInt64)
    }

    private let folders: [String]
    /// The data that was read last: runs are mostly of the same.
    private var last: (place: Place, data: DataPair)?

    /// - Throws: if a folder that was given cannot be read, or holds the data of none of the runs.
    init(folders: [String], for runs: [ReportedRun]) throws {
        self.folders = folders
        for folder in folders {
            let data = try load(.folder(folder))
            guard runs.contains(where: { Self.difference(data, $0.document) == nil }) else {
                throw ReportError.otherData(folder: folder)
            }
        }
    }

    /// - Throws: only what the machine lacks: then it is not known what the page would hold.
    func data(of document: RunDocument) throws -> Found {
        var reasons: [String] = []
        for place in folders.map({ Place.folder($0) }) + recorded(document) {
            do {
                let data = try load(place)
                guard let name = Self.difference(data, document) else {
                    if case .folder(let path) = place { return .data(data, folder: path) }
                    return .data(data, folder: nil)
                }
                reasons.append(
                    "\(Self.text(place)): the SHA-256 of \(name) is not the one that the run recorded."
                )
            } catch let error as any PhidiasError {
                if error.exitCode == 71 { throw error }
                reasons.append(error.description)
            } catch {
                reasons.append("\(Self.text(place)): \(error)")
            }
        }
        return .nothing(reasons)
    }

    private func recorded(_ document: RunDocument) -> [Place] {
        guard let path = document["data"] else { return [] }
        guard path == "synthetic" else { return [.folder(path)] }
        return document["seed"].flatMap { UInt64($0) }.map { [.synthetic(seed: $0)] } ?? []
    }

    private func load(_ place: Place) throws -> DataPair {
        if let last, last.place == place { return last.data }
        last = nil
        let data =
            switch place {
            case .folder(let path): try DataSource.folder(path).load(seed: 0)
            case .synthetic(let seed): try DataSource.synthetic.load(seed: seed)
            }
        last = (place, data)
        return data
    }

    private static func text(_ place: Place) -> String {
        switch place {
        case .folder(let path): path
        case .synthetic(let seed): "synthetic digits of seed \(seed)"
        }
    }

    /// The part of the data whose checksum is not the run's; nil if all are.
    private static func difference(_ data: DataPair, _ document: RunDocument) -> String? {
        if document.checksums.isEmpty { return "the data" }
        return document.checksums.first { data.checksums[$0.name] != $0.value }?.name
    }
}
