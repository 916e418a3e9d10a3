import Foundation
import TestSupport
import Testing

/// The module graph of `docs/architecture.md` against the imports in `Sources`.
@Suite(.bounded) struct ModuleGraphTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  /// The modules from the top down.
  private func documented() throws -> [String] {
    let text = try String(
      contentsOf: root.appendingPathComponent("docs/architecture.md"), encoding: .utf8)
    let start = try #require(text.range(of: "<!-- modules -->"))
    let end = try #require(text.range(of: "<!-- /modules -->"))
    return text[start.upperBound..<end.lowerBound].split(separator: "\n").compactMap { line in
      guard let name = line.split(separator: " ").first, !name.hasPrefix("`"), !name.hasPrefix("<")
      else { return nil }
      return String(name)
    }
  }

  private func imports(of module: String) throws -> Set<String> {
    let folder = root.appendingPathComponent("Sources/\(module)")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var result: Set<String> = []
    for case let file as URL in files! where file.pathExtension == "swift" {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ")
        if let place = words.firstIndex(of: "import"), place < 2, words.count > place + 1 {
          result.insert(String(words[place + 1]))
        }
      }
    }
    return result
  }

  /// The modules, without the rooms inside them.
  private func modules() throws -> [String] {
    var result: [String] = []
    for entry in try documented().map({ String($0.prefix { $0 != "/" }) })
    where result.last != entry {
      result.append(entry)
    }
    return result
  }

  @Test func aModuleImportsOnlyThoseBelowIt() throws {
    let modules = try modules()
    #expect(modules.count >= 10)
    for (place, module) in modules.enumerated() {
      let ours = try imports(of: module).intersection(modules)
      let above = ours.intersection(modules.prefix(place + 1))
      #expect(above.isEmpty, "\(module) imports \(above), which stands beside or above it")
    }
  }

  @Test func everyModuleIsDocumented() throws {
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: root.appendingPathComponent("Sources").path)
    let ours = Set(folders).subtracting([
      "CLibgit2", "CSQLite", "CZlib", "CProcess", "CLocaleData", "lanekeeper-hook",
      "lanekeeper-guard", "lanekeeper-ui",
    ])
    let known = try Set(modules())
    let missing = ours.subtracting(known)
    #expect(missing.isEmpty, "docs/architecture.md lacks \(missing)")
    let rooms = try FileManager.default.contentsOfDirectory(
      atPath: root.appendingPathComponent("Sources/Engine").path)
    #expect(try Set(documented()).isSuperset(of: rooms.map { "Engine/\($0)" }))
  }

  /// The text of a Swift file without comments and strings.
  private func code(_ file: URL) throws -> String {
    try String(contentsOf: file, encoding: .utf8)
      .replacing(try Regex(#"(?s)""\".*?""\""#), with: "")
      .replacing(try Regex(#"//[^\n]*"#), with: "")
      .replacing(try Regex(#""(\\.|[^"\\\n])*""#), with: "")
  }

  @Test func aRoomNamesOnlyTypesOfThoseBelowIt() throws {
    let rooms = try documented().filter { $0.hasPrefix("Engine/") }
    #expect(rooms.count >= 9)
    let declaration = try Regex<(Substring, Substring)>(
      #"(?m)^(?:package |final |indirect )*(?:struct|class|enum|actor|protocol|typealias) (\w+)"#)
    let nested = try Regex<(Substring, Substring)>(
      #"(?m)\b(?:struct|class|enum|actor|protocol|typealias) (\w+)"#)
    let name = try Regex<Substring>(#"\b[A-Z]\w+"#)
    var texts: [(room: Int, file: String, text: String)] = []
    var home: [Substring: Int] = [:]
    for (place, room) in rooms.enumerated() {
      let folder = root.appendingPathComponent("Sources/\(room)")
      let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      for case let file as URL in files! where file.pathExtension == "swift" {
        let text = try code(file)
        texts.append((place, file.lastPathComponent, text))
        for match in text.matches(of: declaration) {
          #expect(home[match.output.1] == nil, "\(match.output.1) is declared twice")
          home[match.output.1] = place
        }
      }
    }
    #expect(home.count > 200)
    for (place, file, text) in texts {
      let own = Set(text.matches(of: nested).map(\.output.1))
      for used in Set(text.matches(of: name).map(\.output)).subtracting(own) {
        if let above = home[used], above < place {
          Issue.record("\(rooms[place])/\(file) names \(used) of \(rooms[above]) above it")
        }
      }
    }
  }

  /// What starts a program elsewhere has no limit, no end with the run, and no guard.
  @Test func p5_programsAreStartedAtOneDoorOnly() throws {
    let sources = root.appendingPathComponent("Sources")
    let doors = ["Processes/", "CProcess/", "lanekeeper-guard/", "lanekeeper-hook/"]
    let starts = [
      #"posix_spawnp?\("#, #"\bpopen\("#, #"[^.\w ]\s*system\("#, #"\bv?fork\("#, #"\blk_fork\("#,
      #"\bProcess\(\)"#, #"\bProcess\.run\("#, #"\bSubprocess\."#,
    ]
    let pattern = try Regex(starts.joined(separator: "|"))
    var seen = 0
    for case let file as URL in FileManager.default.enumerator(
      at: sources, includingPropertiesForKeys: nil)!
    where ["swift", "c", "h"].contains(file.pathExtension) {
      let name = String(file.path.dropFirst(sources.path.count + 1))
      let text = try String(contentsOf: file, encoding: .utf8)
      let isFound = text.contains(pattern)
      if doors.contains(where: { name.hasPrefix($0) }) {
        seen += isFound ? 1 : 0
      } else {
        #expect(!isFound, "\(name) starts a program by itself")
      }
    }
    #expect(seen >= 4)
  }

  /// A suite without it blocks the threads that the tasks of all tests share.
  @Test func everySuiteIsBounded() throws {
    let tests = root.appendingPathComponent("Tests")
    for case let file as URL in FileManager.default.enumerator(
      at: tests, includingPropertiesForKeys: nil)! where file.pathExtension == "swift"
    {
      let text = try String(contentsOf: file, encoding: .utf8)
      let isBounded = text.contains(/@Suite\([^)]*\.bounded/)
      #expect(isBounded || !text.contains(/\n\s*@Test\b/), "\(file.lastPathComponent)")
    }
  }

  @Test func theHookLinksNoLargeLibrary() throws {
    let imports = try imports(of: "lanekeeper-hook")
    #expect(imports.isDisjoint(with: ["Foundation", "GRDB", "Git", "CLibgit2", "Store"]))
  }
}
