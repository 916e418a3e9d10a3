import TestSupport
import Testing

@testable import Engine

@Suite(.bounded) struct ForgeLinkTests {
  @Test(arguments: [
    ("https://github.com/o/app.git", "https://github.com/o/app/compare/main...lane/1-a"),
    ("git@github.com:o/app.git", "https://github.com/o/app/compare/main...lane/1-a"),
    ("ssh://git@codeberg.org:22/o/app/", "https://codeberg.org/o/app/compare/main...lane/1-a"),
    (
      "https://me:secret@gitlab.example.org/g/s/app",
      "https://gitlab.example.org/g/s/app/-/compare/main...lane/1-a"
    ),
    (
      "https://forge.example:3000/o/app", "https://forge.example:3000/o/app/compare/main...lane/1-a"
    ),
    ("https://bitbucket.org/o/app", "https://bitbucket.org/o/app/branches/compare/lane/1-a%0Dmain"),
  ]) func aRemoteHasAPageToCompare(_ remote: String, _ page: String) {
    #expect(ForgeLink(remote: remote)?.compare("lane/1-a", with: "main") == page)
  }

  /// Nobody is asked who is logged in where the host tells.
  @Test(arguments: [
    ("https://github.com/o/app.git", "GitHubTool"), ("git@gitlab.com:o/app.git", "GitLabTool"),
    ("git@gitlab.example.com:o/app.git", "GitLabTool"),
    ("https://codeberg.org/o/app.git", "GiteaTool"),
  ]) func aKnownHostHasItsTool(_ remote: String, _ name: String) throws {
    struct Asked: Error {}
    let link = try #require(ForgeLink(remote: remote))
    let tool = ForgeChoice.tool(
      link, remote: "origin", isInstalled: { _ in true }, run: { _, _ in throw Asked() })
    #expect(tool.map { "\(type(of: $0))" } == name)
    #expect(
      ForgeChoice.tool(
        link, remote: "origin", isInstalled: { _ in false }, run: { _, _ in throw Asked() }) == nil)
  }

  @Test(arguments: ["a b", "$(x)", "`x`", "a&b=c#d?e", "%0d", "\u{1b}[2J", "ä", "..", "'\"<>"])
  func namesAreWrittenForAnAddress(_ name: String) {
    let page = ForgeLink(remote: "https://forge.example/o/\(name)")?.compare(
      "lane/\(name)", with: name)
    for character in page?.unicodeScalars.dropFirst("https://forge.example/".count)
      ?? "".unicodeScalars.dropFirst(0)
    {
      #expect(
        character.isASCII
          && (character.properties.isAlphabetic || character.properties.numericType != nil
            || "-._~/%".unicodeScalars.contains(character)),
        "\(page ?? "")")
    }
    #expect(page != nil)
  }

  @Test(arguments: [
    ("/merge", "\\/merge"), ("a\n  /assign me\nb/c", "a\n\\  /assign me\nb/c"),
    ("\r\n/x", "\n\\/x"),
    ("plain", "plain"),
  ])
  func aDescriptionDoesNothingOnGitLab(_ text: String, _ harmless: String) {
    #expect(GitLabTool.withoutActions(text) == harmless)
  }

  @Test(arguments: [
    "/srv/git/app.git", "../app", "git://127.0.0.1/app", "file:///srv/app", "C:/app",
  ])
  func aPathHasNone(_ remote: String) {
    #expect(ForgeLink(remote: remote) == nil)
  }
}
