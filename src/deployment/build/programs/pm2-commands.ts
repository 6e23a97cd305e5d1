import { posix } from 'node:path'
import type { AppCommand } from '../../../../parsers/app-server/app-server.ts'
import { memo } from '../../../../parsers/collections/memo.ts'
import { type Pm2App, readEcosystem } from '../../../../parsers/app-server/pm2-ecosystem.ts'
import { type Fact, known } from '../../../../parsers/text/fact.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../../files/file-system.ts'
import { ECOSYSTEM } from '../../../files/starters.ts'

/** Where the ecosystem files of a repository stand, of which nothing says where they are started. */
export const PM2_DIRECTORY = '/etc/pm2'

/** Where people keep the applications of a machine, one a directory. */
const HOMES = [
  '/home/*',
  '/home/*/*',
  '/var/www',
  '/var/www/*',
  '/var/www/*/*',
  '/srv',
  '/srv/*',
  '/srv/*/*',
  '/opt/*',
  '/opt/*/*',
  '/root',
  '/root/*',
]

/** What PM2 is told to start. */
export interface Pm2Command {
  readonly app: Pm2App
  readonly command: AppCommand
}

/** What the ecosystem files of a machine start; of two that name one application nobody knows which is used. */
export const pm2CommandsOf = memo((files: FileSystem): readonly Pm2Command[] => {
  const sources = new Set(
    [PM2_DIRECTORY, ...HOMES]
      .flatMap(pattern => expand(files, pattern))
      .flatMap(each => ecosystemsIn(files, each)),
  )
  const found = [...sources].flatMap(source => commandsOfEcosystem(source, posix.dirname(source.path), files))
  const isAlone = ({ app }: Pm2Command): boolean =>
    app.name === null || found.filter(each => each.app.name === app.name).length === 1
  return found.filter(isAlone)
})

/**
 * What one ecosystem file starts.
 *
 * @param own its directory
 */
export function commandsOfEcosystem(source: Source, own: string, files: FileSystem): readonly Pm2Command[] {
  const told = environmentTold(source, files)
  return readEcosystem(source).map(app => ({
    app,
    command: {
      words: app.words,
      directory: directoryOf(app, own, files),
      environment: told === null ? app.environment : app.environmentWith(told),
    },
  }))
}

/** Where the scripts of a project stand, from the directory of its ecosystem file. */
const OF_SCRIPTS = ['', 'deploy', 'deployment', 'scripts', 'script', 'bin', 'ops', '.github/workflows']
const MAY_START = /\.(?:sh|bash|ya?ml)$|^(?:package\.json|Makefile|deploy|Jenkinsfile)$/

/**
 * The environment that whoever starts PM2 chooses, by `--env production`; null where nobody is seen to, or one starts it
 * without.
 */
function environmentTold({ path }: Source, files: FileSystem): string | null {
  const own = posix.dirname(path)
  const file = posix.basename(path).replace(/[.]/g, '\\.')
  const starts = new RegExp(
    String.raw`\bpm2(?:-runtime)?[ \t]+(?:(?:start|restart|reload|startOr\w+)[ \t]+)?(?:\S*/)?${file}\b([^\n;&|"]*)`,
    'g',
  )
  const names = new Set<string | null>()
  for (const directory of OF_SCRIPTS.map(each => posix.join(own, each))) {
    for (const { name, kind } of files.list(directory) ?? []) {
      if (kind !== 'file' || !MAY_START.test(name)) continue
      const text = sourceAt(files, posix.join(directory, name))?.code ?? ''
      for (const [, rest = ''] of text.matchAll(starts)) names.add(/--env[ =]+(\w+)/.exec(rest)?.[1] ?? null)
    }
  }
  const [name = null] = names
  return names.size === 1 ? name : null
}

/** A directory of the machine that a repository does not have is where the repository itself is put. */
function directoryOf({ directory }: Pm2App, own: string, files: FileSystem): Fact<string> {
  if (directory === null) return known(own)
  if (!directory.known) return directory
  const path = posix.resolve(own, directory.value)
  return known(directory.value.startsWith('/') && files.kind(path) === null ? own : path, directory.at)
}

function ecosystemsIn(files: FileSystem, directory: string): readonly Source[] {
  return (files.list(directory) ?? []).flatMap(({ name, kind }) => {
    const source =
      kind === 'file' && ECOSYSTEM.test(name) ? sourceAt(files, posix.join(directory, name)) : null
    return source === null ? [] : [source]
  })
}

/** So many directories of a level are looked into. */
const MOST_DIRECTORIES = 200

function expand(files: FileSystem, pattern: string): readonly string[] {
  const star = pattern.indexOf('/*')
  if (star === -1) return [pattern]
  const outer = pattern.slice(0, star)
  return (files.list(outer) ?? [])
    .filter(({ kind }) => kind === 'directory')
    .slice(0, MOST_DIRECTORIES)
    .flatMap(({ name }) => expand(files, `${outer}/${name}${pattern.slice(star + 2)}`))
}
