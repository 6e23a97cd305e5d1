import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { type FollowedCommand, inDirectory } from '../../src/deployment/setups/followed-commands.ts'
import { mayReach, permissionChange } from '../../src/deployment/setups/permission-changes.ts'
import { beginsAs } from '../../src/deployment/setups/preparing-commands.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { entryPlace } from './_setting-entries.ts'

/** A file of SQLite to which a server writes that does not run as root. */
export interface Database {
  readonly path: string
  readonly directory: string
  /** True where the repository has it. */
  readonly isThere: boolean
  /** Null for that of an Apache whose main file is not in the audit. */
  readonly account: string | null
  readonly at: Place | null
}

const WRITERS = ['django.contrib.sessions', 'django.contrib.auth', 'django.contrib.admin']

/** The database of settings, as one of none; empty for another engine, and where nothing is written to it. */
export function databaseOf(
  settings: DjangoSettings,
  files: FileSystem,
  account: string | null,
): readonly Database[] {
  const databases = settings.get('DATABASES')
  const entry: unknown =
    databases?.known === true && databases.value instanceof Map ? databases.value.get('default') : null
  if (account === 'root' || !(entry instanceof Map) || !String(entry.get('ENGINE')).endsWith('.sqlite3'))
    return []
  const name: unknown = entry.get('NAME')
  const apps = settings.get('INSTALLED_APPS')
  const isRead =
    apps?.known === true &&
    Array.isArray(apps.value) &&
    !WRITERS.some(each => (apps.value as readonly unknown[]).includes(each))
  if (typeof name !== 'string' || !/^\/[\w./@+-]+$/.test(name) || isRead) return []
  const path = cleanPath(name)
  return [
    {
      path,
      directory: posix.dirname(path),
      isThere: files.kind(path) === 'file',
      account,
      at: entryPlace(settings, 'DATABASES', ['default', 'NAME'], 'value'),
    },
  ]
}

/** Who owns a file at the end of a script, and the command that says so. */
export interface Owned {
  readonly by: 'root' | 'others'
  readonly at: Place
  /** `given` where a command names the very path. */
  readonly command: 'made' | 'changed' | 'given'
}

/** Who owns the directory and the file; null for what no command has made or changed. */
export interface Owners {
  readonly around: Owned | null
  readonly file: Owned | null
}

export const NOBODYS: Owners = { around: null, file: null }

/** The owners after one more command. */
export function afterCommand(
  owners: Owners,
  command: FollowedCommand,
  by: Owned['by'],
  { path, directory, isThere }: Database,
): Owners {
  const [word] = command.words
  if (word === undefined) return owners
  const { around, file } = owners
  const at = placeOf(word)
  const change = permissionChange(command)
  if (change !== null && change.to !== 'none') {
    const owned = { by: change.to, at, command: 'changed' } as const
    return {
      around: mayReach(change, directory) ? owned : around,
      file: mayReach(change, path)
        ? { ...owned, command: change.paths.includes(path) ? 'given' : 'changed' }
        : file,
    }
  }
  if (makes(command, directory)) return { around: around ?? { by, at, command: 'made' }, file }
  // What was changed before had no such file yet.
  if (beginsAs(command.words, MIGRATES) && (file === null || (file.command === 'changed' && !isThere)))
    return { around, file: { by, at, command: 'made' } }
  return owners
}

const MIGRATES = ['manage.py migrate', 'manage.py syncdb', 'django-admin migrate']

/** True for a command that makes a directory, or one above it, for whoever runs it. */
function makes({ words, directory: here }: FollowedCommand, directory: string): boolean {
  const [program = '', ...args] = words.map(({ text }) => text)
  const operands = args.filter(text => !text.startsWith('-'))
  const isMade = (text: string | undefined): boolean => {
    const path = text === undefined ? null : inDirectory(text, here)
    return path !== null && isBelow(directory, cleanPath(path))
  }
  if (program === 'mkdir') return operands.some(isMade)
  if (program !== 'git' || operands[0] !== 'clone') return false
  const [target = '', url = ''] = [operands.at(-1), operands.at(-2)]
  return isMade(/[/:]/.test(url) && url !== 'clone' ? target : posix.basename(target, '.git'))
}

/** What is left to root, and the command that says so. */
export interface Left {
  readonly at: Place
  readonly said: string
  readonly label: string
}

/** Null where neither the file nor the directory alone is surely root's. */
export function leftBy({ around, file }: Owners, { path, directory }: Database): Left | null {
  if (file?.by === 'root' && file.command === 'made')
    return { at: file.at, said: `root makes the database \`${path}\``, label: 'run by root' }
  if (around?.by !== 'root' || file === null || file.command === 'made') return null
  const said = `\`${directory}\` belongs to root`
  return file.by === 'root'
    ? { at: file.at, said, label: 'gives it to root' }
    : { at: file.at, said: `${said}, the file alone does not`, label: 'the file alone' }
}
