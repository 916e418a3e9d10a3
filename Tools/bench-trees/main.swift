import Foundation

// Measures what is done to whole trees, for Tools/bench: filling lanes, and merging. Prints JSON.
//
//   bench-trees lanes REPOSITORY DIRECTORY ROUNDS
//   bench-trees merge ours|chain|libgit2 REPOSITORY COUNT

let words = Array(CommandLine.arguments.dropFirst())
do {
  switch words.first {
  case "lanes" where words.count == 4:
    let times = try LaneTimes(repository: words[1], directory: words[2])
      .measure(rounds: Int(words[3]) ?? 1)
    print(String(decoding: try JSONEncoder().encode(times), as: UTF8.self))
  case "merge" where words.count == 4:
    let times = try MergeTimes(repository: words[2], count: Int(words[3]) ?? 1)
      .measure(words[1])
    print(String(decoding: try JSONEncoder().encode(times), as: UTF8.self))
  default:
    FileHandle.standardError.write(
      Data(
        "usage: bench-trees lanes REPOSITORY DIRECTORY ROUNDS | merge WAY REPOSITORY COUNT\n".utf8))
    exit(64)
  }
} catch {
  FileHandle.standardError.write(Data("bench-trees: \(error)\n".utf8))
  exit(1)
}
