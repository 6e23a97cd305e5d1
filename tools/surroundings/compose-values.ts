import { parse, stringify, type ToStringOptions } from 'yaml'
import type { Files, Lay } from './files.ts'

export type Value = unknown
export type Mapping = Readonly<Record<string, Value>>

export const COMPOSE = /(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/

/** How most people write it: no flow, quotes where they are needed. */
export const BLOCK: ToStringOptions = { lineWidth: 0, nullStr: '' }

/** Each compose file, as a value; null where it has none, or where it is written in a way that a value does not hold. */
export function ofFiles(lay: (file: Mapping, path: string, files: Files) => Files | null): Lay {
  return files => {
    let laid: Files = files
    for (const [path, text] of Object.entries(files)) {
      const file = COMPOSE.test(path) ? composeValue(text) : null
      const changed = file === null ? null : lay(file, path, laid)
      if (changed !== null) laid = changed
    }
    return laid === files ? null : laid
  }
}

export function composeValue(text: string): Mapping | null {
  // Tags, octal numbers and templates are lost.
  if (/(?:^|\s)![a-z]|:\s+0\d+\s*$|\{\{|\r/m.test(text)) return null
  try {
    const value: Value = parse(text, { merge: true, maxAliasCount: 1000 })
    return isMap(value) && isMap(value.services) ? (JSON.parse(JSON.stringify(value)) as Mapping) : null
  } catch {
    return null
  }
}

export function written(file: Mapping, options: ToStringOptions = {}): string {
  return stringify(file, { ...BLOCK, ...options }).replace(/[ \t]+$/gm, '')
}

/** Changes services one by one; those of which it makes null stay. */
export function ofEachService(
  change: (service: Mapping, files: Files, directory: string, name: string) => Mapping | null,
): Lay {
  return ofFiles((file, path, files) => {
    let isChanged = false
    const services = Object.entries(file.services as Mapping).map(([name, service]) => {
      const directory = path.includes('/') ? `${path.slice(0, path.lastIndexOf('/'))}/` : ''
      const changed = isMap(service) ? change(service, files, directory, name) : null
      isChanged ||= changed !== null
      return [name, changed ?? service] as const
    })
    if (!isChanged) return null
    return { ...files, [path]: written({ ...file, services: Object.fromEntries(services) }) }
  })
}

/** One key of each service. */
export function ofKey(key: string, change: (value: Value, service: Mapping) => Value | null): Lay {
  return ofEachService(service => {
    const changed = service[key] === undefined ? null : change(service[key], service)
    return changed === null ? null : { ...service, [key]: changed }
  })
}

export function isDockerfile(path: string): boolean {
  return /(?:^|\/|\.)Dockerfile(?:\.[\w-]+)?$/.test(path)
}

export function changedList(value: Value, change: (each: Value) => Value | null): readonly Value[] | null {
  if (!Array.isArray(value)) return null
  const changed = value.map(each => change(each) ?? each)
  return changed.some((each, index) => each !== value[index]) ? changed : null
}

/** The words of a text as compose cuts it; null where it has more than words and quotes. */
export function wordsOf(text: string): readonly string[] | null {
  const words = text.match(/(?:"[^"\\]*"|'[^']*'|[^\s"'\\])+/g) ?? []
  if (words.join('').length !== text.replace(/\s/g, '').length && !/["']/.test(text)) return null
  if (text.includes('\\') || words.length === 0) return null
  return words.map(word => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single))
}

export function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return word.includes("'") ? `"${word.replace(/(["\\`])/g, '\\$1')}"` : `'${word}'`
}

export function isTexts(value: Value): value is readonly string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string')
}

export function isMap(value: Value): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isThere(files: Files, path: string): boolean {
  const whole = path.replace(/\/$/, '')
  return Object.keys(files).some(each => each === whole || each.startsWith(`${whole}/`))
}

export function beside(path: string, name: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1) + name
}

export function present(mapping: Mapping): Mapping {
  return Object.fromEntries(Object.entries(mapping).filter(([, value]) => value !== undefined))
}
