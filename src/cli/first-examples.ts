import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { once } from '../../parsers/collections/once.ts'
import type { Example, Rule } from '../engine/rule.ts'
import { embedded } from '../files/embedded.ts'

/** What `explain` prints of a rule's examples. */
export interface FirstExamples {
  readonly bad?: Example
  readonly good?: Example
}

/** Where the build puts the examples, beside the bundle, whose rules have none: no audit asks for them. */
const FILE = 'examples.json'

/** The first example of each kind, of the rule itself or of what the build kept of it. */
export function firstExamples({ id, bad, good }: Rule): FirstExamples {
  if (bad.length + good.length === 0) return kept()[id] ?? {}
  return { ...(bad[0] !== undefined && { bad: bad[0] }), ...(good[0] !== undefined && { good: good[0] }) }
}

const kept = once((): Readonly<Record<string, FirstExamples>> => {
  const here = dirname(fileURLToPath(import.meta.url))
  const bytes = embedded === null ? readFileSync(join(here, FILE)) : Buffer.from(embedded(FILE))
  return JSON.parse(bytes.toString('utf8'))
})
