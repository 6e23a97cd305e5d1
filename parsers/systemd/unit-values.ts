import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place } from '../text/source.ts'
import { factOf, readFact, type WrittenText } from '../text/written-text.ts'
import type { UnitSetting } from './parse-unit.ts'
import type { Unit } from './read-unit.ts'
import { filledFact, fillSpecifiers, type UnitName } from './unit-name.ts'
import { unitWords } from './unit-words.ts'

/** The settings of one section, by their names. */
export class UnitSection {
  readonly name: UnitName
  private readonly byName = new Map<string, UnitSetting[]>()

  constructor(unit: Unit, section: string) {
    this.name = unit.name
    for (const setting of unit.settings) {
      if (setting.section !== section) continue
      const all = this.byName.get(setting.name)
      if (all === undefined) this.byName.set(setting.name, [setting])
      else all.push(setting)
    }
  }

  /** The last assignment; null where there is none, or where an empty one restored the default. */
  last(name: string): UnitSetting | null {
    const setting = this.byName.get(name)?.at(-1)
    return setting === undefined || setting.value === '' ? null : setting
  }

  /** The assignments behind the last empty one, which takes back what stands before it. */
  all(name: string): readonly UnitSetting[] {
    const settings = this.byName.get(name) ?? []
    const reset = settings.findLastIndex(({ value }) => value === '')
    return settings.slice(reset + 1)
  }

  fact(name: string): Fact<string> | null {
    const setting = this.last(name)
    return setting === null ? null : filledFact(setting.written, this.name)
  }

  /** The words of every assignment. */
  words(name: string): readonly WrittenText[] {
    return this.all(name).flatMap(({ written }) =>
      (unitWords(written) ?? []).map(word => fillSpecifiers(word, this.name)),
    )
  }

  facts(name: string): readonly Fact<string>[] {
    return this.words(name).map(factOf)
  }

  boolean(name: string): Fact<boolean> | null {
    const setting = this.last(name)
    if (setting === null) return null
    return readFact(fillSpecifiers(setting.written, this.name), readBoolean)
  }

  /** An octal number, as modes and masks are written. */
  mode(name: string): Fact<number> | null {
    const setting = this.last(name)
    if (setting === null) return null
    return readFact(fillSpecifiers(setting.written, this.name), text =>
      /^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : undefined,
    )
  }
}

export function readBoolean(text: string): boolean | undefined {
  if (/^(?:1|yes|y|true|t|on)$/i.test(text)) return true
  return /^(?:0|no|n|false|f|off)$/i.test(text) ? false : undefined
}

/** `NAME=value` as `Environment=` has it. */
export interface UnitVariable {
  readonly name: string
  readonly value: Fact<string>
  readonly at: Place
}

/** A path below one of systemd's own directories. */
export function pathBelow(directory: string, fact: Fact<string>): Fact<string> {
  if (!fact.known) return fact
  const path = fact.value.split(':')[0] ?? ''
  if (path === '' || path.startsWith('/') || path.split('/').includes('..'))
    return unknown(`\`${fact.value}\` is no directory's name`, fact.at)
  return known(`${directory}/${path.replace(/\/+$/, '')}`, fact.at)
}
