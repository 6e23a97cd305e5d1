import { ownTable } from '../text/own-table.ts'
import { posix } from 'node:path'
import type { Fact } from '../text/fact.ts'
import { UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { factOf, finishWritten, type WrittenText } from '../text/written-text.ts'

/** The name of a unit taken apart: `worker@blue.service` is `worker`, `blue`, `.service`. */
export interface UnitName {
  readonly full: string
  readonly prefix: string
  /** Null for what is no instance; empty for a template itself. */
  readonly instance: string | null
  readonly suffix: string
}

export function unitName(full: string): UnitName {
  const dot = full.lastIndexOf('.')
  const stem = dot === -1 ? full : full.slice(0, dot)
  const at = stem.indexOf('@')
  return {
    full,
    prefix: at === -1 ? stem : stem.slice(0, at),
    instance: at === -1 ? null : stem.slice(at + 1),
    suffix: dot === -1 ? '' : full.slice(dot),
  }
}

/** The file of an instance: `worker@.service`; null for a unit that is none. */
export function templateOf({ prefix, instance, suffix }: UnitName): string | null {
  return instance === null || instance === '' ? null : `${prefix}@${suffix}`
}

/** `-` stands for a slash in a unit's name, `\x2d` for itself. */
function unescapeName(name: string): string {
  return name
    .replace(/-/g, '/')
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** What the system's manager fills in whatever the unit; where it depends on the machine, it is unknown. */
const FIXED: Readonly<Record<string, string>> = ownTable({
  '%': '%',
  t: '/run',
  S: '/var/lib',
  C: '/var/cache',
  L: '/var/log',
  E: '/etc',
  T: '/tmp',
  V: '/var/tmp',
  h: '/root',
  u: 'root',
  U: '0',
  g: 'root',
  G: '0',
  s: '/bin/sh',
})

/** A value with its `%` specifiers filled in (systemd.unit(5)); the ones of the machine are unknown. */
export function fillSpecifiers(written: WrittenText, name: UnitName): WrittenText {
  const { text } = written
  if (!text.includes('%')) return written
  const into = new MappedText(text, written.map, 0)
  let at = 0
  for (const { index, 0: whole, 1: letter = '' } of text.matchAll(/%([\s\S])/g)) {
    into.copy(at, index)
    into.replace(index, index + whole.length, FIXED[letter] ?? specifier(letter, name))
    at = index + whole.length
  }
  into.copy(at, text.length)
  return finishWritten(into, written)
}

function specifier(letter: string, { full, prefix, instance, suffix }: UnitName): string {
  // A template that nobody named an instance of has any.
  const isOpen = instance === ''
  switch (letter) {
    case 'i':
      return isOpen ? UNKNOWN : (instance ?? '')
    case 'I':
      return isOpen ? UNKNOWN : unescapeName(instance ?? '')
    case 'n':
      return isOpen ? UNKNOWN : full
    case 'N':
      return isOpen ? UNKNOWN : full.slice(0, full.length - suffix.length)
    case 'p':
      return prefix
    case 'P':
      return unescapeName(prefix)
    case 'j':
      return prefix.slice(prefix.lastIndexOf('-') + 1)
    case 'J':
      return unescapeName(prefix.slice(prefix.lastIndexOf('-') + 1))
    case 'f':
      return isOpen ? UNKNOWN : posix.join('/', unescapeName(instance ?? prefix))
    default:
      return UNKNOWN
  }
}

/** The value of a setting as a fact. */
export function filledFact(written: WrittenText, name: UnitName): Fact<string> {
  return factOf(fillSpecifiers(written, name))
}
