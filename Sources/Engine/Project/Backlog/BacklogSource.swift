import Backlog
import Foundation
import Model
import Store

/// A file that a backlog comes from: text of any known format, or a database of AutoCoder.
package enum BacklogSource {
  /// Reads a file.
  ///
  /// - Throws: ``Failure`` with status 65 and everything that is wrong.
  package static func read(
    path: String, options: ImportOptions = ImportOptions()
  ) throws -> ImportResult {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      throw Failure("\(path) is a directory; name the file in it", status: 65)
    }
    if AutoCoderDatabase.isDatabase(path)
      || (path.hasSuffix(".db") && FileManager.default.fileExists(atPath: path))
    {
      return try autoCoder(path)
    }
    return try read(text: try InputFile.read(path), file: path, options: options)
  }

  /// Reads text.
  package static func read(
    text: String, file: String, options: ImportOptions = ImportOptions()
  ) throws -> ImportResult {
    do {
      return try Import.read(text: text, file: file, options: options)
    } catch {
      throw Failure(error.description, status: 65)
    }
  }

  private static func autoCoder(_ path: String) throws -> ImportResult {
    do {
      let (version, rows) = try AutoCoderDatabase(path: path).read()
      let entries = rows.map { row -> ImportedFeature in
        let known = row.category.lowercased()
        var feature = Feature(
          id: String(row.id), title: row.name.isEmpty ? "Feature \(row.id)" : row.name,
          category: known.isEmpty ? "backend" : known, description: row.description,
          steps: row.steps, dependencies: row.dependencies.map { Dependency(id: String($0)) })
        var given: Set<ImportedFeature.Field> = [.description, .steps, .dependencies]
        if !known.isEmpty { given.insert(.category) }
        if version == .two {
          feature.priority = Int(max(-1_000_000, min(1_000_000, row.priority)))
          given.insert(.priority)
        }
        var status = WorkStatus(word: row.status) ?? .open
        if row.inProgress { status = .inProgress }
        if row.passes { status = .done }
        return ImportedFeature(feature, status: status, given: given)
      }
      return try Import.settle(
        entries, file: path,
        format: version == .one ? "AutoCoder's features.db" : "AutoCoder's agent_system.db")
    } catch let error as AutoCoderError {
      throw Failure(error.description, status: 65)
    } catch let problems as InputProblems {
      throw Failure(problems.description, status: 65)
    }
  }
}
