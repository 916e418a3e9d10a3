import Engine
import Foundation
import Git
import Planning

/// How well footprints are foretold on the histories of real repositories.
enum FootprintTable {
  private struct Score {
    var count = 0
    var sums = [0.0, 0.0, 0.0, 0.0]

    mutating func add(_ guess: [String], _ truth: Set<String>) {
      count += 1
      for (place, most) in [5, 10].enumerated() {
        let hits = Double(guess.prefix(most).count { truth.contains($0) })
        sums[2 * place] += hits / Double(truth.count)
        sums[2 * place + 1] += hits / Double(min(most, max(1, guess.count)))
      }
    }

    var text: String {
      sums.map { String(format: "%.3f", $0 / Double(max(1, count))) }.joined(separator: " | ")
    }
  }

  /// - Parameter arguments: the repositories; `--evidence FILE` writes the evidence for fitting.
  static func print(_ arguments: [String]) throws {
    var paths = arguments
    var output: FileHandle?
    if let index = paths.firstIndex(of: "--evidence"), index + 1 < paths.count {
      _ = FileManager.default.createFile(atPath: paths[index + 1], contents: nil)
      output = FileHandle(forWritingAtPath: paths[index + 1])
      paths.removeSubrange(index...(index + 1))
    }
    Swift.print(
      "| repository | changes scored | method | recall at 5 | precision at 5 | recall at 10 | precision at 10 |"
    )
    Swift.print("|---|---|---|---|---|---|---|")
    for path in paths { try score(path, output) }
  }

  private static func score(_ path: String, _ output: FileHandle?) throws {
    let repository = try Repository(opening: path, environment: [:])
    guard case .branch(let branch, _) = try repository.head(),
      let tip = try repository.reference(branch)
    else { throw CocoaError(.fileReadUnknown) }
    let history = try HistoryReading.changes(repository, tip: tip, limit: 100_000, symbols: true)
    let name =
      URL(fileURLWithPath: path).pathComponents.reversed().first {
        !["repo", ".git", "/"].contains($0)
      } ?? path
    var model = FootprintModel()
    var scores = [Score(), Score(), Score()]
    for (number, change) in history.enumerated() {
      let truth = Set(change.files.filter { $0.isPresent && !$0.isNew }.map(\.path))
      // The first two fifths are for learning alone.
      if number >= history.count * 2 / 5, !truth.isEmpty, truth.count <= 10 {
        scores[0].add(model.mostChanged(limit: 10), truth)
        scores[1].add(model.wordsOnly(change.text, limit: 10), truth)
        scores[2].add(model.candidates(change.text).map(\.path), truth)
        if let output {
          var lines = ""
          for (path, evidence) in model.allEvidence(change.text) {
            lines +=
              "\(name)\t\(number)\t\(truth.contains(path) ? 1 : 0)\t"
              + evidence.values.map { String(format: "%.4f", $0) }.joined(separator: "\t") + "\n"
          }
          output.write(Data(lines.utf8))
        }
      }
      model.add(change)
    }
    for (method, score) in zip(["most changed", "TF-IDF", "footprints"], scores) {
      Swift.print("| \(name) | \(score.count) | \(method) | \(score.text) |")
    }
  }
}
