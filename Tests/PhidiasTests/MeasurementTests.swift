import Foundation
import Phidias
import Testing

/// Measurements in tables.
@Suite struct MeasurementTests {
    static func read(_ text: String, _ change: (inout TableOptions) -> Void = { _ in }) throws
        -> ImportedTable
    {
        var options = TableOptions()
        change(&options)
        let scratch = try Scratch()
        return try ImportedTable(path: try scratch.file("t.csv", Array(text.utf8)), options)
    }

    static func refusal(_ text: String, _ change: (inout TableOptions) -> Void = { _ in }) -> String
    {
        do {
            return "accepted: \(try read(text, change).count)"
        } catch let error as any PhidiasError {
            return String(error.description.split(separator: "t.csv: ", maxSplits: 1).last ?? "")
        } catch {
            return "\(error)"
        }
    }

    @Test func numbersAndCategoriesBecomeFeatures() throws {
        let table = try Self.read(
            "size,color,species\n5.1,red,b\n-4.7e1,\"dark, blue\",a\n3,red,b\n")
        #expect(table.featureNames == ["size", "color=dark, blue", "color=red"])
        #expect(table.values == [5.1, 0, 1, -47, 1, 0, 3, 0, 1])
        #expect(table.labels == [1, 0, 1] && table.classNames == ["a", "b"])
        #expect(table.count == 3 && table.targets.isEmpty)
    }

    @Test func theRowsNumberIsNoFeature() throws {
        let iris = try Self.read("Id,length,Species\n1,5.1,Iris-setosa\n2,7,Iris-virginica\n")
        #expect(iris.featureNames == ["length"] && iris.labels == [0, 1])
        // Numbers that do not count the rows are measurements.
        let other = try Self.read("Id,length,Species\n1,5.1,Iris-setosa\n3,7,Iris-virginica\n")
        #expect(other.featureNames == ["Id", "length"])
    }

    @Test func scikitLearnsFilesAreRead() throws {
        let table = try Self.read("3,2,setosa,virginica\n5.1,3.5,0\n4.9,3.0,1\n6,1,0\n")
        #expect(table.values == [5.1, 3.5, 4.9, 3, 6, 1])
        #expect(table.labels == [0, 1, 0] && table.classNames == ["setosa", "virginica"])
        // As many fields as a row has.
        let three = try Self.read("2,3,a,b\n1,2,3,0\n4,5,6,1\n")
        #expect(three.classNames == ["a", "b"] && three.values == [1, 2, 3, 4, 5, 6])
        #expect(
            Self.refusal("4,3,a,b\n1,2,3,0\n4,5,6,1\n")
                == "line 1: names another number of rows than the 2 that follow.")
        #expect(Self.refusal("2,3,a,b\n1,2,3,0\n4,5,6,2\n").contains("names 2 classes"))
    }

    @Test func targetsAreNumbers() throws {
        let table = try Self.read("a,b,c\n1,2,3.5\n4,5,6\n") { $0.targets = ["c", "a"] }
        #expect(table.featureNames == ["b"] && table.values == [2, 5])
        #expect(table.targetNames == ["c", "a"] && table.targets == [3.5, 1, 6, 4])
        #expect(table.labels.isEmpty && table.classNames.isEmpty)
    }

    @Test func missingValuesAreRefusedOrFilled() throws {
        let text = "a,b,label\n1,x,0\n?,,1\n3,y,1\n5,x,0\n"
        #expect(Self.refusal(text) == "line 3, column 1 ('a'): the value is missing.")
        let table = try Self.read(text) { $0.fillsMissing = true }
        #expect(table.featureNames == ["a", "b=x", "b=y"])
        // The means: of 1, 3 and 5, and the shares of x and y.
        #expect(table.values[3..<6] == [3, Float(2.0 / 3), Float(1.0 / 3)])
    }

    /// What the table holds, and what the error says of it.
    @Test(arguments: [
        ("a,b,label\n1,2,0\n3,x,1\n4,5,1\n", "line 3, column 2 ('b'): is not a number, as most"),
        ("a,b,label\n1,2,0\n3,4,\n", "line 3, column 3 ('label'): the value is missing"),
        ("a,b,label\n1,,0\n3,NaN,1\n", "line 2, column 2 ('b'): all values of the column are"),
        ("a,b,label\n1,1e39,0\n3,4,1\n", "line 2, column 2 ('b'): is too large"),
        ("a,b,label\n1,2,0.5\n3,4,1\n", "column 3 ('label') cannot be the labels: its numbers"),
        ("a,b,c\n1,2,0\n3,4,1\n", "the header names neither label, class nor target"),
        ("a,b,c\n1,y,0\n3,v,1\n", "column 2 ('b') is text, and stands amid others"),
        ("5,-\n6,7\n8,9\n", "there is no header; column 1 has 3 different whole numbers"),
        ("a,b,c\nx,y,0\nu,v,1\n", "column 1 ('a'), column 2 ('b') are texts"),
    ])
    func badTableIsAnErrorWithLineAndColumn(text: String, part: String) {
        let said = Self.refusal(text) { $0.fillsMissing = part.contains("all values") }
        #expect(said.contains(part), "\(said)")
    }

    @Test func targetsMustBeNumbers() {
        func refusal(_ targets: [String]) -> String {
            Self.refusal("a,b,label\n1,x,0\n3,y,\n") { $0.targets = targets }
        }
        #expect(refusal(["b"]).contains("line 2, column 2 ('b'): is not a number, and a target"))
        #expect(refusal(["label"]).contains("line 3, column 3 ('label'): the value is missing"))
        #expect(refusal(["a", "1"]) == "a target is named twice.")
    }

    @Test func tooManyCategoriesAreRefused() {
        let rows = (0...256).map { "n\($0),\($0 % 2)" }.joined(separator: "\n")
        #expect(
            Self.refusal("name,label\n" + rows)
                == "column 1 ('name') has more than 256 different texts, too many for categories.")
        let dropped = Self.refusal("name,label\n" + rows) { $0.dropped = ["name"] }
        #expect(dropped == "no column is left to learn from.")
    }
}
