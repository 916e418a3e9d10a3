import Foundation
import Planning

/// The user's `~/.autocoder/model_settings.json`.
package enum ModelSettingsFile {
  /// Returns what the file holds; `nil` where there is none.
  ///
  /// - Throws: ``Failure`` with status 65 where it is broken.
  package static func read(_ path: String) throws -> ModelSettings? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      return try ModelSettings(text: try InputFile.read(path, isFile: true), file: path)
    } catch let error as ModelError {
      throw Failure("\(error)", status: 65)
    }
  }

  package static func choice(
    commandLine: ModelChoice.Wish?, repository: ModelChoice.Wish?, file: String
  ) throws -> ModelChoice {
    do {
      return try ModelChoice.resolve(
        commandLine: commandLine, repository: repository, settings: try read(file))
    } catch let error as ModelError {
      throw Failure("\(error)", status: 64)
    }
  }

  /// Writes the file in one step, readable by its owner alone.
  package static func write(_ settings: ModelSettings, to path: String) throws {
    let files = FileManager.default
    let directory = (path as NSString).deletingLastPathComponent
    let temporary = path + ".\(getpid())"
    do {
      try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
      guard
        files.createFile(
          atPath: temporary, contents: Data(settings.text.utf8),
          attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteUnknown) }
      guard rename(temporary, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch {
      try? files.removeItem(atPath: temporary)
      throw Failure("\(path) can't be written: \((error as NSError).localizedDescription)")
    }
  }
}
