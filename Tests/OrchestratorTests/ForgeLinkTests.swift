import Orchestrator
import Testing

@Suite struct ForgeLinkTests {
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

  @Test(arguments: [
    "/srv/git/app.git", "../app", "git://127.0.0.1/app", "file:///srv/app", "C:/app",
  ])
  func aPathHasNone(_ remote: String) {
    #expect(ForgeLink(remote: remote) == nil)
  }
}
