import type { PythonExpression } from '../../parsers/python/python-module.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { LoadedModule } from '../../src/deployment/django/loaded-module.ts'
import type { AssignedName, DjangoSettings } from '../../src/deployment/django/settings.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { assignedValue } from './_behind-nginx.ts'
import { literalPlace } from './_literal-place.ts'

/** What is wrong with a value of the settings, as a rule yields it. */
export interface SettingsFault {
  readonly at: Place
  readonly message: string
  readonly label: string
  readonly help?: string
}

/**
 * Where an entry of a setting is written, by its keys and numbers from outside to inside, the value or the key; where
 * the setting is put together of several lines, the one that holds the text, else the last of them.
 */
export function entryPlace(
  settings: DjangoSettings,
  name: string,
  path: readonly (string | number)[],
  what: 'key' | 'value',
): Place | null {
  const assigned = settings.expressionOf(name)
  const fact = settings.get(name)
  const entry = assigned === null ? null : entryAt(assigned.expression, path, what)
  if (assigned !== null && entry !== null)
    return { source: assigned.source, start: entry.start, end: entry.end }
  if (fact?.known !== true || fact.at === null) return null
  const text = path.reduce<unknown>(itemOf, fact.value)
  const literal = typeof text === 'string' && what === 'value' ? literalPlace(settings, name, text) : null
  return literal ?? assignedValue(fact.at)
}

function itemOf(outer: unknown, key: string | number): unknown {
  if (Array.isArray(outer)) return (outer as readonly unknown[])[Number(key)]
  return outer instanceof Map ? outer.get(key) : undefined
}

function entryAt(
  outer: PythonExpression,
  path: readonly (string | number)[],
  what: 'key' | 'value',
): PythonExpression | null {
  const [first, ...rest] = path
  if (first === undefined) return outer
  if (outer.kind === 'list' && typeof first === 'number') {
    const item = outer.items[first]
    return item === undefined ? null : entryAt(item, rest, what)
  }
  if (outer.kind !== 'dict') return null
  const entry = outer.entries.findLast(({ key }) => key.kind === 'string' && key.value === first)
  if (entry === undefined) return null
  return rest.length === 0 && what === 'key' ? entry.key : entryAt(entry.value, rest, what)
}

/** True where the text of some file of the settings is so, and where one cannot be read. */
export function someFile(
  settings: DjangoSettings,
  files: FileSystem,
  isSo: (text: string) => boolean,
): boolean {
  return settings.files.some(path => {
    const source = sourceAt(files, path)
    return source === null || isSo(source.text)
  })
}

/** A known setting; undefined where nothing assigns it, or nobody knows what. */
export function settingValue(settings: DjangoSettings, name: string): unknown {
  const fact = settings.get(name)
  return fact?.known === true ? fact.value : undefined
}

/** The texts of a list, null for each that nobody knows; null where the setting is no known list. */
export function settingTexts(settings: DjangoSettings, name: string): readonly (string | null)[] | null {
  const value = settingValue(settings, name)
  if (!Array.isArray(value)) return null
  return (value as readonly unknown[]).map(each => (typeof each === 'string' ? each : null))
}

/**
 * True where a list surely holds a text, whatever conditions and the environment add to it: some line that always runs
 * writes it, and none takes it away.
 */
export function surelyLists(settings: DjangoSettings, name: string, text: string): boolean {
  if (settingTexts(settings, name)?.includes(text) === true) return true
  const lines = settings.assigned.filter(each => each.name === name)
  const whole = lines.findLastIndex(({ conditional, ...each }) => !conditional && isWhole(each))
  return (
    lines
      .slice(Math.max(whole, 0))
      .some(
        ({ expression, conditional }) =>
          !conditional &&
          expression.kind === 'list' &&
          expression.items.some(item => item.kind === 'string' && item.value === text),
      ) && !lines.some(({ method }) => method === 'remove' || method === 'pop')
  )
}

/** False for what is added to a list: `NAME += […]`, `NAME.extend([…])`. */
function isWhole({
  method,
  source,
  expression,
}: Pick<AssignedName, 'method' | 'source' | 'expression'>): boolean {
  return method === null && !source.code.slice(0, expression.start).trimEnd().endsWith('+=')
}

/** The name of a setting where it is assigned; null where nobody knows the line. */
export function settingPlace(settings: DjangoSettings, name: string): Place | null {
  const at = settings.get(name)?.at ?? null
  return at?.source.text.startsWith(name, at.start) === true ? { ...at, end: at.start + name.length } : null
}

/**
 * Where what the settings lack would be written: beside the first of these names that their own file assigns, else where
 * that file begins.
 */
export function placeBeside(
  { settings, settingsSource }: Pick<LoadedModule, 'settings' | 'settingsSource'>,
  names: readonly string[],
): Place | null {
  if (settings === null || settingsSource === null) return null
  const places = names.flatMap(name => settingPlace(settings, name) ?? [])
  const end = settingsSource.text.indexOf('\n')
  return (
    places.find(({ source }) => source === settingsSource) ?? {
      source: settingsSource,
      start: 0,
      end: end === -1 ? settingsSource.text.length : end,
    }
  )
}

/** Settings beside which every project has `ALLOWED_HOSTS`. */
export const BESIDE_ALLOWED_HOSTS = ['DEBUG', 'SECRET_KEY', 'INSTALLED_APPS', 'MIDDLEWARE']
