import Foundation
import Processes
import Store
import TestSupport
import Testing

@testable import Engine

/// The places at which something is shown in what an agent of an attempt before could write.
@Suite(.bounded) struct SandboxMountsTests {
  private struct Fixture {
    let scratch: TemporaryDirectory
    let mounts: SandboxMounts
    let home: String

    init(write: [String] = [], copy: [String] = []) throws {
      scratch = try TemporaryDirectory()
      for (name, text) in [
        (".gitconfig", "[user]\n"), (".local/bin/tool", "tool\n"),
        (".config/goose/config.yaml", "precious\n"), (".claude/settings.json", "{}\n"),
        (".cache/shared/x", "x\n"),
      ] { try scratch.write("person/" + name, text) }
      let state = StateDirectory(commonDirectory: scratch.path("repo/.git"))
      try state.create()
      let store = try Store(path: state.stateFile)
      try scratch.write("lanes/1/.git", "gitdir: elsewhere\n")
      let path = scratch.path("lanes/1")
      let lane = try store.addLane { _ in path }
      let view = SandboxView(state: state, lane: lane, environment: [:])
      for path in [view.home, view.git, state.temporary(lane.name)] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      home = view.home
      mounts = SandboxMounts(
        settings: SandboxSettings(
          checkout: scratch.path("repo"), lanes: scratch.path("lanes"),
          home: scratch.path("person"), network: false,
          paths: SandboxPaths(write: write, copy: copy), program: "bwrap", lanekeeper: "lanekeeper"),
        state: state, view: view, lane: lane, environment: [:], needs: SandboxPaths(),
        program: nil)
    }

    func kind(_ name: String) -> mode_t? {
      var found = stat()
      return lstat(home + "/" + name, &found) == 0 ? found.st_mode & S_IFMT : nil
    }
  }

  @Test(arguments: ["link out", "dangling", "file", "pipe"])
  func whatAnAgentHasPutInTheWayIsReplaced(way: String) throws {
    let fixture = try Fixture(copy: [".config/goose", ".claude/settings.json"])
    for name in [".config", ".claude", ".local", ".gitconfig"] {
      let place = fixture.home + "/" + name
      switch way {
      case "link out": symlink(fixture.scratch.path("person/" + name), place)
      case "dangling": symlink("../../../nowhere/at/all", place)
      case "file": try Data("x".utf8).write(to: URL(fileURLWithPath: place))
      default: mkfifo(place, 0o600)
      }
    }
    try fixture.mounts.copyIntoHome()
    try fixture.mounts.makePlaces(for: fixture.mounts.all())
    #expect(fixture.kind(".config/goose/config.yaml") == S_IFREG)
    #expect(fixture.kind(".config") == S_IFDIR && fixture.kind(".claude") == S_IFDIR)
    #expect(fixture.kind(".local/bin") == S_IFDIR && fixture.kind(".gitconfig") == S_IFREG)
    // The person's own is as it was.
    for (name, text) in [
      (".config/goose/config.yaml", "precious\n"), (".claude/settings.json", "{}\n"),
      (".gitconfig", "[user]\n"), (".local/bin/tool", "tool\n"),
    ] {
      #expect(try fixture.scratch.read("person/" + name) == text)
    }
    // What the agent changes of its copy is its own.
    try Data("changed\n".utf8).write(
      to: URL(fileURLWithPath: fixture.home + "/.config/goose/config.yaml"))
    #expect(try fixture.scratch.read("person/.config/goose/config.yaml") == "precious\n")
  }

  /// A file that the person keeps elsewhere is copied, and not the link to it.
  @Test func copiesWhatALinkOfThePersonsLeadsTo() throws {
    let fixture = try Fixture(copy: [".tool"])
    try fixture.scratch.write("dotfiles/tool", "settings\n")
    symlink(fixture.scratch.path("dotfiles/tool"), fixture.scratch.path("person/.tool"))
    try fixture.mounts.copyIntoHome()
    #expect(fixture.kind(".tool") == S_IFREG)
  }

  /// Of what `sandbox.write` names nothing is replaced: a link that an agent has put there is refused.
  @Test func ofThePersonsOwnNothingIsReplaced() throws {
    let fixture = try Fixture(write: [".cache", ".cache/shared/x"])
    let mounts = fixture.mounts.all()
    try fixture.mounts.makePlaces(for: mounts)
    try FileManager.default.moveItem(
      atPath: fixture.scratch.path("person/.cache/shared"),
      toPath: fixture.scratch.path("person/.cache/moved"))
    symlink(fixture.scratch.path("person"), fixture.scratch.path("person/.cache/shared"))
    #expect(throws: RootError.self) { try fixture.mounts.makePlaces(for: mounts) }
  }
}
