import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place } from '../text/source.ts'
import { factOf, readFact, type WrittenText } from '../text/written-text.ts'
import type { Arguments } from './arguments.ts'
import type { AppCommand, AppValue } from './app-server.ts'

/** One place that a program takes settings from: its command line, a variable, a file. */
export interface Layer {
  /** Null where this place says nothing of a setting. */
  readonly get: (name: string) => Fact<AppValue> | null
  readonly names: Iterable<string>
  /** False where it may say more than is known. */
  readonly complete: boolean
}

/** The settings of a command line: the last of a name, all of those in `lists`. */
export function argumentLayer(
  { values, flags, open }: Arguments,
  lists: ReadonlySet<string> = new Set(),
): Layer {
  return {
    names: [...values.keys(), ...flags.keys()],
    complete: !open,
    get: name => {
      const flag = flags.get(name)
      if (flag !== undefined) return known(flag.value, flag.at)
      const all = values.get(name)
      const last = all?.at(-1)
      if (all === undefined || last === undefined) return null
      if (!lists.has(name)) return factOf(last)
      const facts = all.map(factOf)
      const lost = facts.find(fact => !fact.known)
      if (lost !== undefined) return lost
      return known(
        facts.flatMap(fact => (fact.known ? [fact.value] : [])),
        facts.at(-1)?.at ?? null,
      )
    },
  }
}

/** Values by name, such as those of variables of the environment. */
export function valueLayer(values: ReadonlyMap<string, Fact<AppValue>>, complete = true): Layer {
  return { names: values.keys(), complete, get: name => values.get(name) ?? null }
}

/**
 * The first layer that has a setting says what it is. Where none has it, and one of them may say more than is
 * known, it is unknown; else null, and the program's own default holds.
 */
export function layered(layers: readonly Layer[]): (name: string) => Fact<AppValue> | null {
  return name => {
    for (const { get, complete } of layers) {
      const fact = get(name)
      if (fact !== null) return fact
      if (!complete) return unknown('it may be set where this audit does not see it')
    }
    return null
  }
}

export function everySetting(layers: readonly Layer[]): ReadonlyMap<string, Fact<AppValue>> {
  const get = layered(layers)
  const settings = new Map<string, Fact<AppValue>>()
  for (const { names } of layers) {
    for (const name of names) {
      const fact = settings.has(name) ? null : get(name)
      if (fact !== null) settings.set(name, fact)
    }
  }
  return settings
}

/** A setting as a value of one kind; what is written and cannot be read is unknown. */
function converted<T>(
  fact: Fact<AppValue> | null,
  convert: (value: AppValue) => T | undefined,
): Fact<T> | null {
  if (fact === null || !fact.known) return fact
  // Python's None and an empty word leave the default.
  if (fact.value === null || fact.value === '') return null
  const value = convert(fact.value)
  return value === undefined ? unknown('its value cannot be read', fact.at) : known(value, fact.at)
}

export function textSetting(fact: Fact<AppValue> | null): Fact<string> | null {
  return converted(fact, value =>
    typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined,
  )
}

export function numberSetting(fact: Fact<AppValue> | null): Fact<number> | null {
  return converted(fact, toNumber)
}

function toNumber(value: AppValue): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^\s*[-+]?\d{1,15}(?:\.\d{1,9})?\s*$/.test(value)) return undefined
  return Number(value)
}

export function booleanSetting(fact: Fact<AppValue> | null): Fact<boolean> | null {
  return converted(fact, value => {
    if (typeof value === 'boolean') return value
    if (typeof value === 'number') return value !== 0
    if (typeof value !== 'string') return undefined
    if (/^(?:1|true|t|yes|y|on)$/i.test(value)) return true
    return /^(?:0|false|f|no|n|off)$/i.test(value) ? false : undefined
  })
}

/** A mode in octal digits. */
export function modeSetting(fact: Fact<AppValue> | null): Fact<number> | null {
  return converted(fact, value => {
    if (typeof value === 'number') return value
    return typeof value === 'string' && /^(?:0o)?[0-7]{1,5}$/.test(value)
      ? Number.parseInt(value.replace(/^0o/, ''), 8)
      : undefined
  })
}

/** A number as gunicorn reads it: octal behind a zero, hexadecimal behind `0x`, else decimal. */
export function baseSetting(fact: Fact<AppValue> | null): Fact<number> | null {
  return converted(fact, value => {
    if (typeof value === 'number') return value
    if (typeof value !== 'string') return undefined
    if (/^0o?[0-7]{1,6}$/.test(value)) return Number.parseInt(value.replace(/^0o?/, ''), 8)
    return /^(?:\d{1,15}|0x[0-9a-fA-F]{1,8})$/.test(value) ? Number(value) : undefined
  })
}

/** `NAME=value` words. */
export function variableSetting(words: readonly WrittenText[]): readonly {
  readonly name: string
  readonly value: Fact<string>
  readonly at: Place
}[] {
  return words.flatMap(word => {
    const fact = readFact(word, text => text)
    const equals = word.text.indexOf('=')
    if (equals < 1 || fact.at === null) return []
    const value = fact.known ? known(fact.value.slice(equals + 1), fact.at) : fact
    return [{ name: word.text.slice(0, equals), value, at: fact.at }]
  })
}

/** Paths between commas or colons. */
export function pathList(fact: Fact<string> | null): readonly Fact<string>[] {
  if (fact === null) return []
  if (!fact.known) return [fact]
  return fact.value
    .split(/[,:]/)
    .filter(path => path !== '')
    .map(path => known(path, fact.at))
}

/** Variables that click takes for options. */
export function prefixedLayer(
  prefix: string,
  names: readonly string[],
  { environment }: Pick<AppCommand, 'environment'>,
): Layer {
  const values = new Map<string, Fact<AppValue>>()
  for (const name of names) {
    const fact = environment(prefix + name.toUpperCase())
    if (fact !== null) values.set(name, fact)
  }
  return valueLayer(values)
}
