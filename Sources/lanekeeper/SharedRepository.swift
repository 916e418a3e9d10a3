import Engine
import Foundation

/// The hooks of a repository, also of a bare one that is only pushed to.
enum SharedRepository {
  /// Returns the bare repository at the place; `nil` where it has a checkout.
  static func find(_ options: ProjectOptions) throws -> BareRepositoryHooks? {
    try BareRepositoryHooks.find(options.path, environment: ProcessInfo.processInfo.environment)
  }

  static func hooks(_ options: ProjectOptions) throws -> HookInstallation {
    try find(options)?.installation ?? options.project().hooks()
  }
}
