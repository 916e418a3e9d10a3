import Foundation

extension Repository {
  /// Lists what a checkout of the tree needs git for, because libgit2 1.5 does not serve it: sparse
  /// checkout, settings of one worktree, split or sparse indexes, filter drivers, encodings.
  package func needsGitForCheckout(of tree: ObjectID) throws -> [String] {
    var reasons: [String] = []
    let files = FileManager.default
    if try configBool("core.sparseCheckout") { reasons.append("core.sparseCheckout is set") }
    if files.fileExists(atPath: gitDirectory + "/config.worktree") {
      reasons.append("the worktree has a configuration of its own")
    }
    for key in ["core.splitIndex", "index.sparse"] where try configBool(key) {
      reasons.append("\(key) is set")
    }
    let shared = (try? files.contentsOfDirectory(atPath: gitDirectory)) ?? []
    if shared.contains(where: { $0.hasPrefix("sharedindex.") }) {
      reasons.append("the index is split")
    }
    let drivers = try hasConfiguration(matching: #"^filter\..*\.(clean|smudge|process)$"#)
    if try usesAttributes(
      drivers
        ? ["filter=", "working-tree-encoding="]
        : [
          "working-tree-encoding="
        ], tree: tree)
    {
      reasons.append("attributes ask for filter drivers or encodings")
    }
    return reasons
  }

  private func usesAttributes(_ words: [String], tree: ObjectID) throws -> Bool {
    func names(_ content: [UInt8]) -> Bool {
      let text = String(decoding: content, as: UTF8.self)
      return words.contains { text.contains($0) }
    }
    var outside = [commonDirectory + "/info/attributes"]
    if let file = try configString("core.attributesFile") {
      let home = environment["HOME"] ?? ""
      outside.append(file.hasPrefix("~/") ? home + file.dropFirst() : file)
    } else if let home = environment["XDG_CONFIG_HOME"] {
      outside.append(home + "/git/attributes")
    } else if let home = environment["HOME"] {
      outside.append(home + "/.config/git/attributes")
    }
    for file in outside {
      if let data = FileManager.default.contents(atPath: file), names([UInt8](data)) { return true }
    }
    var seen: Set<ObjectID> = []
    var open = [tree]
    while let next = open.popLast() {
      for item in try entryList(of: next) {
        if item.entry.isTree {
          if seen.insert(item.entry.id).inserted { open.append(item.entry.id) }
        } else if item.name.elementsEqual(".gitattributes".utf8), !item.entry.isLink,
          names(try blob(item.entry.id))
        {
          return true
        }
      }
    }
    return false
  }
}
