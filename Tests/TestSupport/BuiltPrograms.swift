import Foundation

/// Finds the programs that were built together with the tests.
package enum BuiltPrograms {
  /// The path of a program, looked for beside the running test and above it.
  package static func path(_ name: String) -> String {
    var directory = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .map { ($0 as NSString).deletingLastPathComponent }
    var places = CommandLine.arguments.map { ($0 as NSString).deletingLastPathComponent }
    while let place = directory, place != "/" {
      places.append(place)
      directory = (place as NSString).deletingLastPathComponent
    }
    for place in places {
      let candidate = place + "/" + name
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    fatalError("\(name) is not built; run `swift build` first")
  }
}
