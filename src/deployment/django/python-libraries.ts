import { memo } from '../../../parsers/collections/memo.ts'
import type { PythonFacts } from '../model.ts'
import { posix } from 'node:path'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { REQUIREMENTS, requirementHomes } from './requirement-homes.ts'

/** Something that an application loads, and what says so. */
export interface PythonLibrary {
  /** Lower case, as pip writes it; of a Django application, its dotted name. */
  readonly name: string
  readonly at: Place | null
}

/**
 * The libraries that an application names: its `INSTALLED_APPS`, the engines of its databases, and the
 * requirements of its project.
 */
export function namedLibraries(files: FileSystem, python: PythonFacts): readonly PythonLibrary[] {
  return [...installedApps(python), ...engines(python), ...requiredLibraries(files, python.path)]
}

/** The entries of `INSTALLED_APPS` that are known. */
export function installedApps({ settings }: PythonFacts): readonly PythonLibrary[] {
  const apps = settings?.get('INSTALLED_APPS')
  if (apps?.known !== true || !Array.isArray(apps.value)) return []
  return apps.value.flatMap((name: unknown) => (typeof name === 'string' ? [{ name, at: apps.at }] : []))
}

function engines({ settings }: PythonFacts): readonly PythonLibrary[] {
  const databases = settings?.get('DATABASES')
  if (databases?.known !== true || !(databases.value instanceof Map)) return []
  return [...databases.value.values()].flatMap((database: unknown) => {
    const engine: unknown = database instanceof Map ? database.get('ENGINE') : undefined
    return typeof engine === 'string' ? [{ name: engine, at: databases.at }] : []
  })
}

/** What the requirements of the project name in which a script lies. */
export function requiredLibraries(files: FileSystem, script: string): readonly PythonLibrary[] {
  return requirementHomes(posix.dirname(script)).flatMap(directory =>
    NAMING.flatMap(name => {
      const source = sourceAt(files, posix.join(directory, name))
      return source === null ? [] : librariesIn(source)
    }),
  )
}

/** Lock files name what other packages need, too. */
const NAMING = [
  ...REQUIREMENTS.filter(name => !name.endsWith('.lock')),
  'environment.yml',
  'environment.yaml',
]

const librariesIn = memo((source: Source): readonly PythonLibrary[] => {
  const name = posix.basename(source.path)
  if (posix.extname(name) === '.txt' || posix.extname(name) === '.in')
    return namesIn(source, /^()([A-Za-z0-9][A-Za-z0-9._-]*)/gm, { start: 0, end: source.code.length })
  return PROJECT_FILES.filter(({ file }) => file.test(name)).flatMap(({ within, entry }) => {
    let parts: readonly Span[] = [{ start: 0, end: source.code.length }]
    for (const pattern of within) parts = parts.flatMap(part => partsOf(source, pattern, part))
    return parts.flatMap(part => namesIn(source, entry, part))
  })
})

interface Span {
  readonly start: number
  readonly end: number
}

function partsOf({ code }: Source, pattern: RegExp, { start, end }: Span): readonly Span[] {
  return [...code.slice(start, end).matchAll(pattern)].map(({ 0: text, index }) => ({
    start: start + index,
    end: start + index + text.length,
  }))
}

/** The part of a project file that says what the program runs with; what its developers need stands in others. */
interface RuntimePart {
  readonly file: RegExp
  /** The section, and the list in it. */
  readonly within: readonly RegExp[]
  /** What stands before a name, and the name. */
  readonly entry: RegExp
}

const QUOTED = /([\s[,]["'])([A-Za-z][\w.-]*)/g
const ASSIGNED = /(\n["']?)([A-Za-z][\w.-]*)(?=["']?[ \t]*=)/g
const PROJECT_FILES: readonly RuntimePart[] = [
  {
    file: /^pyproject\.toml$/,
    within: [
      /^\[project\][^\n]*(?:\n(?!\[)[^\n]*)*/gm,
      /^dependencies[ \t]*=[ \t]*\[(?:[^\]"']|"[^"]*"|'[^']*')*\]/gm,
    ],
    entry: QUOTED,
  },
  {
    file: /^pyproject\.toml$/,
    within: [/^\[tool\.poetry\.dependencies\][^\n]*(?:\n(?!\[)[^\n]*)*/gm],
    entry: ASSIGNED,
  },
  { file: /^Pipfile$/, within: [/^\[packages\][^\n]*(?:\n(?!\[)[^\n]*)*/gm], entry: ASSIGNED },
  {
    file: /^setup\.py$/,
    within: [/\binstall_requires[ \t]*=[ \t]*\[(?:[^\]"']|"[^"]*"|'[^']*')*\]/g],
    entry: QUOTED,
  },
  {
    file: /^setup\.cfg$/,
    within: [/^install_requires[ \t]*=[^\n]*(?:\n[ \t]+[^\n]*)*/gm],
    entry: /(\n[ \t]+)([A-Za-z][\w.-]*)/g,
  },
  {
    file: /^environment\.ya?ml$/,
    within: [/^dependencies:[^\n]*(?:\n(?:[ \t-][^\n]*)?)*/gm],
    entry: /(\n[ \t]*-[ \t]*)([A-Za-z][\w.-]*)(?!.*:[ \t]*$)/gm,
  },
]

function namesIn(source: Source, entry: RegExp, { start, end }: Span): readonly PythonLibrary[] {
  return [...source.code.slice(start, end).matchAll(entry)].map(({ 1: before = '', 2: name = '', index }) => {
    const at = start + index + before.length
    return {
      name: name.toLowerCase().replaceAll('_', '-'),
      at: { source, start: at, end: at + name.length },
    }
  })
}
