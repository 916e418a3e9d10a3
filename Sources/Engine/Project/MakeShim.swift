import Foundation

/// A `make` in front of the real one for programs that share a job server: make leaves the job server
/// where it is given `-j` itself, so this leaves `-j` out.
enum MakeShim {
  /// Writes it and returns its directory.
  static func write(below state: String) throws -> String {
    let directory = state + "/bin"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for name in ["make", "gmake"] {
      let path = directory + "/" + name
      guard FileManager.default.contents(atPath: path) != Data(text.utf8) else { continue }
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    return directory
  }

  private static let text = #"""
    #!/bin/sh
    # Written by lanekeeper. Without a job server this is make itself.
    here=$(dirname -- "$0")
    name=$(basename -- "$0")
    rest=$PATH found=
    while [ -n "$rest" ]; do
      case "$rest" in *:*) first=${rest%%:*} rest=${rest#*:} ;; *) first=$rest rest= ;; esac
      if [ -n "$first" ] && [ -x "$first/$name" ] && ! [ "$first/$name" -ef "$0" ]; then
        found=$first/$name
        break
      fi
    done
    [ -n "$found" ] || { echo "$name: not found" >&2; exit 127; }
    case "$MAKEFLAGS" in *--jobserver-auth=*) ;; *) exec "$found" "$@" ;; esac
    count=$# value= number=
    while [ "$count" -gt 0 ]; do
      word=$1
      shift
      count=$((count - 1))
      if [ -n "$value" ]; then
        value=
        set -- "$@" "$word"
        continue
      fi
      if [ -n "$number" ]; then
        number=
        case "$word" in *[!0-9]*|'') ;; *) continue ;; esac
      fi
      case "$word" in
        -j|--jobs) number=yes; continue ;;
        -j*[!0-9]*) ;;
        -j*|--jobs=*) continue ;;
        -C|-f|-I|-o|-W) value=yes ;;
        --) while [ "$count" -ge 0 ]; do
              set -- "$@" "$word"
              [ "$count" -gt 0 ] || break
              word=$1
              shift
              count=$((count - 1))
            done
            break ;;
        -[!-]*j|-[!-]*j[0-9]*)
          plain=$(printf %s "$word" | sed 's/^-\([BbdeikLnqrRsStvw]*\)j[0-9]*$/-\1/')
          word=$plain ;;
      esac
      set -- "$@" "$word"
    done
    exec "$found" "$@"

    """#
}
