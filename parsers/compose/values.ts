import { cleanPath } from '../text/clean-path.ts'
import { type Fact, known, unknown } from '../text/fact.ts'
import { interpolate, type VariableLookup } from '../text/interpolate.ts'
import type { Place } from '../text/source.ts'
import {
  factOf,
  placeOf,
  readFact,
  sliceWritten,
  type WrittenText,
  writtenFor,
} from '../text/written-text.ts'
import { isNull, type YamlMap, type YamlNode } from '../yaml/yaml-node.ts'
import type { ComposeVariable, PortRange } from './compose.ts'

/** What the values of one file depend on. */
export interface FileContext {
  /** Null where whoever starts the containers fills in no variables: a shell has done so before. */
  readonly lookup: VariableLookup | null
  /** The directory to which its relative paths belong; null where nobody knows it. */
  readonly directory: string | null
}

/** The value of a key; undefined where it is not there or stands for nothing. */
export function valueIn(map: YamlMap, key: string): YamlNode | undefined {
  const value = map.entries.get(key)?.value
  return value === undefined || isNull(value) ? undefined : value
}

/** A scalar's text with its variables filled in; null for what is no scalar. */
export function textOf(node: YamlNode | undefined, { lookup }: FileContext): WrittenText | null {
  if (node?.kind !== 'scalar' || isNull(node)) return null
  return lookup === null ? node.text : interpolate(node.text, lookup)
}

export function factIn(map: YamlMap, key: string, context: FileContext): Fact<string> | null {
  const text = textOf(valueIn(map, key), context)
  return text === null ? null : factOf(text)
}

/** A path, absolute in the files of the audit. */
export function pathIn(map: YamlMap, key: string, context: FileContext): Fact<string> | null {
  const text = textOf(valueIn(map, key), context)
  return text === null ? null : pathFact(text, context.directory)
}

export function pathFact(written: WrittenText, directory: string | null): Fact<string> {
  const fact = factOf(written)
  if (!fact.known) return fact
  if (fact.value.startsWith('~')) return unknown('it depends on a home directory', fact.at)
  if (directory === null)
    return fact.value.startsWith('/')
      ? known(cleanPath(fact.value), fact.at)
      : unknown('nobody knows the directory in which it is started', fact.at)
  const path = resolveInside(directory, fact.value)
  return path === null ? unknown('it lies above what is audited', fact.at) : known(path, fact.at)
}

/** `path` seen from a directory; null where it leads above the root, which need not be the machine's own. */
function resolveInside(directory: string, path: string): string | null {
  if (path.startsWith('/')) return cleanPath(path)
  const parts = directory.split('/').filter(part => part !== '')
  for (const part of path.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return null
    } else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** One text or a list of them. */
export function textsOf(node: YamlNode | undefined, context: FileContext): readonly WrittenText[] {
  const nodes = node?.kind === 'list' ? node.items : node === undefined ? [] : [node]
  return nodes.flatMap(item => {
    const text = textOf(item, context)
    return text === null ? [] : [text]
  })
}

/** `environment`, `labels`, `args`: a map, or a list of `NAME=value`. */
export function variablesOf(node: YamlNode | undefined, context: FileContext): readonly ComposeVariable[] {
  if (node?.kind === 'map') {
    return [...node.entries.values()].flatMap(({ name, key, value }) => {
      const text = textOf(value, context)
      const at: Place = sameSource(key, value.at) ? { ...key, end: value.at.end } : value.at
      if (text === null && !isNull(value)) return [{ name, value: unknown('it is no text', at), at }]
      return [{ name, value: text === null ? null : factOf(text), at }]
    })
  }
  return textsOf(node, context).flatMap(text => {
    const equals = text.text.indexOf('=')
    const name = factOf(sliceWritten(text, 0, equals === -1 ? undefined : equals))
    if (!name.known || name.value === '') return []
    const value = equals === -1 ? null : factOf(sliceWritten(text, equals + 1))
    return [{ name: name.value, value, at: placeOf(text) }]
  })
}

/** True where one place can reach from a key to its value: an alias stands elsewhere. */
function sameSource(key: Place, value: Place): boolean {
  return key.source === value.source && value.start >= key.end
}

/** The entries of a map, or of a list whose items are the names of entries without a value. */
export function namedEntries(
  node: YamlNode | undefined,
  context: FileContext,
): readonly { readonly name: WrittenText; readonly value: YamlNode | null }[] {
  if (node?.kind === 'map') {
    return [...node.entries.values()].map(({ name, key, value }) => ({
      name: writtenFor(key.source, name, key.start, key.end),
      value: isNull(value) ? null : value,
    }))
  }
  return textsOf(node, context).map(name => ({ name, value: null }))
}

export function portRange(written: WrittenText): Fact<PortRange> {
  return readFact(written, text => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim())
    if (match === null) return undefined
    const first = Number(match[1])
    const last = Number(match[2] ?? match[1])
    return first <= last && last <= 65535 ? { first, last } : undefined
  })
}

export function isTrue(written: WrittenText | null): Fact<boolean> {
  if (written === null) return known(false)
  return readFact(written, text =>
    /^(?:true|yes|on|y)$/i.test(text) ? true : /^(?:false|no|off|n)$/i.test(text) ? false : undefined,
  )
}
