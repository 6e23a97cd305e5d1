import { posix } from 'node:path'
import { type ProcfileEntry, readProcfile } from '../parsers/procfile/read-procfile.ts'
import type { Source } from '../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../src/files/file-system.ts'

/** The process of a Procfile in whose line an offset lies. */
export function entryAt(source: Source, offset: number): ProcfileEntry | null {
  return readProcfile(source).findLast(({ at }) => at.start <= offset) ?? null
}

/** Files that tell of Railway. */
export const OF_RAILWAY = ['railway.json', 'railway.toml', 'nixpacks.toml']

/** What tells of Heroku, or of one that builds like it, beside the Procfile; Beanstalk's nginx connects to a fixed port. */
export function isHeroku(files: FileSystem, procfile: Source): boolean {
  const directory = posix.dirname(procfile.path)
  const has = (name: string): boolean => files.kind(posix.join(directory, name)) !== null
  const textOf = (name: string): string => sourceAt(files, posix.join(directory, name))?.text ?? ''
  if (['.ebextensions', '.elasticbeanstalk', '.platform', 'fly.toml'].some(has)) return false
  return (
    OF_PLATFORM.some(has) ||
    readProcfile(procfile).some(({ name }) => name === 'release') ||
    /^django-(?:on-)?heroku\b/m.test(textOf('requirements.txt')) ||
    ['README.md', 'README.rst', 'README.txt', 'README'].some(name => DEPLOYS.test(textOf(name)))
  )
}

const OF_PLATFORM = [
  'runtime.txt',
  'app.json',
  'heroku.yml',
  'Aptfile',
  '.slugignore',
  '.buildpacks',
  ...OF_RAILWAY,
  'scalingo.json',
  'DOKKU_SCALE',
]

/** Commands and addresses by which one goes there. */
const DEPLOYS =
  /\bgit push (?:heroku|dokku|scalingo)\b|\bheroku (?:create|apps:create|config:set|git:remote|addons|ps:scale|open)\b|\bheroku\.com\/deploy\b|\bherokuapp\.com\b|\brailway up\b/
