import type { Source } from '../../parsers/text/source.ts'
import type { FileSystem } from './file-system.ts'
import type { FragmentSet } from './fragment-sets.ts'
import type { Notice } from './notice.ts'
import type { Program } from './program.ts'
import type { Starter } from './starters.ts'

/** Why a file that looks like a server's is not read; a closed list: programs select by it. */
export type SkipReason =
  /** A copy that an editor, a package manager or a person left. */
  | 'backup'
  /** An example beside the file that was made from it. */
  | 'sample'
  /** One of the many that a package brings and nothing enables. */
  | 'stock'
  /** It lies where tests of a program keep what they read. */
  | 'test-data'
  /** It waits in `sites-available` for a link from `sites-enabled`. */
  | 'not-enabled'
  /** The main file is there, was read whole, and does not include it. */
  | 'not-included'
  /** A main file beside the one that the server uses. */
  | 'other-main'
  /** It belongs to another program. */
  | 'other-program'
  /** A program that writes a configuration from its texts. */
  | 'inside-program'
  /** Nothing in it tells whose it is. */
  | 'not-recognised'
  /** Telling whose it is failed, which is a defect. */
  | 'failed'
  /** A link that leads nowhere, or out of what is audited. */
  | 'link-outside'
  /** The system refused, or it is too large. */
  | 'unreadable'

/** A file that looks like a server's, by its name or its place, and is not read. */
export interface SkippedFile {
  /** As a report names it. */
  readonly path: string
  readonly reason: SkipReason
  /** One line without the path. */
  readonly text: string
  /** True where a server reads what the system refused: then more may be wrong than what is found. */
  readonly isRead?: boolean
}

/** A file that is read as a fragment, since nothing in the audit says whether its server reads it. */
export interface UnsettledFile {
  /** As a report names it. */
  readonly path: string
  /** One line without the path. */
  readonly text: string
}

/** A file that a script or a playbook puts where a program of a machine looks for it. */
export interface InstalledFile {
  /** There: `/etc/systemd/system/shop.service`. */
  readonly at: string
  /** Where it lies in the files of the repository. */
  readonly path: string
}

/** The directory that compose files, units, Dockerfiles and applications lie in beside the files of servers. */
export interface Repository {
  readonly files: FileSystem
  /** The directory that was asked for, in `files`: the names of those above it mean nothing. */
  readonly within: string
  /** Compose files, by their paths in `files`. */
  readonly composeFiles: readonly string[]
  /**
   * Texts that may start containers without a compose file: scripts, units, playbooks, Quadlets, by their paths in `files`.
   */
  readonly containerStarters: readonly string[]
  /** Dockerfiles, whether a compose file builds them or not, by their paths in `files`. */
  readonly dockerfiles: readonly string[]
  /** Files that may hold manifests of Kubernetes, by their names alone, by their paths in `files`. */
  readonly manifests: readonly string[]
  /** Files that say how a program is started on a machine, by their paths in `files`. */
  readonly starters: readonly Starter[]
  /** What scripts and playbooks write, but for files of nginx and Apache: texts in other files. */
  readonly writtenFiles: readonly InstalledFile[]
  /** Files that start an application, and that nothing of a machine looks for, by their paths in `files`. */
  readonly scripts: readonly string[]
  /** Files of PHP and of PHP-FPM, by their paths in `files`. */
  readonly phpFiles: readonly string[]
  /** Files that are called `index.php`, by their paths in `files`. */
  readonly frontControllers: readonly string[]
  /** Modules and WSGI scripts of Python, by their paths in `files`. */
  readonly modules: readonly string[]
  /** Files at which an application may begin, by their paths in `files`; null where they are to be looked for. */
  readonly applications: readonly string[] | null
  /** Where a file of the machine lies in `files`; null where it does not. */
  readonly locate: (path: string) => string | null
  /** The machine of the audit that answers for what of the repository is no other's own; left out by itself. */
  readonly rest?: () => Machine
  /** The machines of main files in it; left out where the repository is one machine. */
  readonly placed?: () => readonly Machine[]
}

/**
 * One file system and the servers that run on it: the root of a machine, a container, or a directory of which
 * nobody knows where it lies. Every path is absolute inside it.
 */
export interface Machine {
  /** What lies around its servers' own files; left out where nothing there starts a program. */
  readonly repository?: Repository
  /** Modules and scripts in directories that no machine has, beside those of this one; left out where it has no own. */
  readonly lying?: readonly string[]
  /** True where no file of nginx, Apache or Compose is among the files, and some say what runs an application. */
  readonly startsAlone?: boolean
  /** As a report names it: `.`, `web1`, `/`. */
  readonly root: string
  readonly files: FileSystem
  /** A path inside the root as a report names it. */
  readonly fileName: (path: string) => string
  /** Main files by the names under which the servers open them, which may be links. */
  readonly nginxMains: readonly string[]
  readonly apacheMains: readonly string[]
  /** True where only their places suggest that nginx and Apache run on it together. */
  readonly supposed: boolean
  /**
   * Files without a main file, in sets that are read side by side.
   *
   * @param reached what main files read: paths without links
   * @param whole whether everything was read that the main files of a program include
   * @param isTaken true for a path that a pattern of the main files takes, whether a file is there or not
   */
  readonly fragments: (
    reached: ReadonlySet<string>,
    whole: Readonly<Record<Program, boolean>>,
    isTaken?: (path: string) => boolean,
  ) => readonly FragmentSet[]
  /** True where something of Apache's is among the files. */
  readonly hasApache: boolean
  readonly htaccess: readonly string[]
  /** True for the files of an `nginx -T` dump: what they lack may still be on the machine. */
  readonly isDump: boolean
  /**
   * Every text in which the rest of a configuration may stand, or be written; null where there are too many to read,
   * and left out where such texts may lie outside of the audit.
   */
  readonly texts?: () => readonly Source[] | null
  /**
   * The texts beside it that set machines up or deploy to them, such as scripts and playbooks; null where there are too
   * many to read, and left out where such texts may lie outside of the audit.
   */
  readonly setups?: () => readonly Source[] | null
  /** The same of a repository that holds the tree of the machine: their paths are none of the machine’s. */
  readonly setupsBeside?: () => readonly Source[]
  /** Those that tell people how to do it: a README. */
  readonly guides?: () => readonly Source[]
  /** What could not be read or followed; to be asked after the audit, which reads most. */
  readonly notices: () => readonly Notice[]
  /** What was not read; to be asked after the audit, too. */
  readonly skipped: () => readonly SkippedFile[]
  /** What waits in directories such as `sites-available`, and was read; to be asked after the audit, too. */
  readonly unsettled?: () => readonly UnsettledFile[]
}
