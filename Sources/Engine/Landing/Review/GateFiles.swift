/// Which files the gate is made of: a branch that changes one may change what "passed" means.
package struct GateFiles: Sendable {
  private let words: Set<String>

  /// - Parameter command: the gate's command; files that it names count, too.
  package init(command: String) {
    words = Set(
      command.split { !($0.isLetter || $0.isNumber || "._-/+".contains($0)) }.map { word in
        word.hasPrefix("./") ? String(word.dropFirst(2)) : String(word)
      })
  }

  private static let names: Set<String> = [
    "Makefile", "makefile", "GNUmakefile", "CMakeLists.txt", "meson.build", "configure.ac",
    ".gitattributes", ".gitmodules", "package.json", "Cargo.toml", "go.mod", "Package.swift",
    "pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", "conftest.py", "noxfile.py",
    "Jenkinsfile", "Dockerfile",
  ]
  private static let topNames: Set<String> = [
    ".gitlab-ci.yml", ".travis.yml", ".drone.yml", ".woodpecker.yml", ".cirrus.yml",
    "appveyor.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "lanekeeper.yml",
    "features.yml", ".pre-commit-config.yaml", "lefthook.yml",
  ]
  private static let directories = [
    ".github/workflows/", ".github/actions/", ".gitlab/", ".circleci/", ".buildkite/", ".ci/",
    ".woodpecker/", ".lanekeeper/", ".husky/",
  ]

  package func contain(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return Self.names.contains(name) || name.hasSuffix(".mk") || Self.topNames.contains(path)
      || Self.directories.contains { path.hasPrefix($0) } || words.contains(path)
      || words.contains { $0.hasSuffix("/") && path.hasPrefix($0) }
  }
}
